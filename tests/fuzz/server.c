/* SPDX-License-Identifier: ISC */
/*
 * server.c - fuzz the server engine, with raw octets or with words of SMTP.
 *
 * Whatever a client sends: only well-formed reply lines come back, there are no
 * more messages than ends of data, a message taken has no bare CR or LF, the
 * pieces in which it came make no difference, and dots are taken out as a plain
 * reading of RFC 5321 4.5.2 would.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "smtp/server.h"
#include "smtp/server_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS = 1, LMTP = 2, TLS = 4, SMALL = 8, FAULTS = 16, FULL = 32,
	HANDIN = 64 };

static const char *const words[] = { "EHLO x\r\n", "HELO x\r\n", "LHLO x\r\n",
	"MAIL FROM:<a@x>", "MAIL FROM:<>", "RCPT TO:<b@y>", "DATA\r\n",
	"BDAT 4\r\n", "BDAT 5 LAST\r\n", "BDAT 0 LAST\r\n", "BDAT ", "RSET\r\n",
	"STARTTLS\r\n", "QUIT\r\n", "NOOP\r\n", "VRFY x\r\n", "\r\n", "\r",
	"\n",
	".", "..", "\r\n.\r\n", "text", " SIZE=9", " BODY=8BITMIME",
	" SMTPUTF8", " RET=FULL", " ENVID=+2B", " NOTIFY=NEVER",
	" ORCPT=rfc822;x", "<", ">", "\"", "\\", "@", "\xc3\xbc", " LAST",
	"9999999999999", " ", "a", " REQUIRETLS", " HOLDFOR=", " HOLDUNTIL=",
	"2026-11-22T10:20:00Z", " BY=", ";R", ";NT", "-", "+",
	" MT-PRIORITY=", " KEY=", " TAG=", " HOPS=", " HOLD", " NOALIAS",
	" FORM=AS-IS", "1", "9" };

#define NWORDS (sizeof words / sizeof *words)

struct run {
	struct server *server;
	struct buf out, log;	/* log: the messages, each behind a mark */
	struct buf text;	/* of the message coming in */
	size_t messages;
	unsigned flags;
};

static void
check_message(struct run *r)
{
	const struct server_message *m = server_message(r->server);
	struct slice s = buf_slice(&r->text);

	assert(m->size == s.n && m->nrcpts > 0);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r')
			assert(i + 1 < s.n && s.p[i + 1] == '\n');
		if (s.p[i] == '\n')
			assert(i > 0 && s.p[i - 1] == '\r');
	}
	for (size_t i = 0; i < m->nrcpts; i++)
		assert(m->rcpt[i].to.n > 0 &&
		    !ascii_has_control(buf_slice(&m->rcpt[i].to)));
	assert(!ascii_has_control(buf_slice(&m->from)));
	assert(!(r->flags & SMALL) || s.n <= 20);
	r->messages++;
	buf_puts(&r->log, "\1");
	buf_put(&r->log, s);
}

/* Is it in the text that it was read from? */
static void
check_inside(struct slice s, const struct buf *text)
{
	struct slice all = buf_slice(text);

	assert(s.n == 0 || (s.p >= all.p && s.p + s.n <= all.p + all.n));
}

static void
check_params(const struct run *r)
{
	const struct server_message *m = server_message(r->server);
	const struct mail_params *p = &m->mail;

	check_inside(p->envid, &m->from_params);
	check_inside(p->key, &m->from_params);
	check_inside(p->tag, &m->from_params);
	assert(p->priority >= -9 && p->priority <= 9);
	assert(p->by_mode != 'R' || p->by > 0);
	assert(p->hold_for == 0 || p->hold_until == 0);
	assert(p->hold_until >= 0 && p->tag.n <= PARAM_TAG_MAX);
}

/* What a driver does, with an eye on what it is asked for. */
static void
serve(struct run *r)
{
	for (;;) {
		struct slice data = server_data(r->server);
		enum server_need need = server_need(r->server);

		buf_put(&r->text, data);
		server_data_taken(r->server, data.n);
		if (need == SERVER_MESSAGE) {
			check_message(r);
			server_done(r->server, !(r->flags & FULL),
			    r->flags & FULL ? NULL : "id");
		} else if (need == SERVER_DISCARD) {
			buf_puts(&r->log, "\2");
			server_discarded(r->server);
		} else if (need == SERVER_MAIL) {
			check_params(r);
			server_mail(r->server, NULL);
		} else if (need == SERVER_RCPT) {
			server_rcpt(r->server, NULL);
		} else if (need == SERVER_TLS) {
			server_secured(r->server);
		} else {
			break;
		}
		buf_clear(&r->text);
	}
	buf_put(&r->out, server_output(r->server));
	server_sent(r->server, server_output(r->server).n);
}

static void
check_output(struct slice out)
{
	struct slice line;

	while (out.n > 0) {
		assert(slice_find(out, '\n') < out.n);
		slice_cut(&out, '\n', &line);
		assert(line.n > 4 && line.p[line.n - 1] == '\r');
		line.n--;
		assert(!ascii_has_control(line));
		assert(line.p[0] >= '2' && line.p[0] <= '5');
		assert(ascii_is_digit(line.p[1]) && ascii_is_digit(line.p[2]));
		assert(line.p[3] == ' ' || line.p[3] == '-');
	}
}

