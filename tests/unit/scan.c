/* SPDX-License-Identifier: ISC */
/* scan.c - the facts agree with what encode() makes, however it is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/encode.h"
#include "mail/scan.h"

static struct scan
scanned(struct slice in, size_t most)
{
	struct scan s = { 0 };

	while (in.n > 0) {
		size_t n = most == SIZE_MAX ? in.n : (size_t)random() % most;

		n = n < in.n ? n : in.n;
		scan_feed(&s, slice_first(in, n));
		in = slice_from(in, n);
	}
	scan_finish(&s);
	return s;
}

/* The same figures by the longer way. */
static void
check(struct slice in, const struct scan *s)
{
	struct encoder e = { 0 };
	struct buf out = { 0 };
	struct slice rest, line;
	size_t longest = 0;
	bool high = false, nul = false;

	encode(&e, in, &out);
	encode_finish(&e, &out);
	assert_int_equal(s->size, out.n);
	assert_int_equal(s->length, in.n);
	rest = buf_slice(&out);
	while (slice_cut(&rest, '\n', &line))
		if (line.n > longest + 1)
			longest = line.n - 1;
	for (size_t i = 0; i < in.n; i++) {
		high = high || (unsigned char)in.p[i] > 127;
		nul = nul || in.p[i] == '\0';
	}
	assert_int_equal(s->longest_line, longest);
	assert_int_equal(s->eight_bit, high);
	assert_int_equal(s->nuls > 0, nul);
	buf_free(&out);
}

static void
test_agrees_with_the_encoder(void **state)
{
	static const char alphabet[] = { '\r', '\n', '\0', '\x80', 'a', 'b',
		'c', 'd' };
	char raw[100];

	(void)state;
	srandom(3);
	for (unsigned round = 0; round < 4000; round++) {
		struct slice in = { raw, (size_t)random() % sizeof raw };
		struct scan s;
		unsigned letters = 1 + (unsigned)random() % 8;

		for (size_t i = 0; i < in.n; i++)
			raw[i] = alphabet[8 - 1 - (unsigned)random() % letters];
		s = scanned(in, SIZE_MAX);
		check(in, &s);
		s = scanned(in, 2);
		check(in, &s);
		s = scanned(in, 9);
		check(in, &s);
	}
}

static void
test_message(void **state)
{
	struct message m = { .body.fd = -1 };
	struct scan s = scanned(SLICE("a\n\xff\0"), 2);

	(void)state;
	buf_puts(&m.head, "Subject: \xc3\xa9\r\n\r\n");
	scan_message(&s, &m);
	assert_int_equal(m.size, 15 + 6);
	assert_int_equal(m.longest_line, 11);
	assert_true(m.eight_bit && m.has_nul);
	buf_free(&m.head);
}

/* RFC 5322 2.1.1: 998 octets and CR LF; a line end of our own counts not. */
static void
test_as_it_is(void **state)
{
	(void)state;
	for (size_t n = 996; n <= 1001; n++)
		for (int eol = 0; eol < 3; eol++) {
			static const char *const ends[] = { "", "\n", "\r\n" };
			struct buf in = { 0 };
			struct outcome why;
			struct scan s;

			for (size_t i = 0; i < n; i++)
				buf_putc(&in, 'x');
			buf_puts(&in, ends[eol]);
			s = scanned(buf_slice(&in), SIZE_MAX);
			assert_int_equal(s.longest_line, n);
			assert_int_equal(scan_is_as_is(&s, &why), n <= 998);
			if (n > 998) {
				assert_int_equal(why.verdict, FAILED);
				assert_int_equal(why.esc.cls * 100 +
				    why.esc.subject * 10 + why.esc.detail,
				    560);
			}
			buf_free(&in);
		}
}

/* BEL to SI, ESC and DEL are in texts, or shift their charsets. */
static void
test_controls(void **state)
{
	(void)state;
	for (int c = 1; c < 128; c++) {
		struct scan s = { .look_closely = true };
		char octet = (char)c;

		if (c == '\r' || c == '\n')
			continue;
		scan_feed(&s, (struct slice){ &octet, 1 });
		scan_finish(&s);
		assert_int_equal(s.has_control, c < 7 ||
		    (c > 15 && c < 32 && c != 27));
		assert_false(scan_is_binary(&s)); /* for it is UTF-8 */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_it_is),
		cmocka_unit_test(test_agrees_with_the_encoder),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
