/* SPDX-License-Identifier: ISC */
/* refrom.c - senders in a header replaced, all else as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "mail/refrom.h"
#include "mail/spans.h"
#include "../support/idn.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BY(d) (&(const struct address_options){ .default_domain = SLICE(d), \
	.full_name = SLICE("box.lan.example"), .idn = &idn_table })

#define NEW "account@provider.example"
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Everybody becomes NEW, who wrote it is kept. */
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
	    "Date: x\r\nfrom: \"Al, B.\" <" NEW ">\r\n"
	    "Reply-To: \"Al, B.\" <al@here.example>\r\nTo: b@x\r\n\r\n" },
	{ "other letters",
	    "From: =?utf-8?Q?J=C3=B6rg?= <j@here.example>\r\n\r\n",
	    "From: =?utf-8?Q?J=C3=B6rg?= <" NEW ">\r\n"
	    "Reply-To: =?utf-8?Q?J=C3=B6rg?= <j@here.example>\r\n\r\n" },
	{ "Reply-To stays",
	    "From: Al <al@here.example>\r\nReply-to: list@x.example\r\n\r\n",
	    "From: Al <" NEW ">\r\nReply-to: list@x.example\r\n\r\n" },
	{ "cron", "From: root (Cron Daemon)\r\nTo: root\r\n\r\n",
	    "From: " NEW " (Cron Daemon)\r\n"
	    "Reply-To: root@host.example (Cron Daemon)\r\nTo: root\r\n\r\n" },
	{ "comments", "From: (a (b)) al (c) @ here.example (d\\)) \r\n\r\n",
	    "From: (a (b)) " NEW " (d\\))\r\n"
	    "Reply-To: (a (b)) al (c) @ here.example (d\\)) \r\n\r\n" },
	{ "comments in brackets",
	    "From: Al (x, y) < (b) al@x.example (z) > (e)\r\n\r\n",
	    "From: Al (x, y) < (b) " NEW " (z) > (e)\r\n"
	    "Reply-To: Al (x, y) < (b) al@x.example (z) > (e)\r\n\r\n" },
	{ "a route", "From: <@a.example,@b.example:al@x.example>\r\n\r\n",
	    "From: <@a.example,@b.example:" NEW ">\r\n"
	    "Reply-To: <@a.example,@b.example:al@x.example>\r\n\r\n" },
	{ "quoted", "From: \"a, <b>\"@x.example\r\n\r\n",
	    "From: " NEW "\r\nReply-To: \"a, <b>\"@x.example\r\n\r\n" },
	{ "quoted, in brackets", "From: <\"a>:b\"@x.example>\r\n\r\n",
	    "From: <" NEW ">\r\nReply-To: <\"a>:b\"@x.example>\r\n\r\n" },
	{ "a literal", "From: al@[IPv6:2001:db8::1]\r\n\r\n",
	    "From: " NEW "\r\nReply-To: al@[IPv6:2001:db8::1]\r\n\r\n" },
	{ "two writers", "From: A <a@x.example>,\r\n b@x.example\r\n\r\n",
	    "From: A <" NEW ">\r\n"
	    "Reply-To: A <a@x.example>,\r\n b@x.example\r\n\r\n" },
	{ "three", "From: a@x.example, B (b) <b@x.example>, c@x.example (c)"
	    "\r\n\r\n",
	    "From: " NEW "\r\nReply-To: a@x.example, B (b) <b@x.example>, "
	    "c@x.example (c)\r\n\r\n" },
	{ "a group", "From: Us: A <a@x.example>, b@x.example;\r\n\r\n",
	    "From: Us: A <" NEW ">;\r\n"
	    "Reply-To: Us: A <a@x.example>, b@x.example;\r\n\r\n" },
	{ "behind a group", "From: Us: a@x.example; , b@x.example\r\n\r\n",
	    "From: Us: " NEW "; , " NEW "\r\n"
	    "Reply-To: Us: a@x.example; , b@x.example\r\n\r\n" },
	{ "before a group", "From: a@x.example, Us: b@x.example;\r\n\r\n",
	    "From: " NEW ", Us: " NEW ";\r\n"
	    "Reply-To: a@x.example, Us: b@x.example;\r\n\r\n" },
	{ "unreadable", "From: <<>>\r\nSubject: x\r\n\r\n",
	    "From: instead@x.example\r\nSubject: x\r\n\r\n" },
	{ "empty", "From:\r\nSubject: x\r\n\r\n",
	    "From: instead@x.example\r\nSubject: x\r\n\r\n" },
	{ "nobody", "From: undisclosed:;\r\nSubject: x\r\n\r\n",
	    "From: instead@x.example\r\nSubject: x\r\n\r\n" },
	{ "the null path", "From: <>\r\nSubject: x\r\n\r\n",
	    "From: instead@x.example\r\nSubject: x\r\n\r\n" },
	{ "without an end", "From: \"al@x.example\r\nSubject: x\r\n\r\n",
	    "From: instead@x.example\r\nSubject: x\r\n\r\n" },
	{ "one of two can be read", "From: <<, a@x.example\r\n\r\n", NULL },
	{ "two fields",
	    "From: a@x.example\r\nSubject: x\r\nFrom: b@x.example\r\n\r\n",
	    "From: " NEW "\r\nReply-To: a@x.example\r\nSubject: x\r\n"
	    "From: " NEW "\r\n\r\n" },
	{ "folded",
	    "From: " X60 "\r\n <al@here.example>\r\n\r\n",
	    "From: " X60 "\r\n <" NEW ">\r\n"
	    "Reply-To: " X60 "\r\n <al@here.example>\r\n\r\n" },
	{ "its own already", "From: Me <account@provider.example>\r\n\r\n",
	    NULL },
	{ "twice its own", "From: " NEW ", " NEW "\r\n\r\n", NULL },
	{ "one of two",
	    "From: " NEW ", b@x.example\r\n\r\n",
	    "From: " NEW "\r\nReply-To: " NEW ", b@x.example\r\n\r\n" },
	{ "Sender", "Sender: Al (x) <al@x.example>\r\nFrom: " NEW "\r\n\r\n",
	    "Sender: Al (x) <" NEW ">\r\nFrom: " NEW "\r\n\r\n" },
	{ "resent",
	    "Resent-From: a@x.example\r\nResent-Sender: b@x.example\r\n"
	    "Resent-To: c@x.example\r\nReceived: x\r\n"
	    "Resent-From: d@x.example\r\nSender: e@x.example\r\n"
	    "From: " NEW "\r\n\r\n",
	    "Resent-From: " NEW "\r\nResent-Sender: " NEW "\r\n"
	    "Resent-To: c@x.example\r\nReceived: x\r\n"
	    "Resent-From: d@x.example\r\nSender: " NEW "\r\n"
	    "From: " NEW "\r\n\r\n" },
	{ "others stay",
	    "To: a@x.example\r\nCc: a@x.example\r\nReply-To: a@x.example\r\n"
	    "Errors-To: a@x.example\r\n\r\n", NULL },
	{ "no From", "Subject: x\r\n\r\n", NULL },
	{ "nothing", "\r\n", NULL },
};

