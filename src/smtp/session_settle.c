/* SPDX-License-Identifier: ISC */
/* session_settle.c - what is said, and what becomes of the recipients. */
#include "smtp/session_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
session_tell(struct session *s, enum event_kind kind, struct slice line)
{
	struct event e = event_make(kind, s->lane);

	e.secure = s->tls[0] != '\0';
	event_text(&e, "line", line);
	events_put(s->events, &e);
}

/* The line that begins at offset `from` of out is whole: end it. */
void
session_end_line(struct session *s, size_t from)
{
	session_tell(s, EVENT_SENT, slice_from(buf_slice(&s->out), from));
	buf_puts(&s->out, "\r\n");
	s->put += s->out.n - from;
	s->phase++;
}

void __attribute__((format(printf, 2, 3)))
session_say(struct session *s, const char *fmt, ...)
{
	size_t from = s->out.n;
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	buf_puts(&s->out, line);
	session_end_line(s, from);
}

struct result *
session_result(const struct session *s, const struct outcome *o,
    struct slice queue_id)
{
	struct outcome full = *o;

	outcome_set_tls(&full, s->tls);
	full.policy = s->config->tls;
	full.relay = s->config->relay;
	full.posed = s->posed;
	if (s->config->host && full.host[0] == '\0')
		outcome_set_host(&full, slice_of(s->config->host),
		    &s->config->peer);
	return result_new(&full, queue_id);
}

static void
set_fate(struct session *s, size_t i, enum verdict verdict,
    struct result *result)
{
	recipient_say(s->mail.rcpt[i], verdict, result);
	s->mail.rcpt[i]->tells = s->caps.dsn;
	recipient_append(&s->settled, s->mail.rcpt[i]);
	s->left -= s->fate[i] < AGAIN;
	s->fate[i] = DECIDED;
}

void
session_decide(struct session *s, size_t i, struct result *result)
{
	set_fate(s, i, result->verdict, result);
}

/* Give every recipient of the transaction that has none yet this outcome. */
void
session_settle(struct session *s, const struct outcome *o)
{
	struct result *result = NULL;

	for (size_t i = 0; i < s->mail.n && s->left > 0; i++) {
		if (s->fate[i] >= AGAIN)
			continue;
		if (!result)
			result = session_result(s, o, SLICE(""));
		session_decide(s, i, result);
	}
	result_release(result);
}

struct recipient *
session_take_settled(struct session *s)
{
	return recipient_take(&s->settled);
}

/*
 * Those that answered 452 wait for another transaction when this one had
 * takers; without takers another would fare no better.
 */
static void
settle_again(struct session *s)
{
	enum verdict verdict = s->accepted == 0 ? DEFERRED : PENDING;

	for (size_t i = 0; i < s->mail.n && s->refused > 0; i++)
		if (s->fate[i] == AGAIN)
			set_fate(s, i, verdict, s->mail.rcpt[i]->result);
}

/* The mail is over, one way or the other; the session is not. */
enum verb
session_rest(struct session *s)
{
	if (s->fit > 0 && !s->mixed)
		s->limit = s->fit;
	settle_again(s);
	s->mails += s->mail.n > 0;
	s->mail = (struct mail){ 0 };
	s->heard = false;
	session_close_body(s);
	s->need = SESSION_MAIL;
	return NOTHING;
}

/* The session is over. */
void
session_finish(struct session *s, const struct outcome *o)
{
	s->cut_off = s->mail.n > 0;
	session_settle(s, o);
	s->accepted = 0;
	settle_again(s);
	s->mail = (struct mail){ 0 };
	s->end = *o;
	s->end.posed = s->posed;
	outcome_set_tls(&s->end, s->tls);
	s->put -= s->out.n; /* what is not out by now stays in */
	buf_clear(&s->out);
	s->nowed = 0;
	session_close_body(s);
	s->next = NOTHING;
	s->need = SESSION_CLOSE;
}

/* Does it mean that this mail was not taken, even if all of it is there? */
static bool
is_refusal(const struct outcome *o)
{
	if (o->code == 421)
		return true;
	return o->code >= 400 && o->stage >= STAGE_MAIL &&
	    o->stage <= STAGE_END;
}

/*
 * The peer broke the protocol or refused its service: temporary, whatever the
 * class of its code.
 */
enum verb
session_give_up(struct session *s, struct outcome o)
{
	o.verdict = DEFERRED;
	o.maybe_sent = s->mail.n > 0 && session_is_committed(s) &&
	    !is_refusal(&o);
	session_finish(s, &o);
	return NOTHING;
}

enum verb
session_refuse(struct session *s, const struct reply *r, enum stage stage)
{
	return session_give_up(s, outcome_from_reply(r, DEFERRED, stage));
}

bool
session_stops_after(struct session *s, enum stage step,
    const struct outcome *reached)
{
	if (s->config->quit_after != step)
		return false;
	session_settle(s, reached);
	s->end = *reached;
	outcome_set_tls(&s->end, s->tls);
	s->agreed = reached->verdict == VERIFIED;
	return true;
}
