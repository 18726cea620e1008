/* SPDX-License-Identifier: ISC */
/*
 * session_hello.c - from the greeting to the point where mail may begin: EHLO,
 * HELO for servers that know no better, STARTTLS (RFC 3207); and the way out.
 */
#include "smtp/session_impl.h"

static enum verb
send_nothing(struct session *s)
{
	(void)s;
	return NOTHING;
}

/* We go on after a refusal; should we be left now, it says why. */
static void
spurn(struct session *s, const struct reply *r, enum stage stage)
{
	s->spurned = outcome_from_reply(r, DEFERRED, stage);
	s->spurned.verdict = DEFERRED;
}

enum waiver
session_waiver(const struct session *s, const struct outcome *o)
{
	const struct session_config *c = s->config;

	if (c->tls_fixed || c->tls < TLS_ENCRYPT)
		return WAIVER_NONE;
	if (o->stage == STAGE_TLS && o->esc.subject == 7 && o->esc.detail == 5)
		return c->tls >= TLS_VERIFY ? WAIVER_TRUST : WAIVER_NONE;
	return c->link == LINK_SMTPS ? WAIVER_NONE : WAIVER_TLS;
}

static enum verb
give_up_tls(struct session *s, struct outcome o)
{
	o.waiver = session_waiver(s, &o);
	return session_give_up(s, o);
}

static void
note_lack(struct session *s, const struct outcome *why)
{
	buf_clear(&s->no_tls);
	if (why->code > 0)
		buf_putf(&s->no_tls, "%u ", why->code);
	buf_puts(&s->no_tls, why->text);
}

/* It can have no TLS here, as it says or by what it does not offer. */
static enum verb
without_tls(struct session *s, const struct outcome *why)
{
	if (s->config->tls > TLS_NONE)
		note_lack(s, why);
	if (s->config->tls >= TLS_ENCRYPT)
		return give_up_tls(s, *why);
	if (s->config->quit_after == STAGE_TLS)
		return session_give_up(s, *why);
	return session_is_ready(s);
}

static struct outcome
no_starttls(enum tls_level level)
{
	struct outcome o = outcome_make(DEFERRED, STAGE_STARTTLS, ESC(4, 7, 4),
	    "the server does not offer STARTTLS, but TLS is required (%s)",
	    tls_level_name(level));

	if (level == TLS_MAY)
		outcome_set_text(&o, SLICE("the server offers no STARTTLS"));
	else if (level == TLS_NONE)
		outcome_set_text(&o, SLICE("TLS is not wanted here"));
	return o;
}

/* EHLO (or HELO, LHLO) is done, that is stage: TLS, or ready for mail? */
static enum verb
introduced(struct session *s, const struct reply *r, enum stage stage)
{
	struct outcome o = outcome_from_reply(r, VERIFIED, stage);

	if (session_stops_after(s, STAGE_EHLO, &o))
		return QUIT;
	if (s->tls[0] != '\0')
		return session_is_ready(s);
	if (s->config->tls != TLS_NONE && s->caps.starttls)
		return STARTTLS;
	o = no_starttls(s->config->tls);
	return without_tls(s, &o);
}

/* The same name at both ends: perhaps we talk to ourselves (FAULTS row 24). */
static void
look_at_name(struct session *s, struct slice text)
{
	struct slice name;

	slice_cut(&text, ' ', &name);
	name = slice_trim(slice_first(name, slice_find(name, '\n')));
	buf_clear(&s->peer_name);
	buf_put(&s->peer_name, name);
	if (slice_eq_nocase(name, buf_slice(&s->name)))
		events_note(s->events, s->lane,
		    "the server greets with our own name, %s: is it us?",
		    buf_str(&s->name));
}

static enum verb
got_greeting(struct session *s, const struct reply *r, size_t rcpt)
{
	struct outcome o = outcome_from_reply(r, VERIFIED, STAGE_GREETING);

	(void)rcpt;
	look_at_name(s, buf_slice(&r->text));
	if (session_stops_after(s, STAGE_GREETING, &o))
		return QUIT;
	return session_hello(s);
}

