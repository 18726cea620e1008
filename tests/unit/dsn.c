/* SPDX-License-Identifier: ISC */
/*
 * dsn.c - reports to senders (RFC 3464, RFC 6533).  `dsn print NAME` writes one
 * to stdout, for the test that reads them with Python (tests/e2e/test_dsn.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../support/dsn_form.h"

#define ID "01KB0000000000000000000001"
#define HEAD "Received: by a; Thu, 26 Nov 2026 08:00:00 +0000\r\n" \
	"From: ann@a.example\r\n" \
	"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= to Bob\r\n" \
	"Date: Thu, 26 Nov 2026 09:00:00 +0100\r\n" \
	"Message-ID: <1@a.example>\r\n\r\n"
#define BODY "hello\r\n--=_" ID "\r\n.\r\nFrom the end\r\n"

/* One recipient: path, utf8, ORCPT, code, status, host, words. */
struct who {
	const char *path;
	bool utf8;
	const char *orcpt;
	unsigned short code;
	struct esc esc;
	const char *host, *text, *ours;
	bool expired;
};

static const struct scene {
	const char *name;
	struct dsn dsn;
	const char *head, *body;
	struct who who[3];
	const char *has[8];	/* pieces of the report, CRLF as \n */
	const char *lacks[4];
} scenes[] = {
	{ .name = "refused", .dsn = { .to = SLICE("ann@a.example") },
	    .who = { { "bob@b.example", .code = 550, .esc = ESC(5, 1, 1),
		.host = "mx.b.example", .text = "No such user" } },
	    .has = { "\nTo: <ann@a.example>\n",
		"From: Mail Delivery System <MAILER-DAEMON@mx.a.example>\n",
		"\nSubject: Your message was not delivered to bob@b.example\n",
		"\nIn-Reply-To: <1@a.example>\nReferences: <1@a.example>\n",
		"\nAuto-Submitted: auto-replied\n",
		"\n<bob@b.example>\n    The server says that there is no such "
		"mailbox.\n    The server mx.b.example [192.0.2.1] said:\n"
		"        550 5.1.1 No such user\n    What you can do:\n",
		"\nFinal-Recipient: rfc822;bob@b.example\nAction: failed\n"
		"Status: 5.1.1\nRemote-MTA: dns; mx.b.example\n"
		"Diagnostic-Code: smtp; 550 5.1.1 No such user\n"
		"Last-Attempt-Date: Thu, 26 Nov 2026 08:01:40 +0000\n",
		"Content-Type: text/rfc822-headers\n" },
	    .lacks = { "Original-", "Will-Retry", "From the end" } },

	{ .name = "whole", .dsn = { .to = SLICE("ann@a.example"),
		.whole = true, .id = SLICE("other") },
	    .who = { { "bob@b.example", .code = 552, .text = "a\nb" },
		{ "c@c.example", .esc = ESC(5, 1, 2),
		    .text = "c.example: no such domain" } },
	    .has = { "Content-Type: message/rfc822\n"
		"Content-Transfer-Encoding: 7bit\n",
		"\nFrom the end\n\n--=_other--\n",
		"        552 a\n        552 b\n",
		"Diagnostic-Code: smtp; 552-a\n 552 b\n", "Status: 5.0.0\n",
		"    In detail:\n        c.example: no such domain\n",
		"Status: 5.1.2\nDiagnostic-Code: x-smtpsend; "
		"c.example: no such domain\n",
		"not delivered to several recipients\n" },
	    .lacks = { "Remote-MTA: dns; mx.b.example\nDiagnostic-Code: x" } },

	{ .name = "delayed", .dsn = { .to = SLICE("ann@a.example"),
		.action = DSN_DELAYED, .will_fail = true,
		.lifetime = 432000 },
	    .who = { { "bob@b.example", .code = 550, .esc = ESC(5, 7, 1),
		.host = "mx.b.example", .text = "greylisted" } },
	    .has = { "Action: delayed\nStatus: 4.7.1\n",
		"\nWill-Retry-Until: Tue, 1 Dec 2026 08:01:40 +0000\n",
		"is 5 days old. If that is in vain, you will be told.\n",
		"delivered yet to bob@b.example\n" },
	    .lacks = { "What you can do" } },

	{ .name = "relayed", .dsn = { .to = SLICE("ann@a.example"),
		.action = DSN_RELAYED, .envid = SLICE("QQ 314+=") },
	    .who = { { "bob@b.example", .orcpt = "rfc822;Robert@b.example",
		.code = 250, .esc = ESC(2, 0, 0), .host = "mx.b.example",
		.text = "queued" } },
	    .has = { "\nOriginal-Envelope-Id: QQ 314+=\n",
		"\nOriginal-Recipient: rfc822;Robert@b.example\n"
		"Final-Recipient: rfc822;bob@b.example\nAction: relayed\n"
		"Status: 2.0.0\n",
		"    (that is what Robert@b.example became)\n",
		"was handed on to bob@b.example\n" },
	    .lacks = { "What you can do" } },

	{ .name = "by address", .dsn = { .to = SLICE("ann@a.example"),
	      .envid = SLICE("e+1") },
	    .who = { { "bob@b.example", .code = 550, .esc = ESC(5, 1, 1),
		.host = "192.0.2.7", .text = "DOMAIN\\user?" },
		{ "joe@b.example", .code = 550, .host = "2001:db8::7",
		.text = "no" } },
	    .has = { "Original-Envelope-Id: e+1\nReporting-MTA: dns; mx.a",
		"\nRemote-MTA: dns; [192.0.2.7]\n",
		"\nRemote-MTA: dns; [IPv6:2001:db8::7]\n",
		"Diagnostic-Code: smtp; 550 5.1.1 DOMAIN\\user?\n" } },

	{ .name = "hostile", .dsn = { .to = SLICE("ann@a.example") },
	    .who = { { "bob@b.example",
		.orcpt = "rfc822;x\r\nAction: delivered\xff", .code = 550,
		.host = "mx\r\n\x1b[31m", .text = "a\r\n\r\nStatus: 2.0.0\r\n"
		"--=_" ID "\r\n.\r\n\x1b[2J\xe9\xc3\xa9\x7f\\" } },
	    .has = { "Status: 5.0.0\n",
		"\nOriginal-Recipient: rfc822;x  Action: delivered\\xff\n",
		"\nRemote-MTA: dns; mx  \\x1b[31m\n",
		"Content-Transfer-Encoding: quoted-printable\n",
		"        550 \\x1b[2J\\xe9=C3=A9\\x7f\\\n",
		"\\x1b[2J\\xe9\\xc3\\xa9\\x7f\\\n" },
	    .lacks = { "\nAction: delivered", "\nStatus: 2", "\n--=_" ID
		"\n.\n" } },

	{ .name = "utf8 recipient", .dsn = { .to = SLICE("ann@a.example"),
		.whole = true }, .head = "Subject: \xc3\xbc\r\n\r\n",
	    .who = { { "b\xc3\xb6" "b+=\\@xn--b-eha.example", .utf8 = true,
		.orcpt = "utf-8;b\\x{F6}b\xe2\x82\xac@x",
		.esc = ESC(5, 6, 7), .text = "no SMTPUTF8" } },
	    .has = { "\nOriginal-Recipient: utf-8;b\\x{F6}b\\x{20AC}@x\n"
		"Final-Recipient: utf-8;b\\x{F6}b\\x{2B}\\x{3D}\\x{5C}"
		"@xn--b-eha.example\n",
		"Content-Type: message/delivery-status\n",
		"Content-Type: message/global\n"
		"Content-Transfer-Encoding: quoted-printable\n",
		"\nSubject: =C3=BC\n" } },

	{ .name = "global", .dsn = { .to = SLICE("\xc3\xa4@a.example"),
		.global = true, .whole = true, .id = SLICE("other") },
	    .head = "Subject: \xc3\xbc\r\n\r\n",
	    .who = { { "b\xc3\xb6" "b@b.example", .utf8 = true, .code = 550,
		.orcpt = "utf-8;b\\x{F6}b@x", .esc = ESC(5, 1, 1),
		.host = "mx.b.example", .text = "nein, \xc3\xb6" } },
	    .has = { "\nTo: <\xc3\xa4@a.example>\n",
		"Content-Type: message/global-delivery-status\n"
		"Content-Transfer-Encoding: 8bit\n",
		"\nFinal-Recipient: utf-8;b\xc3\xb6" "b@b.example\n",
		"\nOriginal-Recipient: utf-8;b\\x{F6}b@x\n",
		"Diagnostic-Code: smtp; 550 5.1.1 nein, \xc3\xb6\n",
		"Content-Type: message/global\n"
		"Content-Transfer-Encoding: 8bit\n",
		"\nSubject: \xc3\xbc\n",
		"\nSubject: Your message was not delivered to\n"
		" =?utf-8?Q?b=C3=B6b=40b=2Eexample?=\n" } },

	{ .name = "expired", .dsn = { .to = SLICE("ann@a.example") },
	    .who = { { "bob@b.example", .code = 450, .esc = ESC(4, 2, 2),
		.host = "mx.b.example", .text = "full", .expired = true } },
	    .has = { "Action: failed\nStatus: 4.4.7\n",
		"in all the time that it was tried",
		"Diagnostic-Code: smtp; 450 4.2.2 full\n" } },

	{ .name = "orphan", .dsn = { .to = SLICE("postmaster@a.example"),
		.is_orphan = true },
	    .who = { { "bob@b.example", .code = 550, .text = "" } },
	    .has = { "\nSubject: A message without a sender was not",
		"as the postmaster.\n", "        550\n" } },

	{ .name = "latin1 header", .dsn = { .to = SLICE("ann@a.example"),
		.whole = true }, .head = "Subject: \xfc\r\n\r\n",
	    .who = { { "bob@b.example", .code = 550, .text = "" } },
	    .has = { "Content-Type: text/rfc822-headers\n"
		"Content-Transfer-Encoding: quoted-printable\n",
		"\nSubject: =FC\n" }, .lacks = { "From the end" } },
};

