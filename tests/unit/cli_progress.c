/* SPDX-License-Identifier: ISC */
/* cli_progress.c - a terminal's last line: the bar, and what is awaited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/duration.h"
#include "report/advice.h"
#include "report/progress.h"

/* A terminal of 80 columns whose text is kept. */
struct screen {
	char *text;
	size_t n, looked;
	struct progress p;
};

static void
open_screen(struct screen *s)
{
	*s = (struct screen){ 0 };
	s->p.start = SECONDS(100);
	s->p.line.to = open_memstream(&s->text, &s->n);
	assert_non_null(s->p.line.to);
}

/* What came since the last look. */
static const char *
seen(struct screen *s)
{
	const char *text;

	fflush(s->p.line.to);
	text = s->text + s->looked;
	s->looked = s->n;
	return text;
}

static void
close_screen(struct screen *s)
{
	fclose(s->p.line.to);
	free(s->text);
}

static void
test_bar(void **state)
{
	static const struct {
		uint64_t sent, size;
		int64_t elapsed;
		size_t columns;
		const char *want;
	} cases[] = {
		{ 0, 100, 1000000, 79,
		    "  0% [........................] 0 B of 100 B, 0 B/s" },
		{ 50000000, 100000000, 10000000, 79,
		    " 50% [############............] 50.0 MB of 100 MB, "
		    "5.0 MB/s, 0:10 left" },
		{ 1, 3700, 1000000, 79,
		    "  0% [........................] 1 B of 3.7 kB, 1 B/s, "
		    "1:01:39 left" },
		{ 50000000, 100000000, 10000000, 71,
		    " 50% 50.0 MB of 100 MB, 5.0 MB/s, 0:10 left" },
		{ 50000000, 100000000, 10000000, 49,
		    " 50% 50.0 MB of 100 MB, 5.0 MB/s" },
		{ 50000000, 100000000, 10000000, 33,
		    " 50% 50.0 MB of 100 MB" },
		{ 50000000, 100000000, 10000000, 22, " 50% " },
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		progress_put(&b, cases[i].sent, cases[i].size,
		    cases[i].elapsed, cases[i].columns);
		assert_string_equal(buf_str(&b), cases[i].want);
	}
	buf_free(&b);
}

/* What wraps would flood the terminal. */
static void
test_bar_fits_every_width(void **state)
{
	static const uint64_t sizes[] = { 1, 999, 99940, 999949, 99949999,
		999999999, 99999999999, 999999999999999 };
	static const int64_t times[] = { 1, SECONDS(1), SECONDS(1000),
		SECONDS(500000) };
	struct buf b = { 0 };

	(void)state;
	for (size_t w = 6; w < 100; w++)
		for (size_t i = 0; i < 8 * 4 * 3; i++) {
			uint64_t size = sizes[i % 8];
			uint64_t sent = size * (i / 32) / 3;

			buf_clear(&b);
			progress_put(&b, sent, size, times[i / 8 % 4], w);
			if (b.n > w)
				fail_msg("%zu columns: %s", w, buf_str(&b));
		}
	buf_free(&b);
}

static void
test_bar_waits_and_is_erased(void **state)
{
	struct screen s;

	(void)state;
	open_screen(&s);
	progress_update(&s.p, SECONDS(101), 10, 100);
	progress_update(&s.p, SECONDS(101) + 900000, 20, 100);
	assert_string_equal(seen(&s), "");
	progress_update(&s.p, SECONDS(102) + 100000, 30, 100);
	progress_update(&s.p, SECONDS(102) + 150000, 31, 100);
	assert_string_equal(seen(&s), "\r 30% [#######.................] "
	    "30 B of 100 B, 27 B/s, 0:03 left\033[K");
	assert_false(progress_is_due(&s.p, SECONDS(110)));
	progress_update(&s.p, SECONDS(103), 100, 100);
	assert_string_equal(seen(&s), "\r\033[K");
	progress_erase(&s.p);
	assert_string_equal(seen(&s), "");
	close_screen(&s);
}

static void
test_awaited(void **state)
{
	static const struct {
		struct awaited a;
		const char *want;
	} cases[] = {
		{ { STAGE_DNS, NULL, "example.org", 0, 0 },
		    "asking DNS for example.org, 12 s" },
		{ { STAGE_CONNECT, NULL, "mx1.example.org", 25, 0 },
		    "connecting to mx1.example.org (port 25), 12 s" },
		{ { STAGE_AUTH, NULL, "mail.example.org", 587, 0 },
		    "logging in at mail.example.org (port 587), 12 s" },
		{ { STAGE_TLS, NULL, "mx", 465, 0 },
		    "TLS handshake with mx (port 465), 12 s" },
		{ { STAGE_GREETING, "the greeting", "mx", 25, 0 },
		    "waiting for the greeting from mx (port 25), 12 s" },
		{ { STAGE_END, "the reply to the end of data", "a\x1b", 25, 0 },
		    "waiting for the reply to the end of data from a\\x1b "
		    "(port 25), 12 s" },
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buf_clear(&b);
		progress_put_awaited(&b, &cases[i].a, 12);
		assert_string_equal(buf_str(&b), cases[i].want);
	}
	buf_free(&b);
}

