/* SPDX-License-Identifier: ISC */
/*
 * net_deliver.c - from plan to verdicts, against servers that play by rules
 * (tests/support/peers.h): who is asked, how often, and what becomes of each
 * recipient.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "deliver/deliver.h"
#include "net/clock.h"
#include "../support/peers.h"
#include "../support/idn.h"

#define BY(d) (&(const struct address_options){ \
	.default_domain = SLICE(d), .idn = &idn_table })

#define MX1 "a.test MX 10 mx1.test"
#define MX2 "a.test MX 20 mx2.test"
#define PIPES "PIPELINING ENHANCEDSTATUSCODES"
#define POLITE "EHLO MAIL RCPT DATA . QUIT"

struct row {
	const char *name;
	const char *rcpts;	/* separated by blanks */
	const char *offers;	/* NULL = PIPES */
	const char *records[4];	/* beside the addresses of mx1 to mx3 */
	struct peer_rule rules[4];
	const char *want;	/* a letter for each: D T F V, M = T, and the
				   mail may have been taken */
	const char *heard[3];	/* of servers 1 to 3; NULL = "" */
	enum stage quit_after;
	size_t max_sessions;
	bool server;		/* --server: the first peer */
};

static const struct row rows[] = {
	{ "one recipient", "u@a.test", NULL, { MX1 }, { { 0 } }, "D",
	    { POLITE }, 0, 0, false },
	{ "one at a time", "u@a.test", "HELP", { MX1 }, { { 0 } }, "D",
	    { POLITE }, 0, 0, false },
	{ "in one chunk", "u@a.test", PIPES " CHUNKING", { MX1 }, { { 0 } },
	    "D", { "EHLO MAIL RCPT BDAT QUIT" }, 0, 0, false },
	{ "BDAT is not known", "u@a.test", PIPES " CHUNKING", { MX1, MX2 },
	    { { .verb = "BDAT", .reply = "502 what?" } }, "D",
	    { "EHLO MAIL RCPT BDAT RSET MAIL RCPT DATA . QUIT" },
	    0, 0, false },
	{ "... and taken for something else: called again", "u@a.test",
	    PIPES " CHUNKING", { MX1, MX2 },
	    { { .verb = "BDAT", .reply = "502 what?" },
	    { .verb = "RSET", .reply = "500 what?" } }, "D",
	    { "EHLO MAIL RCPT BDAT RSET|EHLO MAIL RCPT DATA . QUIT" },
	    0, 0, false },
	{ "two in one mail", "u@a.test v@a.test", NULL, { MX1 }, { { 0 } },
	    "DD", { "EHLO MAIL RCPT RCPT DATA . QUIT" }, 0, 0, false },
	{ "each has his own answer", "u@a.test v@a.test w@a.test", NULL,
	    { MX1 }, { { .verb = "RCPT", .with = "v@", .reply = "550 no" },
	    { .verb = "RCPT", .with = "w@", .reply = "450 later" } }, "DFT",
	    { "EHLO MAIL RCPT RCPT RCPT DATA . QUIT" }, 0, 0, false },
	{ "a refused sender is final", "u@a.test", NULL, { MX1, MX2 },
	    { { .verb = "MAIL", .reply = "550 not you" } }, "F",
	    { "EHLO MAIL RCPT DATA QUIT" }, 0, 0, false },
	{ "a refused text is final", "u@a.test", NULL, { MX1, MX2 },
	    { { .verb = ".", .reply = "554 5.7.1 spam" } }, "F",
	    { POLITE }, 0, 0, false },
	{ "a refused greeting is the next host's", "u@a.test", NULL,
	    { MX1, MX2 }, { { .peer = 1, .verb = "HELLO",
	    .reply = "554 go away" } }, "D", { "", POLITE }, 0, 0, false },
	{ "421 to MAIL is the next host's", "u@a.test", NULL, { MX1, MX2 },
	    { { .peer = 1, .verb = "MAIL", .reply = "421 busy" } }, "D",
	    { "EHLO MAIL", POLITE }, 0, 0, false },
	{ "who is deferred has another chance, alone", "u@a.test v@a.test",
	    NULL, { MX1, MX2 }, { { .peer = 1, .verb = "RCPT", .with = "v@",
	    .reply = "450 later" } }, "DD",
	    { "EHLO MAIL RCPT RCPT DATA . QUIT", POLITE }, 0, 0, false },
	{ "a later host does not undo the words of the first",
	    "u@a.test", NULL, { MX1, MX2 }, { { .peer = 1, .verb = "RCPT",
	    .reply = "450 greylisted" }, { .peer = 2, .verb = "HELLO",
	    .reply = "drop" } }, "T", { "EHLO MAIL RCPT DATA QUIT", "" },
	    0, 0, false },
	{ "lost before the end: the next host", "u@a.test", NULL,
	    { MX1, MX2 }, { { .peer = 1, .verb = "DATA", .reply = "drop" } },
	    "D", { "EHLO MAIL RCPT DATA", POLITE }, 0, 0, false },
	{ "lost at the end: nobody else", "u@a.test", NULL, { MX1, MX2 },
	    { { .peer = 1, .verb = ".", .reply = "take-drop" } }, "M",
	    { "EHLO MAIL RCPT DATA ." }, 0, 0, false },
	{ "too many in one mail: the rest in another",
	    "u@a.test v@a.test w@a.test", NULL, { MX1 },
	    { { .verb = "RCPT", .nth = 2, .reply = "452 too many" },
	    { .verb = "RCPT", .nth = 3, .reply = "452 too many" } }, "DDD",
	    { "EHLO MAIL RCPT RCPT RCPT DATA . MAIL RCPT DATA . "
	      "MAIL RCPT DATA . QUIT" }, 0, 0, false },
	{ "452 to all is no matter of how many", "u@a.test v@a.test", NULL,
	    { MX1 }, { { .verb = "RCPT", .reply = "452 full" } }, "TT",
	    { "EHLO MAIL RCPT RCPT DATA QUIT" }, 0, 0, false },
	{ "RCPTMAX is obeyed", "u@a.test v@a.test w@a.test",
	    PIPES " LIMITS_RCPTMAX=2", { MX1 }, { { 0 } }, "DDD",
	    { "EHLO MAIL RCPT RCPT DATA . MAIL RCPT DATA . QUIT" },
	    0, 0, false },
	{ "MAILMAX: called again", "u@a.test v@a.test",
	    PIPES " LIMITS_RCPTMAX=1_MAILMAX=1", { MX1 }, { { 0 } }, "DD",
	    { POLITE "|" POLITE }, 0, 0, false },
	{ "no more servers than wished", "u@a.test", NULL, { MX1, MX2 },
	    { { .verb = "MAIL", .reply = "450 later" } }, "T",
	    { "EHLO MAIL RCPT DATA QUIT" }, 0, 1, false },
	{ "nobody listens there", "u@a.test", NULL,
	    { "a.test MX 10 gone.test", "gone.test A 127.0.0.250" },
	    { { 0 } }, "T", { "" }, 0, 0, false },
	{ "dead, and the next", "u@a.test", NULL, { "a.test MX 10 gone.test",
	    "gone.test A 127.0.0.250", MX2 }, { { 0 } }, "D",
	    { "", POLITE }, 0, 0, false },
	{ "no such domain", "u@b.test v@a.test", NULL, { MX1 }, { { 0 } },
	    "FD", { POLITE }, 0, 0, false },
	{ "no further than RCPT", "u@a.test v@a.test", NULL, { MX1 },
	    { { .verb = "RCPT", .with = "v@", .reply = "550 no" } }, "VF",
	    { "EHLO MAIL RCPT RCPT QUIT" }, STAGE_RCPT, 0, false },
	{ "two domains by --server are one mail", "u@a.test v@b.test",
	    NULL, { MX1 }, { { 0 } }, "DD",
	    { "EHLO MAIL RCPT RCPT DATA . QUIT" }, 0, 0, true },
	{ "a mail that was refused leaves nothing behind",
	    "u@a.test v@a.test", PIPES " LIMITS_RCPTMAX=1", { MX1 },
	    { { .verb = "RCPT", .with = "u@", .reply = "550 no" } }, "FD",
	    { "EHLO MAIL RCPT DATA RSET MAIL RCPT DATA . QUIT" },
	    0, 0, false },
};

