/* SPDX-License-Identifier: ISC */
/* refrom.c - the address in From replaced, the writer kept in Reply-To. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "mail/refrom.h"
#include "../support/idn.h"

#define BY(d) (&(const struct address_options){ \
	.default_domain = SLICE(d), .idn = &idn_table })

#define NEW "account@provider.example"
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *name, *head;
	const char *want; /* NULL = not changed */
} cases[] = {
	{ "bare address",
	    "From: al@here.example\r\nSubject: x\r\n\r\n",
	    "From: " NEW "\r\nReply-To: al@here.example\r\n"
	    "Subject: x\r\n\r\n" },
	{ "with a name, in the middle",
	    "Date: x\r\nfrom: \"Al, B.\" <al@here.example>\r\nTo: b@x\r\n\r\n",
	    "Date: x\r\nFrom: \"Al, B.\" <" NEW ">\r\n"
	    "Reply-To: \"Al, B.\" <al@here.example>\r\nTo: b@x\r\n\r\n" },
	{ "other letters",
	    "From: =?utf-8?Q?J=C3=B6rg?= <j@here.example>\r\n\r\n",
	    "From: =?utf-8?Q?J=C3=B6rg?= <" NEW ">\r\n"
	    "Reply-To: =?utf-8?Q?J=C3=B6rg?= <j@here.example>\r\n\r\n" },
	{ "Reply-To stays",
	    "From: Al <al@here.example>\r\nReply-to: list@x.example\r\n\r\n",
	    "From: Al <" NEW ">\r\nReply-to: list@x.example\r\n\r\n" },
	{ "cron", "From: root (Cron Daemon)\r\nTo: root\r\n\r\n",
	    "From: Cron Daemon <" NEW ">\r\n"
	    "Reply-To: Cron Daemon <root@host.example>\r\nTo: root\r\n\r\n" },
	{ "a strange comment", "From: root (a (b) c)\r\n\r\n",
	    "From: " NEW "\r\nReply-To: root@host.example\r\n\r\n" },
	{ "a comment that escapes", "From: root (\\a)\r\n\r\n",
	    "From: " NEW "\r\nReply-To: root@host.example\r\n\r\n" },
	{ "an encoded comment", "From: root (=?utf-8?Q?a?=)\r\n\r\n",
	    "From: " NEW "\r\nReply-To: root@host.example\r\n\r\n" },
	{ "an empty comment", "From: root ()\r\n\r\n",
	    "From: " NEW "\r\nReply-To: root@host.example\r\n\r\n" },
	{ "a comment is no name beside one",
	    "From: Al <al@x.example> (B)\r\n\r\n",
	    "From: Al <" NEW ">\r\nReply-To: Al <al@x.example>\r\n\r\n" },
	{ "two writers", "From: A <a@x.example>,\r\n b@x.example\r\n\r\n",
	    "From: A <" NEW ">\r\n"
	    "Reply-To: A <a@x.example>, b@x.example\r\n\r\n" },
	{ "unreadable", "From: <<>>\r\nSubject: x\r\n\r\n",
	    "From: " NEW "\r\nSubject: x\r\n\r\n" },
	{ "empty", "From:\r\nSubject: x\r\n\r\n",
	    "From: " NEW "\r\nSubject: x\r\n\r\n" },
	{ "two fields",
	    "From: a@x.example\r\nSubject: x\r\nFrom: b@x.example\r\n\r\n",
	    "From: " NEW "\r\nReply-To: a@x.example\r\nSubject: x\r\n\r\n" },
	{ "folded",
	    "From: " X60 " <al@here.example>\r\n\r\n",
	    "From: " X60 "\r\n <" NEW ">\r\n"
	    "Reply-To: " X60 "\r\n <al@here.example>\r\n\r\n" },
	{ "its own already", "From: Me <Account@Provider.example>\r\n\r\n",
	    NULL },
	{ "one of two",
	    "From: " NEW ", b@x.example\r\n\r\n",
	    "From: " NEW "\r\nReply-To: " NEW ", b@x.example\r\n\r\n" },
	{ "no From", "Subject: x\r\nResent-From: a@x\r\n\r\n", NULL },
	{ "nothing", "\r\n", NULL },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct message m = { .body.fd = -1 };
		bool changed;

		buf_puts(&m.head, cases[i].head);
		changed = message_rewrite_from(&m, SLICE(NEW),
		    BY("host.example"));
		if (changed != (cases[i].want != NULL) ||
		    strcmp(buf_str(&m.head), changed ? cases[i].want :
		        cases[i].head) != 0)
			fail_msg("%s: %s", cases[i].name, buf_str(&m.head));
		/* once done there is nothing left to do */
		if (changed)
			assert_false(message_rewrite_from(&m, SLICE(NEW),
			    BY("host.example")));
		buf_free(&m.head);
	}
}

static void
test_facts(void **state)
{
	struct message m = { .body.fd = -1, .utf8_headers = true };

	(void)state;
	buf_puts(&m.head, "From: j\xc3\xb6@x.example\r\nReply-To: a@x\r\n\r\n");
	assert_true(message_rewrite_from(&m, SLICE(NEW), BY("")));
	assert_false(m.utf8_headers);
	assert_false(message_rewrite_from(&m, SLICE(""), BY("")));
	buf_free(&m.head);

	buf_puts(&m.head, "From: j\xc3\xb6@x.example\r\n\r\n");
	assert_true(message_rewrite_from(&m, SLICE(NEW), BY("")));
	assert_true(m.utf8_headers);
	buf_free(&m.head);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
