/* SPDX-License-Identifier: ISC */
/*
 * session.c - the client session where a dialogue in lines cannot show it: what
 * it makes of octets that have left in part, of blocks that end just there, and
 * of time.  The dialogues are played by chat.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/encode.h"
#include "mail/recode.h"
#include "smtp/session.h"

#define BLOCK 65536 /* what a lane reads of a body at once */

struct talk {
	struct session_config config;
	struct session *s;
	struct address from;
	struct recipient rcpt;
	struct recipient *offered[1];
	struct mail mail;
	struct message message;
	struct slice signature;	/* of the mail */
	struct buf body;
	struct buf heard;	/* by the server, since the last reply */
};

static void
say(struct talk *t, const char *line)
{
	buf_clear(&t->heard);
	session_input(t->s, slice_of(line));
}

/* Write at most n octets, as one send() does. */
static void
give(struct talk *t, size_t n)
{
	struct slice out = slice_first(session_output(t->s), n);

	buf_put(&t->heard, out);
	session_sent(t->s, out.n);
}

static void
feed(struct talk *t)
{
	struct slice raw = slice_from(buf_slice(&t->body),
	    (size_t)session_body_at(t->s));

	raw = slice_first(raw, BLOCK);
	session_body(t->s, raw);
}

static void
put_head(struct buf *head, size_t n)
{
	buf_puts(head, "Subject: ");
	while (head->n + 4 < n)
		buf_puts(head, head->n % 76 == 74 ? "\r\n " : "x");
	buf_cut(head, n - 4);
	buf_puts(head, "\r\n\r\n");
}

static void
message_finish(struct talk *t)
{
	struct message *m = &t->message;
	struct encoder e = { 0 };
	struct buf out = { 0 };

	encode(&e, buf_slice(&t->body), &out);
	encode_finish(&e, &out);
	m->body = (struct content){ .memory = buf_slice(&t->body), .fd = -1,
		.length = t->body.n };
	m->size = m->head.n + out.n;
	buf_free(&out);
}

static void
start(struct talk *t)
{
	message_finish(t);
	t->config.helo = "client.test";
	t->from.path = "a@client.test";
	t->rcpt.to.path = "bob@x";
	t->offered[0] = &t->rcpt;
	t->mail = (struct mail){ .from = &t->from, .rcpt = t->offered, .n = 1,
		.message = &t->message, .signature = t->signature };
	t->s = session_new(&t->config, NULL, 1);
}

/* As far as the command that the text follows, which is not yet written. */
static void
begin(struct talk *t, const char *keyword)
{
	start(t);
	say(t, "220 hi\r\n");
	give(t, SIZE_MAX);
	say(t, "250-srv\r\n");
	say(t, keyword);
	session_mail(t->s, &t->mail);
	give(t, SIZE_MAX);
	say(t, "250 ok\r\n");
	give(t, SIZE_MAX);
	say(t, "250 ok\r\n");
}

static void
finish(struct talk *t)
{
	result_release(t->rcpt.result);
	session_free(t->s);
	buf_free(&t->heard);
	buf_free(&t->body);
	buf_free(&t->message.head);
}

/* ---- when has the server all of it? ---- */

enum text_way { BY_BDAT, BY_DATA };
enum then { QUICK_250, QUICK_CLOSE, QUICK_550 };

struct edge {
	const char *name;
	size_t head;		/* octets */
	size_t body;		/* ... raw */
	size_t line;		/* ... of one, with its end */
	const char *end;	/* of a line */
	const char *tail;	/* the last octets of the body */
	size_t ntail;
};

#define TAIL(s) (s), sizeof(s) - 1

static const struct edge edges[] = {
	{ "no body", 14, 0, 1, "", TAIL("") },
	{ "a small one", 14, 80, 40, "\n", TAIL("") },
	{ "without a last line end", 14, 80, 40, "\n", TAIL("end") },
	{ "NULs at the end", 14, 80, 40, "\n", TAIL("end\n\0\0") },
	{ "a CR at the end", 14, 80, 40, "\n", TAIL("end\r") },
	{ "just before the block's edge", 14, BLOCK - 76, 76, "\r\n",
	    TAIL("") },
	{ "a block of 75 columns", 14, BLOCK, 76, "\n", TAIL("") },
	{ "a block and head of a block", 14, BLOCK - 14, 76, "\r\n",
	    TAIL("") },
	{ "one octet more than a block", 14, BLOCK + 1, 76, "\r\n", TAIL("") },
	{ "two blocks", 14, 2 * BLOCK, 76, "\r\n", TAIL("") },
	{ "a block of NULs behind a block", 14, BLOCK, 76, "\r\n",
	    TAIL("\0\0\0") },
	{ "NULs behind a block that ends a line", 14, BLOCK, 64, "\r\n",
	    TAIL("\0\0\0") },
	{ "a CR at the block's edge", 14, BLOCK - 1, 76, "\r\n", TAIL("\r\n") },
	{ "a head of a block, no body", BLOCK, 0, 1, "", TAIL("") },
	{ "a head of more than a block", BLOCK + 1, 0, 1, "", TAIL("") },
	{ "a head just below, a body above", BLOCK - 1, 4, 4, "\r\n",
	    TAIL("") },
};

static void
put_body(struct buf *body, const struct edge *e)
{
	size_t end = strlen(e->end);

	while (body->n + e->line <= e->body) {
		for (size_t i = end; i < e->line; i++)
			buf_putc(body, i == end ? '.' : 'x');
		buf_puts(body, e->end);
	}
	while (body->n < e->body)
		buf_putc(body, 'y');
	buf_put(body, (struct slice){ e->tail, e->ntail });
}

