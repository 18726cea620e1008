/* SPDX-License-Identifier: ISC */
/* reply.c - replies whole and in pieces; what they mean; queue ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "smtp/reply.h"

static const struct {
	const char *name, *input;
	const char *want; /* "CODE ESC TEXT|" per reply, then an error */
} cases[] = {
	{ "one line", "220 hi\r\n", "220  hi|" },
	{ "bare LF", "220 hi\n", "220  hi|" },
	{ "code alone", "250\r\n", "250  |" },
	{ "code and blank", "250 \r\n", "250  |" },
	{ "enhanced", "550 5.1.1 no such user\r\n", "550 5.1.1 no such user|" },
	{ "enhanced alone", "250 2.0.0\r\n", "250 2.0.0 |" },
	{ "of another class", "550 4.1.1 no\r\n", "550  4.1.1 no|" },
	{ "not enhanced", "250 2.0 ok\r\n", "250  2.0 ok|" },
	{ "glued", "250 2.0.0ok\r\n", "250  2.0.0ok|" },
	{ "too many digits", "250 2.0.1234 ok\r\n", "250  2.0.1234 ok|" },
	{ "lines", "250-a\r\n250-b\r\n250 c\r\n", "250  a\nb\nc|" },
	{ "enhanced lines", "450-4.2.0 a\r\n450 4.2.0 b\r\n",
	    "450 4.2.0 a\nb|" },
	{ "two replies", "250 a\r\n550 b\r\n", "250  a|550  b|" },
	{ "codes differ", "250-a\r\n550 b\r\n",
	    "a reply of several lines changes its code" },
	{ "garbage", "HTTP/1.1 400 Bad\r\n", "not an SMTP reply" },
	{ "too small a code", "199 x\r\n", "not an SMTP reply" },
	{ "850", "850 x\r\n", "not an SMTP reply" },
	{ "code and junk", "250x\r\n", "not an SMTP reply" },
	{ "empty line", "\r\n", "not an SMTP reply" },
	{ "one digit", "2\r\n", "not an SMTP reply" },
	{ "two digits", "25\r\n", "not an SMTP reply" },
	{ "two digits and text", "25 0\r\n", "not an SMTP reply" },
	{ "a letter in the code", "2x0 ok\r\n", "not an SMTP reply" },
	{ "a letter at its end", "25x ok\r\n", "not an SMTP reply" },
	{ "code of 2099 and more", "2500 ok\r\n", "not an SMTP reply" },
	{ "the lowest code", "200 x\r\n", "200  x|" },
	{ "the highest code", "599 x\r\n", "599  x|" },
	{ "subject of four digits", "250 2.1000.1 ok\r\n",
	    "250  2.1000.1 ok|" },
	{ "the longest enhanced code", "250 2.999.999 ok\r\n",
	    "250 2.999.999 ok|" },
	{ "no subject", "250 2..5 ok\r\n", "250  2..5 ok|" },
	{ "no detail", "250 2.1. ok\r\n", "250  2.1. ok|" },
	{ "no detail, and no more", "250 2.1.\r\n", "250  2.1.|" },
	{ "no class", "250 .1.5 ok\r\n", "250  .1.5 ok|" },
	{ "unfinished", "250 ok", "" },
};

static void
put_reply(struct buf *out, const struct reply *r)
{
	buf_putf(out, "%u ", r->code);
	esc_put(out, r->esc);
	buf_putc(out, ' ');
	buf_put(out, buf_slice(&r->text));
	buf_putc(out, '|');
}

static void
collect(struct buf *out, struct slice in, size_t piece)
{
	struct reply_parser p = { 0 };
	struct slice part, line;
	enum parse got = PARSE_MORE;

	for (; in.n > 0 && got != PARSE_BAD; in = slice_from(in, piece)) {
		part = slice_first(in, piece);
		while (part.n > 0 && got != PARSE_BAD) {
			got = reply_parse(&p, &part, &line);
			if (got == PARSE_OK)
				put_reply(out, &p.reply);
		}
	}
	if (got == PARSE_BAD)
		buf_puts(out, p.error);
	reply_parser_free(&p);
}

