/* SPDX-License-Identifier: ISC */
/* compose.c - the form of a message that is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/compose.h"

struct sample {
	enum compose_kind kind;
	const char *name, *type;
	struct slice octets;
};

#define TEXT(s)                                \
	{                                      \
		COMPOSE_TEXT, "", "", SLICE(s) \
	}
#define HTML(s)                                \
	{                                      \
		COMPOSE_HTML, "", "", SLICE(s) \
	}
#define INLINE(s)                                                \
	{                                                        \
		COMPOSE_INLINE, "a b.png", "image/png", SLICE(s) \
	}
#define FILE_(t, s)                                \
	{                                          \
		COMPOSE_ATTACHED, "f", t, SLICE(s) \
	}
#define B(n) "\r\n--=_00000000000000ab_" n "\r\n"
#define MULTI(sub, n, more)                                                 \
	"Content-Type: multipart/" sub "; boundary=\"=_00000000000000ab_" n \
	"\"" more "\r\n\r\n"
#define PLAIN(cs, cte)                                 \
	"Content-Type: text/plain; charset=" cs "\r\n" \
	"Content-Transfer-Encoding: " cte "\r\n\r\n"
#define MIME "MIME-Version: 1.0\r\n"

#define IMAGE                                                     \
	"Content-Type: image/png\r\n"                             \
	"Content-Transfer-Encoding: base64\r\n"                   \
	"Content-Disposition: inline; filename=\"a b.png\"\r\n"   \
	"Content-ID: <a_b.png>\r\n\r\n/w==\r\n"
#define PAGE                                               \
	"Content-Type: text/html; charset=us-ascii\r\n"    \
	"Content-Transfer-Encoding: 7bit\r\n\r\n<p>\r\n"
#define ATTACHED(type, cte)                       \
	"Content-Type: " type "\r\n"              \
	"Content-Transfer-Encoding: " cte "\r\n"  \
	"Content-Disposition: attachment; filename=\"f\"\r\n\r\n"
#define ASCII	PLAIN("us-ascii", "7bit")
#define QP	"quoted-printable"
#define RELATED MULTI("related", "2", ";\r\n type=\"text/html\"")

static const struct {
	struct sample samples[4];
	const char *want;
} cases[] = {
	{ { TEXT("hi\nyou") }, MIME ASCII "hi\r\nyou\r\n" },
	{ { TEXT("a\r\nb\rc\n") }, MIME PLAIN("us-ascii", QP)
	    "a\r\nb=0Dc\r\n" },
	{ { TEXT("\xc3\xa9\n") }, MIME PLAIN("utf-8", "base64")
	    "w6kNCg==\r\n" },
	{ { TEXT("\xc3\xa9 \n") }, MIME PLAIN("utf-8", QP) "=C3=A9=20\r\n" },
	{ { TEXT("a\n"), HTML("<p>\n") },
	    MIME MULTI("alternative", "1", "") B("1") ASCII "a\r\n" B("1")
	    PAGE B("1--") },
	{ { TEXT("a\n"), INLINE("\xff"), FILE_("text/plain", "\xc3\xa9") },
	    MIME MULTI("mixed", "0", "") B("0") ASCII "a\r\n" B("0") IMAGE
	    B("0") ATTACHED("text/plain; charset=utf-8", "base64") "w6k=\r\n"
	    B("0--") },
	{ { HTML("<p>\n"), INLINE("\xff"),
	    FILE_("message/rfc822", "A: b\n\nc") },
	    MIME MULTI("mixed", "0", "") B("0") RELATED B("2") PAGE B("2")
	    IMAGE B("2--") B("0") ATTACHED("message/rfc822", "7bit")
	    "A: b\r\n\r\nc\r\n" B("0--") },
	{ { TEXT(""), FILE_("message/rfc822", "A: b\n\n\0") },
	    MIME MULTI("mixed", "0", "") B("0") ASCII B("0")
	    ATTACHED("application/octet-stream", "base64")
	    "QTogYgoKAA==\r\n" B("0--") },
};

static void
put_sample(struct compose *c, const struct sample *s, size_t step,
    struct buf *out)
{
	struct compose_facts f = { 0 };
	struct compose_piece p = { s->kind, slice_of(s->name),
		slice_of(s->type), &f };
	struct slice in = s->octets;

	for (; in.n > 0; in = slice_from(in, step))
		compose_look(&f, slice_first(in, step));
	compose_look_end(&f);
	compose_piece(c, &p, out);
	for (in = s->octets; in.n > 0; in = slice_from(in, step))
		compose_data(c, slice_first(in, step), out);
	compose_piece_end(c, out);
}

static void
make(const struct sample *samples, size_t step, struct buf *out)
{
	struct compose c = { .mark = 0xab };

	for (size_t i = 0; i < 4 && samples[i].name; i++)
		c.has[samples[i].kind] = true;
	compose_begin(&c, out);
	for (size_t i = 0; i < 4 && samples[i].name; i++)
		put_sample(&c, &samples[i], step, out);
	compose_end(&c, out);
}

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t step = 1; step < 12; step += 5) {
			struct buf got = { 0 };

			make(cases[i].samples, step, &got);
			assert_string_equal(buf_str(&got), cases[i].want);
			buf_free(&got);
		}
}

/* Names that files may have, and headers may not. */
static void
test_names(void **state)
{
	static const struct {
		const char *name, *want;
	} names[] = {
		{ "a\r\nBcc: x", "filename=\"a__Bcc: x\"\r\n" },
		{ "a\"b\\c", "filename=\"a\\\"b\\\\c\"\r\n" },
		{ "\xc3\xa9.pdf", "filename*=utf-8''%C3%A9.pdf\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct sample s[4] = { { COMPOSE_ATTACHED, names[i].name, "x/y",
		    SLICE("z") } };
		struct buf got = { 0 };

		make(s, 1, &got);
		assert_non_null(strstr(buf_str(&got), names[i].want));
		buf_free(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