/* What the server needs to have it all: octets from here on. */
static size_t
octets_due(struct talk *t, enum text_way way)
{
	struct encoder e = { .dots = way == BY_DATA };
	struct buf out = { 0 };
	size_t n;

	encode(&e, buf_slice(&t->body), &out);
	encode_finish(&e, &out);
	n = t->message.head.n + out.n;
	buf_free(&out);
	if (way == BY_DATA)
		return n + 3;
	return n + slice_find(session_output(t->s), '\n') + 1;
}

/* Feed and write as a lane does until the server has `due` octets, no more. */
static void
give_exactly(struct talk *t, size_t due, size_t step)
{
	while (t->heard.n < due) {
		while (session_wants_body(t->s))
			feed(t);
		assert_true(session_output(t->s).n > 0);
		give(t, step < due - t->heard.n ? step : due - t->heard.n);
	}
}

static void
react(struct talk *t, enum then then)
{
	struct outcome why = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "end of file");

	if (then == QUICK_CLOSE)
		session_lost(t->s, &why);
	else
		say(t, then == QUICK_250 ? "250 2.0.0 taken\r\n" :
					   "550 5.7.1 spam\r\n");
}

static void
check(struct talk *t, const struct edge *e, enum then then, bool whole)
{
	const struct result *o = t->rcpt.result;
	enum verdict want = then == QUICK_550	       ? FAILED :
	    then == QUICK_250 && whole ? DELIVERED : DEFERRED;
	bool maybe = then == QUICK_CLOSE && whole;

	if (o->verdict != want || o->maybe_sent != maybe)
		fail_msg("%s: %s%s after %s of it (%s)", e->name,
		    verdict_name(o->verdict), o->maybe_sent ? ", perhaps" : "",
		    whole ? "all" : "a part", o->text);
	if (want == DELIVERED)
		assert_int_equal(session_need(t->s), SESSION_MAIL);
}

static void
play(const struct edge *e, enum text_way way, enum then then, size_t step,
    size_t short_of)
{
	struct talk t = { 0 };
	size_t due;

	put_head(&t.message.head, e->head);
	put_body(&t.body, e);
	begin(&t, way == BY_BDAT ? "250 CHUNKING\r\n" : "250 HELP\r\n");
	if (way == BY_DATA) {
		give(&t, SIZE_MAX);
		say(&t, "354 go\r\n");
	}
	due = octets_due(&t, way);
	give_exactly(&t, due - short_of, step);
	assert_int_equal(session_is_committed(t.s), short_of == 0);
	react(&t, then);
	check(&t, e, then, short_of == 0);
	finish(&t);
}

/* The server answers, or goes, as soon as it has the last octet (FAULTS 51). */
static void
test_edges(void **state)
{
	static const size_t steps[] = { SIZE_MAX, BLOCK, 1460 };

	(void)state;
	for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
		for (unsigned k = 0; k < 3 * 2 * 3 * 2; k++)
			play(&edges[i], k & 1 ? BY_DATA : BY_BDAT,
			    (enum then)(k / 2 % 3), steps[k / 6 % 3],
			    k / 18);
}

/* All the ways in which a small message can be cut into two writes. */
static void
test_every_split(void **state)
{
	(void)state;
	for (size_t i = 1; i < 5; i++)
		for (unsigned k = 0; k < 2 * 3; k++)
			for (size_t n = 1; n < 120; n++) {
				play(&edges[i], (enum text_way)(k & 1),
				    (enum then)(k / 2), n, 0);
				if (n < 90)
					play(&edges[i], (enum text_way)(k & 1),
					    (enum then)(k / 2), SIZE_MAX, n);
			}
}

/* A body that is not what was announced: nobody may take a part for a whole. */
static void
test_changed(void **state)
{
	static const char *const bodies[] = { "short\n", "much too long\n" };
	struct talk t;

	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		t = (struct talk){ 0 };
		put_head(&t.message.head, 14);
		buf_puts(&t.body, "as announced\n");
		begin(&t, k & 1 ? "250 CHUNKING\r\n" : "250 HELP\r\n");
		give(&t, SIZE_MAX);
		if (!(k & 1))
			say(&t, "354 go\r\n");
		session_body(t.s, slice_of(bodies[k / 2]));
		if (session_wants_body(t.s))
			session_body(t.s, (struct slice){ 0 });
		assert_int_equal(session_need(t.s), SESSION_CLOSE);
		assert_int_equal(session_output(t.s).n, 0);
		assert_int_equal(t.rcpt.verdict, DEFERRED);
		assert_int_equal(t.rcpt.result->stage, STAGE_READ);
		assert_false(t.rcpt.result->maybe_sent);
		finish(&t);
	}
}

/* ---- every verb and every code ---- */

/* The first digit decides; but for two codes by which a server hangs up. */
enum { DONE, GO_ON, LATER, REFUSED, NONE_SUCH, SAYS_421, SAYS_221, NKINDS };

static const unsigned codes[NKINDS][7] = {
	[DONE] = { 200, 220, 250, 251, 267, 299 },
	[GO_ON] = { 300, 334, 351, 354, 390, 399 },
	[LATER] = { 400, 403, 450, 452, 454, 499 },
	[REFUSED] = { 500, 504, 505, 550, 554, 599 },
	[NONE_SUCH] = { 100, 199, 600, 650, 850, 999 },
	[SAYS_421] = { 421 },
	[SAYS_221] = { 221 },
};

/*
 * before: the replies that lead to the verb; "tls" is a handshake.  want: what
 * the client says then, or does, and what the recipient's verdict is: B, T, D,
 * or "-" for none yet; "?" after it = perhaps sent.
 */
