/* SPDX-License-Identifier: ISC */
/*
 * mime.c - the parts of a message: what is a header, a body, a delimiter, in
 * whatever pieces the message comes.
 *
 * An event stands in one line: "head N KIND DEPTH: header", "text: ..." (pieces
 * joined; "outside: ..." where no leaf is), "end" of a line, "cr", "delimiter".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/ascii.h"
#include "mail/mime.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n"

static const struct {
	const char *name, *head, *body, *want;
} cases[] = {
	{ "one part, preamble and epilogue", MIXED,
	    "pre\n--b\nX: y\n\nhi\n--b--\nepi\n",
	    "outside: pre\nend\ndelimiter: --b\nend\n"
	    "head 1 leaf 1: X: y\\x0d\\x0a\ntext: hi\nend\n"
	    "delimiter: --b--\nend\noutside: epi\nend\n" },
	{ "no multipart: a delimiter is text", "Content-Type: text/plain\r\n",
	    "--b\nx", "text: --b\nend\ntext: x\n" },
	{ "no boundary: not walked", "Content-Type: multipart/mixed\r\n",
	    "--\n--b\n", "text: --\nend\ntext: --b\nend\n" },
	{ "parts in parts; the outer delimiter ends both", MIXED,
	    "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n1\n"
	    "--b\n\n2\n--c\n--b--\n",
	    "delimiter: --b\nend\n"
	    "head 1 multipart 2: Content-Type: multipart/mixed; boundary=c"
	    "\\x0d\\x0a\ndelimiter: --c\nend\nhead 2 leaf 2: \ntext: 1\nend\n"
	    "delimiter: --b\nend\nhead 3 leaf 1: \ntext: 2\nend\n"
	    "text: --c\nend\ndelimiter: --b--\nend\n" },
	{ "the inner closes, then more of the outer", MIXED,
	    "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n1\n"
	    "--c--\nx\n--b\n\n2",
	    "delimiter: --b\nend\n"
	    "head 1 multipart 2: Content-Type: multipart/mixed; boundary=c"
	    "\\x0d\\x0a\ndelimiter: --c\nend\nhead 2 leaf 2: \ntext: 1\nend\n"
	    "delimiter: --c--\nend\noutside: x\nend\ndelimiter: --b\nend\n"
	    "head 3 leaf 1: \ntext: 2\n" },
	{ "what only looks like a delimiter", MIXED,
	    "--b\n\n--bb\n --b\n-b\n--\n--b x\n--b-\n--b--x\n--b \t\n\n"
	    "1\n--b-- \n",
	    "delimiter: --b\nend\nhead 1 leaf 1: \n"
	    "text: --bb\nend\ntext:  --b\nend\ntext: -b\nend\n"
	    "text: --\nend\ntext: --b x\nend\ntext: --b-\nend\n"
	    "text: --b--x\nend\ndelimiter: --b \\x09\nend\n"
	    "head 2 leaf 1: \ntext: 1\nend\ndelimiter: --b-- \nend\n" },
	{ "a header that a delimiter ends", MIXED, "--b\nX: y\n--b\nZ: a\n"
	    "--b--\n",
	    "delimiter: --b\nend\nhead 1 leaf 1: X: y\\x0d\\x0a\n"
	    "delimiter: --b\nend\nhead 2 leaf 1: Z: a\\x0d\\x0a\n"
	    "delimiter: --b--\nend\n" },
	{ "a header that is none", MIXED, "--b\nno header\nX: y\n--b--",
	    "delimiter: --b\nend\nhead 1 leaf 1: \ntext: no header\nend\n"
	    "text: X: y\nend\ndelimiter: --b--\n" },
	{ "a header without end", MIXED, "--b\nX: y\n\tz",
	    "delimiter: --b\nend\n"
	    "head 1 leaf 1: X: y\\x0d\\x0a\\x09z\\x0d\\x0a\n" },
	{ "a folded line first is text", MIXED, "--b\n X: y\n",
	    "delimiter: --b\nend\nhead 1 leaf 1: \ntext:  X: y\nend\n" },
	{ "a message in it", MIXED,
	    "--b\nContent-Type: message/rfc822\n\nSubject: x\n\nhi\n--b--\n",
	    "delimiter: --b\nend\n"
	    "head 1 message 2: Content-Type: message/rfc822\\x0d\\x0a\n"
	    "head 2 leaf 2: Subject: x\\x0d\\x0a\ntext: hi\nend\n"
	    "delimiter: --b--\nend\n" },
	{ "a message in base64 cannot be seen", MIXED,
	    "--b\nContent-Type: message/rfc822\n"
	    "Content-Transfer-Encoding: base64\n\nU3\n--b--\n",
	    "delimiter: --b\nend\nhead 1 leaf 1: "
	    "Content-Type: message/rfc822\\x0d\\x0a"
	    "Content-Transfer-Encoding: base64\\x0d\\x0a\n"
	    "text: U3\nend\ndelimiter: --b--\nend\n" },
	{ "message/delivery-status is no message (RFC 3464 2.1)", MIXED,
	    "--b\nContent-Type: message/delivery-status\n\nA: b\n\nC: d\n"
	    "--b--\n",
	    "delimiter: --b\nend\nhead 1 leaf 1: "
	    "Content-Type: message/delivery-status\\x0d\\x0a\n"
	    "text: A: b\nend\nend\ntext: C: d\nend\n"
	    "delimiter: --b--\nend\n" },
	{ "of another type rfc822 is none", MIXED,
	    "--b\nContent-Type: x-y/rfc822\n\nA: b\n--b--\n",
	    "delimiter: --b\nend\nhead 1 leaf 1: "
	    "Content-Type: x-y/rfc822\\x0d\\x0a\n"
	    "text: A: b\nend\ndelimiter: --b--\nend\n" },
	{ "of a digest the parts are messages",
	    "Content-Type: multipart/digest; boundary=b\r\n",
	    "--b\n\nSubject: x\n\nhi\n--b\nContent-Type: text/plain\n\nho\n",
	    "delimiter: --b\nend\nhead 1 message 2: \n"
	    "head 2 leaf 2: Subject: x\\x0d\\x0a\ntext: hi\nend\n"
	    "delimiter: --b\nend\n"
	    "head 3 leaf 1: Content-Type: text/plain\\x0d\\x0a\n"
	    "text: ho\nend\n" },
	{ "the first Content-Type counts", MIXED
	    "Content-Type: text/plain\r\n", "--b\n\nx\n",
	    "delimiter: --b\nend\nhead 1 leaf 1: \ntext: x\nend\n" },
	{ "a last line of one octet", MIXED, "--b\n\nx\n-",
	    "delimiter: --b\nend\nhead 1 leaf 1: \ntext: x\nend\n"
	    "text: -\n" },
	{ "one octet where a header would go on", MIXED, "--b\nX: y\na",
	    "delimiter: --b\nend\nhead 1 leaf 1: X: y\\x0d\\x0a\n"
	    "text: a\n" },
	{ "a stray CR", MIXED, "--b\nX: a\rb\n\nc\rd\n--b--\n",
	    "delimiter: --b\nend\nhead 1 leaf 1: X: a b\\x0d\\x0a\n"
	    "text: c\ncr\ntext: d\nend\ndelimiter: --b--\nend\n" },
	{ "CRLF", MIXED, "--b\r\nX: y\r\n\r\nhi\r\n\r\n--b--\r\n",
	    "delimiter: --b\nend\nhead 1 leaf 1: X: y\\x0d\\x0a\n"
	    "text: hi\nend\nend\ndelimiter: --b--\nend\n" },
};

static void
flush(struct buf *text, bool outside, struct buf *out)
{
	if (text->n == 0)
		return;
	buf_puts(out, outside ? "outside: " : "text: ");
	text_escape(out, buf_slice(text));
	buf_puts(out, "\n");
	buf_clear(text);
}

static void
tell(const struct mime *m, enum mime_event e, struct slice piece,
    struct buf *out)
{
	static const char *const kinds[] = { "leaf", "multipart", "message" };

	switch (e) {
	case MIME_HEAD:
		buf_putf(out, "head %zu %s %zu: ", m->entity.index,
		    kinds[m->entity.kind], m->depth);
		text_escape(out, piece);
		break;
	case MIME_DELIMITER:
		buf_puts(out, "delimiter: ");
		text_escape(out, piece);
		break;
	case MIME_EOL:
	case MIME_CR:
		buf_puts(out, e == MIME_EOL ? "end" : "cr");
		break;
	case MIME_NONE:
	case MIME_TEXT:
		break;
	}
	buf_puts(out, "\n");
}

/* Walk it in pieces of at most so many octets (0: random ones). */
static void
walk(size_t i, size_t most, struct buf *out)
{
	struct slice rest = slice_of(cases[i].body), in, piece;
	struct buf text = { 0 };
	struct mime m = { 0 };
	bool outside = false;
	enum mime_event e;

	mime_start(&m, slice_of(cases[i].head));
	do {
		in = slice_first(rest, most ? most : 1 +
		    (size_t)random() % 9);
		rest = slice_from(rest, in.n);
		while ((e = mime_next(&m, &in, rest.n == 0, &piece)) !=
		    MIME_NONE) {
			if (e == MIME_TEXT) {
				outside = m.is_outside;
				buf_put(&text, piece);
				continue;
			}
			flush(&text, outside, out);
			tell(&m, e, piece, out);
		}
	} while (rest.n > 0);
	flush(&text, outside, out);
	mime_free(&m);
	buf_free(&text);
}

