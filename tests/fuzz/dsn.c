/* SPDX-License-Identifier: ISC */
/*
 * dsn.c - a report keeps its form whatever servers, senders and headers say:
 * CRLF lines of at most 998 octets, no 8-bit unless it is global, no part
 * more, no field more, and of the original no octet less when it is whole.
 */
#include <stdint.h>

#include "base/mem.h"
#include "mail/header.h"
#include "../support/dsn_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* How often a field stands at the start of a line of the second part. */
static size_t
fields(struct slice out, const char *name)
{
	struct buf what = { 0 };
	size_t n;

	buf_putf(&what, "\r\n%s: ", name);
	n = dsn_form_count(out, buf_slice(&what));
	buf_free(&what);
	return n;
}

/* The words end, and the original begins, with a delimiter. */
static struct slice
second_part(struct slice out)
{
	struct slice part = { 0 }, delimiter = SLICE("\r\n--=_7");
	int n = 0;

	for (; n < 3 && out.n > 0; out = slice_from(out, 1)) {
		if (slice_starts(out, delimiter) && n++ == 1)
			part = out;
		part.n -= part.p && n == 3 ? out.n : 0;
	}
	return part;
}

static void
check(const struct dsn *d, struct slice out)
{
	struct slice status = second_part(out);

	must(dsn_form_fault(d, out) == NULL);
	must(fields(status, "Reporting-MTA") == 1);
	must(fields(status, "Final-Recipient") == 2);
	must(fields(status, "Action") == 2);
	must(fields(status, "Status") == 2);
	must(fields(status, "Original-Recipient") <= 1);
	must(fields(status, "Diagnostic-Code") <= 2);
	must(fields(out, "Subject") >= 1);
}

/* A header as messages have it: canonical, empty line, nothing too long. */
static void
make_head(struct slice raw, struct buf *out)
{
	struct slice head, rest, line;
	size_t at;

	header_split(raw, true, false, &head, &at);
	header_canonical(head, false, out);
	rest = buf_slice(out);
	while (slice_cut(&rest, '\n', &line))
		if (line.n > 999)
			buf_clear(out);
	buf_puts(out, "\r\n");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, piece[5] = { 0 };
	struct address to = { .path = "b\xc3\xb6" "b@b.example" };
	struct outcome said[2] = { 0 };
	struct buf head = { 0 }, out = { 0 };
	struct dsn d = { .host = SLICE("mx.example"), .id = SLICE("7"),
		.to = SLICE("a@a.example"), .arrival = 1, .now = 2 };
	struct dsn_recipient r[2] = { { .to = &to, .said = &said[0] },
		{ .to = &to, .said = &said[1] } };
	char *orcpt;

	if (size < 2)
		return 0;
	d.action = data[0] % 5;
	d.whole = data[1] & 1;
	d.global = data[1] & 2;
	to.utf8 = data[1] & 4;
	if (!to.utf8)
		to.path = "bob@b.example";
	rest = slice_from(rest, 2);
	for (size_t i = 0; i < 4; i++)
		slice_cut(&rest, '\xff', &piece[i]);
	outcome_set_text(&said[0], piece[0]);
	outcome_set_text(&said[1], piece[1]);
	said[0].code = data[1] & 8 ? 550 : 0;
	said[0].esc = ESC(data[0] >> 4, data[0] & 7, data[1] >> 4);
	outcome_set_host(&said[0], piece[1], NULL);
	orcpt = mem_dup(piece[2]);
	r[0].orcpt = data[1] & 16 ? orcpt : NULL;
	r[1].expired = data[1] & 32;
	d.envid = piece[3];
	make_head(rest, &head);
	d.head = buf_slice(&head);
	/* nobody knows the id before */
	if (dsn_form_count((struct slice){ (const char *)data, size },
	    SLICE("=_7")) == 0) {
		dsn_form_write(&d, r, 2, d.head, &out);
		check(&d, buf_slice(&out));
	}
	free(orcpt);
	buf_free(&head);
	buf_free(&out);
	return 0;
}