static size_t
ends_of_data(struct slice in)
{
	size_t n = 0;

	for (; in.n > 0; in = slice_from(in, 1))
		n += slice_starts(in, SLICE("\n.\r\n")) ||
		    slice_starts_nocase(in, SLICE("LAST"));
	return n;
}

static void
play(struct run *r, const struct server_config *config, struct slice in,
    size_t step)
{
	r->server = server_new(config, NULL, 0);
	serve(r);
	assert(server_data(r->server).n == 0);
	for (size_t n = step; in.n > 0; n = n * 7 % 61 + 1) {
		struct slice part = slice_first(in, step == 1 ? 1 : n);

		server_input(r->server, part);
		in = slice_from(in, part.n);
		serve(r);
	}
	check_output(buf_slice(&r->out));
	server_free(r->server);
}

static void
free_run(struct run *r)
{
	buf_free(&r->out);
	buf_free(&r->log);
	buf_free(&r->text);
}

#define REPLY(v, r) { .verb = (char[]){ v }, .reply = (char[]){ r } }

static void
fuzz_engine(struct slice in, unsigned flags)
{
	struct server_fault fault[] = {
		REPLY("RCPT", "250 yes"),
		REPLY("RCPT", "450 later"),
		REPLY(".", "250 yes"),
		REPLY(".", "550 no"),
		REPLY("BDAT", "250 yes"),
		REPLY("BDAT", "452 full"),
		{ .verb = (char[]){ "RSET" }, .kind = FAULT_STALL },
	};
	struct server_config config = { .name = "me", .fault = fault };
	struct run whole = { .flags = flags }, split = { .flags = flags };

	config.lmtp = flags & LMTP;
	config.starttls = flags & TLS;
	config.auth = config.starttls;
	config.asks_rcpt = flags & SMALL;
	config.handin = config.asks_mail = flags & HANDIN;
	config.max_size = flags & SMALL ? 20 : 0;
	config.max_rcpts = flags & SMALL ? 2 : 0;
	config.nfaults = flags & FAULTS ? 7 : 0;
	play(&whole, &config, in, in.n + 1);
	play(&split, &config, in, in.n % 3);
	assert(whole.messages <= ends_of_data(in));
	assert(split.messages <= ends_of_data(in));
	if (!config.starttls) {	/* for what is behind STARTTLS has to matter */
		assert(slice_eq(buf_slice(&whole.out), buf_slice(&split.out)));
		assert(slice_eq(buf_slice(&whole.log), buf_slice(&split.log)));
	}
	free_run(&whole);
	free_run(&split);
}

/* Where the final dot's line begins, or in.n: only CRLF ends a line. */
static size_t
find_end(struct slice in)
{
	if (slice_starts(in, SLICE(".\r\n")))
		return 0;
	for (size_t i = 2; i < in.n; i++)
		if (in.p[i - 2] == '\r' && in.p[i - 1] == '\n' &&
		    slice_starts(slice_from(in, i), SLICE(".\r\n")))
			return i;
	return in.n;
}

/* The text in front of it, every dot at the beginning of a line left out. */
static void
plain_unstuff(struct slice in, size_t end, struct buf *out)
{
	for (size_t i = 0; i < end; i++)
		if (in.p[i] != '.' || (i > 0 && (i < 2 ||
			in.p[i - 2] != '\r' || in.p[i - 1] != '\n')))
			buf_putc(out, in.p[i]);
}

static void
fuzz_dots(struct slice in, size_t step)
{
	struct data_reader r = { 0 };
	struct buf got = { 0 }, want = { 0 };
	size_t end = find_end(in), used = 0;
	enum parse p = PARSE_MORE;

	while (p == PARSE_MORE && used < in.n) {
		struct slice part = slice_first(slice_from(in, used), step);
		size_t n = part.n;

		p = data_read_dots(&r, &part, &got);
		assert(p == PARSE_OK || part.n == 0);
		used += n - part.n;
	}
	assert((p == PARSE_OK) == (end < in.n));
	plain_unstuff(in, end, &want);
	if (p == PARSE_OK) {
		assert(used == end + 3);
		assert(slice_eq(buf_slice(&got), buf_slice(&want)));
	} else {	/* ".\r" at the very end is still held back */
		assert(want.n - got.n <= 1);
		assert(slice_starts(buf_slice(&want), buf_slice(&got)));
	}
	buf_free(&got);
	buf_free(&want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf in = { 0 };

	if (size == 0 || size > 4096)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if (data[0] & WORDS)
			buf_puts(&in, words[data[i] % NWORDS]);
		else
			buf_putc(&in, (char)data[i]);
	}
	fuzz_engine(buf_slice(&in), data[0]);
	fuzz_dots(buf_slice(&in), data[0] % 7 + 1);
	fuzz_dots(buf_slice(&in), SIZE_MAX);
	buf_free(&in);
	return 0;
}
