/* SPDX-License-Identifier: ISC */
/*
 * session.c - fuzz a whole client session.
 *
 * The first bytes choose the configuration.  The rest is what the server says:
 * raw, or each byte a line of the protocol's alphabet, so that deep states are
 * reached, or how many octets may leave at once.  However it goes:
 *	- when the session is over, nobody is PENDING but for a 452;
 *	- nothing leaves but lines ended by CRLF, without bare CR, LF or NUL;
 *	- DELIVERED and maybe_sent need the whole message to be out, and
 *	  whoever is left without a word after that is maybe_sent;
 *	- the message is out whole at most once a transaction, and once more
 *	  where a server does not know BDAT.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/session.h"

#define RCPTS 3

static const char *const alphabet[] = {
	"220 hi\r\n", "250 ok\r\n", "250-x\r\n", "354 go\r\n",
	"550 5.1.1 no\r\n", "421 4.3.2 bye\r\n", "450 4.2.0 later\r\n",
	"452 4.5.3 enough\r\n", "250-PIPELINING\r\n", "250-STARTTLS\r\n",
	"250-CHUNKING\r\n", "250 SIZE 1000\r\n", "250 SMTPUTF8\r\n",
	"250-LIMITS RCPTMAX=2 MAILMAX=1\r\n", "221 2.0.0 bye\r\n", "2", "\r\n",
	"503 5.5.1 what\r\n", "250 8BITMIME\r\n", "535 no\r\n",
	"299 ok\r\n", "334 what\r\n", "451 4.5.3 many\r\n",
	"550 5.5.3 many\r\n", "250 CHUNKING\r\n", "502 what\r\n",
	"250 PIPELINING\r\n", "999 what\r\n", "250",
};

struct world {
	struct session *s;
	struct recipient rcpt[RCPTS];
	struct recipient *offered[RCPTS];
	struct mail mail;
	struct message message;
	struct address from;
	char last;		/* octet that left last */
	char line[16];		/* the beginning of the one that is leaving */
	size_t column;
	uint64_t chunk;		/* of BDAT, still to leave */
	size_t budget;		/* octets that may leave in one turn */
	bool quit;
	size_t ends;		/* messages that are out whole */
	bool whole;		/* ... of this transaction */
	size_t mails, given;	/* ... and recipients of the one under way */
	unsigned messages;	/* left to send on this session */
};

static void
is_out(struct world *w)
{
	w->ends++;
	w->whole = true;
}

/* A line has left, outside a chunk: the final dot, or BDAT? */
static void
line_left(struct world *w)
{
	struct slice line = { w->line, w->column };

	if (slice_eq(line, SLICE(".\r\n")))
		is_out(w);
	else if (slice_starts(line, SLICE("BDAT ")))
		w->chunk = w->message.size;
	w->column = 0;
}

static void
octet_left(struct world *w, char c)
{
	assert(c != '\0');
	assert((c == '\n') == (w->last == '\r'));
	w->last = c;
	if (w->chunk > 0) {
		if (--w->chunk == 0)
			is_out(w);
		return;
	}
	if (w->column < sizeof w->line)
		w->line[w->column++] = c;
	if (c == '\n')
		line_left(w);
}

static void
leaves(struct world *w, struct slice out)
{
	for (size_t i = 0; i < out.n; i++)
		octet_left(w, out.p[i]);
}

/* Everybody has his verdict: the same message again, as if another. */
static void
next_message(struct world *w)
{
	w->messages--;
	for (size_t i = 0; i < RCPTS; i++) {
		result_release(w->rcpt[i].result);
		w->rcpt[i].result = NULL;
		w->rcpt[i].verdict = PENDING;
	}
}

static bool
is_settled(const struct world *w)
{
	for (size_t i = 0; i < RCPTS; i++)
		if (w->rcpt[i].verdict == PENDING)
			return false;
	return true;
}

static void
give_mail(struct world *w)
{
	size_t n = 0;

	if (session_need(w->s) != SESSION_MAIL)
		return;
	w->given = 0;
	if (w->messages > 0 && is_settled(w))
		next_message(w);
	for (size_t i = 0; i < RCPTS; i++)
		if (w->rcpt[i].verdict == PENDING)
			w->offered[n++] = &w->rcpt[i];
	if (n == 0 || w->quit) {
		w->quit = true;
		session_quit(w->s);
		return;
	}
	w->mails++;
	w->whole = false;
	w->mail.rcpt = w->offered;
	w->mail.n = w->given = n;
	session_mail(w->s, &w->mail);
}

static void
feed_body(struct world *w)
{
	struct slice raw = slice_from(w->message.body.memory,
	    (size_t)session_body_at(w->s));

	raw = slice_first(raw, 5);
	session_body(w->s, raw);
}