#define NSCENES (sizeof scenes / sizeof scenes[0])

static void
set_said(struct outcome *o, const struct who *w)
{
	*o = outcome_make(FAILED, STAGE_RCPT, w->esc, "%s", w->text);
	o->code = w->code;
	if (!w->host)
		return;
	outcome_set_host(o, slice_of(w->host), NULL);
	o->peer.ip.version = 4;
	memcpy(o->peer.ip.b, "\xc0\x00\x02\x01", 4);
}

static void
write_scene(const struct scene *s, struct dsn *d, struct buf *out)
{
	struct outcome said[3];
	struct address to[3] = { 0 };
	struct dsn_recipient r[3] = { 0 };
	struct buf text = { 0 };
	size_t n = 0;

	*d = s->dsn;
	d->host = SLICE("mx.a.example");
	if (d->id.n == 0)
		d->id = SLICE(ID);
	d->head = slice_of(s->head ? s->head : HEAD);
	d->arrival = 1795680000;
	d->now = d->arrival + 200;
	for (; n < 3 && s->who[n].path; n++) {
		set_said(&said[n], &s->who[n]);
		to[n].path = (char *)s->who[n].path;
		to[n].utf8 = s->who[n].utf8;
		r[n] = (struct dsn_recipient){ .to = &to[n], .said = &said[n],
			.orcpt = s->who[n].orcpt,
			.expired = s->who[n].expired,
			.last_try = d->arrival + 100,
			.retry_until = d->arrival + 100 + 432000 };
	}
	if (n == 1)
		d->only = &to[0];
	buf_put(&text, d->head);
	buf_puts(&text, s->body ? s->body : BODY);
	dsn_form_write(d, r, n, buf_slice(&text), out);
	buf_free(&text);
}