/* ---- one run ---- */

struct run {
	struct peers *peers;
	struct deliver_config config;
	struct envelope envelope;
	struct message message;
	struct consignment mail;
	struct deliver *deliver;
	struct wait wait;
};

static void
add_rcpts(struct envelope *e, const char *list)
{
	struct slice rest = slice_of(list), word;
	struct address a;
	struct outcome why;

	assert_true(address_parse(SLICE("me@client.test"), BY("x"), &e->from,
	    &why));
	while (slice_cut(&rest, ' ', &word)) {
		assert_true(address_parse(word, BY("x"), &a, &why));
		envelope_add(e, &a);
	}
}

static void
start_peers(struct run *r, const struct row *row)
{
	struct peers_config c = { .n = 3, .rule = row->rules };

	while (c.nrules < 4 && row->rules[c.nrules].verb)
		c.nrules++;
	c.offers = row->offers ? row->offers : PIPES;
	r->peers = peers_start(&c);
	peers_record(r->peers, "mx1.test A 127.0.0.2");
	peers_record(r->peers, "mx2.test A 127.0.0.3");
	peers_record(r->peers, "mx3.test A 127.0.0.4");
	for (size_t i = 0; i < 4 && row->records[i]; i++)
		peers_record(r->peers, row->records[i]);
	peers_run(r->peers);
}

