/* SPDX-License-Identifier: ISC */
/* complete.c - a finished header from whatever came in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/complete.h"
#include "../support/idn.h"
#include "mail/header.h"

#define DATE  "Date: Sun, 22 Nov 2026 10:20:30 +0100\r\n"
#define FROM  "From: Al <al@here.example>\r\n"
#define ID    "Message-ID: <6b02b3de.000000000000abcd@here.example>\r\n"
#define RDATE "Resent-Date: Sun, 22 Nov 2026 10:20:30 +0100\r\n"
#define RFROM "Resent-From: Al <al@here.example>\r\n"
#define RID   "Resent-Message-ID: " \
	      "<6b02b3de.000000000000abcd.r@here.example>\r\n"
#define OWN   "Date: x\r\nFrom: a@x\r\nMessage-ID: <y@x>\r\n"
#define TEN   "0123456789"
#define A70   TEN TEN TEN TEN TEN TEN TEN
#define A500  TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN \
	      TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN \
	      TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct complete_options usual = {
	.address.default_domain = { "here.example", 12 },
	.address.idn = &idn_table,
	.from = { "al@here.example", 15 },
	.full_name = { "Al", 2 },
	.address.short_name = { "box", 3 },
	.address.full_name = { "box.example", 11 },
	.host = { "here.example.", 13 },
	.random = 0xabcd,
	.date = 1795339230, /* see ID */
	.offset = 60,
};

