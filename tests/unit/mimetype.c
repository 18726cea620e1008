/* SPDX-License-Identifier: ISC */
/* mimetype.c - Content-Type and its parameters, read and written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/codec.h"
#include "mail/mimetype.h"
#include "mail/param.h"

#define TEN "0123456789"
#define C40 TEN TEN TEN TEN
#define B200 C40 C40 C40 C40 C40

static const struct {
	const char *value, *type, *subtype, *boundary, *charset;
} types[] = {
	{ "text/plain", "text", "plain", "", "" },
	{ "", "", "", "", "" },
	{ "text", "text", "", "", "" },
	{ "Text/HTML;charset=koi8-r", "Text", "HTML", "", "koi8-r" },
	{ " text / plain ; charset = utf-8 ", "text", "plain", "", "utf-8" },
	/* comments stand anywhere, in each other, with quoted octets */
	{ "(a)text(b)/(c)plain(d);(e)charset(f)=(g)utf-8(h)", "text", "plain",
	    "", "utf-8" },
	{ "(a(b)c)text/(((x)))plain", "text", "plain", "", "" },
	{ "(\\))text/(\\()plain", "text", "plain", "", "" },
	{ "(a\\)b) text/plain", "text", "plain", "", "" },
	{ "text(plain; charset=utf-8", "text", "", "", "" },
	{ "\ttext/plain;\tcharset=x", "text", "plain", "", "x" },
	{ ")text/plain", "", "", "", "" },
	{ "text/plain; charset=(x", "text", "plain", "", "" },
	{ "text/plain; charset=((x)y", "text", "plain", "", "" },
	{ "(x", "", "", "", "" },
	/* values in quotes */
	{ "multipart/mixed; boundary=\"a b\"", "multipart", "mixed", "a b",
	    "" },
	{ "multipart/mixed; boundary=\"a\\\"b\\\\c\"", "multipart", "mixed",
	    "a\"b\\c", "" },
	{ "multipart/mixed; boundary=\"a;charset=b\"; charset=c", "multipart",
	    "mixed", "a;charset=b", "c" },
	{ "x/y; charset=\"utf-8", "x", "y", "", "utf-8" },
	{ "x/y; charset=\"a\\", "x", "y", "", "a" },
	{ "x/y; charset=\"\"; charset=b", "x", "y", "", "b" },
	/* what cannot be used is passed over; the first that can counts */
	{ "x/y; boundary=\"b \"; boundary=c", "x", "y", "c", "" },
	{ "x/y; boundary=\"b\t\"; boundary=c", "x", "y", "c", "" },
	{ "x/y; boundary=a; boundary=b", "x", "y", "a", "" },
	{ "x/y; charset=a; charset=b", "x", "y", "", "a" },
	{ "x/y; boundary=\"\x01\"; boundary=\"\xe4\"", "x", "y", "", "" },
	{ "x/y; boundary=" B200, "x", "y", B200, "" },
	{ "x/y; boundary=" B200 "x", "x", "y", "", "" },
	{ "x/y; charset=" C40, "x", "y", "", C40 },
	{ "x/y; charset=" C40 "x", "x", "y", "", "" },
	{ "x/y; charset=\"a b\"; charset=\"a_b.c:d+e-f\"", "x", "y", "",
	    "a_b.c:d+e-f" },
	{ "x/y; charset=\"\xe4\"", "x", "y", "", "" },
	{ "x/y; BOUNDARY=b; Charset=c", "x", "y", "b", "c" },
	{ "x/y; boundaries=b; char=c", "x", "y", "", "" },
	/* junk between the semicolons */
	{ "x/y;; charset=c", "x", "y", "", "c" },
	{ "x/y; charset; boundary=b", "x", "y", "b", "" },
	{ "x/y; =z; boundary=b", "x", "y", "b", "" },
	{ "x/y; charset=a b; boundary=c", "x", "y", "c", "a" },
	{ "x/y z; charset=c", "x", "y", "", "c" },
};

static bool
is(struct slice have, const char *want)
{
	return slice_eq(have, slice_of(want));
}

static void
test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct mimetype t;

		mimetype_parse(slice_of(types[i].value), &t);
		if (!is(t.type, types[i].type) ||
		    !is(t.subtype, types[i].subtype))
			fail_msg("%s: %.*s/%.*s", types[i].value,
			    (int)t.type.n, t.type.p, (int)t.subtype.n,
			    t.subtype.p);
		if (strcmp(t.boundary, types[i].boundary) != 0 ||
		    strcmp(t.charset, types[i].charset) != 0)
			fail_msg("%s: boundary %s, charset %s", types[i].value,
			    t.boundary, t.charset);
	}
}

static void
test_next(void **state)
{
	struct slice rest = SLICE("x/y; a=1; junk ;b = \"2 3\""), name;
	struct buf value = { 0 };

	(void)state;
	assert_true(mimetype_next(&rest, &name, &value));
	assert_true(is(name, "a"));
	assert_string_equal(buf_str(&value), "1");
	assert_true(mimetype_next(&rest, &name, &value));
	assert_int_equal(name.n, 0);
	assert_int_equal(value.n, 0);
	assert_true(mimetype_next(&rest, &name, &value));
	assert_true(is(name, "b"));
	assert_string_equal(buf_str(&value), "2 3");
	assert_false(mimetype_next(&rest, &name, &value));
	buf_free(&value);
}

