/* SPDX-License-Identifier: ISC */
/*
 * visit_talk.c - the dialogue of a visit: what is said when, and what a reply
 * leads to.  A row for each step.
 */
#include "desk/visit_impl.h"

static void
say(struct visit *v, const char *verb, const char *path, const char *more)
{
	struct event e = event_make(EVENT_SENT, v->number);
	struct buf line = { 0 };

	buf_puts(&line, verb);
	buf_puts(&line, path);
	buf_puts(&line, more);
	e.secure = v->secured;
	event_text(&e, "line", buf_slice(&line));
	if (events_wanted(v->call->events))
		events_put(v->call->events, &e);
	buf_put(&v->out, buf_slice(&line));
	buf_puts(&v->out, "\r\n");
	buf_free(&line);
}

void
said_put(struct buf *out, const struct said *s)
{
	struct slice rest = buf_slice(&s->text), line;
	const char *sep = " ";

	buf_putf(out, "%u", s->code);
	if (s->esc.cls != 0) {
		buf_putc(out, ' ');
		esc_put(out, s->esc);
	}
	while (slice_cut(&rest, '\n', &line)) {
		buf_puts(out, sep);
		buf_put(out, line);
		sep = " / ";
	}
}

static void
keep(struct said *to, const struct reply *r)
{
	to->code = r->code;
	to->esc = r->esc;
	buf_clear(&to->text);
	buf_put(&to->text, buf_slice(&r->text));
}

static void
quit(struct visit *v, int64_t now)
{
	visit_enter(v, STEP_QUIT, now);
	say(v, "QUIT", "", "");
}

/* Of what the server said: "it does not serve us: 554 5.7.1 go away". */
static void
blame_words(struct visit *v, enum visit_fault fault, const char *what,
    const struct said *s)
{
	struct outcome why;
	struct buf text = { 0 };

	said_put(&text, s);
	why = outcome_make(DEFERRED, visit_stage(v), s->esc, "%s: %s", what,
	    buf_str(&text));
	visit_blame(v, fault, &why);
	buf_free(&text);
}

/* It says no, so that nothing more can be seen. */
static void
turned_away(struct visit *v, const struct said *s, int64_t now)
{
	blame_words(v, VISIT_TURNED_AWAY, s == &v->greeting ?
	    "it does not serve us" : "it refuses EHLO", s);
	quit(v, now);
}

void
visit_hello(struct visit *v, int64_t now)
{
	struct ip local = stream_local(&v->stream);
	struct buf name = { 0 };

	local = ip_unmap(&local);
	if (v->call->helo)
		buf_puts(&name, v->call->helo);
	else if (local.version != 0)
		ip_literal_put(&name, &local);
	else
		buf_puts(&name, "[127.0.0.1]");
	visit_enter(v, STEP_EHLO, now);
	say(v, v->call->link == LINK_LMTP ? "LHLO " : "EHLO ", buf_str(&name),
	    "");
	buf_free(&name);
}

static void
got_greeting(struct visit *v, const struct reply *r, int64_t now)
{
	keep(&v->greeting, r);
	if (reply_kind(r) != REPLY_DONE)
		turned_away(v, &v->greeting, now);
	else
		visit_hello(v, now);
}

/* ---- recipients ---- */

static bool
needs_utf8(const struct visit *v)
{
	for (size_t i = 0; i < v->call->nrcpts; i++)
		if (v->call->rcpt[i].utf8)
			return true;
	return false;
}

/* The next one that can be asked for; past the last we take it all back. */
static void
ask_next(struct visit *v, int64_t now)
{
	const struct address *a = &v->call->rcpt[v->at];

	while (v->at < v->call->nrcpts && a->utf8 && !v->caps.smtputf8) {
		v->rcpt[v->at].code = 553;
		buf_puts(&v->rcpt[v->at].text, "not asked: the server does not "
		    "offer SMTPUTF8");
		a = &v->call->rcpt[++v->at];
	}
	if (v->at == v->call->nrcpts) {
		visit_enter(v, STEP_RSET, now);
		say(v, "RSET", "", "");
		return;
	}
	visit_enter(v, STEP_RCPT, now);
	say(v, "RCPT TO:<", a->path, ">");
}