static const struct {
	const char *name;
	struct slice in;
	const char *head;
	const char *body;
} cases[] = {
	{ "nothing", SLICE(""), DATE FROM ID "\r\n", "" },
	{ "no header", SLICE("hi\n"), DATE FROM ID "\r\n", "hi\n" },
	{ "subject alone", SLICE("Subject: x"),
	    "Subject: x\r\n" DATE FROM ID "\r\n", "" },
	{ "complete", SLICE(OWN "\r\nhi"), OWN "\r\n", "hi" },
	{ "any case", SLICE("dAtE: x\nfRom: y\nmessage-id: z\n\n"),
	    "dAtE: x\r\nfRom: y@here.example\r\nmessage-id: z\r\n\r\n", "" },
	{ "mbox line", SLICE("From al Mon\n" OWN "\nhi"), OWN "\r\n", "hi" },
	{ "NULs", SLICE(OWN "Sub\0ject: \0x\0\n\nhi"), OWN "Subject: x\r\n\r\n",
	    "hi" },
	{ "stray CR", SLICE(OWN "Subject: x\rBcc: a@x\n\rResent-To: b@x\n"),
	    OWN "Subject: x Bcc: a@x\r\n Resent-To: b@x\r\n\r\n", "" },
	{ "Bcc", SLICE("Bcc: a@x,\n b@x\n" OWN "bcc : c@x\nResent-Bcc: d\n"),
	    OWN RDATE RFROM RID "\r\n", "" },
	{ "behind an address in brackets",
	    SLICE(OWN "To: a@[192.0.2.1],root\n"),
	    OWN "To: a@[192.0.2.1],root@here.example\r\n\r\n", "" },
	{ "a comment before the @",
	    SLICE(OWN "To: al (c) @ x.example, al (c) . b@x.example\n"),
	    OWN "To: al (c) @ x.example, al (c) . b@x.example\r\n\r\n", "" },
	{ "what cannot be read stays",
	    SLICE(OWN "To: root, \"x\n"),
	    OWN "To: root@here.example, \"x\r\n\r\n", "" },
	{ "letters in and behind brackets",
	    SLICE(OWN "To: <j\xc3\xb6@x.example>, <j\xc3\xb6>\n"
		      "Cc: <a@x.example> J\xc3\xb6\n"
		      "Reply-To: <a@x.example, J\xc3\xb6 <b@x.example>\n"),
	    OWN "To: <j\xc3\xb6@x.example>, "
		"<j\xc3\xb6@here.example>\r\nCc: <a@x.example> "
		"=?utf-8?B?SsO2?=\r\nReply-To: <a@x.example, "
		"=?utf-8?B?SsO2?= <b@x.example>\r\n\r\n",
	    "" },
	{ "bare addresses",
	    SLICE("From: root (Cron Daemon)\nTo: root, Al <al>,\n \"b c\" <bo>,"
		  " g: x, y@z;, a@x (c), [b]\nCc: \"q\" , d . e\nReply-To: r\n"
		  "Sender: s (x) (y)\nDate: x\nMessage-ID: y\n"
		  "Delivered-To: d\nErrors-To: e\nX-To: f\n"),
	    "From: root@here.example (Cron Daemon)\r\n"
	    "To: root@here.example, Al <al@here.example>, \"b c\" "
	    "<bo@here.example>, g:\r\n x@here.example, y@z;, a@x (c), "
	    "[b@here.example]\r\n"
	    "Cc: \"q\"@here.example , d . e@here.example\r\n"
	    "Reply-To: r@here.example\r\n"
	    "Sender: s@here.example (x) (y)\r\nDate: x\r\nMessage-ID: y\r\n"
	    "Delivered-To: d\r\nErrors-To: e@here.example\r\nX-To: f\r\n"
	    "\r\n",
	    "" },
	{ "what is no bare address",
	    SLICE(OWN "To: Al Bo, <>, a@[192.0.2.1], b@[IPv6:2001:db8::1],"
		      " undisclosed:;, a@b c, x., .x, x..y, g: ;\nCc:\n"),
	    OWN "To: Al Bo, <>, a@[192.0.2.1], b@[IPv6:2001:db8::1],"
		" undisclosed:;, a@b c, x., .x, x..y, g: ;\r\nCc:\r\n\r\n",
	    "" },
	{ "what only looks like an encoded word",
	    SLICE(OWN "To: =?x?q?a, b=?x?q?a, bc=?x?q?a\n"),
	    OWN "To: =?x?q?a, b=?x?q?a, bc=?x?q?a\r\n\r\n", "" },
	{ "this host's short name",
	    SLICE(OWN "To: root@box, <al@BOX>, b@boxes, c@x.box\n"),
	    OWN "To: root@box.example, <al@box.example>, b@boxes, c@x.box"
		"\r\n\r\n",
	    "" },
	{ "empty ones are missing",
	    SLICE("From:\nDate: \t\nMessage-Id:\n \n"
		  "Subject:\nTo:\n"),
	    "Subject:\r\nTo:\r\n" DATE FROM ID "\r\n", "" },
	{ "an empty one beside another", SLICE("From:\n" OWN), OWN "\r\n", "" },
	{ "stale ones",
	    SLICE("Return-Path: <a@x>\n" OWN "Content-Length: 7\n"
		  "Content-Language: en\n"),
	    OWN "Content-Language: en\r\n\r\n", "" },
	{ "resent", SLICE("Received: x\nResent-To: b\n" OWN),
	    "Received: x\r\n" RDATE RFROM RID
	    "Resent-To: b@here.example\r\n" OWN "\r\n",
	    "" },
	{ "resent, with what it needs",
	    SLICE("Resent-From: c@x\nResent-Date: z\nResent-To: b@x\n"
		  "Resent-Message-ID: <z@x>\n" OWN),
	    "Resent-From: c@x\r\nResent-Date: z\r\nResent-To: b@x\r\n"
	    "Resent-Message-ID: <z@x>\r\n" OWN "\r\n",
	    "" },
	{ "resent, the second block has it",
	    SLICE(
		"Resent-To: b@x\nResent-Date:\nResent-From: c@x\n"
		"Resent-To: d@x\nResent-Date: z\n"
		"Resent-Message-ID: <z@x>\n" OWN),
	    RDATE RID
	    "Resent-To: b@x\r\nResent-From: c@x\r\n"
	    "Resent-To: d@x\r\nResent-Date: z\r\n"
	    "Resent-Message-ID: <z@x>\r\n" OWN
	    "\r\n",
	    "" },
	{ "lines of a mailbox",
	    SLICE("From al Mon\n>From bo Mon\n>From c Mon\n" OWN "\nhi"),
	    OWN "\r\n", "hi" },
	{ "not of a mailbox", SLICE("From al Mon\nFrom bo Mon\n"),
	    DATE FROM ID "\r\n", "From bo Mon\n" },
	{ "subject", SLICE(OWN "Subject: J\xc3\xb6rg und M\xc3\xbcller\n"),
	    OWN "Subject: =?utf-8?Q?J=C3=B6rg?= und =?utf-8?Q?M=C3=BCller?="
		"\r\n\r\n",
	    "" },
	{ "run of words", SLICE(OWN "Subject: \xc3\xa4  \xc3\xb6 x\n"),
	    OWN "Subject: =?utf-8?B?w6QgIMO2?= x\r\n\r\n", "" },
	{ "beside encoded words",
	    SLICE(OWN "Subject: =?utf-8?Q?a?= \xc3\xa4 =?utf-8?Q?b?=\n"),
	    OWN "Subject: =?utf-8?Q?a?= =?utf-8?Q?_=C3=A4_?= =?utf-8?Q?b?="
		"\r\n\r\n",
	    "" },
	{ "no UTF-8", SLICE(OWN "Subject: J\xf6rg\n"),
	    OWN "Subject: =?unknown-8bit?Q?J=F6rg?=\r\n\r\n", "" },
	{ "names", SLICE(OWN "To: J\xc3\xb6rg \"M.\" <a@x>, Al <b@x>\n"),
	    OWN "To: =?utf-8?Q?J=C3=B6rg_M=2E?= <a@x>, Al <b@x>\r\n\r\n", "" },
	{ "quoted name", SLICE(OWN "Cc: \"M\xc3\xbcller, J.\" <a@x>\n"),
	    OWN "Cc: =?utf-8?Q?M=C3=BCller=2C_J=2E?= <a@x>\r\n\r\n", "" },
	{ "name that is no UTF-8",
	    SLICE(OWN "Reply-To: J\xf6rg \"M.\" <a@x>\n"),
	    OWN "Reply-To: =?unknown-8bit?Q?J=F6rg_M=2E?= <a@x>\r\n\r\n", "" },
	{ "declared charset, the same in all fields",
	    SLICE(
		OWN "Subject: \xc1 b\nTo: \xc1 \xc2 <a@x>, \xc3 (\xc4) <b@x>\n"
		    "Cc: \xc1 =?utf-8?Q?b?= \xc2 <a@x>\nDate: x (\xc1)\n"
		    "X: \xc3\xa9\nContent-Type: text/plain; charset=\"KOI8-R\";"
		    " name=\xc1\n"),
	    OWN
	    "Subject: =?KOI8-R?Q?=C1?= b\r\n"
	    "To: =?KOI8-R?B?wSDC?= <a@x>, =?KOI8-R?Q?=C3?= "
	    "(=?KOI8-R?Q?=C4?=) <b@x>\r\n"
	    "Cc: =?KOI8-R?Q?=C1_?= =?utf-8?Q?b?= =?KOI8-R?Q?_=C2?= <a@x>\r\n"
	    "Date: x (=?KOI8-R?Q?=C1?=)\r\n"
	    "X: =?utf-8?Q?=C3=A9?=\r\n"
	    "Content-Type: text/plain; charset=\"KOI8-R\"; name*=KOI8-R''%C1"
	    "\r\n\r\n",
	    "" },
	{ "charset that cannot be true",
	    SLICE(
		OWN "Subject: \xe9\nContent-Type: text/plain; charset=utf-8\n"),
	    OWN "Subject: =?unknown-8bit?Q?=E9?=\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n\r\n",
	    "" },
	{ "charset that is none",
	    SLICE(OWN
		"Subject: \xe9\nContent-Type: text/plain; charset=\"a?b\"\n"),
	    OWN "Subject: =?unknown-8bit?Q?=E9?=\r\n"
		"Content-Type: text/plain; charset=\"a?b\"\r\n\r\n",
	    "" },
	{ "comments of any field",
	    SLICE(OWN "Received: from a (\xc3\xa4 b) by c; x (\xc3\xa4)\n"
		      "X-Date: y\nList-Post: z (\xc3\xa4 \"(\xc3\xb6)\" x)\n"
		      "MIME-Version: 1.0 (\xc3\xa4)\n"
		      "Content-Type: text/plain (\xc3\xa4); "
		      "charset=utf-8 (\xc3\xa4)\n"
		      "Content-Transfer-Encoding: (\xc3\xa4) 8bit\n"
		      "References: <a@x> (\xc3\xa4)\n"),
	    OWN
	    "Received: from a (=?utf-8?Q?=C3=A4?= b) by c; x "
	    "(=?utf-8?Q?=C3=A4?=)\r\n"
	    "X-Date: y\r\nList-Post: z "
	    "(=?utf-8?B?w6QgIijDtikiIHg=?=)\r\n"
	    "MIME-Version: 1.0 (=?utf-8?Q?=C3=A4?=)\r\n"
	    "Content-Type: text/plain (=?utf-8?Q?=C3=A4?=); charset=utf-8\r\n"
	    " (=?utf-8?Q?=C3=A4?=)\r\n"
	    "Content-Transfer-Encoding: (=?utf-8?Q?=C3=A4?=) 8bit\r\n"
	    "References: <a@x> (=?utf-8?Q?=C3=A4?=)\r\n\r\n",
	    "" },
	{ "phrases of any field",
	    SLICE(OWN "List-Id: Gr\xc3\xbc\xc3\x9f\x65 \"L.\" <l.x>\n"
		      "In-Reply-To: Your \xc3\xa4 of <a@x>\n"
		      "Keywords: a, \xc3\xa4 b\n"),
	    OWN "List-Id: =?utf-8?Q?Gr=C3=BC=C3=9Fe_L=2E?= <l.x>\r\n"
		"In-Reply-To: =?utf-8?Q?Your_=C3=A4_of?= <a@x>\r\n"
		"Keywords: a, =?utf-8?Q?=C3=A4_b?=\r\n\r\n",
	    "" },
	{ "hosts in a trace",
	    SLICE(OWN "Received: from b\xc3\xbc"
		      "cher.example (\xc3\xa4) by c"
		      " for <a@b\xc3\xbc"
		      "cher.example>; x\n"),
	    OWN
	    "Received: from xn--bcher-kva.example (=?utf-8?Q?=C3=A4?=) by c "
	    "for\r\n <a@xn--bcher-kva.example>; x\r\n\r\n",
	    "" },
	{ "comment", SLICE(OWN "Sender: a@x (J\xc3\xb6rg (b))\n"),
	    OWN "Sender: a@x (=?utf-8?Q?J=C3=B6rg_=28b=29?=)\r\n\r\n", "" },
	{ "comment in words", SLICE(OWN "Sender: root (J\xc3\xb6rg x)\n"),
	    OWN "Sender: root@here.example (=?utf-8?Q?J=C3=B6rg?= x)\r\n\r\n",
	    "" },
	{ "group", SLICE(OWN "To: Fr\xc3\xa4ulein: a@x, b@x;\n"),
	    OWN "To: =?utf-8?Q?Fr=C3=A4ulein?= : a@x, b@x;\r\n\r\n", "" },
	{ "U-label",
	    SLICE(OWN "To: Al <a@b\xc3\xbc"
		      "cher.example>\n"),
	    OWN "To: Al <a@xn--bcher-kva.example>\r\n\r\n", "" },
	{ "local part", SLICE(OWN "To: j\xc3\xb6rg@x\n"),
	    OWN "To: j\xc3\xb6rg@x\r\n\r\n", "" },
	{ "unreadable", SLICE(OWN "To: \"j\xc3\xb6rg <a@x>\n"),
	    OWN "To: =?utf-8?Q?=22j=C3=B6rg_=3Ca=40x=3E?=\r\n\r\n", "" },
	{ "a name without quotes",
	    SLICE(OWN
		"To: M\xc3\xbcller, Hans <a@x>, <j\xc3\xb6@x>, \xc3\xa4 b\n"),
	    OWN "To: =?utf-8?Q?M=C3=BCller?= , Hans <a@x>, <j\xc3\xb6@x>, "
		"=?utf-8?Q?=C3=A4_b?=\r\n\r\n",
	    "" },
	{ "half a name that is encoded already",
	    SLICE(OWN "To: =?utf-8?Q?M?=, Hans <a@x>\n"),
	    OWN "To: =?utf-8?Q?M?=, Hans <a@x>\r\n\r\n", "" },
	{ "a file name without quotes",
	    SLICE(
		OWN "Content-Disposition: a; filename=Gr\xc3\xa4 b.pdf; x=y\n"),
	    OWN "Content-Disposition: a; filename*=utf-8''Gr%C3%A4%20b.pdf; x=y"
		"\r\n\r\n",
	    "" },
	{ "identifiers",
	    SLICE(OWN "References: <\xc3\xb6@b\xc3\xbc.x> "
		      "\xc3\xa4\n"),
	    OWN "References: <\xc3\xb6@b\xc3\xbc.x> =?utf-8?Q?=C3=A4?="
		"\r\n\r\n",
	    "" },
	{ "parameter",
	    SLICE(OWN "Content-Type: a/b; x=y;"
		      " name=\"\xc3\xa4 b;\"; c=\"d\"\n"),
	    OWN "Content-Type: a/b; x=y; name*=utf-8''%C3%A4%20b%3B; c=\"d\""
		"\r\n\r\n",
	    "" },
	{ "long parameter",
	    SLICE(OWN "Content-Disposition: a;\n"
		      " f=\"" A70 "\xe4" A70 "\";g=h\n"),
	    OWN "Content-Disposition: a;\r\n"
		" f*0*=unknown-8bit''" TEN TEN TEN "012;\r\n"
		" f*1*=3456789" TEN TEN TEN "%E40123456;\r\n"
		" f*2*=789" TEN TEN TEN TEN "0123;\r\n"
		" f*3*=456789" TEN ";g=h\r\n\r\n",
	    "" },
	{ "folded stays", SLICE(OWN "Subject: a\n b\n\tc\n"),
	    OWN "Subject: a\r\n b\r\n\tc\r\n\r\n", "" },
	{ "line of blanks", SLICE(OWN "Subject: a\n  \n b\n"),
	    OWN "Subject: a   b\r\n\r\n", "" },
	{ "blank at colon", SLICE(OWN "Subject \t: a\n"),
	    OWN "Subject: a\r\n\r\n", "" },
	{ "long line", SLICE(OWN "Subject: " A500 " " A500 " " A500 "\n"),
	    OWN "Subject:\r\n " A500 "\r\n " A500 "\r\n " A500 "\r\n\r\n", "" },
	{ "long list without blanks",
	    SLICE(OWN "To: <" A500 "@x>,\"" A70 ", b\"@x,<" A500 "@x>\n"),
	    OWN "To:\r\n <" A500 "@x>,\"" A70 ",\r\n b\"@x,<" A500
		"@x>\r\n\r\n",
	    "" },
	{ "long parameter without letters",
	    SLICE(OWN "Content-Type: a/b; name=\"" A500 A500 A500 "\"\n"), NULL,
	    "" },
	{ "control stays", SLICE(OWN "Subject: a\x01\n"),
	    OWN "Subject: a\x01\r\n\r\n", "" },
};

