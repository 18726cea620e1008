/* SPDX-License-Identifier: ISC */
/* seven.c - bodies in 7 bits: what comes out is legal, and nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/codec.h"
#include "mail/seven.h"

#define X25 "xxxxxxxxxxxxxxxxxxxxxxxxx"
#define X75 X25 X25 X25

/* All of it, lines ended by `eol`, in pieces of at most `most` octets. */
static void
convert(struct seven *s, struct slice in, const char *eol, size_t most,
    struct buf *out)
{
	while (in.n > 0) {
		size_t n = slice_find(in, '\n');
		struct slice part = slice_first(in, n < most ? n : most);

		if (n == 0)
			seven_eol(s, slice_of(eol), out);
		else
			seven_text(s, part, out);
		in = slice_from(in, n == 0 ? 1 : part.n);
	}
}

static const struct {
	const char *name;
	enum seven_form form;
	const char *in, *want;
} cases[] = {
	{ "copy", SEVEN_COPY, "a\n b \n.\nc", "a\r\n b \r\n.\r\nc\r\n" },
	{ "outside", SEVEN_OUTSIDE, "a\xc3\xa4\n=x", "a=C3=A4\r\n=x\r\n" },
	{ "qp", SEVEN_QP, "a=b\xc3\xa4\x7f\x01~", "a=3Db=C3=A4=7F=01~\r\n" },
	{ "qp, blanks at an end", SEVEN_QP, "a \nb\t\n  \n c d",
	    "a=20\r\nb=09\r\n =20\r\n c d\r\n" },
	{ "qp, a line that just fits", SEVEN_QP, X75 "\nb",
	    X75 "\r\nb\r\n" },
	{ "qp, one octet more", SEVEN_QP, X75 "yz\n", X75 "=\r\nyz\r\n" },
	{ "qp, an escape that just fits", SEVEN_QP, X25 X25 X25 "\n" X25 X25
	    "xxxxxxxxxxxxxxxxxxxxxx\xe4z\n", X75 "\r\n" X25 X25
	    "xxxxxxxxxxxxxxxxxxxxxx=E4=\r\nz\r\n" },
	{ "qp, an escape that does not", SEVEN_QP, X25 X25
	    "xxxxxxxxxxxxxxxxxxxxxxx\xe4z\n", X25 X25
	    "xxxxxxxxxxxxxxxxxxxxxxx=\r\n=E4z\r\n" },
	{ "mended qp", SEVEN_QP_MEND, "a=C3=A4 \nb=\nc\xe4", "a=C3=A4\r\n"
	    "b=\r\nc=E4\r\n" },
	{ "mended qp is cut beside its escapes", SEVEN_QP_MEND, X25 X25
	    "xxxxxxxxxxxxxxxxxxxxxxx=C3z\n", X25 X25
	    "xxxxxxxxxxxxxxxxxxxxxxx=\r\n=C3z\r\n" },
	{ "mended qp, an escape that just fits", SEVEN_QP_MEND, X25 X25
	    "xxxxxxxxxxxxxxxxxxxxxx=C3z\n", X25 X25
	    "xxxxxxxxxxxxxxxxxxxxxx=C3=\r\nz\r\n" },
	{ "base64", SEVEN_BASE64, "foo\nbar", "Zm9vDQpiYXI=\r\n" },
	{ "base64, the last line end", SEVEN_BASE64, "foo\n", "Zm9vDQo=\r\n" },
	{ "base64 of octets", SEVEN_BASE64_RAW, "f\no", "Zgpv\r\n" },
	{ "base64 of nothing", SEVEN_BASE64, "", "" },
	{ "mended qp that was none", SEVEN_QP_MEND,
	    "a=\xe4 b==C3 =\t\t x=4\n==3D=g=4g=x =  y= \n= =\n=       z=",
	    "a=3D=E4 b=3D=C3 =3D\t\t x=3D4\r\n=3D=3D=3Dg=3D4g=3Dx =3D  y=\r\n"
	    "=3D =\r\n=3D       z=\r\n" },
	{ "mended base64", SEVEN_BASE64_MEND, "Zm 9v\n!Z\xe4m9v==\n",
	    "Zm9vZm9v==\r\n" },
	{ "mended base64 knows all its letters", SEVEN_BASE64_MEND,
	    "AZaz09+/=-_.\n", "AZaz09+/=\r\n" },
	{ "mended base64 in long lines", SEVEN_BASE64_MEND,
	    X75 "xyz" X75 "\n", X75 "x\r\nyz" X25 X25 "xxxxxxxxxxxxxxxxxxxxxxxx"
	    "\r\nx\r\n" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (size_t most = 1; most < 200; most += 3) {
			struct seven s = { .form = cases[i].form };
			struct buf out = { 0 };

			convert(&s, slice_of(cases[i].in), "\n", most, &out);
			seven_finish(&s, &out);
			if (strcmp(buf_str(&out), cases[i].want) != 0)
				fail_msg("%s: %s", cases[i].name,
				    buf_str(&out));
			buf_free(&out);
		}
}

/* A line end before a delimiter is the delimiter's (RFC 2046 5.1.1). */
static void
test_delimiters(void **state)
{
	static const struct {
		enum seven_form form;
		const char *want;
	} rows[] = {
		{ SEVEN_COPY, "foo\r\nfoo\r\n" },
		{ SEVEN_QP, "foo\r\nfoo\r\n" },
		{ SEVEN_BASE64, "Zm9v\r\nZm9v\r\n" },
		{ SEVEN_BASE64_RAW, "Zm9v\r\nZm9v\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct seven s = { .form = rows[i].form };
		struct buf out = { 0 };

		for (int k = 0; k < 2; k++) {
			seven_text(&s, SLICE("foo"), &out);
			seven_eol(&s, SLICE("\n"), &out);
			seven_delimit(&s, &out);
		}
		assert_string_equal(buf_str(&out), rows[i].want);
		buf_free(&out);
	}
}

/* A stray CR ends a line where it cannot be written, else it is kept. */
static void
test_stray_cr(void **state)
{
	static const struct {
		enum seven_form form;
		const char *want;
	} rows[] = {
		{ SEVEN_COPY, "a\r\nb\r\n" }, { SEVEN_OUTSIDE, "a\r\nb\r\n" },
		{ SEVEN_QP, "a=0Db\r\n" }, { SEVEN_QP_MEND, "a=0Db\r\n" },
		{ SEVEN_BASE64, "YQ1i\r\n" }, { SEVEN_BASE64_RAW, "YQ1i\r\n" },
		{ SEVEN_BASE64_MEND, "ab\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct seven s = { .form = rows[i].form };
		struct buf out = { 0 };

		seven_text(&s, SLICE("a"), &out);
		seven_cr(&s, &out);
		seven_text(&s, SLICE("b"), &out);
		seven_finish(&s, &out);
		assert_string_equal(buf_str(&out), rows[i].want);
		buf_free(&out);
	}
}

/* No line is over 998 octets, and none is cut before. */
static void
test_outside_is_cut(void **state)
{
	(void)state;
	for (size_t n = 990; n < 1010; n++)
		for (size_t high = 0; high < 2; high++) {
			struct seven s = { .form = SEVEN_OUTSIDE };
			struct buf out = { 0 };
			struct slice rest, line;
			size_t length = n + (high ? 3 : 1);

			for (size_t i = 0; i < n; i++)
				seven_text(&s, SLICE("x"), &out);
			seven_text(&s, high ? SLICE("\xff") : SLICE("y"),
			    &out);
			seven_finish(&s, &out);
			rest = buf_slice(&out);
			assert_true(slice_cut(&rest, '\n', &line));
			assert_int_equal(line.n - 1, length <= 998 ? length :
			    n < 998 ? n : 998);
			buf_free(&out);
		}
}

/* ---- there and back ---- */

static void
qp_decode(struct slice in, struct buf *out)
{
	struct slice line;

	while (slice_cut(&in, '\n', &line) && in.p) {
		bool soft;

		assert_true(line.n >= 1 && line.p[line.n - 1] == '\r');
		line = slice_first(line, line.n - 1);
		assert_true(line.n <= 76);
		soft = line.n > 0 && line.p[line.n - 1] == '=';
		line = slice_first(line, line.n - soft);
		if (line.n > 0 && !soft)
			assert_null(strchr(" \t", line.p[line.n - 1]));
		for (size_t i = 0; i < line.n; i++) {
			assert_true(line.p[i] == '\t' ||
			    (line.p[i] >= ' ' && line.p[i] <= '~'));
			if (line.p[i] != '=') {
				buf_putc(out, line.p[i]);
				continue;
			}
			assert_true(i + 2 < line.n);
			buf_putc(out, (char)(hex_value(line.p[i + 1]) << 4 |
			    hex_value(line.p[i + 2])));
			i += 2;
		}
		if (!soft)
			buf_puts(out, "\n");
	}
}

static void
base64_back(struct slice in, struct buf *out)
{
	struct slice line;
	bool last = false;

	while (slice_cut(&in, '\n', &line) && in.p) {
		assert_false(last);
		last = line.n != 77;
		assert_true(line.n <= 77 && line.p[line.n - 1] == '\r');
		assert_true(base64_decode(out, slice_first(line, line.n - 1)));
	}
}

static void
test_random(void **state)
{
	static const char alphabet[] = " \t=a\xe4\x01zzz\n";

	(void)state;
	srandom(5);
	for (int round = 0; round < 3000; round++) {
		struct seven qp = { .form = SEVEN_QP };
		struct seven b = { .form = SEVEN_BASE64_RAW };
		struct buf in = { 0 }, out = { 0 }, back = { 0 };
		size_t n = (size_t)random() % 400;

		for (size_t i = 0; i < n; i++)
			buf_putc(&in, alphabet[(size_t)random() %
			    (sizeof alphabet - 1)]);
		buf_puts(&in, "\n");
		convert(&qp, buf_slice(&in), "\n", 1 + (size_t)round % 90,
		    &out);
		seven_finish(&qp, &out);
		qp_decode(buf_slice(&out), &back);
		assert_true(slice_eq(buf_slice(&back), buf_slice(&in)));
		buf_clear(&out);
		buf_clear(&back);
		convert(&b, buf_slice(&in), "\n", 1 + (size_t)round % 90,
		    &out);
		seven_finish(&b, &out);
		base64_back(buf_slice(&out), &back);
		assert_true(slice_eq(buf_slice(&back), buf_slice(&in)));
		buf_free(&in);
		buf_free(&out);
		buf_free(&back);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_delimiters),
		cmocka_unit_test(test_stray_cr),
		cmocka_unit_test(test_outside_is_cut),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
