/* SPDX-License-Identifier: ISC */
/* recode.c - the 7-bit form, part by part, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/recode.h"
#include "../support/idn.h"

#define TEN "0123456789"
#define A70 TEN TEN TEN TEN TEN TEN TEN
#define A700 A70 A70 A70 A70 A70 A70 A70 A70 A70 A70
#define A999 A700 A70 A70 A70 A70 TEN "123456789"
#define MIME  "MIME-Version: 1.0\r\n"
#define MIXED MIME "Content-Type: multipart/mixed; boundary=b\r\n"
#define SEVEN "Content-Transfer-Encoding: 7bit\r\n"
#define QP    "Content-Transfer-Encoding: quoted-printable\r\n"
#define B64   "Content-Transfer-Encoding: base64\r\n"

static const struct {
	const char *name;
	const char *head; /* and CRLF */
	struct slice body;
	const char *want_head, *want;
} cases[] = {
	{ "nothing", "A: b\r\n", SLICE(""), "A: b\r\n", "" },
	{ "clean", "A: b\r\n", SLICE("x\ny"), "A: b\r\n", "x\r\ny\r\n" },
	{ "utf-8", "A: b\r\n", SLICE("\xc3\xa9 = \t\n.\n"),
	    "A: b\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n" QP,
	    "=C3=A9 =3D =09\r\n.\r\n" },
	{ "no utf-8", "A: b\r\n", SLICE("\xe9\r"),
	    "A: b\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n" QP,
	    "=E9\r\n" },
	{ "no utf-8 within a line", "A: b\r\n", SLICE("\xe9 x\n"),
	    "A: b\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n" QP,
	    "=E9 x\r\n" },
	{ "cut utf-8", "", SLICE("\xc3\n\xa9"),
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n" QP,
	    "=C3\r\n=A9\r\n" },
	{ "NUL", "A: b\r\n", SLICE("x\0y\n"),
	    "A: b\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n" QP,
	    "x=00y\r\n" },
	{ "stray CR", "A: b\r\n", SLICE("\xc3\xa9\rx\n"),
	    "A: b\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n" QP,
	    "=C3=A9=0Dx\r\n" },
	{ "stray CR in what is clean", "A: b\r\n", SLICE("x\ry\r\r\n"),
	    "A: b\r\n", "x\r\ny\r\n\r\n" },
	{ "stray CR in base64", MIME "Content-Type: image/x\r\n",
	    SLICE("\xff\r\xfe\n"), MIME "Content-Type: image/x\r\n" B64,
	    "/w3+Cg==\r\n" },
	{ "stray CR in a part's header", MIXED,
	    SLICE("--b\nA: b\rContent-Transfer-Encoding: base64\n\n\xc3\xa9\n"
		  "--b--"),
	    MIXED SEVEN,
	    "--b\r\nA: b Content-Transfer-Encoding: base64\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n" QP
	    "\r\n=C3=A9\r\n--b--\r\n" },
	{ "delimiter behind a stray CR", MIXED,
	    SLICE("--b\n\n\xc3\xa9\r--b\n\nx\r--b--\n"), MIXED SEVEN,
	    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n" QP
	    "\r\n=C3=A9=0D\r\n--b\r\n\r\nx\r\n--b--\r\n" },
	{ "CR ends lines where no LF is", MIXED,
	    SLICE("--b\rA: b\r\r\xc3\xa9\rx\r--b--\r"), MIXED SEVEN,
	    "--b\r\nA: b\r\nContent-Type: text/plain; charset=utf-8\r\n" QP
	    "\r\n=C3=A9\r\nx\r\n--b--\r\n" },
	{ "long line", MIME "Content-Type: text/html\r\n",
	    SLICE(A999 "\n"),
	    MIME "Content-Type: text/html\r\n" QP, NULL },
	{ "998 are not long", "", SLICE(A700 A70 A70 A70 A70 TEN "12345678"),
	    "", A700 A70 A70 A70 A70 TEN "12345678\r\n" },
	{ "label is replaced", MIME "Content-Type: text/plain\r\n"
	    "content-transfer-encoding: 8BIT\r\nX: y\r\n", SLICE("\xe9\n"),
	    MIME "Content-Type: text/plain\r\nX: y\r\n" QP,
	    "=E9\r\n" },
	{ "clean label stays", "Content-Transfer-Encoding: 8bit\r\n",
	    SLICE("x\n"), "Content-Transfer-Encoding: 8bit\r\n", "x\r\n" },
	{ "other types", MIME "Content-Type: image/x\r\n",
	    SLICE("\xff\n\xfe"),
	    MIME "Content-Type: image/x\r\n" B64,
	    "/wr+\r\n" },
	{ "lines of other types", MIME "Content-Type: image/x\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n", SLICE("\xff\n\xfe"),
	    MIME "Content-Type: image/x\r\n" B64,
	    "/w0K/g==\r\n" },
	{ "binary", MIME "Content-Type: image/x\r\n"
	    "Content-Transfer-Encoding: binary\r\n", SLICE("\xff\n\r\xfe\r\n"),
	    MIME "Content-Type: image/x\r\n" B64,
	    "/woN/g0K\r\n" },
	{ "no lines under 8bit", MIME "Content-Type: image/x\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n", SLICE("\n\r\xfe\r\n"),
	    MIME "Content-Type: image/x\r\n" B64,
	    "Cg3+DQo=\r\n" },
	{ "no lines in ASCII", MIME "Content-Type: image/x\r\n",
	    SLICE("x\ny\rz"), MIME "Content-Type: image/x\r\n" B64,
	    "eAp5DXo=\r\n" },
	{ "wide text", MIME "Content-Type: text/x; charset=UTF-16LE\r\n",
	    SLICE("G\0\r\0\n\0"),
	    MIME "Content-Type: text/x; charset=UTF-16LE\r\n" B64,
	    "RwANAAoA\r\n" },
	{ "wide text under 8bit", MIME "Content-Type: text/x; charset=ucs-2\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n", SLICE("\xff\n\xff\x0d"),
	    MIME "Content-Type: text/x; charset=ucs-2\r\n" B64,
	    "/wr/DQ==\r\n" },
	{ "bad base64", B64, SLICE(A999 "\n=="),
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n" B64, NULL },
	{ "bad quoted-printable", MIME "Content-Type: text/x\r\n"
	    QP, SLICE("=C3=A9\xc3\xa9= \nx \n"),
	    MIME "Content-Type: text/x\r\n" QP,
	    "=C3=A9=C3=A9=\r\nx\r\n" },
	{ "two parts", MIXED,
	    SLICE("pre\xe9\n--b\nA: b\n\nx\n--b\nContent-Type: a/b\n\n\xff\n"
		  "--b-- \nepi\0\xe9"),
	    MIXED SEVEN,
	    "pre=E9\r\n--b\r\nA: b\r\n\r\nx\r\n--b\r\nContent-Type: a/b\r\n" B64
	    "\r\n/w==\r\n--b-- \r\nepi=00=E9\r\n" },
	{ "clean parts", MIXED "Content-Transfer-Encoding: 8bit\r\n",
	    SLICE("--b\nA : b\n  \n\nx\n--b--\n"),
	    MIXED "Content-Transfer-Encoding: 8bit\r\n",
	    "--b\r\nA : b\r\n  \r\n\r\nx\r\n--b--\r\n" },
	{ "no delimiters", MIXED, SLICE("--b x\n--bb\n-- b\n--\n-\n b\n--b"),
	    MIXED, "--b x\r\n--bb\r\n-- b\r\n--\r\n-\r\n b\r\n--b\r\n" },
	{ "part's header in other letters", MIXED,
	    SLICE("--b\nContent-Description: \xc3\xa9\nX-Y: z\n\nx\n--b--\n"),
	    MIXED,
	    "--b\r\nContent-Description: =?utf-8?Q?=C3=A9?=\r\nX-Y: z\r\n"
	    "\r\nx\r\n--b--\r\n" },
	{ "message in a part", MIXED,
	    SLICE("--b\nContent-Type: message/rfc822\n"
		  "Content-Transfer-Encoding: 8bit\n\n"
		  "Subject: \xc3\xa9\n\n\xc3\xa9\n--b--\n"),
	    MIXED SEVEN,
	    "--b\r\nContent-Type: message/rfc822\r\n" SEVEN "\r\n"
	    "Subject: =?utf-8?Q?=C3=A9?=\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n" QP "\r\n"
	    "=C3=A9\r\n--b--\r\n" },
	{ "digest", "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/digest; boundary=\"b\"\r\n",
	    SLICE("--b\n\nMIME-Version: 1.0\nContent-Type: a/b\n\n\xff\n--b--"),
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/digest; boundary=\"b\"\r\n" SEVEN,
	    "--b\r\n" SEVEN "\r\nMIME-Version: 1.0\r\nContent-Type: a/b\r\n" B64
	    "\r\n/w==\r\n--b--\r\n" },
	{ "parts in parts, the outer delimiter ends both", MIXED,
	    SLICE("--b\nContent-Type: multipart/x; boundary=c\n\n--c\n\n\xe9\n"
		  "--b\n\nx\n--c--\n--b--\n"),
	    MIXED SEVEN,
	    "--b\r\nContent-Type: multipart/x; boundary=c\r\n" SEVEN
	    "\r\n--c\r\nContent-Type: text/plain; charset=unknown-8bit\r\n" QP
	    "\r\n=E9\r\n--b\r\n\r\nx\r\n--c--\r\n--b--\r\n" },
	{ "header without an end", MIXED,
	    SLICE("--b\nContent-Type: a/b\n--b\nA: b\njunk\xe9\n--b--\nC: d"),
	    MIXED SEVEN,
	    "--b\r\nContent-Type: a/b\r\n--b\r\nA: b\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n" QP
	    "\r\njunk=E9\r\n--b--\r\nC: d\r\n" },
	{ "ends in a header", MIXED, SLICE("--b\nA: b"), MIXED,
	    "--b\r\nA: b\r\n" },
	{ "multipart with an encoding of its own",
	    MIME "Content-Type: multipart/x; boundary=b\r\n" QP,
	    SLICE("--b\n\n\xc3\xa9?\n--b\nContent-Transfer-Encoding: "
		  "quoted-printable\n\n=C3=A9\n--b--\n"),
	    MIME "Content-Type: multipart/x; boundary=b\r\n" SEVEN,
	    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n" QP
	    "\r\n=C3=A9?\r\n--b\r\n" QP "\r\n=C3=A9\r\n--b--\r\n" },
	{ "a part that is a multipart with one", MIXED,
	    SLICE("--b\nContent-Type: multipart/x; boundary=c\n" B64
		  "\n--c\n\n\xc3\xa9\n--c--\n--b--\n"), MIXED SEVEN,
	    "--b\r\nContent-Type: multipart/x; boundary=c\r\n" SEVEN
	    "\r\n--c\r\nContent-Type: text/plain; charset=utf-8\r\n" QP
	    "\r\n=C3=A9\r\n--c--\r\n--b--\r\n" },
	{ "signed beside what is not clean", MIXED,
	    SLICE("--b\nContent-Type: multipart/signed; boundary=c\n\n--c\n"
		  "A : b\n\nx \n--c--\n--b\n\n\xc3\xa9\n--b--\n"), MIXED SEVEN,
	    "--b\r\nContent-Type: multipart/signed; boundary=c\r\n\r\n"
	    "--c\r\nA : b\r\n\r\nx \r\n--c--\r\n--b\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n" QP
	    "\r\n=C3=A9\r\n--b--\r\n" },
};

/* What must not be re-coded; the word that says why, or NULL if it may. */
static const struct {
	const char *head;
	struct slice body;
	const char *bar;
} bars[] = {
	{ "Content-Type: text/plain\r\n", SLICE("\xe9\0\n"), NULL },
	{ "Content-Type: multipart/x\r\n", SLICE("\xff"), "no boundary" },
	{ "Content-Type: multipart/x\r\n", SLICE("x"), NULL },
	{ MIXED, SLICE("\xff"), "no parts" },
	{ MIXED, SLICE("\xff\n--b--\n"), "no parts" },
	{ MIXED, SLICE("\xff\n--b\n\nx\n--b--\n\xff"), NULL },
	{ MIXED, SLICE("--b\n\nx\n--b\nContent-Type: multipart/x; "
		       "boundary=c\n\n\xff\n--b--\n"), "no parts" },
	{ MIXED, SLICE("--b\nContent-Type: multipart/x; boundary=c\n\n\xff\n"
		       "--c\n\nx\n--b--\n"), NULL },
	/* behind the parts of a multipart that is all of a message */
	{ MIXED, SLICE("--b\nContent-Type: message/rfc822\n\nContent-Type: "
		       "multipart/x; boundary=c\n\n--c\n\nx\n--c--\n\xff\n"
		       "--b--\n"), NULL },
	{ "Content-Type: message/rfc822\r\n", SLICE("Content-Type: "
		       "multipart/x; boundary=c\n\n--c\n\nx\n--c--\n\xff\n"),
	    NULL },
	{ "Content-Type: multipart/signed; boundary=b\r\n",
	    SLICE("--b\n\nx\n--b--\n"), NULL },
	{ "Content-Type: Multipart/Signed; boundary=b\r\n",
	    SLICE("--b\n\n\xe9\n--b--\n"), "multipart/signed" },
	{ "Content-Type: message/partial; number=1; total=2; id=x\r\n",
	    SLICE("\xe9"), "message/partial" },
	{ "Content-Type: Message/External-Body; access-type=x\r\n",
	    SLICE("A: b\n\n\xe9"), "message/external-body" },
	{ "Content-Type: multipart/signed; boundary=b\r\n",
	    SLICE("--b\n\nx\ry\n--b--\n"), "multipart/signed" },
	{ "Content-Type: multipart/signed; boundary=b\r\n",
	    SLICE("x\ry\n--b\n\nx\n--b--\n"), NULL },
	{ "Content-Type: multipart/signed; boundary=b\r\n",
	    SLICE("\xe9\n--b\n\nx\n--b--\n"), "multipart/signed" },
	{ "Content-Type: multipart/signed; boundary=b\r\n",
	    SLICE("--b\nA: \xe9\n\nx\n--b--\n"), "multipart/signed" },
	{ "Content-Type: multipart/signed; boundary=b\r\n",
	    SLICE("--b\nContent-Type: multipart/x; boundary=c\n\n--c\n"
		  "Content-Type: message/rfc822\n\nA: b\n\n\xe9\n--b--\n"),
	    "multipart/signed" },
	{ MIXED, SLICE("--b\nContent-Type: multipart/signed; boundary=c\n\n"
		       "--c\n\n" A999 "\n--c--\n--b--\n"), "multipart/signed" },
	{ MIXED, SLICE("--b\nContent-Type: multipart/signed; boundary=c\n\n"
		       "--c\n\nx\n--c--\n--b\n\n\xe9\n"), NULL },
	{ "Content-Transfer-Encoding: x-uuencode\r\n", SLICE("\xe9\n"),
	    "unknown" },
	{ "Content-Transfer-Encoding: x-uuencode\r\n", SLICE("begin\n"), NULL },
	{ B64, SLICE("\xc3\xa9\n"), "base64 and is not" },
	{ B64, SLICE("AAAA\nGr\xc3\xbc\xc3\x9f""e!\n"), "base64 and is not" },
	{ B64, SLICE("a!\n"), NULL },
	{ MIXED, SLICE("--b\n" B64 "\n!\n--b\n" B64 "\n" A999 "\n"), NULL },
	{ "Content-Transfer-Encoding: x\r\n", SLICE("--\xe9"), "unknown" },
	{ MIXED, SLICE("--b\n" "Content-Transfer-Encoding: x\n\n--\xe9"),
	    "unknown" },
	{ MIXED, SLICE("--b\nReferences: <\xe9@x>\n\nx\n--b--\n"),
	    "field References" },
	{ MIXED, SLICE("--b\nContent-Type: message/rfc822\n\n"
		       "To: j\xc3\xb6rg@x\n\nx\n--b--\n"), "field To" },
	{ MIXED, SLICE("--b\nContent-Type: message/rfc822\n\n"
		       "To: J\xc3\xb6rg <a@x>\n\nx\n--b--\n"), NULL },
};

static size_t
whole(void)
{
	return SIZE_MAX;
}

static size_t
one(void)
{
	return 1;
}

static size_t
any(void)
{
	return (size_t)random() % 7;
}

struct result {
	struct buf head, body;
};

static void
plan_all(struct recode_plan *plan, struct slice body, size_t (*step)(void))
{
	while (body.n > 0) {
		struct slice piece = slice_first(body, step());

		recode_plan_feed(plan, piece);
		body = slice_from(body, piece.n);
	}
	recode_plan_finish(plan);
}

static struct result
recoded(struct slice head, struct slice body, size_t (*step)(void))
{
	struct recode_plan *plan = recode_plan_new(head,
	    slice_find(body, '\n') == body.n, &idn_table);
	struct result out = { 0 };
	struct recode *r;

	plan_all(plan, body, step);
	r = recode_new(plan, head, &out.head);
	while (body.n > 0) {
		struct slice piece = slice_first(body, step());

		recode_feed(r, piece, &out.body);
		body = slice_from(body, piece.n);
	}
	recode_finish(r, &out.body);
	recode_free(r);
	recode_plan_free(plan);
	return out;
}

static void
check_case(size_t i, size_t (*step)(void))
{
	struct buf head = { 0 }, want = { 0 };
	struct result got;

	buf_puts(&head, cases[i].head);
	buf_puts(&head, "\r\n");
	buf_puts(&want, cases[i].want_head);
	buf_puts(&want, "\r\n");
	got = recoded(buf_slice(&head), cases[i].body, step);
	if (strcmp(buf_str(&got.head), buf_str(&want)) != 0)
		fail_msg("%s: head %s", cases[i].name, buf_str(&got.head));
	if (cases[i].want && strcmp(buf_str(&got.body), cases[i].want) != 0)
		fail_msg("%s: body %s", cases[i].name, buf_str(&got.body));
	buf_free(&head);
	buf_free(&want);
	buf_free(&got.head);
	buf_free(&got.body);
}

static void
test_cases_in_any_pieces(void **state)
{
	(void)state;
	srandom(4);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		check_case(i, whole);
		check_case(i, one);
		check_case(i, any);
		check_case(i, any);
	}
}