static void
test_heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct message m = { .body.fd = -1 };
		struct outcome why;
		size_t at;

		assert_int_equal(message_head(cases[i].in, true, &usual, &m,
		    NULL, &at, &why), PARSE_OK);
		if (!cases[i].head)
			assert_non_null(strstr(buf_str(&m.head),
			    "name*0*=utf-8''0123456789"));
		else if (strcmp(buf_str(&m.head), cases[i].head) != 0)
			fail_msg("%s: %s", cases[i].name, buf_str(&m.head));
		assert_true(slice_eq(slice_from(cases[i].in, at),
		    slice_of(cases[i].body)));
		assert_int_equal(m.utf8_headers, cases[i].head &&
		    strstr(cases[i].head, "\xc3\xb6") != NULL);
		assert_int_equal(m.utf8_field[0] != '\0', m.utf8_headers);
		buf_free(&m.head);
	}
}

static char *
head_with(const struct complete_options *o, const char *raw)
{
	struct message m = { .body.fd = -1 };
	struct outcome why;
	size_t at;
	char *text;

	assert_int_equal(message_head(slice_of(raw), true, o, &m, NULL, &at,
	    &why), PARSE_OK);
	text = strdup(buf_str(&m.head));
	buf_free(&m.head);
	return text;
}