static const struct {
	const char *verb;
	enum link_kind link;
	enum tls_level tls;
	const char *before;
	const char *want[NKINDS];
} verbs[] = {
	{ "the greeting", LINK_SMTP, TLS_MAY, "",
	    { "EHLO -", "close -", "close -", "close -", "close -", "close -",
	    "close -" } },
	{ "EHLO", LINK_SMTP, TLS_MAY, "220 hi",
	    { "MAIL -", "close -", "close -", "HELO -", "close -", "close -",
	    "close -" } },
	{ "LHLO", LINK_LMTP, TLS_MAY, "220 hi",
	    { "MAIL -", "close -", "close -", "close -", "close -", "close -",
	    "close -" } },
	{ "HELO", LINK_SMTP, TLS_MAY, "220 hi|502 no",
	    { "MAIL -", "close -", "close -", "close -", "close -", "close -",
	    "close -" } },
	{ "STARTTLS under may", LINK_SMTP, TLS_MAY,
	    "220 hi|250-srv|250 STARTTLS",
	    { "tls -", "MAIL -", "MAIL -", "MAIL -", "close -", "close -",
	    "close -" } },
	{ "STARTTLS under encrypt", LINK_SMTP, TLS_ENCRYPT,
	    "220 hi|250-srv|250 STARTTLS",
	    { "tls -", "close -", "close -", "close -", "close -", "close -",
	    "close -" } },
	{ "EHLO under TLS", LINK_SMTP, TLS_ENCRYPT,
	    "220 hi|250-srv|250 STARTTLS|220 go|tls",
	    { "MAIL -", "close -", "close -", "HELO -", "close -", "close -",
	    "close -" } },
	{ "MAIL", LINK_SMTP, TLS_MAY, "220 hi|250 srv",
	    { "RCPT -", "close T", "mail T", "mail B", "close T", "close T",
	    "close T" } },
	{ "RCPT", LINK_SMTP, TLS_MAY, "220 hi|250 srv|250 ok",
	    { "DATA -", "close T", "mail T", "mail B", "close T", "close T",
	    "close T" } },
	{ "RSET", LINK_SMTP, TLS_MAY, "220 hi|250 srv|250 ok|450 no",
	    { "MAIL -", "close T", "close T", "close T", "close T", "close T",
	    "close T" } },
	{ "DATA", LINK_SMTP, TLS_MAY, "220 hi|250 srv|250 ok|250 ok",
	    { "close T", "Subject: -", "mail T", "mail B", "close T", "close T",
	    "close T" } },
	{ "the dot", LINK_SMTP, TLS_MAY,
	    "220 hi|250 srv|250 ok|250 ok|354 go",
	    { "mail D", "close T?", "mail T", "mail B", "close T?", "close T",
	    "close T?" } },
	{ "the dot of LMTP", LINK_LMTP, TLS_MAY,
	    "220 hi|250 srv|250 ok|250 ok|354 go",
	    { "mail D", "close T?", "mail T", "mail B", "close T?", "close T",
	    "close T?" } },
	{ "BDAT LAST", LINK_SMTP, TLS_MAY,
	    "220 hi|250-srv|250 CHUNKING|250 ok|250 ok",
	    { "mail D", "close T?", "mail T", "mail B", "close T?", "close T",
	    "close T?" } },
	{ "QUIT", LINK_SMTP, TLS_MAY,
	    "220 hi|250 srv|250 ok|250 ok|354 go|250 ok",
	    { "close D", "close D", "close D", "close D", "close D", "close D",
	    "close D" } },
};

/* No command at all: BDAT is tried with DATA instead. */
static const char *
wanted(size_t verb, size_t kind, unsigned code)
{
	if (strcmp(verbs[verb].verb, "BDAT LAST") == 0 && code >= 500 &&
	    code <= 504)
		return "RSET -";
	return verbs[verb].want[kind];
}

/* Once more for whoever has his verdict already, as another mail would be. */
static void
next_mail(struct talk *t, bool quits)
{
	if (quits) {
		session_quit(t->s);
		return;
	}
	result_release(t->rcpt.result);
	t->rcpt.result = NULL;
	t->rcpt.verdict = PENDING;
	session_mail(t->s, &t->mail);
}

/* Say and do what the session wants, as far as it goes by itself. */
static void
run(struct talk *t, bool quits)
{
	for (;;) {
		if (session_need(t->s) == SESSION_MAIL)
			next_mail(t, quits && t->rcpt.verdict != PENDING);
		else if (session_wants_body(t->s))
			feed(t);
		else if (session_output(t->s).n > 0)
			give(t, SIZE_MAX);
		else
			return;
	}
}

static void
lead(struct talk *t, const char *before, bool quits)
{
	struct slice rest = slice_of(before), line;
	struct buf said = { 0 };

	run(t, quits);
	while (rest.n > 0 && slice_cut(&rest, '|', &line)) {
		buf_clear(&said);
		buf_put(&said, line);
		buf_puts(&said, "\r\n");
		if (slice_eq(line, SLICE("tls")))
			session_secured(t->s, "TLSv1.3");
		else
			say(t, buf_str(&said));
		run(t, quits);
	}
	buf_free(&said);
}

/* What has become of it, as `want` writes it. */
static void
describe(struct talk *t, struct buf *out)
{
	static const char marks[] = { '-', 'V', 'D', 'T', 'B' };
	struct slice line, said = session_output(t->s);

	if (session_need(t->s) == SESSION_CLOSE)
		buf_puts(out, "close");
	else if (session_need(t->s) == SESSION_TLS)
		buf_puts(out, "tls");
	else if (session_need(t->s) == SESSION_MAIL)
		buf_puts(out, "mail");
	else if (slice_cut(&said, ' ', &line))
		buf_put(out, slice_first(line, slice_find(line, '\r')));
	buf_putf(out, " %c%s", marks[t->rcpt.verdict],
	    recipient_outcome(&t->rcpt).maybe_sent ? "?" : "");
}