const struct step step_greeting = {
	.name = "the greeting",
	.patience = 300,
	.stage = STAGE_GREETING,
	.takes = REPLY_DONE,
	.must = true,
	.send = send_nothing,
	.got = got_greeting,
};

enum verb
session_hello(const struct session *s)
{
	return s->config->link == LINK_LMTP ? LHLO : EHLO;
}

static enum verb
send_ehlo(struct session *s)
{
	session_say(s, "EHLO %s", buf_str(&s->name));
	return NOTHING;
}

static enum verb
got_ehlo(struct session *s, const struct reply *r, size_t rcpt)
{
	(void)rcpt;
	if (reply_kind(r) == REPLY_REFUSED) {
		spurn(s, r, STAGE_EHLO);
		return HELO;
	}
	if (reply_kind(r) != REPLY_DONE)
		return session_refuse(s, r, STAGE_EHLO);
	caps_parse(&s->caps, buf_slice(&r->text));
	return introduced(s, r, STAGE_EHLO);
}

const struct step step_ehlo = {
	.name = "the reply to EHLO",
	.patience = 300,
	.stage = STAGE_EHLO,
	.takes = REPLY_DONE,
	.send = send_ehlo,
	.got = got_ehlo,
};

static enum verb
send_helo(struct session *s)
{
	session_say(s, "HELO %s", buf_str(&s->name));
	return NOTHING;
}

static enum verb
got_helo(struct session *s, const struct reply *r, size_t rcpt)
{
	(void)rcpt;
	return introduced(s, r, STAGE_HELO);
}

const struct step step_helo = {
	.name = "the reply to HELO",
	.patience = 300,
	.stage = STAGE_HELO,
	.takes = REPLY_DONE,
	.must = true,
	.send = send_helo,
	.got = got_helo,
};

static enum verb
send_lhlo(struct session *s)
{
	session_say(s, "LHLO %s", buf_str(&s->name));
	return NOTHING;
}

static enum verb
got_lhlo(struct session *s, const struct reply *r, size_t rcpt)
{
	(void)rcpt;
	caps_parse(&s->caps, buf_slice(&r->text));
	return introduced(s, r, STAGE_LHLO);
}

const struct step step_lhlo = {
	.name = "the reply to LHLO",
	.patience = 300,
	.stage = STAGE_LHLO,
	.takes = REPLY_DONE,
	.must = true,
	.send = send_lhlo,
	.got = got_lhlo,
};

static enum verb
send_starttls(struct session *s)
{
	session_say(s, "STARTTLS");
	return NOTHING;
}

/* Refused: under may, on in clear in the same session. */
static enum verb
got_starttls(struct session *s, const struct reply *r, size_t rcpt)
{
	struct outcome o = outcome_from_reply(r, DEFERRED, STAGE_STARTTLS);

	(void)rcpt;
	if (reply_kind(r) == REPLY_DONE) {
		s->need = SESSION_TLS;
		return NOTHING;
	}
	spurn(s, r, STAGE_STARTTLS);
	return without_tls(s, &o);
}

const struct step step_starttls = {
	.name = "the reply to STARTTLS",
	.patience = 120,
	.stage = STAGE_STARTTLS,
	.send = send_starttls,
	.got = got_starttls,
};

static enum verb
send_quit(struct session *s)
{
	session_say(s, "QUIT");
	return NOTHING;
}

static enum verb
got_quit(struct session *s, const struct reply *r, size_t rcpt)
{
	(void)r, (void)rcpt;
	s->need = SESSION_CLOSE;
	return NOTHING;
}

const struct step step_quit = {
	.name = "the reply to QUIT",
	.patience = 2,
	.stage = STAGE_QUIT,
	.send = send_quit,
	.got = got_quit,
};