/* What a signature may be over is not touched in silence. */
static void
test_what_is_rewritten_is_noted(void **state)
{
	static const struct {
		const char *field;
		bool rewritten;
	} rows[] = {
		{ "Subject: \xc3\xa4\n", true },
		{ "Subject : a\n", true },
		{ "To: root\n", true },
		{ "To: root@x,\n  al@x\nSubject:  a  b\n\tc\n", false },
		{ "Bcc: \xc3\xa4@x\n", false },
		{ "Return-Path: <>\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct message m = { .body.fd = -1 };
		struct buf raw = { 0 };
		struct outcome why;
		size_t at;

		buf_putf(&raw, "%s%s\n", rows[i].field, OWN);
		assert_int_equal(message_head(buf_slice(&raw), true, &usual,
		    &m, NULL, &at, &why), PARSE_OK);
		if (m.is_rewritten != rows[i].rewritten)
			fail_msg("%s", rows[i].field);
		buf_free(&m.head);
		buf_free(&raw);
	}
}

static void
test_as_is(void **state)
{
	static const struct {
		const char *in, *want;
	} as_is[] = {
		{ "", "\r\n" },
		{ "Subject : \xc3\xb6\n  \nbcc: x\nX: y",
		    "Subject : \xc3\xb6\r\n  \r\nX: y\r\n\r\n" },
		{ "From al Mon\nA: b\n\n", "A: b\r\n\r\n" },
	};
	struct complete_options o = usual;

	(void)state;
	o.form = COMPLETE_NOTHING;
	for (size_t i = 0; i < sizeof as_is / sizeof *as_is; i++) {
		char *got = head_with(&o, as_is[i].in);

		assert_string_equal(got, as_is[i].want);
		free(got);
	}
}

/* What cannot be sent as it is. */
static void
test_as_is_is_refused(void **state)
{
	static const struct slice heads[] = { SLICE("A: \0b\n"),
		SLICE("A: b\rC: d\n"), SLICE("A: b\r\r\n\n"),
		SLICE("A: " A500 A500 A500 "\n\n") };
	struct complete_options o = usual;

	(void)state;
	o.form = COMPLETE_NOTHING;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		struct message m = { .body.fd = -1 };
		struct outcome why = { 0 };
		size_t at;

		assert_int_equal(message_head(heads[i], true, &o, &m, NULL, &at,
		    &why), PARSE_BAD);
		assert_int_equal(why.stage, STAGE_MESSAGE);
		assert_int_equal(outcome_exit(&why), 65);
		assert_non_null(strstr(why.text, "SMTP cannot carry"));
		buf_free(&m.head);
	}
}