/* The code alone, with text, and in a reply of two lines. */
static void
say_code(struct talk *t, unsigned code, unsigned form)
{
	struct buf said = { 0 };

	if (form == 0)
		buf_putf(&said, "%u\r\n", code);
	else if (form == 1)
		buf_putf(&said, "%u x\r\n", code);
	else
		buf_putf(&said, "%u-x\r\n%u y\r\n", code, code);
	say(t, buf_str(&said));
	buf_free(&said);
}

static void
try_code(size_t verb, size_t kind, unsigned code)
{
	struct buf got = { 0 };
	struct talk t;

	for (unsigned form = 0; form < 3; form++) {
		t = (struct talk){ .config = { .link = verbs[verb].link,
				       .tls = verbs[verb].tls } };
		put_head(&t.message.head, 14);
		buf_puts(&t.body, "hi\r\n");
		start(&t);
		lead(&t, verbs[verb].before,
		    strcmp(verbs[verb].verb, "QUIT") == 0);
		say_code(&t, code, form);
		if (session_need(t.s) == SESSION_MAIL &&
		    t.rcpt.verdict == PENDING)
			session_mail(t.s, &t.mail);
		describe(&t, &got);
		if (strcmp(buf_str(&got), wanted(verb, kind, code)) != 0)
			fail_msg("%u to %s: %s, not %s", code, verbs[verb].verb,
			    buf_str(&got), wanted(verb, kind, code));
		buf_clear(&got);
		finish(&t);
	}
	buf_free(&got);
}

static void
test_codes(void **state)
{
	(void)state;
	for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++)
		for (size_t k = 0; k < NKINDS; k++)
			for (size_t i = 0; codes[k][i] != 0; i++)
				try_code(v, k, codes[k][i]);
}

/*
 * An answer before all of the text is out: a refusal is believed, except that a
 * server which knows no BDAT has refused nothing.
 */
static void
test_early_codes(void **state)
{
	static const unsigned early[] = { 200, 250, 300, 354, 400, 403, 450,
		499, 500, 502, 504, 505, 550, 599 };
	enum verdict want;
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof early / sizeof *early; i++)
		for (unsigned data = 0; data < 2; data++) {
			t = (struct talk){ 0 };
			put_head(&t.message.head, 14);
			put_body(&t.body, &edges[6]);
			begin(&t, data ? "250 HELP\r\n" : "250 CHUNKING\r\n");
			give(&t, SIZE_MAX);
			if (data)
				say(&t, "354 go\r\n");
			give(&t, 20);
			say_code(&t, early[i], 1);
			want = early[i] >= (data ? 500 : 505) ? FAILED :
								DEFERRED;
			assert_int_equal(t.rcpt.verdict, want);
			assert_int_equal(t.rcpt.result->code, early[i]);
			assert_int_equal(t.rcpt.result->stage, STAGE_BODY);
			assert_false(t.rcpt.result->maybe_sent);
			assert_int_equal(session_need(t.s), SESSION_CLOSE);
			assert_int_equal(session_end(t.s)->verdict, DEFERRED);
			assert_int_equal(session_bdat_is_broken(t.s),
			    !data && early[i] >= 500 && early[i] <= 504);
			finish(&t);
		}
}

/* Who is advised to lower --tls must be helped by it. */
static void
test_waivers(void **state)
{
	static const struct {
		enum tls_level tls;
		bool fixed;
		enum link_kind link;
		unsigned short detail;	/* of 4.7.x at TLS; 0 = any trouble */
		enum waiver shake;	/* ... when the handshake fails so */
		enum waiver starttls;	/* ... when there is no STARTTLS */
	} rows[] = {
		{ TLS_MAY, false, LINK_SMTP, 0, WAIVER_NONE, WAIVER_NONE },
		{ TLS_ENCRYPT, false, LINK_SMTP, 0, WAIVER_TLS, WAIVER_TLS },
		{ TLS_VERIFY, false, LINK_SMTP, 0, WAIVER_TLS, WAIVER_TLS },
		{ TLS_VERIFY, false, LINK_SMTP, 5, WAIVER_TRUST, WAIVER_TLS },
		{ TLS_DANE, false, LINK_SMTP, 5, WAIVER_TRUST, WAIVER_TLS },
		{ TLS_DANE, true, LINK_SMTP, 5, WAIVER_NONE, WAIVER_NONE },
		{ TLS_VERIFY, true, LINK_SMTP, 5, WAIVER_NONE, WAIVER_NONE },
		{ TLS_ENCRYPT, true, LINK_SMTP, 0, WAIVER_NONE, WAIVER_NONE },
		{ TLS_VERIFY, false, LINK_SMTPS, 5, WAIVER_TRUST, WAIVER_NONE },
		{ TLS_ENCRYPT, false, LINK_SMTPS, 0, WAIVER_NONE, WAIVER_NONE },
	};
	struct outcome why;
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		t = (struct talk){ .config = { .tls = rows[i].tls,
				       .tls_fixed = rows[i].fixed,
				       .link = rows[i].link } };
		start(&t);
		why = outcome_make(DEFERRED, STAGE_TLS,
		    ESC(4, 7, rows[i].detail), "handshake");
		session_lost(t.s, &why);
		assert_int_equal(session_end(t.s)->waiver, rows[i].shake);
		finish(&t);
		if (rows[i].link == LINK_SMTPS || rows[i].tls == TLS_MAY)
			continue;
		for (unsigned refused = 0; refused < 2; refused++) {
			start(&t);
			say(&t, "220 hi\r\n");
			give(&t, SIZE_MAX);
			say(&t, refused ? "250-srv\r\n250 STARTTLS\r\n" :
					  "250 srv\r\n");
			give(&t, SIZE_MAX);
			if (refused)
				say(&t, "454 4.7.0 no\r\n");
			assert_int_equal(session_end(t.s)->waiver,
			    rows[i].starttls);
			assert_int_equal(session_end(t.s)->code,
			    refused ? 454 : 0);
			finish(&t);
		}
	}
}

