/* SPDX-License-Identifier: ISC */
/* parts.c - the parts of a message, their names, and their octets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "mail/parts.h"

#define MIXED "S: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"

/* Of each part "INDEX TYPE CHARSET NAME ATTACHED: octets|". */
static const struct {
	const char *name, *in, *want;
} cases[] = {
	{ "nothing at all", "", "0 text/plain  [] 0: |" },
	{ "plain text", "S: x\r\n\r\na\r\nb", "0 text/plain  [] 0: a\r\nb|" },
	{ "its last line end is its own", "S: x\n\na\n",
	    "0 text/plain  [] 0: a\n|" },
	{ "quoted-printable", "Content-Type: TEXT/HTML; charset=\"utf-8\"\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	    "a=C3=bc=\r\nb\r\n=3D=zz=4\r\n=",
	    "0 text/html utf-8 [] 0: a\xc3\xbc" "b\r\n==zz=4\r\n=|" },
	{ "base64, in the middle of the alphabet and broken",
	    "Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nb-G8=\r\nIGFn",
	    "0 text/plain  [] 0: hello|" },
	{ "two parts; the line end is the delimiter's", MIXED
	    "pre\r\n--b\r\n\r\nhi\r\n\r\n--b\r\nContent-Type: image/png; "
	    "name=\"old\"\r\nContent-Disposition: ATTACHMENT; filename=\"a/b"
	    ".png\"\r\n\r\nxyz\r\n--b--\r\nepi\r\n",
	    "1 text/plain  [] 0: hi\r\n|2 image/png  [a/b.png] 1: xyz|" },
	{ "names in other letters", MIXED "--b\r\nContent-Disposition: inline; "
	    "filename*0*=utf-8''%C3%A9; filename*1=b\r\n\r\n1\r\n--b\r\n"
	    "Content-Type: a/b; name=\"=?utf-8?q?=C3=BC?=\"\r\n\r\n2\r\n--b\r\n"
	    "Content-Disposition: attachment; filename*=iso-8859-1''%E9%07x\r\n"
	    "\r\n3\r\n--b--",
	    "1 text/plain  [\xc3\xa9" "b] 0: 1|2 a/b  [\xc3\xbc] 0: 2|"
	    "3 text/plain  [\xc3\xa9_x] 1: 3|" },
	{ "a message inside", MIXED
	    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "S: y\r\nContent-Type: text/html\r\n\r\n<b>\r\n--b--\r\n",
	    "2 text/html  [] 0: <b>|" },
};

static void
feed(struct parts *p, const char *text, size_t step)
{
	struct slice in = slice_of(text);

	while (in.n > 0) {
		struct slice part = slice_first(in, step);

		parts_feed(p, part, false);
		in = slice_from(in, part.n);
	}
	parts_feed(p, in, true);
}

static void
put_part(struct buf *out, const char *text, const struct mail_part *part)
{
	struct parts p = { .wanted = part->index };

	feed(&p, text, 3);
	assert_int_equal(p.out.n, part->size);
	buf_putf(out, "%zu %s %s [%s] %d: ", part->index, part->type,
	    part->charset, part->name, part->is_attachment);
	buf_put(out, buf_slice(&p.out));
	buf_putc(out, '|');
	parts_free(&p);
}

static void
test_parts(void **state)
{
	static const size_t steps[] = { 1, 7, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases * 3; i++) {
		struct parts p = { .wanted = PARTS_NOTHING };
		struct buf out = { 0 };

		feed(&p, cases[i / 3].in, steps[i % 3]);
		for (size_t k = 0; k < p.n; k++)
			put_part(&out, cases[i / 3].in, &p.part[k]);
		if (strcmp(buf_str(&out), cases[i / 3].want) != 0)
			fail_msg("%s: %s", cases[i / 3].name, buf_str(&out));
		buf_free(&out);
		parts_free(&p);
	}
}

static void
test_many_parts(void **state)
{
	struct parts p = { .wanted = PARTS_NOTHING };

	(void)state;
	parts_feed(&p, SLICE(MIXED), false);
	for (int i = 0; i < 3 * PARTS_MAX; i++)
		parts_feed(&p, SLICE("--b\r\n\r\nx\r\n"), false);
	parts_feed(&p, SLICE("--b--\r\n"), true);
	assert_int_equal(p.n, PARTS_MAX);
	assert_int_equal(p.part[PARTS_MAX - 1].size, 1);
	parts_free(&p);
}

static void
test_values(void **state)
{
	struct buf out = { 0 };

	(void)state;
	parts_put_value(&out, SLICE(" a =?utf-8?q?b=20?=\r\n =?utf-8?q?c?= d"
	    "\xfc\r\n"));
	assert_string_equal(buf_str(&out), "a b c d\xc3\xbc");
	buf_free(&out);
}

static void
test_find(void **state)
{
	struct parts p = { .wanted = PARTS_NOTHING };

	(void)state;
	feed(&p, MIXED "--b\r\nContent-Type: text/html\r\nContent-Disposition: "
	    "attachment\r\n\r\n1\r\n--b\r\nContent-Type: text/html\r\n\r\n2"
	    "\r\n--b--", 5);
	assert_ptr_equal(parts_find(&p, "text/html"), &p.part[1]);
	assert_null(parts_find(&p, "text/plain"));
	parts_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_many_parts),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