/* A gateway's mail is changed only where it could not be sent. */
static void
test_to_send(void **state)
{
	struct complete_options o = usual;
	char *got;

	(void)state;
	o.form = COMPLETE_TO_SEND;
	got = head_with(&o,
	    "Subject : \xc3\xb6\nbcc: x\nTo: <" A500 "@x>,<" A500 "@x>,<" A500
	    "@x>\nX: y\rz\n\n");
	assert_string_equal(got, "Subject : \xc3\xb6\r\nTo:\r\n <" A500
	    "@x>,\r\n <" A500 "@x>,\r\n <" A500 "@x>\r\nX: y z\r\n\r\n");
	free(got);
}

/* RFC 5322 2.1.1: a line has 998 octets, and not one more. */
static void
test_longest_line(void **state)
{
	static const struct {
		enum complete_form form;
		const char *begin;
	} rows[] = {
		{ COMPLETE_ALL, "Subject: a " },
		{ COMPLETE_TO_SEND, "Subject: a " },
		{ COMPLETE_TO_SEND, "Subject : a \xc3\xb6 " }, /* not ours */
		{ COMPLETE_TO_SEND, "To: root, " },
	};
	struct complete_options o = usual;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t n = 996; n <= 1000; n++) {
			struct buf raw = { 0 };
			char *got;

			o.form = rows[i].form;
			buf_puts(&raw, rows[i].begin);
			while (raw.n < n)
				buf_putc(&raw, 'x');
			buf_puts(&raw, "\r\n");
			got = head_with(&o, buf_str(&raw));
			assert_int_equal(slice_starts(slice_of(got),
			    buf_slice(&raw)), n <= 998);
			if (n > 998)
				assert_non_null(strstr(got, "\r\n xxx"));
			free(got);
			buf_free(&raw);
		}
}