/* A host known not to take BDAT is not tempted. */
static void
test_no_bdat(void **state)
{
	struct talk t = { .config = { .no_bdat = true } };

	(void)state;
	put_head(&t.message.head, 14);
	buf_puts(&t.body, "hi\r\n");
	begin(&t, "250 CHUNKING\r\n");
	assert_true(slice_eq(session_output(t.s), SLICE("DATA\r\n")));
	finish(&t);
}

/* The queue's id is that of a mail taken; any other reply has none. */
static void
test_queue_ids(void **state)
{
	static const struct {
		const char *says, *id;
	} rows[] = {
		{ "250 2.0.0 Ok: queued as 4VbX3k1J\r\n", "4VbX3k1J" },
		{ "250 thanks\r\n", "" },
		{ "450 4.2.0 not yet, queued as 4VbX3k1J\r\n", "" },
		{ "550 5.7.1 spam, queued as 4VbX3k1J\r\n", "" },
	};
	struct talk t;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
		t = (struct talk){ 0 };
		put_head(&t.message.head, 14);
		buf_puts(&t.body, "hi\r\n");
		begin(&t, i % 2 ? "250 CHUNKING\r\n" : "250 HELP\r\n");
		give(&t, SIZE_MAX);
		if (i % 2 == 0)
			say(&t, "354 go\r\n");
		feed(&t);
		give(&t, SIZE_MAX);
		say(&t, rows[i / 2].says);
		assert_string_equal(t.rcpt.result->queue_id, rows[i / 2].id);
		finish(&t);
	}
}

/* ---- mail after mail ---- */

#define ONE "220 hi|250 srv|"
#define GOOD "250 ok|250 ok|354 go|250 taken|"

static const struct {
	const char *name, *before;
	const char *said;	/* by the client after it */
	bool stale;		/* ... when the connection is lost then */
} mails[] = {
	{ "the first", ONE, "MAIL", false },
	{ "behind a good one", ONE GOOD, "MAIL", true },
	{ "behind a refused sender", ONE "550 no|", "MAIL", true },
	{ "behind a sender for later", ONE "450 no|", "MAIL", true },
	{ "behind a refused recipient", ONE "250 ok|550 no|", "RSET", true },
	{ "... and RSET", ONE "250 ok|550 no|250 ok|", "MAIL", true },
	{ "behind a refused DATA", ONE "250 ok|250 ok|450 no|", "RSET", true },
	{ "behind a refused text", ONE "250 ok|250 ok|354 go|554 no|", "MAIL",
	    true },
	{ "behind a refused chunk", "220 hi|250-srv|250 CHUNKING|250 ok|250 ok|"
	    "554 no|", "RSET", true },
	{ "behind a good chunk", "220 hi|250-srv|250 CHUNKING|250 ok|250 ok|"
	    "250 ok|", "MAIL", true },
	{ "behind a lone dot", "220 hi|250-srv|250 PIPELINING|250 ok|550 no|"
	    "354 go|250 ok|", "MAIL", true },
	{ "a word said to the second", ONE GOOD "250 ok|", "RCPT", false },
	{ "a bad word to it", ONE GOOD "450 no|", "MAIL", true },
	{ "behind two", ONE GOOD GOOD, "MAIL", true },
};

static void
begin_plain(struct talk *t, const char *before)
{
	*t = (struct talk){ .config = { .tls = TLS_MAY } };
	put_head(&t->message.head, 14);
	buf_puts(&t->body, "hi\r\n");
	start(t);
	lead(t, before, false);
}

/* RSET only where a transaction was left open; and whose fault an end is. */
static void
test_mail_after_mail(void **state)
{
	static const char *const ends[] = { "", "421 4.3.2 enough\r\n" };
	struct outcome why = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "end of file");
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof mails / sizeof *mails; i++)
		for (size_t k = 0; k < 2; k++) {
			begin_plain(&t, mails[i].before);
			if (!slice_starts(buf_slice(&t.heard),
				slice_of(mails[i].said)))
				fail_msg("%s: %s", mails[i].name,
				    buf_str(&t.heard));
			if (k == 0)
				session_lost(t.s, &why);
			else
				say(&t, ends[k]);
			assert_int_equal(session_need(t.s), SESSION_CLOSE);
			assert_int_equal(t.rcpt.verdict, DEFERRED);
			assert_false(t.rcpt.result->maybe_sent);
			if (session_is_stale(t.s) != mails[i].stale)
				fail_msg("%s: is_stale", mails[i].name);
			finish(&t);
		}
}

/* A mail that went out in one flight may have been taken without a word. */
static void
test_whole_flight_is_not_stale(void **state)
{
	struct outcome why = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "end of file");
	struct talk t;

	(void)state;
	for (size_t short_of = 0; short_of < 2; short_of++) {
		begin_plain(&t, "220 hi|250-srv|250-CHUNKING|250 PIPELINING|"
		    "250 ok|250 ok");
		say(&t, "250 taken\r\n");
		next_mail(&t, false);
		feed(&t);
		give(&t, session_output(t.s).n - short_of);
		session_lost(t.s, &why);
		assert_int_equal(t.rcpt.verdict, DEFERRED);
		assert_int_equal(t.rcpt.result->maybe_sent, short_of == 0);
		assert_int_equal(session_is_stale(t.s), short_of > 0);
		finish(&t);
	}
}