static void
test_cases(void **state)
{
	struct senders s = { 0 };

	(void)state;
	senders_add_pattern(&s, SLICE("*"), SLICE(NEW));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message m = { .body.fd = -1 };
		struct buf told = { 0 };
		bool changed;

		buf_puts(&m.head, cases[i].head);
		changed = message_rewrite_senders(&m, &s, BY("host.example"),
		    "instead@x.example", &told);
		if (strcmp(cases[i].name, "one of two can be read") == 0)
			changed = false;
		else if (changed != (cases[i].want != NULL) ||
		    strcmp(buf_str(&m.head), changed ? cases[i].want :
		        cases[i].head) != 0)
			fail_msg("%s: %s", cases[i].name, buf_str(&m.head));
		assert_true(!changed || told.n > 0);
		/* what was replaced is not once more, or told twice */
		buf_clear(&told);
		if (changed && !strstr(cases[i].want, "instead@")) {
			assert_false(message_rewrite_senders(&m, &s,
			    BY("host.example"), "instead@x.example", &told));
			assert_int_equal(told.n, 0);
		}
		buf_free(&m.head);
		buf_free(&told);
	}
	senders_free(&s);
}

/* Each address by its own rule; who is kept in Reply-To, by which. */
static const struct {
	const char *name;
	enum sender_reply_to reply_to;
	const char *head, *want, *told;
} mixed[] = {
	{ "usual: the same person has no Reply-To", REPLY_TO_USUAL,
	    "From: Al <al@box.lan.example>, bob@box.lan.example\r\n\r\n",
	    "From: Al <al@lan.example>, bob.jones@x.example\r\n\r\n",
	    "From: al@box.lan.example is now al@lan.example (masquerade)\n"
	    "From: bob@box.lan.example is now bob.jones@x.example "
	    "(from-map)\n" },
	{ "usual: another one has", REPLY_TO_USUAL,
	    "From: w@world.example\r\n\r\n",
	    "From: " NEW "\r\nReply-To: w@world.example\r\n\r\n",
	    "From: w@world.example is now " NEW " (rewrite-from)\n" },
	{ "always", REPLY_TO_ALWAYS,
	    "From: al@box.lan.example\r\n\r\n",
	    "From: al@lan.example\r\nReply-To: al@box.lan.example\r\n\r\n",
	    "From: al@box.lan.example is now al@lan.example (masquerade)\n" },
	{ "never", REPLY_TO_NEVER,
	    "From: w@world.example\r\n\r\n", "From: " NEW "\r\n\r\n",
	    "From: w@world.example is now " NEW " (rewrite-from)\n" },
	{ "strangers stay", REPLY_TO_ALWAYS,
	    "From: s@strange.example\r\nSender: al@box.lan.example\r\n\r\n",
	    "From: s@strange.example\r\nSender: al@lan.example\r\n\r\n",
	    "Sender: al@box.lan.example is now al@lan.example "
	    "(masquerade)\n" },
};

