/* SPDX-License-Identifier: ISC */
/* net_mailbox_form.c - mailbox = of [local]: where an LMTP server is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "local/mailbox_form.h"

static const struct {
	const char *mailbox, *host, *shown; /* NULL = it is none */
	unsigned port;
} cases[] = {
	{ "lmtp:unix:/run/dovecot/lmtp", "/run/dovecot/lmtp",
	    "/run/dovecot/lmtp", 0 },
	{ "lmtp:mail.example.org", "mail.example.org", "mail.example.org",
	    24 },
	{ "lmtp:localhost:2424", "localhost", "localhost:2424", 2424 },
	{ "lmtp:192.0.2.1", "192.0.2.1", "192.0.2.1", 24 },
	{ "lmtp:[::1]", "::1", "[::1]", 24 },
	{ "lmtp:[2001:db8::1]:65535", "2001:db8::1", "[2001:db8::1]:65535",
	    65535 },
	{ "lmtp:unix", "unix", "unix", 24 },
	{ "mbox:/var/mail", NULL, NULL, 0 },
	{ "maildir:~/Maildir", NULL, NULL, 0 },
};

static void
test_where_the_server_is(void **state)
{
	struct mailbox_server s;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *wrong = mailbox_server_parse(cases[i].mailbox, &s);

		assert_null(mailbox_fault(cases[i].mailbox));
		if (!cases[i].host) {
			assert_string_equal(wrong, "");
			assert_null(mailbox_server_shown(cases[i].mailbox));
			continue;
		}
		assert_null(wrong);
		assert_string_equal(s.host, cases[i].host);
		assert_int_equal(s.port, cases[i].port);
		assert_string_equal(mailbox_server_shown(cases[i].mailbox),
		    cases[i].shown);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_the_server_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