static void
test_bars(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bars / sizeof *bars; i++) {
		struct recode_plan *plan;
		struct buf head = { 0 };
		const char *why;

		buf_puts(&head, bars[i].head);
		buf_puts(&head, "\r\n");
		plan = recode_plan_new(buf_slice(&head), false, &idn_table);
		plan_all(plan, bars[i].body, i % 2 ? one : whole);
		why = recode_plan_bar(plan);
		if (bars[i].bar ? !why || !strstr(why, bars[i].bar) : !!why)
			fail_msg("%s%s: %s", bars[i].head, bars[i].body.p,
			    why ? why : "may be");
		recode_plan_free(plan);
		buf_free(&head);
	}
}

/* Octets that line ends would spoil are seen, so that they are not sent so. */
static void
test_binary_is_seen(void **state)
{
	static const struct {
		const char *head;
		struct slice body;
		bool binary;
	} rows[] = {
		{ "Content-Type: image/x\r\n", SLICE("\xff\n"), true },
		{ "Content-Type: image/x\r\n", SLICE("x\ny\n"), false },
		{ "Content-Type: image/x\r\n", SLICE("x\ry\n"), true },
		{ "Content-Type: image/x\r\n"
		  "Content-Transfer-Encoding: binary\r\n",
		    SLICE("\xff\n"), true },
		{ "Content-Type: image/x\r\n"
		  "Content-Transfer-Encoding: 8bit\r\n",
		    SLICE("\xff\n"), false },
		{ "Content-Type: image/x\r\n"
		  "Content-Transfer-Encoding: 8bit\r\n",
		    SLICE("\xff\r\n\r"), true },
		{ "Content-Type: image/x\r\n"
		  "Content-Transfer-Encoding: 8bit\r\n",
		    SLICE("\xff\0"), true },
		{ "Content-Type: image/x\r\n" B64, SLICE("AA\rAA\n"), false },
		{ "Content-Type: text/x\r\n"
		  "Content-Transfer-Encoding: binary\r\n",
		    SLICE("\xff\r\n\r"), false },
		{ "", SLICE("\xff\n"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct recode_plan *plan;
		struct buf head = { 0 };

		buf_puts(&head, rows[i].head);
		buf_puts(&head, "\r\n");
		plan = recode_plan_new(buf_slice(&head), false, &idn_table);
		plan_all(plan, rows[i].body, whole);
		assert_int_equal(recode_plan_is_binary(plan), rows[i].binary);
		assert_null(recode_plan_bar(plan));
		recode_plan_free(plan);
		buf_free(&head);
	}
}

static void
check_lines(struct slice text, size_t most)
{
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		if (text.p)
			assert_int_equal(line.p[line.n - 1], '\r');
		assert_true(line.n <= most + 1);
	}
}

static void
test_lines_are_broken(void **state)
{
	struct buf raw = { 0 };
	struct result got;

	(void)state;
	for (int i = 0; i < 500; i++)
		buf_putf(&raw, "%d\xc3\xa9 =", i);
	got = recoded(SLICE("\r\n"), buf_slice(&raw), any);
	check_lines(buf_slice(&got.body), 76);
	buf_free(&got.head);
	buf_free(&got.body);
	got = recoded(SLICE("Content-Type: a/b\r\n\r\n"), buf_slice(&raw), any);
	check_lines(buf_slice(&got.body), 76);
	assert_true(got.body.n > raw.n * 4 / 3);
	buf_free(&got.head);
	buf_free(&got.body);
	got = recoded(SLICE("Content-Type: multipart/x; boundary=b\r\n\r\n"),
	    buf_slice(&raw), any);
	check_lines(buf_slice(&got.body), 998);
	buf_free(&got.head);
	buf_free(&got.body);
	buf_free(&raw);
}

/* Beyond what is told apart, memory stays and all is re-coded. */
static void
test_many_parts(void **state)
{
	struct buf raw = { 0 };
	struct result got;

	(void)state;
	for (int i = 0; i < 1100; i++)
		buf_puts(&raw, "--b\n\n=\n");
	got = recoded(SLICE(MIXED "\r\n"), buf_slice(&raw), any);
	assert_non_null(strstr(buf_str(&got.body), "--b\r\n\r\n=\r\n--b\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n" QP
	    "\r\n=3D\r\n"));
	buf_free(&got.head);
	buf_free(&got.body);
	buf_free(&raw);
}

static void
test_deep_and_long(void **state)
{
	struct buf raw = { 0 };
	struct result got;

	(void)state;
	for (int i = 0; i < 40; i++)
		buf_putf(&raw, "--b%d\nContent-Type: multipart/x; boundary=b%d"
		    "\n\n", i, i + 1);
	buf_puts(&raw, "\xff\n");
	got = recoded(SLICE("Content-Type: multipart/x; boundary=b0\r\n\r\n"),
	    buf_slice(&raw), any);
	assert_non_null(strstr(buf_str(&got.body), "\r\n--b31\r\n"));
	buf_free(&got.head);
	buf_free(&got.body);

	buf_clear(&raw);
	buf_puts(&raw, "--b\n");
	while (raw.n < 70000)
		buf_puts(&raw, "A: " A70 "\n");
	buf_puts(&raw, "\n\xff\n--b--\n");
	got = recoded(SLICE(MIXED "\r\n"), buf_slice(&raw), whole);
	assert_non_null(strstr(buf_str(&got.body),
	    "\r\n" QP "\r\nA: " TEN));
	assert_non_null(strstr(buf_str(&got.body), "\r\n=FF\r\n--b--\r\n"));
	buf_free(&got.head);
	buf_free(&got.body);
	buf_free(&raw);
}

static void
test_need(void **state)
{
	struct message m = { .longest_line = 998 };

	(void)state;
	assert_false(recode_is_needed(&m));
	m.eight_bit = true;
	assert_true(recode_is_needed(&m));
	assert_false(recode_is_forced(&m));
	m.has_nul = true;
	assert_true(recode_is_forced(&m));
	m = (struct message){ .longest_line = 999 };
	assert_true(recode_is_needed(&m) && recode_is_forced(&m));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_in_any_pieces),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_binary_is_seen),
		cmocka_unit_test(test_lines_are_broken),
		cmocka_unit_test(test_many_parts),
		cmocka_unit_test(test_deep_and_long),
		cmocka_unit_test(test_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