/* Without the CRs. */
static void
put_bare(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r')
			buf_putc(out, s.p[i]);
}

static void
test_scenes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSCENES; i++) {
		const struct scene *s = &scenes[i];
		struct buf out = { 0 }, bare = { 0 };
		struct dsn d;
		const char *fault;

		write_scene(s, &d, &out);
		fault = dsn_form_fault(&d, buf_slice(&out));
		put_bare(&bare, buf_slice(&out));
		for (size_t k = 0; k < 8 && s->has[k]; k++)
			if (!strstr(buf_str(&bare), s->has[k]))
				fail_msg("%s: no \"%s\" in\n%s", s->name,
				    s->has[k], buf_str(&bare));
		for (size_t k = 0; k < 4 && s->lacks[k]; k++)
			if (strstr(buf_str(&bare), s->lacks[k]))
				fail_msg("%s: \"%s\" in\n%s", s->name,
				    s->lacks[k], buf_str(&bare));
		if (fault)
			fail_msg("%s: %s in\n%s", s->name, fault,
			    buf_str(&bare));
		buf_free(&out);
		buf_free(&bare);
	}
}

/* People are told of a hundred, programs of all. */
static void
test_many(void **state)
{
	struct outcome said = outcome_make(FAILED, STAGE_RCPT, ESC(5, 1, 1),
	    "no");
	struct address to = { .path = "bob@b.example" };
	struct dsn_recipient r[150];
	struct dsn d = { .host = SLICE("mx.a.example"), .id = SLICE(ID),
		.to = SLICE("ann@a.example"), .head = SLICE(HEAD) };
	struct buf out = { 0 };
	struct slice all;

	(void)state;
	for (size_t i = 0; i < 150; i++)
		r[i] = (struct dsn_recipient){ .to = &to, .said = &said };
	dsn_form_write(&d, r, 150, d.head, &out);
	all = buf_slice(&out);
	assert_null(dsn_form_fault(&d, all));
	assert_int_equal(dsn_form_count(all, SLICE("<bob@b.example>")), 100);
	assert_int_equal(dsn_form_count(all, SLICE("Final-Recipient: ")), 150);
	assert_int_equal(dsn_form_count(all, SLICE("... and to 50 more")), 1);
	buf_free(&out);
}

