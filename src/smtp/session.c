/* SPDX-License-Identifier: ISC */
/*
 * session.c - see session.h
 *
 * Two facts hold the state: `next`, the verb to send, and `owed`, the queue of
 * replies that the server owes us.  session_fill() sends while the window
 * allows; each reply takes one entry off the queue and is judged by that
 * verb's row in steps[].  Without PIPELINING the window is 1, and nothing else
 * differs.
 *
 * Nothing is ever sent after the final dot before its reply: a server that
 * loses one reply would make "221" look like acceptance.
 */
#include "smtp/session_impl.h"

#include <assert.h>

#include "base/port.h"

#define FLIGHT_MAX 14000 /* fits the initial congestion window (RFC 6928) */

static const struct step *const steps[NVERBS] = {
	[GREETING] = &step_greeting,
	[EHLO] = &step_ehlo,
	[HELO] = &step_helo,
	[LHLO] = &step_lhlo,
	[STARTTLS] = &step_starttls,
	[XCLIENT] = &step_xclient,
	[RSET] = &step_rset,
	[MAIL] = &step_mail,
	[RCPT] = &step_rcpt,
	[DATA] = &step_data,
	[BDAT] = &step_bdat,
	[TEXT] = &step_text,
	[QUIT] = &step_quit,
};

static void
owe(struct session *s, enum verb verb, size_t rcpt)
{
	assert(s->nowed < s->ring);
	s->owed[(s->head + s->nowed++) % s->ring] = (struct owed){
		.verb = verb,
		.rcpt = rcpt,
		.at = s->body != BODY_NONE ? s->text : s->put,
	};
}

/* Queue the replies that a command just sent will bring. */
static void
expect(struct session *s, enum verb verb)
{
	if (verb != TEXT || s->config->link != LINK_LMTP || s->accepted == 0) {
		owe(s, verb, verb == RCPT ? s->asked : 0);
		return;
	}
	for (size_t i = 0; i < s->mail.n; i++)
		if (s->fate[i] == ACCEPTED)
			owe(s, verb, i);
}

static bool
is_of_mail(enum verb verb)
{
	return verb == RCPT || verb == DATA || verb == BDAT;
}

/* May this verb go out now, beside the replies still owed? */
static bool
may_send(const struct session *s, enum verb verb)
{
	size_t window = s->caps.pipelining ? WINDOW : 1;

	if (s->out.n >= OUTPUT_FULL)
		return false;
	/* a large message waits until it is known that somebody takes it */
	if (verb == BDAT && s->out.n + mail_size(&s->mail) > FLIGHT_MAX)
		return s->nowed == 0;
	return s->nowed < window;
}

void
session_fill(struct session *s)
{
	enum verb verb;

	while (s->need == SESSION_IO && s->next != NOTHING) {
		verb = s->next;
		if (is_of_mail(verb) && s->left == 0)
			s->next = NOTHING;
		else if (!may_send(s, verb) ||
		    session_holds(s, steps[verb]->stage))
			return;
		else if (verb == QUIT && session_leaves_now(s))
			return;
		else {
			s->next = steps[verb]->send(s);
			expect(s, verb);
		}
	}
	if (s->need == SESSION_IO && s->mail.n > 0 && s->nowed == 0 &&
	    s->body != BODY_OPEN)
		session_rest(s);
}

/* The row of the verb whose reply is due next. */
static const struct step *
awaited(const struct session *s)
{
	return steps[s->owed[s->head].verb];
}

enum stage
session_stage(const struct session *s)
{
	if (s->body == BODY_OPEN || (s->commit != 0 && s->sent < s->commit))
		return STAGE_BODY;
	return s->nowed > 0 ? awaited(s)->stage : STAGE_NONE;
}

/*
 * A server that hangs up, or whose reply is no answer to this verb at all; or a
 * refusal that leaves nothing to go on with.
 */
static bool
is_amiss(const struct step *step, const struct reply *r)
{
	enum reply_kind kind = reply_kind(r);

	if (reply_is_closing(r))
		return step != &step_quit;
	if (step->takes == 0 || kind == step->takes)
		return false;
	return kind < REPLY_LATER || step->must;
}