/* ... unless it hangs up with the word for that (RFC 5321 3.8). */
static void
test_whole_flight_and_421(void **state)
{
	struct talk t;

	(void)state;
	for (unsigned rset = 0; rset < 2; rset++) {
		begin_plain(&t, "220 hi|250-srv|250-CHUNKING|250 PIPELINING|"
		    "250 ok|250 ok");
		say(&t, rset ? "554 no\r\n" : "250 taken\r\n");
		next_mail(&t, false);
		feed(&t);
		give(&t, SIZE_MAX);
		assert_true(session_is_committed(t.s));
		say(&t, "421 4.3.2 enough\r\n");
		assert_int_equal(t.rcpt.result->code, 421);
		assert_int_equal(t.rcpt.result->stage,
		    rset ? STAGE_RSET : STAGE_MAIL);
		assert_false(t.rcpt.result->maybe_sent);
		assert_true(session_is_stale(t.s));
		finish(&t);
	}
}

/* How long is waited for what (FAULTS, the table of timeouts). */
static void
test_patience(void **state)
{
	static const struct {
		const char *before;
		unsigned seconds;
		const char *awaits;
	} rows[] = {
		{ "", 300, "the greeting" },
		{ "220 hi", 300, "the reply to EHLO" },
		{ "220 hi|500 no", 300, "the reply to HELO" },
		{ "220 hi|250-srv|250 STARTTLS", 120, "the reply to STARTTLS" },
		{ ONE, 300, "the reply to MAIL" },
		{ ONE "250 ok|", 300, "the reply to RCPT" },
		{ ONE "250 ok|250 ok|", 120, "the reply to DATA" },
		{ ONE "250 ok|250 ok|354 go|", 600,
		    "the reply to the message" },
		{ ONE "250 ok|550 no|", 20, "the reply to RSET" },
		{ "220 hi|250-srv|250 CHUNKING|250 ok|250 ok|", 600,
		    "the reply to the message" },
	};
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin_plain(&t, rows[i].before);
		assert_int_equal(session_patience(t.s), rows[i].seconds);
		assert_string_equal(session_awaits(t.s), rows[i].awaits);
		finish(&t);
	}
	begin_plain(&t, ONE "250 ok|250 ok");
	say(&t, "354 go\r\n");
	assert_int_equal(session_patience(t.s), 180); /* a block of it */
	give(&t, SIZE_MAX);
	assert_int_equal(session_patience(t.s), 180);
	feed(&t);
	assert_int_equal(session_patience(t.s), 180);
	assert_string_equal(session_awaits(t.s),
	    "the server to take the message text");
	give(&t, SIZE_MAX);
	say(&t, "250 ok\r\n");
	assert_int_equal(session_patience(t.s), 180); /* between mails */
	session_quit(t.s);
	assert_int_equal(session_patience(t.s), 2);
	finish(&t);
}

/* The text is told of by its size, as it is on the wire. */
static void
test_body_event(void **state)
{
	struct events q = { .wanted = true };
	struct event e;
	struct talk t = { 0 };
	size_t told = 0;

	(void)state;
	put_head(&t.message.head, 14);
	buf_puts(&t.body, ".dot\r\n");
	start(&t);
	session_free(t.s);
	t.s = session_new(&t.config, &q, 1);
	lead(&t, ONE "250 ok|250 ok|354 go", false);
	while (events_take(&q, &e))
		if (e.kind == EVENT_BODY) {
			assert_int_equal(event_get_number(&e, "sent"), 14 + 7);
			assert_int_equal(event_get_number(&e, "size"), 14 + 6);
			assert_int_equal(event_get_number(&e, "done"), 1);
			told++;
		}
	assert_int_equal(told, 1);
	events_free(&q);
	finish(&t);
}

/* A lane may be given up at any time; nothing of it is left. */
static void
test_free_any_time(void **state)
{
	static const char *const replies[] = { "220 hi", "250 srv", "250 ok",
		"250 ok", "354 go" };
	struct talk t;
	struct buf said = { 0 };

	(void)state;
	for (size_t n = 0; n <= sizeof replies / sizeof *replies; n++) {
		t = (struct talk){ 0 };
		put_head(&t.message.head, 14);
		buf_puts(&t.body, "\xc3\xa9\r\n");
		start(&t);
		t.mail.seven_bit = true;
		t.message.recode = recode_plan_new(
		    buf_slice(&t.message.head), false, NULL);
		recode_plan_feed(t.message.recode, buf_slice(&t.body));
		recode_plan_finish(t.message.recode);
		for (size_t i = 0; i < n; i++) {
			buf_clear(&said);
			buf_putf(&said, "%s\r\n", replies[i]);
			say(&t, buf_str(&said));
			if (session_need(t.s) == SESSION_MAIL)
				session_mail(t.s, &t.mail);
			give(&t, SIZE_MAX);
		}
		assert_int_equal(session_wants_body(t.s),
		    n == sizeof replies / sizeof *replies);
		recode_plan_free(t.message.recode);
		finish(&t);
	}
	buf_free(&said);
}