static void
test_parse(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 4096 };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t k = 0; k < 5; k++) {
			buf_clear(&out);
			collect(&out, slice_of(cases[i].input), pieces[k]);
			print_message("%s by %zu\n", cases[i].name, pieces[k]);
			assert_string_equal(buf_str(&out), cases[i].want);
		}
	buf_free(&out);
}

static void
test_bounds(void **state)
{
	struct buf in = { 0 }, out = { 0 };

	(void)state;
	buf_puts(&in, "250 ");
	for (int i = 0; i < REPLY_LINE_MAX; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, "\r\n");
	collect(&out, buf_slice(&in), 512);
	assert_string_equal(buf_str(&out), "a reply line is too long");
	buf_clear(&in);
	buf_clear(&out);
	for (int i = 0; i <= REPLY_LINES_MAX; i++)
		buf_puts(&in, "250-x\r\n");
	collect(&out, buf_slice(&in), 512);
	assert_string_equal(buf_str(&out), "a reply of too many lines");
	buf_free(&in);
	buf_free(&out);
}

/* What is wrong is said with the line, also with one that never ends. */
static void
test_garbage(void **state)
{
	static const struct {
		const char *in;
		unsigned pad;	/* x behind it */
		const char *want;
	} rows[] = {
		{ "HTTP/1.1 400 Bad\r\n", 0, "the server broke the protocol: "
		    "not an SMTP reply: HTTP/1.1 400 Bad" },
		{ "250-a\r\n550 b\r\n", 0, "the server broke the protocol: "
		    "a reply of several lines changes its code: 550 b" },
		{ "250 long", 4000, "the server broke the protocol: "
		    "a reply line is too long: 250 longxxx" },
	};
	struct reply_parser p;
	struct slice part, line;
	struct outcome o;
	struct buf in = { 0 };

	(void)state;
	for (unsigned k = 0; k < 3 * 3; k++) {
		buf_clear(&in);
		buf_puts(&in, rows[k / 3].in);
		for (unsigned i = 0; i < rows[k / 3].pad; i++)
			buf_putc(&in, 'x');
		p = (struct reply_parser){ 0 };
		for (size_t at = 0;; at++) {
			size_t piece = k % 3 == 0 ? in.n : k % 3;

			assert_true(at * piece < in.n);
			part = slice_first(slice_from(buf_slice(&in),
			    at * piece), piece);
			while (part.n > 0 &&
			    reply_parse(&p, &part, &line) != PARSE_BAD)
				continue;
			if (p.error)
				break;
		}
		assert_true(line.n <= REPLY_LINE_MAX);
		assert_true(k / 3 != 2 || line.n == REPLY_LINE_MAX);
		o = outcome_from_garbage(&p, line, STAGE_MAIL);
		assert_int_equal(o.verdict, DEFERRED);
		assert_int_equal(o.stage, STAGE_MAIL);
		assert_int_equal(o.code, 0);
		if (!slice_starts(slice_of(o.text), slice_of(rows[k / 3].want)))
			fail_msg("%s", o.text);
		line = slice_first(line, 200); /* not the whole of it */
		if (!slice_ends_nocase(slice_of(o.text), line) ||
		    strlen(o.text) != strlen("the server broke the protocol: ")
		    + strlen(p.error) + strlen(": ") + line.n)
			fail_msg("%s", o.text);
		reply_parser_free(&p);
	}
	buf_free(&in);
}

static const struct {
	unsigned short code;
	enum verdict want;
} meanings[] = {
	{ 250, DELIVERED }, { 251, DELIVERED }, { 299, DELIVERED },
	{ 354, DEFERRED }, { 421, DEFERRED }, { 450, DEFERRED },
	{ 550, FAILED }, { 554, FAILED },
};