static void
answer(struct session *s, const struct reply *r)
{
	struct owed owed = s->owed[s->head];
	const struct step *step = steps[owed.verb];
	enum stage stage = session_stage(s);

	s->head = (s->head + 1) % s->ring;
	s->nowed--;
	s->phase++;
	s->spurned = (struct outcome){ 0 };
	s->heard = s->heard || (owed.verb > RSET && !reply_is_closing(r));
	s->next = is_amiss(step, r) ? session_refuse(s, r, stage) :
				      step->got(s, r, owed.rcpt);
	session_fill(s);
}

/* A reply that nothing was owed for. */
static void
unasked(struct session *s, const struct reply *r)
{
	struct outcome o = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 5, 0),
	    "%s", "");
	struct buf text = { 0 };

	if (reply_is_closing(r)) {
		session_refuse(s, r, STAGE_NONE);
		return;
	}
	buf_putf(&text, "the server answered a command that was never sent: "
	    "%u ", r->code);
	buf_put(&text, slice_first(buf_slice(&r->text), 200));
	outcome_set_text(&o, buf_slice(&text));
	buf_free(&text);
	session_give_up(s, o);
}

bool
session_is_leaving(const struct session *s)
{
	return s->nowed > 0 && s->owed[s->head].verb == QUIT;
}

static void
broken(struct session *s, struct slice line)
{
	if (session_is_leaving(s))
		s->need = SESSION_CLOSE;
	else
		session_give_up(s, outcome_from_garbage(&s->in, line,
		    session_stage(s)));
}

/* Is a reply owed to a command that is out? */
static bool
is_due(const struct session *s)
{
	return s->nowed > 0 && s->sent >= s->owed[s->head].at;
}

static bool
is_listening(const struct session *s)
{
	return s->need == SESSION_IO || s->need == SESSION_MAIL;
}

void
session_input(struct session *s, struct slice in)
{
	struct slice line;
	enum parse got;

	while (in.n > 0 && is_listening(s)) {
		got = reply_parse(&s->in, &in, &line);
		if (line.p)
			session_tell(s, EVENT_RECEIVED, line);
		if (got == PARSE_BAD)
			broken(s, line);
		else if (got == PARSE_OK && is_due(s))
			answer(s, &s->in.reply);
		else if (got == PARSE_OK)
			unasked(s, &s->in.reply);
	}
	if (s->need == SESSION_TLS && in.n > 0)
		session_give_up(s, outcome_from_injection());
}

struct slice
session_output(const struct session *s)
{
	return buf_slice(&s->out);
}

void
session_sent(struct session *s, size_t n)
{
	buf_consume(&s->out, n);
	s->sent += n;
	if (s->sent == s->commit)
		s->phase++;
	session_fill(s);
}

bool
session_is_committed(const struct session *s)
{
	return s->commit != 0 && s->sent >= s->commit;
}

uint64_t
session_text_sent(const struct session *s)
{
	uint64_t end = s->commit ? s->commit : s->sent;

	if (s->text == 0 || s->sent <= s->text)
		return 0;
	return (s->sent < end ? s->sent : end) - s->text;
}

void
session_lost(struct session *s, const struct outcome *why)
{
	struct outcome o = *why;

	if (s->need == SESSION_CLOSE)
		return;
	if (session_is_leaving(s)) {
		s->need = SESSION_CLOSE;
		return;
	}
	if (o.stage == STAGE_NONE && s->spurned.verdict != PENDING &&
	    !session_is_committed(s))
		o = s->spurned;
	else if (o.stage == STAGE_NONE)
		o.stage = session_stage(s);
	else if (o.stage == STAGE_TLS)
		o.waiver = session_waiver(s, &o);
	session_give_up(s, o);
}

/* A server that waits for a ClientHello greets nobody, however long we wait. */
static bool
is_greeting_in_vain(const struct session *s)
{
	return session_stage(s) == STAGE_GREETING &&
	    s->config->link == LINK_SMTP && port_is_tls(s->config->peer.port);
}

unsigned
session_patience(const struct session *s)
{
	if (s->nowed == 0 || session_stage(s) == STAGE_BODY)
		return 180;
	return is_greeting_in_vain(s) ? 30 : awaited(s)->patience;
}

const char *
session_awaits(const struct session *s)
{
	if (session_stage(s) == STAGE_BODY)
		return "the server to take the message text";
	if (s->nowed == 0)
		return "more mail";
	return awaited(s)->name;
}