/* Lines of ours are short: only an address may make one longer. */
static void
test_line_lengths(void **state)
{
	(void)state;
	for (size_t i = 0; i < NSCENES; i++) {
		struct buf out = { 0 };
		struct slice rest, line;
		struct dsn d;

		write_scene(&scenes[i], &d, &out);
		rest = buf_slice(&out);
		while (slice_cut(&rest, '\n', &line))
			if (line.n > 79)
				fail_msg("%s: %.*s", scenes[i].name,
				    (int)line.n, line.p);
		buf_free(&out);
	}
}

/* A reply without a blank in it is broken for programs, not for people. */
static void
test_long_words(void **state)
{
	struct outcome said = outcome_make(FAILED, STAGE_RCPT, ESC(5, 1, 1),
	    "https://example.com/%0200d", 7);
	struct address to = { .path = "bob@b.example" };
	struct dsn_recipient r = { .to = &to, .said = &said };
	struct dsn d = { .host = SLICE("mx.a.example"), .id = SLICE(ID),
		.to = SLICE("ann@a.example"), .head = SLICE(HEAD) };
	struct buf out = { 0 };
	struct slice rest, line;

	(void)state;
	dsn_form_write(&d, &r, 1, d.head, &out);
	rest = buf_slice(&out);
	while (slice_cut(&rest, '\n', &line))
		assert_true(line.n <= 79);
	assert_true(d.encode);
	buf_free(&out);
}

static void
test_esc(void **state)
{
	static const struct {
		enum dsn_action action;
		bool expired;
		struct esc esc, want;
	} rows[] = {
		{ DSN_FAILED, false, { 5, 1, 1 }, { 5, 1, 1 } },
		{ DSN_FAILED, false, { 0, 0, 0 }, { 5, 0, 0 } },
		{ DSN_FAILED, false, { 4, 2, 2 }, { 5, 2, 2 } },
		{ DSN_FAILED, false, { 2, 2, 2 }, { 5, 0, 0 } },
		{ DSN_FAILED, true, { 5, 1, 1 }, { 4, 4, 7 } },
		{ DSN_DELAYED, false, { 5, 7, 1 }, { 4, 7, 1 } },
		{ DSN_DELAYED, false, { 4, 4, 1 }, { 4, 4, 1 } },
		{ DSN_DELAYED, false, { 0, 0, 0 }, { 4, 0, 0 } },
		{ DSN_RELAYED, false, { 2, 1, 5 }, { 2, 1, 5 } },
		{ DSN_RELAYED, false, { 0, 0, 0 }, { 2, 0, 0 } },
		{ DSN_DELIVERED, false, { 5, 1, 5 }, { 2, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct outcome said = { .esc = rows[i].esc };
		struct dsn_recipient r = { .said = &said,
			.expired = rows[i].expired };
		struct esc e = dsn_esc(rows[i].action, &r);

		if (e.cls != rows[i].want.cls ||
		    e.subject != rows[i].want.subject ||
		    e.detail != rows[i].want.detail)
			fail_msg("row %zu: %d.%d.%d", i, e.cls, e.subject,
			    e.detail);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_line_lengths),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_esc),
	};

	for (size_t i = 0; argc > 2 && i < NSCENES; i++)
		if (strcmp(argv[2], scenes[i].name) == 0) {
			struct buf out = { 0 };
			struct dsn d;

			write_scene(&scenes[i], &d, &out);
			fwrite(buf_slice(&out).p, 1, out.n, stdout);
			buf_free(&out);
			return 0;
		}
	return cmocka_run_group_tests_name("dsn", tests, NULL, NULL);
}