static void
test_meaning(void **state)
{
	struct reply r = { .esc = ESC(5, 1, 1) };
	struct outcome o;

	(void)state;
	buf_puts(&r.text, "no such user");
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		r.code = meanings[i].code;
		o = outcome_from_reply(&r, DELIVERED, STAGE_END);
		assert_int_equal(o.verdict, meanings[i].want);
		assert_int_equal(o.code, r.code);
		assert_int_equal(o.stage, STAGE_END);
		assert_string_equal(o.text, "no such user");
	}
	buf_free(&r.text);
}

/* A NUL ends no text: what is said behind it is seen. */
static void
test_nul(void **state)
{
	static const char said[] = "550 5.1.1 no\0body\0\r\n";
	static const char want[] = "no\xe2\x90\x80" "body\xe2\x90\x80";
	struct slice in = { said, sizeof said - 1 }, line;
	struct reply_parser p = { 0 };
	struct outcome o;

	(void)state;
	assert_int_equal(reply_parse(&p, &in, &line), PARSE_OK);
	o = outcome_from_reply(&p.reply, DELIVERED, STAGE_RCPT);
	assert_string_equal(o.text, want);
	assert_int_equal(o.code, 550);
	reply_parser_free(&p);

	p = (struct reply_parser){ 0 };
	in = (struct slice){ "a\0b\r\n", 5 };
	assert_int_equal(reply_parse(&p, &in, &line), PARSE_BAD);
	o = outcome_from_garbage(&p, line, STAGE_RCPT);
	assert_string_equal(o.text, "the server broke the protocol: not an "
	    "SMTP reply: a\xe2\x90\x80" "b");
	reply_parser_free(&p);

	/* the symbol is whole or not there, where the text is cut */
	for (size_t n = sizeof o.text - 5; n < sizeof o.text; n++) {
		char text[sizeof o.text + 8];

		memset(text, 'x', sizeof text);
		text[n] = '\0';
		outcome_set_text(&o, (struct slice){ text, sizeof text });
		assert_int_equal(strlen(o.text), n + 4 <= sizeof o.text ?
		    sizeof o.text - 1 : n);
	}
}

static const struct {
	const char *text, *want;
} ids[] = {
	{ "Ok: queued as 4VbX3k1Jz2z9s", "4VbX3k1Jz2z9s" },
	{ "Ok: queued as <abc@host>", "abc@host" },
	{ "Ok: queued as   \"abc\" now", "abc" },
	{ "Ok: queued as <", "" },
	{ "queued as x", "x" },
	{ "OK id=1rLq3k-0001Ab-2C", "1rLq3k-0001Ab-2C" },
	{ "3A5K7Bq0012345 Message accepted for delivery", "3A5K7Bq0012345" },
	{ "4f2e1a9b Message accepted for delivery", "4f2e1a9b" },
	{ "OK  1700000000 d9443c01a7336-1d4si.12 - gsmtp",
	    "d9443c01a7336-1d4si.12" },
	{ "ok 1700000000 qp 12345", "12345" },
	{ "<x@y> [InternalId=123, Hostname=h] Queued mail for delivery",
	    "123" },
	{ "Ok: queued as 4VbX3k1Jz2z9s.", "4VbX3k1Jz2z9s" },
	{ "Ok: queued as 4V.1.2...", "4V.1.2" },
	{ "Ok: queued as ...", "" },
	{ "Ok: queued as .", "" },
	{ "Ok: queued as ", "" },
	{ "Ok: Queued As \"a_b+c/d@e\" now", "a_b+c/d@e" },
	{ "Message accepted", "" },
	{ "Message 1 accepted", "" },
	{ "x1 accepted", "x1" },
	{ "1x accepted", "1x" },
	{ "1 Accepted", "1" },
	{ "4f2e1a9b Message taken", "" },
	{ "OK", "" },
	{ "", "" },
};

static void
test_queue_id(void **state)
{
	struct slice id;

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		id = reply_queue_id(slice_of(ids[i].text));
		if (!slice_eq(id, slice_of(ids[i].want)))
			fail_msg("%s: %.*s", ids[i].text, (int)id.n, id.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_queue_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
