/* SPDX-License-Identifier: ISC */
/*
 * net_deliver.c - from plan to verdicts, against servers that play by rules
 * (tests/support/peers.h): who is asked, how often, and what becomes of each
 * recipient.
 */
#include "../support/sender.h"

#define MX1 "a.test MX 10 mx1.test"
#define MX2 "a.test MX 20 mx2.test"

#define UTF8 "gr\303\274n@a.test" /* which no server here offers to take */

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
	{ "by --server at most so many domains (RFC 9422)",
	    "u@a.test v@b.test w@a.test x@b.test",
	    PIPES " LIMITS_RCPTDOMAINMAX=1", { MX1 }, { { 0 } }, "DDDD",
	    { "EHLO MAIL RCPT RCPT DATA . MAIL RCPT RCPT DATA . QUIT" },
	    0, 0, true },
	{ "two domains of three", "u@a.test v@b.test w@c.test x@b.test",
	    PIPES " LIMITS_RCPTDOMAINMAX=2", { MX1 }, { { 0 } }, "DDDD",
	    { "EHLO MAIL RCPT RCPT RCPT DATA . MAIL RCPT DATA . QUIT" },
	    0, 0, true },
	{ "no host can take it", UTF8, NULL, { MX1, MX2 }, { { 0 } }, "F",
	    { "EHLO QUIT", "EHLO QUIT" }, 0, 0, false },
	{ "one cannot, and it has a dead address", UTF8, NULL,
	    { MX1, "mx1.test A 127.0.0.250" }, { { 0 } }, "F",
	    { "EHLO QUIT" }, 0, 0, false },
	{ "the first is busy, the next cannot", UTF8, NULL, { MX1, MX2 },
	    { { .peer = 1, .verb = "HELLO", .reply = "421 busy" } }, "T",
	    { "", "EHLO QUIT" }, 0, 0, false },
	{ "the first is dead, the next cannot", UTF8, NULL,
	    { "a.test MX 10 gone.test", "gone.test A 127.0.0.250", MX2 },
	    { { 0 } }, "T", { "", "EHLO QUIT" }, 0, 0, false },
	{ "the first cannot, the next is busy", UTF8, NULL, { MX1, MX2 },
	    { { .peer = 2, .verb = "EHLO", .reply = "drop" } }, "T",
	    { "EHLO QUIT", "EHLO" }, 0, 0, false },
	{ "a mail that was refused leaves nothing behind",
	    "u@a.test v@a.test", PIPES " LIMITS_RCPTMAX=1", { MX1 },
	    { { .verb = "RCPT", .with = "u@", .reply = "550 no" } }, "FD",
	    { "EHLO MAIL RCPT DATA RSET MAIL RCPT DATA . QUIT" },
	    0, 0, false },
};

/* ---- one run ---- */

static void
run_row(struct sender *s, struct letter *l, const struct row *row)
{
	struct peers_config c = { .n = 3, .rule = row->rules };

	while (c.nrules < 4 && row->rules[c.nrules].verb)
		c.nrules++;
	c.offers = row->offers ? row->offers : PIPES;
	*s = (struct sender){ 0 };
	sender_listen(s, &c, row->records, 4);
	s->config.max_sessions = row->max_sessions;
	if (row->server)
		s->config.route.server = "127.0.0.2";
	sender_start(s);
	letter_init(l, row->rcpts, "1");
	l->c.quit_after = row->quit_after;
	deliver_add(s->deliver, &l->c);
	deliver_close(s->deliver);
	assert_ptr_equal(sender_finish(s), l);
	sender_close(s);
	assert_null(deliver_finished(s->deliver));
}

static void
check_row(const struct sender *s, const struct letter *l,
    const struct row *row)
{
	char have[16];

	letter_verdicts(l, have);
	if (strcmp(have, row->want) != 0)
		fail_msg("%s: %s, not %s (%s)", row->name, have, row->want,
		    l->envelope.rcpts[0].result->text);
	for (unsigned i = 0; i < 3; i++)
		sender_heard(s, i + 1, row->heard[i] ? row->heard[i] : "",
		    row->name);
}

static void
test_rows(void **state)
{
	struct sender s;
	struct letter l;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		run_row(&s, &l, &rows[i]);
		check_row(&s, &l, &rows[i]);
		sender_free(&s);
		letter_free(&l);
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