/* Let the client say what it has, as far as `budget` octets go. */
static void
speak(struct world *w, size_t budget)
{
	struct slice out;

	for (int i = 0; i < 200 && budget > 0; i++) {
		give_mail(w);
		if (session_need(w->s) == SESSION_TLS)
			session_secured(w->s, "TLSv1.3");
		if (session_wants_body(w->s))
			feed_body(w);
		out = slice_first(session_output(w->s), budget);
		budget -= out.n;
		leaves(w, out);
		session_sent(w->s, out.n);
		if (out.n == 0 && !session_wants_body(w->s) &&
		    session_need(w->s) == SESSION_IO)
			return;
		if (session_need(w->s) == SESSION_CLOSE)
			return;
	}
}

/* A line of the alphabet, or another measure of what may leave at once. */
static struct slice
take_word(struct world *w, unsigned char c)
{
	if (c < 192)
		return slice_of(alphabet[c %
		    (sizeof alphabet / sizeof alphabet[0])]);
	w->budget = c == 192 ? SIZE_MAX : (size_t)(c & 63);
	return (struct slice){ 0 };
}

static void
listen(struct world *w, struct slice in, bool raw)
{
	struct slice word;

	w->budget = raw ? 3 : SIZE_MAX;

	while (in.n > 0 && session_need(w->s) != SESSION_CLOSE) {
		word = slice_first(in, raw ? 1 + (size_t)(in.p[0] & 7) : 1);
		in = slice_from(in, word.n);
		if (!raw)
			word = take_word(w, (unsigned char)word.p[0]);
		session_input(w->s, word);
		speak(w, w->budget);
	}
}

static void
begin(struct world *w, const struct session_config *c, unsigned bits)
{
	w->from.path = (bits & 1) ? "" : "a@client.test";
	w->message.body.fd = -1;
	buf_puts(&w->message.head, "Subject: t\r\n\r\n");
	w->message.body.memory = SLICE(".dot\n\nlast");
	w->message.body.length = w->message.body.memory.n;
	w->message.size = w->message.head.n + 14;
	w->message.eight_bit = (bits & 2) != 0;
	w->mail = (struct mail){ .from = &w->from, .message = &w->message,
		.smtputf8 = (bits & 4) != 0 };
	for (size_t i = 0; i < RCPTS; i++)
		w->rcpt[i].to.path = "bob@example.test";
	w->s = session_new(c, NULL, 0);
	if (c->link == LINK_SMTPS)
		session_secured(w->s, "TLSv1.3");
}

static void
check(const struct world *w, const struct session_config *c,
    const struct recipient *r)
{
	struct outcome o = recipient_outcome(r);

	/* only "too many recipients" waits for another transaction */
	assert(r->verdict != PENDING || o.code == 452 || o.code == 552 ||
	    (o.esc.subject == 5 && o.esc.detail == 3));
	if (r->verdict == DELIVERED)
		assert(o.code / 100 == 2 && c->quit_after == STAGE_NONE);
	if (r->verdict == DELIVERED || o.maybe_sent)
		assert(w->ends > 0);
	if (o.stage == STAGE_END && o.code == 0)
		assert(o.maybe_sent);
	if (r->verdict == DEFERRED && w->mails == 1 && !w->whole)
		assert(!o.maybe_sent);
}

/* Who may be asked for again at once has not been sent all, or was refused. */
static void
check_stale(const struct world *w)
{
	for (size_t i = 0; i < w->given && w->whole; i++)
		assert(recipient_outcome(w->offered[i]).code == 421);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum stage quits[] = { STAGE_NONE, STAGE_NONE,
		STAGE_GREETING, STAGE_EHLO, STAGE_TLS, STAGE_MAIL, STAGE_RCPT,
		STAGE_NONE };
	struct outcome gone = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "gone");
	struct session_config c = { .helo = "client.test" };
	struct world w = { 0 };

	if (size < 3)
		return 0;
	c.tls = (enum tls_level)(data[0] & 3);
	c.link = (enum link_kind)((data[0] >> 2) % 3);
	c.quit_after = quits[data[1] & 7];
	w.messages = data[0] >> 6;
	begin(&w, &c, data[1] >> 3);
	listen(&w, (struct slice){ (const char *)data + 3, size - 3 },
	    data[2] & 1);
	session_lost(w.s, &gone);
	assert(session_need(w.s) == SESSION_CLOSE);
	if (session_is_stale(w.s))
		check_stale(&w);
	for (size_t i = 0; i < RCPTS && w.mails > 0; i++)
		check(&w, &c, &w.rcpt[i]);
	assert(w.ends <= w.mails + session_bdat_is_broken(w.s));
	for (size_t i = 0; i < RCPTS; i++)
		result_release(w.rcpt[i].result);
	session_free(w.s);
	buf_free(&w.message.head);
	return 0;
}