/* What may come while nothing is asked. */
static void
test_between_mails(void **state)
{
	static const struct {
		const char *says;	/* NULL = it closes */
		unsigned short code;
		const char *text;
	} rows[] = {
		{ "421 4.3.2 enough\r\n", 421, "enough" },
		{ "221 bye\r\n", 221, "bye" },
		{ "250 ok\r\n", 0, "never sent: 250 ok" },
		{ "550 no\r\n", 0, "never sent: 550 no" },
		{ "what?\r\n", 0, "not an SMTP reply: what?" },
		{ NULL, 0, "gone" },
	};
	struct outcome why = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "gone");
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin_plain(&t, ONE "250 ok|250 ok|354 go");
		say(&t, "250 taken\r\n");
		assert_int_equal(session_need(t.s), SESSION_MAIL);
		assert_string_equal(session_awaits(t.s), "more mail");
		if (rows[i].says)
			say(&t, rows[i].says);
		else
			session_lost(t.s, &why);
		assert_int_equal(session_need(t.s), SESSION_CLOSE);
		assert_int_equal(t.rcpt.verdict, DELIVERED);
		assert_int_equal(session_end(t.s)->verdict, DEFERRED);
		assert_int_equal(session_end(t.s)->code, rows[i].code);
		assert_non_null(strstr(session_end(t.s)->text, rows[i].text));
		assert_true(session_is_stale(t.s));
		assert_false(session_end(t.s)->maybe_sent);
		finish(&t);
	}
}

/* Each reply begins a phase, also where nothing is said after it. */
static void
test_phases(void **state)
{
	static const char *const replies[] = { "250 ok\r\n", "250 ok\r\n",
		"250-x\r\n", "250 taken\r\n" };
	struct talk t;
	unsigned phase;

	(void)state;
	begin_plain(&t, "220 hi|250-srv|250-CHUNKING|250 PIPELINING");
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		phase = session_phase(t.s);
		say(&t, replies[i]);
		/* a line is no reply: dripping them extends nothing */
		assert_int_equal(session_phase(t.s) != phase,
		    replies[i][3] == ' ');
		assert_int_equal(session_output(t.s).n, 0);
	}
	assert_int_equal(t.rcpt.verdict, DELIVERED);
	finish(&t);
}

/* What is said without being asked begins a phase, too. */
static void
test_phase_of_commands(void **state)
{
	struct talk t;
	unsigned phase;

	(void)state;
	begin_plain(&t, ONE "250 ok|250 ok|354 go");
	say(&t, "250 taken\r\n");
	phase = session_phase(t.s);
	next_mail(&t, false);
	assert_int_not_equal(session_phase(t.s), phase);
	give(&t, SIZE_MAX);
	say(&t, "450 no\r\n");
	phase = session_phase(t.s);
	session_quit(t.s);
	assert_int_not_equal(session_phase(t.s), phase);
	finish(&t);
}

/* How many recipients the server has shown to take: so many, then 452 only. */
static void
test_rcpt_limit(void **state)
{
	static const struct {
		const char *replies;	/* of four recipients: a digit each */
		size_t limit;
	} rows[] = { { "2222", 0 }, { "2244", 2 }, { "2444", 1 }, { "4444", 0 },
		{ "2424", 0 }, { "4222", 0 }, { "2254", 2 }, { "5224", 2 } };
	struct recipient rcpt[4], *offered[4];
	struct talk t;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		t = (struct talk){ 0 };
		put_head(&t.message.head, 14);
		start(&t);
		for (size_t k = 0; k < 4; k++) {
			rcpt[k] = (struct recipient){ .to.path = "bob@x" };
			offered[k] = &rcpt[k];
		}
		t.mail.rcpt = offered;
		t.mail.n = 4;
		lead(&t, "220 hi|250-srv|250 PIPELINING|250 ok", false);
		for (size_t k = 0; k < 4; k++)
			say(&t, rows[i].replies[k] == '2' ? "250 ok\r\n" :
				rows[i].replies[k] == '4' ? "452 many\r\n" :
							    "550 no\r\n");
		say(&t, "451 no\r\n"); /* to DATA: the mail is over */
		assert_int_equal(session_need(t.s), SESSION_MAIL);
		assert_int_equal(session_rcpt_limit(t.s), rows[i].limit);
		for (size_t k = 0; k < 4; k++)
			result_release(rcpt[k].result);
		finish(&t);
	}
}

/* --quit-after a step that a relay's module has done. */
static void
test_resume_and_stop(void **state)
{
	static const struct {
		enum stage stop;
		const char *tls;
		enum verdict want;
		unsigned cls;
	} rows[] = {
		{ STAGE_GREETING, "TLSv1.3", VERIFIED, 0 },
		{ STAGE_EHLO, "", VERIFIED, 0 },
		{ STAGE_TLS, "TLSv1.3", VERIFIED, 0 },
		{ STAGE_TLS, "", DEFERRED, 4 },
		{ STAGE_MAIL, "TLSv1.3", PENDING, 0 },
	};
	struct session_config c = { .helo = "client.test" };
	struct session *s;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		c.quit_after = rows[i].stop;
		s = session_resume(&c, NULL, 1, SLICE("srv\nPIPELINING"),
		    rows[i].tls);
		assert_int_equal(session_end(s)->verdict, rows[i].want);
		assert_int_equal(session_end(s)->esc.cls, rows[i].cls);
		if (rows[i].want == PENDING) {
			assert_int_equal(session_need(s), SESSION_MAIL);
		} else {
			assert_true(session_is_leaving(s));
			assert_int_equal(session_end(s)->stage, rows[i].stop);
			assert_string_equal(session_end(s)->tls, rows[i].tls);
		}
		session_free(s);
	}
}

/* ---- many recipients ---- */

#define MANY 50000

struct crowd {
	struct recipient *rcpt;
	struct recipient **offered;
	size_t settled;
};

static void
gather(struct crowd *c)
{
	c->rcpt = mem_resize(NULL, MANY, sizeof *c->rcpt);
	c->offered = mem_resize(NULL, MANY, sizeof *c->offered);
	for (size_t i = 0; i < MANY; i++) {
		c->rcpt[i] = (struct recipient){ .to = { .path = "bob@x" } };
		c->offered[i] = &c->rcpt[i];
	}
}