static void
configure(struct run *r, const struct row *row)
{
	r->config = (struct deliver_config){
		.route = { .port = peers_port(r->peers), .tls_why = "the test",
			.allow_loopback_mx = true, .no_ipv6 = true },
		.helo = "client.test",
		.max_sessions = row->max_sessions,
	};
	if (row->server)
		r->config.route.server = "127.0.0.2";
	r->config.resolver.server[0] = peers_dns(r->peers);
	r->config.resolver.n = 1;
	buf_puts(&r->message.head, "X-Id: 1\r\n\r\n");
	r->message.body = (struct content){ .memory = SLICE("hi\r\n"),
		.fd = -1, .length = 4 };
	r->message.size = r->message.head.n + 4;
}

static void
loop(struct run *r)
{
	int64_t now;

	for (;;) {
		now = clock_now();
		deliver_step(r->deliver, &r->wait, now);
		if (deliver_is_idle(r->deliver))
			return;
		wait_clear(&r->wait);
		deliver_wait(r->deliver, &r->wait);
		wait_poll(&r->wait, now);
	}
}

static void
run_row(struct run *r, const struct row *row)
{
	*r = (struct run){ 0 };
	add_rcpts(&r->envelope, row->rcpts);
	start_peers(r, row);
	configure(r, row);
	r->mail = (struct consignment){ .envelope = &r->envelope,
		.message = &r->message, .quit_after = row->quit_after };
	r->deliver = deliver_new(&r->config, NULL);
	deliver_add(r->deliver, &r->mail);
	deliver_close(r->deliver);
	loop(r);
	assert_ptr_equal(deliver_finished(r->deliver), &r->mail);
	assert_null(deliver_finished(r->deliver));
	peers_stop(r->peers);
}

static void
run_free(struct run *r)
{
	deliver_free(r->deliver);
	wait_free(&r->wait);
	envelope_free(&r->envelope);
	buf_free(&r->message.head);
	peers_free(r->peers);
}

static char
letter(const struct recipient *r)
{
	static const char letters[] = { [PENDING] = '?', [VERIFIED] = 'V',
		[DELIVERED] = 'D', [DEFERRED] = 'T', [FAILED] = 'F' };

	return r->verdict == DEFERRED && r->result->maybe_sent ?
	    'M' : letters[r->verdict];
}

static void
check_row(const struct run *r, const struct row *row)
{
	struct buf heard = { 0 };
	char have[16] = "";

	for (size_t i = 0; i < r->envelope.n; i++) {
		have[i] = letter(&r->envelope.rcpts[i]);
		assert_true(r->envelope.rcpts[i].decided > 0);
	}
	if (strcmp(have, row->want) != 0)
		fail_msg("%s: %s, not %s (%s)", row->name, have, row->want,
		    r->envelope.rcpts[0].result->text);
	for (unsigned i = 0; i < 3; i++) {
		const char *want = row->heard[i] ? row->heard[i] : "";

		buf_clear(&heard);
		peers_heard(r->peers, i + 1, &heard);
		if (!slice_eq(buf_slice(&heard), slice_of(want)))
			fail_msg("%s: mx%u heard '%s', not '%s'", row->name,
			    i + 1, buf_str(&heard), want);
	}
	buf_free(&heard);
}

static void
test_rows(void **state)
{
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		run_row(&r, &rows[i]);
		check_row(&r, &rows[i]);
		run_free(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests_name("net_deliver", tests, NULL, NULL);
}
