/* SPDX-License-Identifier: ISC */
/* cli_listen.c - where `listen =` may listen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "config/listen.h"

static const struct {
	const char *value, *want; /* addresses, or a part of what is said */
} rows[] = {
	{ "127.0.0.1:25 [::1]:25", " 127.0.0.1:25 [::1]:25" },
	{ "127.0.0.1", " 127.0.0.1:25" },
	{ "::1", " [::1]:25" },
	{ " [::1]:2525   127.0.0.2:587 ", " [::1]:2525 127.0.0.2:587" },
	{ "[::ffff:127.0.0.1]:26 127.0.0.1:26", " 127.0.0.1:26" },
	{ "", "" },
	{ "127.0.0.1:25 0.0.0.0:25", "loopback" },
	{ "[::]:25", "loopback" },
	{ "192.0.2.1:25", "loopback" },
	{ "[::ffff:192.0.2.1]:25", "loopback" },
	{ "localhost:25", "addresses with ports" },
	{ "127.0.0.1:0", "addresses with ports" },
	{ "127.0.0.1:65536", "addresses with ports" },
	{ "127.0.0.1:25,[::1]:25", "addresses with ports" },
	{ "25", "addresses with ports" },
	{ "/run/smtp", "addresses with ports" },
	{ "127.0.0.1:1 127.0.0.1:2 127.0.0.1:3 127.0.0.1:4 127.0.0.1:5 "
	  "127.0.0.1:6 127.0.0.1:7 127.0.0.1:8 127.0.0.1:9", "at most 8" },
};

static void
test_listen_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf got = { 0 };
		struct listen l;
		const char *wrong = listen_parse(rows[i].value, &l);

		for (size_t k = 0; !wrong && k < l.n; k++) {
			buf_putc(&got, ' ');
			endpoint_put(&got, &l.at[k]);
		}
		if (wrong)
			assert_non_null(strstr(wrong, rows[i].want));
		else
			assert_string_equal(buf_str(&got), rows[i].want);
		buf_free(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listen_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