/* Where the body begins when there may be no header, and whether it may. */
static void
test_doubt(void **state)
{
	static const struct {
		const char *in;
		bool doubtful;
		const char *body; /* when in doubt */
	} rows[] = {
		{ "ERROR: disk full\n", true, "ERROR: disk full\n" },
		{ "ERROR: disk full", true, "ERROR: disk full" },
		{ "Note: a\nfree text\n", true, "Note: a\nfree text\n" },
		{ "From al Mon\nNote: a\n b\n", true, "Note: a\n b\n" },
		{ "\xef\xbb\xbfNote: a\n", true, "Note: a\n" },
		{ "ERROR: disk full\n\nmore\n", false, "more\n" },
		{ "ERROR: disk full\nsubject: x\n", false, "" },
		{ "X-Job: 1\nfree text\n", false, "free text\n" },
		{ "free text\n", false, "free text\n" },
		{ "\xef\xbb\xbf" "free text\n", false, "free text\n" },
		{ "\xef\xbb\xbfSubject: x\n\nhi\n", false, "hi\n" },
		{ "", false, "" },
		{ "\n", false, "" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
		struct complete_options o = usual;
		struct message m = { .body.fd = -1 };
		struct slice raw = slice_of(rows[i / 2].in), body;
		struct outcome why;
		size_t at;

		o.doubt = i % 2;
		assert_int_equal(message_head(raw, true, &o, &m, NULL, &at,
		    &why), PARSE_OK);
		assert_int_equal(m.doubtful_head, rows[i / 2].doubtful);
		body = slice_from(raw, at);
		if (o.doubt || !m.doubtful_head)
			assert_true(slice_eq(body, slice_of(rows[i / 2].body)));
		else
			assert_null(memchr(body.p, ':', body.n));
		assert_true(
		    !header_has(buf_slice(&m.head), "Note") || !o.doubt);
		buf_free(&m.head);
	}
}

static void
test_from(void **state)
{
	static const struct {
		const char *from, *name, *want;
	} froms[] = {
		{ "a@x", "", "From: a@x\r\n" },
		{ "a@x", "Al Bo", "From: Al Bo <a@x>\r\n" },
		{ "a@x", "Al B.", "From: \"Al B.\" <a@x>\r\n" },
		{ "a@x", "\"Al\"\r\nBcc: b@x", "From: \"\\\"Al\\\"  Bcc: b@x\" "
					       "<a@x>\r\n" },
		{ "a@x", "J\xc3\xb6rg",
		    "From: =?utf-8?Q?J=C3=B6rg?= <a@x>\r\n" },
		{ "a@x", "J\xf6rg",
		    "From: =?unknown-8bit?Q?J=F6rg?= <a@x>\r\n" },
		{ "a@x", "=?x?Q?y?=", "From: \"=?x?Q?y?=\" <a@x>\r\n" },
		{ "", "Al", "From: Al <MAILER-DAEMON@here.example>\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof froms / sizeof *froms; i++) {
		struct complete_options o = usual;
		char *got;

		o.from = slice_of(froms[i].from);
		o.full_name = slice_of(froms[i].name);
		got = head_with(&o, "Date: x\nMessage-ID: y\n");
		if (strcmp(got + strlen("Date: x\r\nMessage-ID: y\r\n") +
			strlen(froms[i].want), "\r\n") != 0 ||
		    !strstr(got, froms[i].want))
			fail_msg("%s", got);
		free(got);
	}
}

/* The recipients, a blank behind each, and a '!' for each that is bad. */
static void
check_recipients(const char *raw, const char *want)
{
	struct complete_options o = usual;
	struct message m = { .body.fd = -1 };
	struct envelope e = { 0 };
	struct outcome why;
	struct buf got = { 0 };
	size_t at;

	o.recipients = true;
	assert_int_equal(message_head(slice_of(raw), true, &o, &m, &e, &at,
	    &why), PARSE_OK);
	for (size_t i = 0; i < e.n; i++)
		buf_putf(&got, "%s ", e.rcpts[i].to.path);
	for (size_t i = 0; i < e.nbad; i++)
		buf_puts(&got, "!");
	if (strcmp(buf_str(&got), want) != 0)
		fail_msg("%s: %s", raw, buf_str(&got));
	buf_free(&got);
	buf_free(&m.head);
	envelope_free(&e);
}

static void
test_recipients(void **state)
{
	(void)state;
	check_recipients("Subject: x\n", "");
	check_recipients("To: a@x,\n\tB <b@x>\nCc: c@x, a@x\nBcc: d\nFrom: n@x",
	    "a@x b@x c@x d@here.example ");
	check_recipients("TO: a@x\nto: b@x\n\nTo: body@x", "a@x b@x ");
	check_recipients("To: friends: a@x, b@x;\nCc: none:;\nBcc:\n",
	    "a@x b@x ");
	check_recipients("To: J\xf6rg <a@x>\n", "a@x ");
	check_recipients("To: a@x, b@\nCc: c@x d@x\n", "a@x c@x d@x !");
	check_recipients("To: a@x\x01, foo.@y\n", "\"foo.\"@y !");
	check_recipients("To: a@x\nResent-From: n@x\nResent-To: b@x\n"
			 "Subject: s\nResent-Bcc: c@x\n", "b@x c@x ");
	check_recipients("Resent-To: b@x\nResent-Date: x\nResent-Date: y\n"
			 "Resent-Cc: c@x\nTo: a@x", "b@x ");
	check_recipients("Received: z\nResent-To: b@x\nReceived: y\n"
			 "Resent-Cc: c@x\nTo: a@x", "b@x ");
	check_recipients("Resent-From: n@x\nTo: a@x", "");
}

static void
test_more_and_too_long(void **state)
{
	struct message m = { .body.fd = -1 };
	struct buf raw = { 0 };
	struct outcome why;
	size_t at;

	(void)state;
	assert_int_equal(message_head(SLICE("A: b\n"), false, &usual, &m, NULL,
	    &at, &why), PARSE_MORE);
	while (raw.n < HEADER_MAX)
		buf_puts(&raw, "Subject: hello, hello\n");
	assert_int_equal(message_head(buf_slice(&raw), false, &usual, &m, NULL,
	    &at, &why), PARSE_BAD);
	assert_int_equal(message_head(buf_slice(&raw), true, &usual, &m, NULL,
	    &at, &why), PARSE_BAD);
	assert_int_equal(why.stage, STAGE_MESSAGE);
	assert_int_equal(outcome_exit(&why), 65);
	assert_int_equal(m.head.n, 0);
	buf_cut(&raw, HEADER_MAX - 100);
	assert_int_equal(message_head(buf_slice(&raw), true, &usual, &m, NULL,
	    &at, &why), PARSE_OK);
	buf_free(&raw);
	buf_free(&m.head);
}

/* Long text in other letters: lines of at most 76 octets, no letter cut. */
static void
test_long_encoded_text_is_folded(void **state)
{
	struct slice rest, line;
	struct buf raw = { 0 };
	char *got;

	(void)state;
	buf_puts(&raw, "Subject: ");
	for (int i = 0; i < 200; i++)
		buf_puts(&raw, i % 3 ? "\xe2\x82\xac" : "\xc3\xb6 ");
	got = head_with(&usual, buf_str(&raw));
	rest = slice_of(got);
	while (slice_cut(&rest, '\n', &line))
		assert_true(line.n <= 77);
	assert_non_null(strstr(got, "Subject: =?utf-8?B?"));
	free(got);
	buf_free(&raw);
}

/* Behind a broken name the rest of the header would be body. */
static void
test_name_over_a_line(void **state)
{
	struct buf raw = { 0 };
	char *got;

	(void)state;
	buf_puts(&raw, "X: y\n");
	for (int i = 0; i < 3000; i++)
		buf_putc(&raw, 'N');
	buf_puts(&raw, ": a\nSubject: b\n");
	got = head_with(&usual, buf_str(&raw));
	assert_int_equal(slice_find(slice_of(got + 6), ':'), 900);
	assert_non_null(strstr(got, "N:\r\n a\r\nSubject: b\r\n"));
	free(got);
	buf_free(&raw);
}

/* Words that no line can hold: encoded where that can be, else broken. */
static void
test_words_over_a_line(void **state)
{
	static const char *const names[] = { "Subject", "X-Other", "From",
		"Message-ID", "Content-Type", "Received" };
	struct slice rest, line;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		struct buf raw = { 0 };
		char *got;

		buf_putf(&raw, "%s: ", names[i / 2]);
		for (int j = 0; j < 3000; j++)
			buf_puts(&raw, i % 2 ? "\xc3\xb6" : "x");
		got = head_with(&usual, buf_str(&raw));
		rest = slice_of(got);
		while (slice_cut(&rest, '\n', &line))
			assert_true(line.n <= 999);
		assert_true((strstr(got, "=?utf-8?Q?xxx") != NULL) ==
		    (i == 0 || i == 2));
		free(got);
		buf_free(&raw);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_what_is_rewritten_is_noted),
		cmocka_unit_test(test_as_is),
		cmocka_unit_test(test_as_is_is_refused),
		cmocka_unit_test(test_to_send),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_from),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_more_and_too_long),
		cmocka_unit_test(test_long_encoded_text_is_folded),
		cmocka_unit_test(test_words_over_a_line),
		cmocka_unit_test(test_name_over_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