static void
test_walks(void **state)
{
	(void)state;
	srandom(9);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t round = 0; round < 40; round++) {
			struct buf out = { 0 };

			walk(i, round < 8 ? round + 1 : round < 9 ? 9999 : 0,
			    &out);
			if (strcmp(buf_str(&out), cases[i].want) != 0)
				fail_msg("%s (%zu):\n%s", cases[i].name, round,
				    buf_str(&out));
			buf_free(&out);
		}
}

/* What the header says of a part. */
static void
test_entities(void **state)
{
	static const struct {
		const char *head, *charset;
		enum cte cte;
		bool text, typed, opaque, binary, is_signed;
	} rows[] = {
		{ "", "unknown-8bit", CTE_7BIT, true, false, false, false,
		    false },
		{ "Content-Type: text/plain; charset=koi8-r\r\n", "koi8-r",
		    CTE_7BIT, true, true, false, false, false },
		{ "Content-Type: message/partial\r\n", "unknown-8bit",
		    CTE_7BIT, true, true, false, false, false },
		{ "Content-Type: image/png\r\n", "unknown-8bit", CTE_7BIT,
		    false, true, false, true, false },
		{ "Content-Type: image/png\r\n"
		  "Content-Transfer-Encoding: binary\r\n", "unknown-8bit",
		    CTE_BINARY, false, true, false, true, false },
		{ "Content-Type: image/png\r\n"
		  "Content-Transfer-Encoding: 8bit\r\n", "unknown-8bit",
		    CTE_8BIT, false, true, false, true, false },
		{ "Content-Type: image/png\r\n"
		  "Content-Transfer-Encoding: base64\r\n"
		  "Content-Transfer-Encoding: 7bit\r\n", "unknown-8bit",
		    CTE_BASE64, false, true, false, false, false },
		{ "Content-Type: multipart/x\r\n", "unknown-8bit", CTE_7BIT,
		    false, true, true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct mime m = { 0 };

		mime_start(&m, slice_of(rows[i].head));
		assert_true(m.entity.is_message);
		assert_string_equal(m.entity.charset, rows[i].charset);
		assert_int_equal(m.entity.cte, rows[i].cte);
		assert_int_equal(m.entity.is_text, rows[i].text);
		assert_int_equal(m.entity.is_typed, rows[i].typed);
		assert_int_equal(m.entity.is_opaque, rows[i].opaque);
		assert_int_equal(m.entity.is_binary, rows[i].binary);
		mime_free(&m);
	}
}

/* Nothing in multipart/signed may change, however deep it is. */
static void
test_signed(void **state)
{
	struct slice in = SLICE("--b\nContent-Type: multipart/mixed; "
	    "boundary=c\n\n--c\n\nx\n--c--\n--b\n\ny\n--b--\nz\n"), piece;
	struct mime m = { 0 };
	size_t heads = 0;
	enum mime_event e;

	(void)state;
	mime_start(&m, SLICE("Content-Type: multipart/signed; boundary=b\r\n"));
	assert_false(m.entity.is_signed);
	while ((e = mime_next(&m, &in, true, &piece)) != MIME_NONE)
		if (e == MIME_HEAD) {
			assert_true(m.entity.is_signed);
			assert_false(m.entity.is_message);
			heads++;
		}
	assert_int_equal(heads, 3);
	mime_free(&m);
}

/* Multiparts in multiparts: so many are walked, the next one is a leaf. */
static void
test_depth(void **state)
{
	struct buf body = { 0 };
	struct mime m = { 0 };
	struct slice in, piece;
	size_t deepest = 0;
	enum mime_event e;

	(void)state;
	for (int i = 1; i < 40; i++)
		buf_putf(&body, "--b%d\nContent-Type: multipart/mixed; "
		    "boundary=b%d\n\n", i - 1, i);
	in = buf_slice(&body);
	mime_start(&m, SLICE("Content-Type: multipart/mixed; boundary=b0\r\n"));
	while ((e = mime_next(&m, &in, true, &piece)) != MIME_NONE) {
		deepest = m.depth > deepest ? m.depth : deepest;
		if (e == MIME_HEAD)
			assert_int_equal(m.entity.is_opaque,
			    m.entity.index >= MIME_DEPTH);
	}
	assert_int_equal(deepest, MIME_DEPTH);
	mime_free(&m);
	buf_free(&body);
}

/* A header without end takes so much memory and no more. */
static void
test_long_header(void **state)
{
	(void)state;
	for (int extra = -2; extra <= 2; extra++) {
		struct buf body = { 0 };
		struct mime m = { 0 };
		struct slice in, piece;

		buf_puts(&body, "--b\nX: ");
		while (body.n < (size_t)(4 + MIME_HEAD_MAX + extra))
			buf_putc(&body, 'x');
		in = buf_slice(&body);
		mime_start(&m, SLICE(MIXED));
		while (mime_next(&m, &in, false, &piece) != MIME_NONE)
			;
		assert_int_equal(m.in_head, extra <= 0);
		mime_free(&m);
		buf_free(&body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_entities),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_long_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