/* By the null sender: what is said of a bounce is said of all mail. */
static void
begin_rcpts(struct visit *v, int64_t now)
{
	if (v->call->nrcpts == 0) {
		quit(v, now);
		return;
	}
	visit_enter(v, STEP_MAIL, now);
	say(v, "MAIL FROM:<>", "",
	    needs_utf8(v) && v->caps.smtputf8 ? " SMTPUTF8" : "");
}

static void
got_mail(struct visit *v, const struct reply *r, int64_t now)
{
	v->at = 0;
	if (reply_kind(r) == REPLY_DONE) {
		ask_next(v, now);
		return;
	}
	keep(&v->mail, r);
	quit(v, now);
}

static void
got_rcpt(struct visit *v, const struct reply *r, int64_t now)
{
	keep(&v->rcpt[v->at++], r);
	ask_next(v, now);
}

static void
got_rset(struct visit *v, const struct reply *r, int64_t now)
{
	(void)r;
	quit(v, now);
}

static void
got_quit(struct visit *v, const struct reply *r, int64_t now)
{
	(void)r;
	visit_end(v, now);
}

/* ---- TLS ---- */

static void
lacks_starttls(struct visit *v)
{
	struct outcome why = outcome_make(DEFERRED, STAGE_STARTTLS,
	    ESC(4, 7, 4), "it does not offer STARTTLS");

	visit_blame(v, VISIT_NO_STARTTLS, &why);
}

static void
got_ehlo(struct visit *v, const struct reply *r, int64_t now)
{
	struct said *s = v->secured ? &v->ehlo_tls : &v->ehlo;

	keep(s, r);
	if (reply_kind(r) != REPLY_DONE) {
		turned_away(v, s, now);
		return;
	}
	caps_parse(&v->caps, buf_slice(&r->text));
	if (v->secured || !v->call->tls) {
		begin_rcpts(v, now);
	} else if (v->caps.starttls) {
		visit_enter(v, STEP_STARTTLS, now);
		say(v, "STARTTLS", "", "");
	} else {
		lacks_starttls(v);
		begin_rcpts(v, now);
	}
}

static void
got_starttls(struct visit *v, const struct reply *r, int64_t now)
{
	keep(&v->starttls, r);
	if (reply_kind(r) == REPLY_DONE) {
		visit_secure(v, now);
		return;
	}
	blame_words(v, VISIT_NO_STARTTLS, "it offers STARTTLS and refuses it",
	    &v->starttls);
	begin_rcpts(v, now);
}

/* ---- the table ---- */

static const struct {
	const char *awaits;
	enum stage stage;
	void (*got)(struct visit *v, const struct reply *r, int64_t now);
} steps[NSTEPS] = {
	[STEP_GREETING] = { "the greeting", STAGE_GREETING, got_greeting },
	[STEP_EHLO] = { "the reply to EHLO", STAGE_EHLO, got_ehlo },
	[STEP_STARTTLS] = { "the reply to STARTTLS", STAGE_STARTTLS,
	    got_starttls },
	[STEP_MAIL] = { "the reply to MAIL", STAGE_MAIL, got_mail },
	[STEP_RCPT] = { "the reply to RCPT", STAGE_RCPT, got_rcpt },
	[STEP_RSET] = { "the reply to RSET", STAGE_RSET, got_rset },
	[STEP_QUIT] = { "the reply to QUIT", STAGE_QUIT, got_quit },
};

void
visit_got(struct visit *v, const struct reply *r, int64_t now)
{
	steps[v->step].got(v, r, now);
}

const char *
visit_awaits(const struct visit *v)
{
	return v->state == VISIT_HANDSHAKE ? "the TLS handshake" :
					     steps[v->step].awaits;
}

enum stage
visit_stage(const struct visit *v)
{
	return v->state == VISIT_HANDSHAKE ? STAGE_TLS : steps[v->step].stage;
}
