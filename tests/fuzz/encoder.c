/* SPDX-License-Identifier: ISC */
/*
 * encoder.c - what leaves the program: CRLF only, no NUL, the same for any
 * chunking; dots undone give the canonical text; facts agree; the 7-bit form is
 * 7-bit, in lines of at most 998, and needs no re-coding again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "mail/encode.h"
#include "mail/recode.h"
#include "mail/scan.h"
#include "../support/idn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The way the input is cut: a little generator of its own. */
struct cutter {
	uint32_t state; /* 0 = not at all */
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static struct slice
cut(struct cutter *c, struct slice *rest)
{
	struct slice piece = *rest;

	if (c->state != 0) {
		c->state = c->state * 1664525u + 1013904223u;
		piece = slice_first(piece, 1 + (c->state >> 24) % 9);
	}
	*rest = slice_from(*rest, piece.n);
	return piece;
}

static struct buf
encoded(struct slice raw, bool dots, struct cutter c)
{
	struct encoder e = { .dots = dots };
	struct buf out = { 0 };

	while (raw.n > 0)
		encode(&e, cut(&c, &raw), &out);
	encode_finish(&e, &out);
	return out;
}

static struct scan
scanned(struct slice raw, struct cutter c)
{
	struct scan s = { 0 };

	while (raw.n > 0)
		scan_feed(&s, cut(&c, &raw));
	scan_finish(&s);
	return s;
}

/* Head and body in 7-bit form; nothing where that must not be made. */
static struct buf
recoded(struct slice head, struct slice raw, struct cutter c)
{
	struct recode_plan *plan = recode_plan_new(head,
	    slice_find(raw, '\n') == raw.n, &idn_table);
	struct buf out = { 0 };
	struct slice rest = raw;
	struct recode *r;

	while (rest.n > 0)
		recode_plan_feed(plan, cut(&c, &rest));
	recode_plan_finish(plan);
	if (recode_plan_bar(plan)) {
		recode_plan_free(plan);
		return out;
	}
	r = recode_new(plan, head, &out);
	while (raw.n > 0)
		recode_feed(r, cut(&c, &raw), &out);
	recode_finish(r, &out);
	recode_free(r);
	recode_plan_free(plan);
	return out;
}

static void
check_canonical(struct slice s)
{
	must(s.n == 0 || s.p[s.n - 1] == '\n');
	for (size_t i = 0; i < s.n; i++) {
		must(s.p[i] != '\0');
		must(s.p[i] != '\r' || (i + 1 < s.n && s.p[i + 1] == '\n'));
		must(s.p[i] != '\n' || (i > 0 && s.p[i - 1] == '\r'));
	}
}

static void
check_unstuffed(struct slice stuffed, struct slice plain)
{
	struct slice line;
	struct buf back = { 0 };

	while (slice_cut(&stuffed, '\n', &line) && stuffed.p) {
		must(!slice_eq(line, SLICE(".\r")));
		must(!slice_starts(line, SLICE(".")) ||
		    slice_starts(line, SLICE("..")));
		buf_put(&back,
		    slice_from(line, slice_starts(line, SLICE("."))));
		buf_puts(&back, "\n");
	}
	must(slice_eq(buf_slice(&back), plain));
	buf_free(&back);
}

static void
check_encoder(struct slice raw, struct cutter cuts)
{
	struct buf plain = encoded(raw, false, (struct cutter){ 0 });
	struct buf stuffed = encoded(raw, true, cuts);
	struct scan s = scanned(raw, cuts);

	check_canonical(buf_slice(&plain));
	check_unstuffed(buf_slice(&stuffed), buf_slice(&plain));
	must(s.size == plain.n && s.length == raw.n);
	must(s.eight_bit == ascii_has_high(raw));
	must((s.nuls > 0) == (slice_find(raw, '\0') < raw.n));
	buf_free(&plain);
	buf_free(&stuffed);
}

/* To the first empty line, which is there: the head is ours. */
static size_t
head_length(struct slice text)
{
	size_t end = 0;

	if (slice_starts(text, SLICE("\r\n")))
		return 2;
	while (!slice_starts(slice_from(text, end), SLICE("\r\n\r\n"))) {
		must(end < text.n);
		end++;
	}
	return end + 4;
}

static void
check_recoder(struct slice head, struct slice raw, struct cutter cuts)
{
	struct buf once = recoded(head, raw, (struct cutter){ 0 });
	struct buf pieces = recoded(head, raw, cuts);
	struct slice text = buf_slice(&once);
	struct scan s = scanned(text, cuts);
	struct buf twice;
	size_t end;

	must(slice_eq(text, buf_slice(&pieces)));
	if (once.n == 0)
		return;
	check_canonical(text);
	must(!s.eight_bit && s.longest_line <= 998);
	end = head_length(text);
	twice = recoded(slice_first(text, end), slice_from(text, end), cuts);
	must(slice_eq(buf_slice(&twice), text));
	buf_free(&once);
	buf_free(&pieces);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const heads[] = {
		"\r\n",
		"Subject: x\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
		"MIME-Version: 1.0\r\nContent-Type: multipart/x; boundary=b\r\n"
		"\r\n",
		"MIME-Version: 1.0\r\nContent-Type: multipart/digest;"
		" boundary=b\r\n\r\n",
		"MIME-Version: 1.0\r\nContent-Type: image/x\r\n\r\n",
		"Content-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n"
		"\r\n",
		"Content-Type: text/x\r\nContent-Transfer-Encoding: base64\r\n"
		"\r\n",
		"Content-Type: text/x\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		"Content-Type: message/rfc822\r\n\r\n",
	};
	struct slice raw = { (const char *)data, size };
	struct cutter cuts;
	size_t head;

	if (size < 2)
		return 0;
	head = data[0] % (sizeof heads / sizeof *heads);
	cuts.state = data[1] + 1u;
	raw = slice_from(raw, 2);
	check_encoder(raw, cuts);
	check_recoder(slice_of(heads[head]), raw, cuts);
	return 0;
}
