/* SPDX-License-Identifier: ISC */
/* caps.c - what a server offers, and the commands that follow from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "smtp/command.h"

static void
test_all_keywords(void **state)
{
	struct caps c;

	(void)state;
	caps_parse(&c, SLICE("mx.example.org greets\nPIPELINING\nSIZE 1024\n"
			     "8bitmime\nSMTPUTF8 \nCHUNKING\nDSN\nSTARTTLS\n"
			     "ENHANCEDSTATUSCODES\n"
			     "limits MAILMAX=10 rcptmax=50 X=1 "
			     "RCPTDOMAINMAX=999999\nX-UNKNOWN a"));
	assert_true(c.pipelining && c.size && c.eight_bit && c.smtputf8);
	assert_true(c.chunking && c.dsn && c.starttls && c.enhanced);
	assert_int_equal(c.max_size, 1024);
	assert_int_equal(c.max_rcpts, 50);
	assert_int_equal(c.max_mails, 10);
	assert_int_equal(c.max_domains, 999999);
}

static void
test_odd_keywords(void **state)
{
	struct caps c;

	(void)state;
	caps_parse(&c, SLICE("PIPELINING\nSIZE many\nLIMITS RCPTMAX=0 "
			     "MAILMAX=x RCPTMAX RCPTDOMAINMAX=1000000\n"
			     "PIPELININGX\n\n8BITMIME=1"));
	assert_false(c.pipelining); /* the first line is the server's name */
	assert_true(c.size);
	assert_int_equal(c.max_size, 0);
	assert_int_equal(c.max_rcpts, 0);
	assert_int_equal(c.max_mails, 0);
	assert_int_equal(c.max_domains, 0);
	assert_false(c.eight_bit);
}

static const struct caps all = { .pipelining = true, .eight_bit = true,
	.smtputf8 = true, .chunking = true, .dsn = true, .size = true };
static const struct caps none = { 0 };

static void
test_mail(void **state)
{
	struct address from = { .path = "a@x" };
	struct message m = { .size = 77, .eight_bit = true };
	struct mail mail = { .from = &from, .ret = RET_HDRS,
		.envid = "id+1 x", .message = &m, .smtputf8 = true };
	struct buf out = { 0 };

	(void)state;
	command_mail(&out, &all, &mail);
	assert_string_equal(buf_str(&out), "MAIL FROM:<a@x> SIZE=77 "
	    "BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=id+2B1+20x");
	buf_clear(&out);
	mail.smtputf8 = false;
	command_mail(&out, &none, &mail);
	assert_string_equal(buf_str(&out), "MAIL FROM:<a@x>");
	buf_clear(&out);
	mail.seven_bit = true;
	mail.ret = RET_FULL;
	mail.envid = NULL;
	command_mail(&out, &all, &mail);
	assert_string_equal(buf_str(&out), "MAIL FROM:<a@x> RET=FULL");
	buf_free(&out);
}

static void
test_rcpt(void **state)
{
	struct recipient r = { .to = { .path = "b@y" }, .orcpt = "rfc822;b+@y",
		.notify = NOTIFY_SUCCESS | NOTIFY_DELAY };
	struct buf out = { 0 };

	(void)state;
	command_rcpt(&out, &all, &r, false);
	assert_string_equal(buf_str(&out), "RCPT TO:<b@y> "
	    "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2B@y");
	buf_clear(&out);
	command_rcpt(&out, &none, &r, false);
	assert_string_equal(buf_str(&out), "RCPT TO:<b@y>");
	buf_clear(&out);
	r.notify = NOTIFY_NEVER;
	r.orcpt = NULL;
	command_rcpt(&out, &all, &r, false);
	assert_string_equal(buf_str(&out), "RCPT TO:<b@y> NOTIFY=NEVER");
	buf_free(&out);
}

static void
test_fits(void **state)
{
	struct message m = { .size = 1000, .utf8_field = "References" };
	struct mail mail = { .message = &m };
	struct caps small = { .size = true, .max_size = 999 };
	struct address from = { .path = "\xc3\xb6@x", .utf8 = true };
	struct recipient bob = { .to = { .path = "\xc3\xa4@x",
	    .utf8 = true } };
	struct recipient *rcpt = &bob;
	struct outcome why;

	(void)state;
	assert_true(command_fits(&none, &mail, &why));
	assert_false(command_fits(&small, &mail, &why));
	assert_int_equal(why.verdict, FAILED);
	assert_int_equal(why.esc.cls, 5);
	assert_int_equal(why.esc.subject, 3);
	assert_int_equal(why.esc.detail, 4);
	small.max_size = 1000;
	assert_true(command_fits(&small, &mail, &why));
	m.recode_bar = "it is signed";
	m.eight_bit = true;
	assert_true(command_fits(&all, &mail, &why));
	assert_false(command_fits(&none, &mail, &why));
	assert_int_equal(why.esc.cls * 100 + why.esc.subject * 10 +
	    why.esc.detail, 563);
	assert_non_null(strstr(why.text, "8BITMIME"));
	assert_non_null(strstr(why.text, "it is signed"));
	m.eight_bit = false;
	assert_true(command_fits(&none, &mail, &why));
	mail.from = &from;
	mail.smtputf8 = true;
	assert_true(command_fits(&all, &mail, &why));
	assert_false(command_fits(&none, &mail, &why));
	assert_non_null(strstr(why.text, "the address \xc3\xb6@x needs"));
	mail.rcpt = &rcpt;
	mail.n = 1;
	assert_false(command_fits(&none, &mail, &why));
	assert_non_null(strstr(why.text, "the address \xc3\xa4@x needs"));
	m.utf8_headers = true;
	assert_false(command_fits(&none, &mail, &why));
	assert_non_null(strstr(why.text, "the header field \"References\""));
	assert_int_equal(why.esc.cls, 5);
	assert_int_equal(why.esc.subject, 6);
	assert_int_equal(why.esc.detail, 7);
}

static const struct {
	struct mail_extras extras;
	const char *missing;	/* where nothing of it is offered */
} extras[] = {
	{ { 0 }, NULL },
	{ { .priority = 3, .tag = "cron" }, NULL },
	{ { .require_tls = true }, "REQUIRETLS" },
	{ { .hold_until = 1 }, "FUTURERELEASE" },
	{ { .return_after = 1 }, "DELIVERBY" },
	{ { .form = FORM_FINISHED }, "XSMTPSEND" },
	{ { .key = "x" }, "XSMTPSEND" },
	{ { .hold = true }, "XSMTPSEND" },
	{ { .no_alias = true }, "XSMTPSEND" },
	{ { .queue_only = true }, "XSMTPSEND" },
	{ { .hops = 1 }, "XSMTPSEND" },
};

/* What was asked for and is not offered is no small thing. */
static void
test_extras(void **state)
{
	static const struct caps queue = { .require_tls = true,
		.future_release = true, .deliver_by = true,
		.mt_priority = true, .xsmtpsend = true };
	struct outcome why;

	(void)state;
	for (size_t i = 0; i < sizeof extras / sizeof *extras; i++) {
		const struct mail_extras *e = &extras[i].extras;
		const char *missing = extras[i].missing;
		struct buf out = { 0 };

		assert_true(extras_fit(e, &queue, &why));
		assert_int_equal(extras_fit(e, &none, &why), !missing);
		if (missing)
			assert_non_null(strstr(why.text, missing));
		extras_put(&out, e, &none);
		assert_int_equal(out.n, 0);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keywords),
		cmocka_unit_test(test_odd_keywords),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_extras),
		cmocka_unit_test(test_rcpt),
		cmocka_unit_test(test_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