static void
disperse(struct crowd *c)
{
	for (size_t i = 0; i < MANY; i++)
		result_release(c->rcpt[i].result);
	free(c->rcpt);
	free(c->offered);
}

static void
answer(struct talk *t, struct crowd *c, const char *line)
{
	say(t, line);
	run(t, false);
	while (session_take_settled(t->s))
		c->settled++;
}

/*
 * One reply a time; nine of ten are refused.  That it stays linear shows in how
 * long this takes: well under a second.
 */
static void
test_many_recipients(void **state)
{
	struct talk t;
	struct crowd c = { 0 };
	bool lmtp;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		lmtp = k == 1;
		t = (struct talk){ .config.link = lmtp ? LINK_LMTP :
							 LINK_SMTP };
		put_head(&t.message.head, 14);
		buf_puts(&t.body, "hi\r\n");
		gather(&c);
		start(&t);
		t.mail.rcpt = c.offered;
		t.mail.n = MANY;
		c.settled = 0;
		lead(&t, "220 hi|250-srv|250 PIPELINING|250 ok", false);
		for (size_t i = 0; i < MANY; i++)
			answer(&t, &c, i % 10 == 9 ? "250 ok\r\n" :
						     "550 no\r\n");
		assert_int_equal(c.settled, MANY / 10 * 9);
		answer(&t, &c, "354 go\r\n");
		for (size_t i = 0; i < (lmtp ? MANY / 10 : 1); i++)
			say(&t, "250 taken\r\n");
		assert_int_equal(session_need(t.s), SESSION_MAIL);
		for (size_t i = 0; i < MANY; i++)
			assert_int_equal(c.rcpt[i].verdict,
			    i % 10 == 9 ? DELIVERED : FAILED);
		disperse(&c);
		finish(&t);
	}
}

/* Five minutes for a greeting, but not at a port where there is none. */
static void
test_patience_for_a_greeting(void **state)
{
	static const struct {
		uint16_t port;
		enum link_kind link;
		unsigned seconds;
	} rows[] = {
		{ 25, LINK_SMTP, 300 },
		{ 2525, LINK_SMTP, 300 },
		{ 465, LINK_SMTP, 30 },
		{ 993, LINK_SMTP, 30 },
		{ 465, LINK_SMTPS, 300 }, /* under TLS it comes */
		{ 465, LINK_LMTP, 300 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct session_config config = { .helo = "me",
			.link = rows[i].link,
			.peer = { .port = rows[i].port } };
		struct session *s = session_new(&config, NULL, 1);

		if (rows[i].link == LINK_SMTPS)
			session_secured(s, "TLSv1.3");
		assert_int_equal(session_stage(s), STAGE_GREETING);
		assert_int_equal(session_patience(s), rows[i].seconds);
		session_input(s, SLICE("220 hi\r\n"));
		assert_int_equal(session_patience(s), 300); /* for EHLO */
		session_free(s);
	}
}

/* Who took him, and said so in EHLO, tells his sender (RFC 3461). */
static void
test_tells(void **state)
{
	(void)state;
	for (int dsn = 0; dsn < 2; dsn++) {
		struct talk t = { 0 };

		put_head(&t.message.head, 14);
		begin(&t, dsn ? "250 DSN\r\n" : "250 HELP\r\n");
		give(&t, SIZE_MAX);
		say(&t, "354 go on\r\n");
		give_exactly(&t, octets_due(&t, BY_DATA), SIZE_MAX);
		say(&t, "250 ok\r\n");
		assert_int_equal(t.rcpt.verdict, DELIVERED);
		assert_int_equal(t.rcpt.tells, dsn);
		finish(&t);
	}
}

/* What is signed is what is announced and sent, the signature above it. */
static void
test_a_signature_goes_first(void **state)
{
	static const struct {
		const char *keyword, *before, *after;
	} ways[] = {
		{ "250 CHUNKING\r\n", "BDAT 64 LAST\r\n", "" },
		{ "250 HELP\r\n", "", ".\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct talk t = {
			.signature = SLICE("DKIM-Signature: v=1\r\n") };
		struct buf want = { 0 };

		put_head(&t.message.head, 40);
		buf_puts(&t.body, "x\n");
		buf_putf(&want, "%sDKIM-Signature: v=1\r\n", ways[i].before);
		buf_put(&want, buf_slice(&t.message.head));
		buf_putf(&want, "x\r\n%s", ways[i].after);
		begin(&t, ways[i].keyword);
		if (i == 1) {
			give(&t, SIZE_MAX);
			say(&t, "354 go\r\n");
		}
		while (session_wants_body(t.s))
			feed(&t);
		give(&t, SIZE_MAX);
		assert_string_equal(buf_str(&t.heard), buf_str(&want));
		say(&t, "250 ok\r\n");
		assert_int_equal(t.rcpt.verdict, DELIVERED);
		buf_free(&want);
		finish(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_early_codes),
		cmocka_unit_test(test_waivers),
		cmocka_unit_test(test_no_bdat),
		cmocka_unit_test(test_queue_ids),
		cmocka_unit_test(test_mail_after_mail),
		cmocka_unit_test(test_whole_flight_is_not_stale),
		cmocka_unit_test(test_whole_flight_and_421),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_body_event),
		cmocka_unit_test(test_free_any_time),
		cmocka_unit_test(test_between_mails),
		cmocka_unit_test(test_phases),
		cmocka_unit_test(test_phase_of_commands),
		cmocka_unit_test(test_rcpt_limit),
		cmocka_unit_test(test_resume_and_stop),
		cmocka_unit_test(test_many_recipients),
		cmocka_unit_test(test_patience_for_a_greeting),
		cmocka_unit_test(test_tells),
		cmocka_unit_test(test_a_signature_goes_first),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
