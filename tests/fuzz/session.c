/* SPDX-License-Identifier: ISC */
/*
 * session.c - fuzz a whole client session.
 *
 * The first bytes choose the configuration.  The rest is what the server says:
 * raw, or each byte a line of the protocol's alphabet, so that deep states are
 * reached.  However it goes:
 *	- when the session is over, nobody is PENDING but for a 452;
 *	- nothing leaves but lines ended by CRLF, without bare CR, LF or NUL;
 *	- DELIVERED needs a 2yz after the whole message was out;
 *	- the end of data is said at most once a transaction.
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
};

struct world {
	struct session *s;
	struct recipient rcpt[RCPTS];
	struct recipient *offered[RCPTS];
	struct mail mail;
	struct message message;
	struct address from;
	char last[2];		/* octets that left last */
	bool quit;
	size_t ends;		/* lone dots and BDATs seen */
	size_t mails;
};

static void
leaves(struct world *w, struct slice out)
{
	for (size_t i = 0; i < out.n; i++) {
		char c = out.p[i];

		assert(c != '\0');
		assert((c == '\n') == (w->last[1] == '\r'));
		w->last[0] = w->last[1];
		w->last[1] = c;
	}
	for (struct slice line; slice_cut(&out, '\n', &line);)
		w->ends += slice_eq(line, SLICE(".\r")) ||
		    slice_starts(line, SLICE("BDAT "));
}

static void
give_mail(struct world *w)
{
	size_t n = 0;

	if (session_need(w->s) != SESSION_MAIL)
		return;
	for (size_t i = 0; i < RCPTS; i++)
		if (w->rcpt[i].verdict == PENDING)
			w->offered[n++] = &w->rcpt[i];
	if (n == 0 || w->quit) {
		w->quit = true;
		session_quit(w->s);
		return;
	}
	w->mails++;
	w->mail.rcpt = w->offered;
	w->mail.n = n;
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

	for (int i = 0; i < 200; i++) {
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

static void
listen(struct world *w, struct slice in, bool raw)
{
	struct slice word;

	while (in.n > 0 && session_need(w->s) != SESSION_CLOSE) {
		word = slice_first(in, raw ? 1 + (size_t)(in.p[0] & 7) : 1);
		in = slice_from(in, word.n);
		if (!raw)
			word = slice_of(alphabet[(unsigned char)word.p[0] %
			    (sizeof alphabet / sizeof alphabet[0])]);
		session_input(w->s, word);
		speak(w, raw ? 3 : SIZE_MAX);
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
	begin(&w, &c, data[1] >> 3);
	listen(&w, (struct slice){ (const char *)data + 3, size - 3 },
	    data[2] & 1);
	session_lost(w.s, &gone);
	assert(session_need(w.s) == SESSION_CLOSE);
	for (size_t i = 0; i < RCPTS; i++) {
		if (w.mails == 0)
			break;
		/* only "too many recipients" waits for another transaction */
		assert(w.rcpt[i].verdict != PENDING ||
		    w.rcpt[i].result->code == 452 ||
		    w.rcpt[i].result->code == 552);
		if (w.rcpt[i].verdict == DELIVERED) {
			assert(w.rcpt[i].result->code / 100 == 2);
			assert(w.ends > 0 && c.quit_after == STAGE_NONE);
		}
	}
	assert(w.ends <= w.mails + 1);
	for (size_t i = 0; i < RCPTS; i++)
		result_release(w.rcpt[i].result);
	session_free(w.s);
	buf_free(&w.message.head);
	return 0;
}