/* RFC 1428: 8-bit text whose charset nobody knows. */
static void
test_charset_of_what_is_no_utf8(void **state)
{
	static const char *const rows[][2] = {
		{ "", "unknown-8bit" }, { "utf-8", "unknown-8bit" },
		{ "UTF8", "unknown-8bit" }, { "Us-Ascii", "unknown-8bit" },
		{ "koi8-r", "koi8-r" }, { "utf-16", "utf-16" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct mimetype t = { 0 };

		strcpy(t.charset, rows[i][0]);
		assert_string_equal(mimetype_charset(&t), rows[i][1]);
	}
}

static void
test_encodings(void **state)
{
	static const struct {
		const char *value;
		enum cte want;
	} rows[] = {
		{ "7bit", CTE_7BIT }, { "8BIT", CTE_8BIT },
		{ "binary", CTE_BINARY }, { "Quoted-Printable", CTE_QP },
		{ "base64", CTE_BASE64 }, { " (x) base64 ; y", CTE_BASE64 },
		{ "", CTE_OTHER }, { "7bits", CTE_OTHER },
		{ "base6", CTE_OTHER }, { "x-uuencode", CTE_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(cte_parse(slice_of(rows[i].value)),
		    rows[i].want);
}

/* ---- written again (RFC 2231) ---- */

static const struct {
	const char *in, *want;
} params[] = {
	{ "attachment", "attachment" },
	{ "attachment; filename=\"a b.txt\"; x=y",
	    "attachment; filename=\"a b.txt\"; x=y" },
	{ "attachment; filename=\"\xc3\xa4 b.txt\"; x=y",
	    "attachment; filename*=utf-8''%C3%A4%20b.txt; x=y" },
	{ "a; x=1;  filename=\xc3\xa4; y=2",
	    "a; x=1; filename*=utf-8''%C3%A4; y=2" },
	{ "a; f*=utf-8''\xc3\xa4", "a; f*=utf-8''\xc3\xa4" },
	{ "a; \xc3\xa4=\xc3\xa4", "a; \xc3\xa4=\xc3\xa4" },
	{ "a; f=\"\xc3\xa4%'()*\"", "a; f*=utf-8''%C3%A4%25%27%28%29%2A" },
	{ "a; f=\"\xc3\xa4_-.Z09\"", "a; f*=utf-8''%C3%A4_-.Z09" },
	{ "a; junk\xc3\xa4; f=x", "a; junk\xc3\xa4; f=x" },
};

static void
test_params(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
		struct buf out = { 0 };

		param_put_all(&out, slice_of(params[i].in), "utf-8");
		assert_string_equal(buf_str(&out), params[i].want);
		buf_free(&out);
	}
}

/* Put the value of "; f*N*=[charset'']..." back together. */
static void
join(struct slice all, struct buf *out)
{
	unsigned n = 0;

	while (all.n > 0) {
		char start[32];
		struct slice part;
		int length;

		length = snprintf(start, sizeof start, "; f*%u*=%s", n,
		    n == 0 ? "koi8-r''" : "");
		assert_true(slice_starts(all, slice_of(start)));
		part = slice_from(all, (size_t)length);
		part = slice_first(part, slice_find(part, ';'));
		assert_true(part.n > 0);
		assert_true((size_t)length + part.n <= 54 + 3);
		all = slice_from(all, (size_t)length + part.n);
		for (; part.n > 0; part = slice_from(part, 1)) {
			if (part.p[0] != '%') {
				buf_put(out, slice_first(part, 1));
				continue;
			}
			buf_putc(out, (char)(hex_value(part.p[1]) << 4 |
			    hex_value(part.p[2])));
			part = slice_from(part, 2);
		}
		n++;
	}
	assert_true(n > 1);
}

/* Up to 54 encoded octets in one piece, more in sections; none is lost. */
static void
test_sections(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 200; n++) {
		struct buf in = { 0 }, value = { 0 }, out = { 0 }, back = { 0 };
		size_t encoded = 0;

		for (size_t i = 0; i < n; i++) {
			buf_putc(&value, i % 5 ? (char)('a' + i % 26) : '\xe4');
			encoded += i % 5 ? 1 : 3;
		}
		buf_putf(&in, "a; f=\"%s\"", buf_str(&value));
		param_put_all(&out, buf_slice(&in), "koi8-r");
		if (encoded <= 54) {
			assert_true(slice_starts(buf_slice(&out),
			    SLICE("a; f*=koi8-r''%E4")));
			assert_null(strchr(buf_str(&out) + 4, ';'));
		} else {
			join(slice_from(buf_slice(&out), 1), &back);
			assert_true(slice_eq(buf_slice(&back),
			    buf_slice(&value)));
		}
		buf_free(&in);
		buf_free(&value);
		buf_free(&out);
		buf_free(&back);
	}
}

/* ASCII that no line can hold is a reason as well. */
static void
test_long_values(void **state)
{
	(void)state;
	for (size_t n = 899; n <= 902; n++) {
		struct buf in = { 0 }, out = { 0 };

		buf_puts(&in, "a; f=\"");
		for (size_t i = 0; i < n; i++)
			buf_putc(&in, 'x');
		buf_putc(&in, '"');
		param_put_all(&out, buf_slice(&in), "utf-8");
		assert_int_equal(n <= 900, slice_eq(buf_slice(&in),
		    buf_slice(&out)));
		buf_free(&in);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_charset_of_what_is_no_utf8),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