static void
test_waiting_is_said_after_two_seconds(void **state)
{
	struct awaited a = { STAGE_CONNECT, NULL, "mx", 25, SECONDS(101) };
	struct awaited nothing = { 0 };
	struct screen s;

	(void)state;
	open_screen(&s);
	assert_false(progress_is_due(&s.p, SECONDS(101)));
	assert_true(progress_is_due(&s.p, SECONDS(102)));
	progress_await(&s.p, SECONDS(102), &a, NULL);
	assert_string_equal(seen(&s), "");
	progress_await(&s.p, SECONDS(103), &a, NULL);
	assert_string_equal(seen(&s),
	    "\rconnecting to mx (port 25), 2 s\033[K");
	assert_false(progress_is_due(&s.p, SECONDS(103) + 500000));
	assert_true(progress_is_due(&s.p, SECONDS(104)));
	progress_await(&s.p, SECONDS(104), &nothing, NULL);
	assert_string_equal(seen(&s), "\r\033[K");
	close_screen(&s);
}

/* After five seconds, once, and only about a greeting. */
static void
test_the_hint_stays(void **state)
{
	struct awaited a = { STAGE_GREETING, "the greeting", "mx", 465, 0 };
	struct screen s;

	(void)state;
	open_screen(&s);
	progress_await(&s.p, SECONDS(104), &a, "hint");
	assert_null(strstr(seen(&s), "hint"));
	progress_await(&s.p, SECONDS(105), &a, "hint");
	assert_string_equal(seen(&s), "\r\033[Khint\n\rwaiting for the "
	    "greeting from mx (port 465), 5 s\033[K");
	progress_await(&s.p, SECONDS(106), &a, "hint");
	assert_null(strstr(seen(&s), "hint"));
	close_screen(&s);
	open_screen(&s);
	a.stage = STAGE_EHLO;
	progress_await(&s.p, SECONDS(109), &a, "hint");
	assert_null(strstr(seen(&s), "hint"));
	close_screen(&s);
}

#define WISH(p, s, l) { .port = (p), .server = (s), .link = (l) }

static void
test_hints(void **state)
{
	static const struct {
		const char *name, *host;
		uint16_t port;
		struct wish wish;
		enum stage stage;
		const char *want; /* behind what it begins with; NULL: none */
	} cases[] = {
		{ "smtps", "mx", 465, WISH(465, true, LINK_SMTP),
		    STAGE_GREETING,
		    "port 465 is for TLS from the first byte: write "
		    "smtps://mx" },
		{ "imaps", "mx", 993, WISH(993, true, LINK_SMTP),
		    STAGE_GREETING,
		    "port 993 is for TLS from the first byte: write "
		    "smtps://mx:993" },
		{ "another", "2001:db8::1", 2465, WISH(2465, true, LINK_SMTP),
		    STAGE_GREETING, "if port 2465 speaks TLS from the first "
		    "byte, write smtps://[2001:db8::1]:2465" },
		{ "port 25", "mx", 25, WISH(0, true, LINK_SMTP), STAGE_GREETING,
		    NULL },
		{ "an MX", "mx", 465, WISH(465, false, LINK_SMTP),
		    STAGE_GREETING, NULL },
		{ "TLS already", "mx", 465, WISH(465, true, LINK_SMTPS),
		    STAGE_GREETING, NULL },
		{ "LMTP", "mx", 465, WISH(465, true, LINK_LMTP), STAGE_GREETING,
		    NULL },
		{ "later", "mx", 465, WISH(465, true, LINK_SMTP), STAGE_EHLO,
		    NULL },
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct awaited a = { cases[i].stage, "x", cases[i].host,
			cases[i].port, 0 };
		const char *got = NULL;

		buf_clear(&b);
		if (hint_put(&b, &a, cases[i].wish))
			got = strstr(buf_str(&b), " -- ");
		else
			assert_int_equal(b.n, 0);
		if (!got != !cases[i].want ||
		    (got && strcmp(got + 4, cases[i].want) != 0))
			fail_msg("%s: %s", cases[i].name, buf_str(&b));
	}
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_bar_fits_every_width),
		cmocka_unit_test(test_bar_waits_and_is_erased),
		cmocka_unit_test(test_awaited),
		cmocka_unit_test(test_waiting_is_said_after_two_seconds),
		cmocka_unit_test(test_the_hint_stays),
		cmocka_unit_test(test_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