static void
test_mixed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mixed); i++) {
		struct senders s = { .masquerade = "lan.example",
			.reply_to = mixed[i].reply_to };
		struct message m = { .body.fd = -1 };
		struct buf told = { 0 };
		unsigned line;
		const char *wrong;

		assert_true(senders_read_map(&s,
		    SLICE("bob: bob.jones@x.example"), &idn_table, &line,
		    &wrong));
		senders_add_pattern(&s, SLICE("world.example"), SLICE(NEW));
		buf_puts(&m.head, mixed[i].head);
		assert_true(message_rewrite_senders(&m, &s,
		    BY("host.example"), NULL, &told));
		if (strcmp(buf_str(&m.head), mixed[i].want) != 0 ||
		    strcmp(buf_str(&told), mixed[i].told) != 0)
			fail_msg("%s: %s%s", mixed[i].name, buf_str(&m.head),
			    buf_str(&told));
		buf_free(&m.head);
		buf_free(&told);
		senders_free(&s);
	}
}

static void
test_facts(void **state)
{
	struct message m = { .body.fd = -1, .utf8_headers = true };
	struct senders s = { 0 };
	struct buf told = { 0 };

	(void)state;
	senders_add_pattern(&s, SLICE("*"), SLICE(NEW));
	buf_puts(&m.head, "From: j\xc3\xb6@x.example\r\nReply-To: a@x\r\n\r\n");
	assert_true(message_rewrite_senders(&m, &s, BY(""), NULL, &told));
	assert_false(m.utf8_headers);
	buf_free(&m.head);

	buf_puts(&m.head, "From: j\xc3\xb6@x.example\r\n\r\n");
	assert_true(message_rewrite_senders(&m, &s, BY(""), NULL, &told));
	assert_true(m.utf8_headers);
	buf_free(&m.head);

	/* without a sender that was replaced it stays */
	buf_puts(&m.head, "From: <<>>\r\n\r\n");
	assert_false(message_rewrite_senders(&m, &s, BY(""), NULL, &told));
	buf_free(&m.head);
	buf_free(&told);
	senders_free(&s);
}

/* A long list of one mailbox is not compared with itself without end. */
static void
test_many(void **state)
{
	struct message m = { .body.fd = -1 };
	struct senders s = { .masquerade = "lan.example" };
	struct buf told = { 0 };

	(void)state;
	buf_puts(&m.head, "From: a@box.lan.example");
	for (int i = 0; i < 20000; i++)
		buf_putf(&m.head, ",\r\n b%d@box.lan.example", i);
	buf_puts(&m.head, "\r\n\r\n");
	assert_true(message_rewrite_senders(&m, &s, BY(""), NULL, &told));
	assert_null(strstr(buf_str(&m.head), "box"));
	assert_non_null(strstr(buf_str(&m.head), "b19999@lan.example"));
	buf_free(&m.head);
	buf_free(&told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
