/* SPDX-License-Identifier: ISC */
/* submit_mail.c - who may send what to whom, and the envelope. */
#include "queue/submit_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/mem.h"
#include "config/staging.h"
#include "deliver/deliver.h"
#include "mail/received.h"
#include "queue/told.h"

#define FREE_PART 10 /* a user may fill a tenth of what is free */

/* ---- may he? ---- */

static bool
is_root(const struct serve_mail *mail)
{
	return mail->who->uid == 0;
}

/* In the queue, and on its way there over any of his connections. */
static struct submit_usage
usage_of(struct submit *s, const struct tally *t)
{
	struct submit_usage u = { 0 };

	if (s->config.usage)
		s->config.usage(s->config.self, t->uid, &u);
	u.messages += t->messages;
	u.octets += t->octets;
	return u;
}

/* What may be his in all: so much, or a tenth of what is free. */
static uint64_t
size_limit(const struct submit *s)
{
	uint64_t most = s->config.queue->uid_size;
	struct store_space room;

	if (store_space(s->store, &room) &&
	    room.free_octets / FREE_PART < most)
		return room.free_octets / FREE_PART;
	return most;
}

static bool
has_too_many(const struct submit *s, const struct submit_usage *u,
    struct outcome *why)
{
	if (u->messages < s->config.queue->uid_messages)
		return false;
	outcome_fail(why, DEFERRED, STAGE_MAIL, ESC(4, 3, 1),
	    "%llu messages of yours are in the queue, more are too many",
	    (unsigned long long)u->messages);
	return true;
}

static bool
has_room(const struct submit_usage *u, uint64_t more, uint64_t most)
{
	return more <= most && u->octets <= most - more;
}

static struct outcome
too_much(uint64_t have)
{
	return outcome_make(DEFERRED, STAGE_MAIL, ESC(4, 3, 1),
	    "with this message you would have more in the queue than one user "
	    "may: %llu MiB are there", (unsigned long long)(have >> 20));
}

/* Is there room for him, and for a message of this size? */
static bool
is_within_limits(struct submit *s, const struct serve_mail *mail,
    struct outcome *why)
{
	struct submit_usage u;

	if (is_root(mail))
		return true;
	u = usage_of(s, tally_of(&s->tallies, mail->who->uid));
	if (has_too_many(s, &u, why))
		return false;
	if (has_room(&u, mail->message->mail.size, size_limit(s)))
		return true;
	*why = too_much(u.octets);
	return false;
}

static bool
is_possible(const struct mail_params *p, struct outcome *why)
{
	if (p->by_mode == 'N')
		return outcome_fail(why, FAILED, STAGE_MAIL, ESC(5, 5, 4),
		    "BY=...;N is not known here, only R");
	if (p->hops > RECEIVED_MAX)
		return outcome_fail(why, FAILED, STAGE_MAIL, ESC(5, 4, 6),
		    "it has been through %u hosts: it goes round in a circle",
		    p->hops);
	return true;
}

const char *
submit_check_mail(void *self, const struct serve_mail *mail)
{
	struct submit *s = self;
	struct address from = { 0 };
	struct outcome why;
	bool ok = is_possible(&mail->message->mail, &why) &&
	    submit_read_sender(s, mail, &from, &why) &&
	    submit_is_his_name(s, mail, &from, &why) &&
	    is_within_limits(s, mail, &why);

	address_free(&from);
	return ok ? NULL : submit_refuse(s, &why);
}

/* Is there somebody to get it? */
static bool
leads_somewhere(struct submit *s, const struct serve_mail *mail,
    const struct address *a, struct outcome *why)
{
	struct expand_config c;
	struct expansion x = { 0 };
	bool ok;

	if (!s->config.here || mail->message->mail.no_alias)
		return true;
	c = here_expand(s->config.here);
	ok = expand(&c, a, &x, why);
	expansion_free(&x);
	return ok;
}

const char *
submit_check_rcpt(void *self, const struct serve_mail *mail, struct slice to)
{
	struct submit *s = self;
	struct address a = { 0 };
	struct outcome why;
	bool ok;

	ok = address_parse(to, &s->config.address, &a, &why) &&
	    staging_allows(s->config.queue, a.path, &why) &&
	    leads_somewhere(s, mail, &a, &why);
	address_free(&a);
	return ok ? NULL : submit_refuse(s, &why);
}

/* ---- the envelope ---- */

/* xtext as it was meant, on the heap; NULL for an empty one. */
static char *
decode(struct slice xtext)
{
	struct buf b = { 0 };
	char *text = NULL;

	if (xtext.n > 0 && xtext_decode(&b, xtext))
		text = mem_dup(buf_slice(&b));
	buf_free(&b);
	return text;
}

/* "rfc822;bob+2B@x": the type is none. */
static char *
decode_orcpt(struct slice orcpt)
{
	struct slice type = slice_first(orcpt, slice_find(orcpt, ';'));
	struct buf b = { 0 };
	char *text = NULL;

	buf_put(&b, type);
	buf_putc(&b, ';');
	if (orcpt.n > 0 && xtext_decode(&b, slice_from(orcpt, type.n + 1)))
		text = mem_dup(buf_slice(&b));
	buf_free(&b);
	return text;
}

/* Whoever is there twice is there once; he was looked at before. */
static void
add_rcpt(struct submit *s, struct envelope *e, const struct server_rcpt *r)
{
	struct address to;
	struct outcome why;
	size_t n = e->n;

	if (!address_parse(buf_slice(&r->to), &s->config.address, &to, &why))
		return;
	envelope_add(e, &to);
	if (e->n == n)
		return;
	e->rcpts[n].notify = r->param.notify;
	e->rcpts[n].orcpt = decode_orcpt(r->param.orcpt);
}

static bool
expand_all(struct submit *s, const struct serve_mail *mail, struct letters *l,
    struct outcome *why)
{
	if (s->config.here && !mail->message->mail.no_alias)
		here_expand_letters(s->config.here, l);
	if (l->main.nbad > 0)
		*why = recipient_outcome(&l->main.bad[0]);
	return l->main.nbad == 0;
}

static bool
make_envelope(struct submit *s, const struct serve_mail *mail,
    struct letters *l, struct outcome *why)
{
	const struct server_message *m = mail->message;
	struct envelope *e = &l->main;

	e->key = s->tallies.table.seed;
	if (!submit_read_sender(s, mail, &e->from, why))
		return false;
	e->ret = m->mail.ret;
	e->envid = decode(m->mail.envid);
	for (size_t i = 0; i < m->nrcpts; i++)
		add_rcpt(s, e, &m->rcpt[i]);
	staging_apply(s->config.queue, e, s->now);
	if (!expand_all(s, mail, l, why))
		return false;
	return e->n > 0 ||
	    outcome_fail(why, FAILED, STAGE_RCPT, ESC(5, 1, 0),
		"nobody is left to send it to");
}

/* ---- the facts ---- */

static enum mail_class
class_of(int priority)
{
	return priority > 0   ? CLASS_URGENT :
	    priority < 0 ? CLASS_BULK : CLASS_NORMAL;
}

static int64_t
not_before(const struct submit *s, const struct mail_params *p)
{
	return p->hold_for ? s->wall.seconds + p->hold_for : p->hold_until;
}

static void
set_text(char *to, size_t size, struct slice s)
{
	snprintf(to, size, "%.*s", (int)s.n, s.p ? s.p : "");
}

static void
set_key(struct stored *m, struct slice xtext)
{
	char *key = decode(xtext);

	set_text(m->key, sizeof m->key, slice_of(key));
	free(key);
}

/* All that is known before the text; the envelope stays e's. */
static struct stored
facts_of(const struct submit *s, const struct serve_mail *mail,
    const struct envelope *e)
{
	const struct mail_params *p = &mail->message->mail;
	struct stored m = {
		.uid = mail->who->uid,
		.created = s->wall.seconds,
		.not_before = not_before(s, p),
		.expires = p->by_mode == 'R' ? p->by : 0,
		.class = (uint8_t)class_of(p->priority),
		.hold = p->hold,
		.queue_only = p->queue_only,
		.require_tls = p->require_tls,
		.is_bounce = e->from.path[0] == '\0',
		.hops = p->hops,
		.envelope = *e,
	};

	set_text(m.host, sizeof m.host, slice_of(s->config.host));
	set_text(m.tag, sizeof m.tag, p->tag);
	set_key(&m, p->key);
	return m;
}

/* Why it is held. */
static void
note_hold(struct submission *m, struct slice xtext)
{
	char *reason = decode(xtext);

	if (reason)
		told_put_hold(&m->told, slice_of(reason),
		    m->submit->wall.seconds);
	free(reason);
}

static void
note_envelope(struct submission *m, const struct envelope *e)
{
	buf_puts(&m->from, e->from.path);
	m->nrcpts = e->n;
	if (e->n == 1 && !e->rcpts[0].to.utf8)
		buf_puts(&m->only, e->rcpts[0].to.path);
}

/* Since MAIL was taken others of his may have begun: false with m->why. */
static bool
may_begin(struct submission *m, const struct serve_mail *mail)
{
	struct submit_usage u;

	m->most = UINT64_MAX;
	if (is_root(mail))
		return true;
	u = usage_of(m->submit, m->tally);
	m->most = size_limit(m->submit);
	return !has_too_many(m->submit, &u, &m->why);
}

bool
submission_may_have(struct submission *m, size_t n)
{
	struct submit_usage u;

	if (m->most < UINT64_MAX) {
		u = usage_of(m->submit, m->tally);
		if (!has_room(&u, n, m->most))
			return false;
	}
	m->octets += n;
	m->tally->octets += n;
	return true;
}

/* A key is that of the whole. */
static void
begin_parts(struct submission *m, const struct serve_mail *mail,
    const struct letters *l)
{
	struct submit *s = m->submit;
	struct stored facts;

	m->parts = mem_resize(NULL, l->n, sizeof *m->parts);
	for (size_t i = 0; i < l->n; i++) {
		facts = facts_of(s, mail, &l->part[i]);
		facts.key[0] = '\0';
		m->parts[i] = store_begin(s->store, &facts, &m->why);
		if (!m->parts[i])
			break;
		m->nparts++;
	}
	if (m->nparts < l->n)
		submission_discard(m);
}

static void
begin_draft(struct submission *m, const struct serve_mail *mail)
{
	struct submit *s = m->submit;
	struct letters l = { 0 };
	struct stored facts;

	if (make_envelope(s, mail, &l, &m->why)) {
		submission_rewrite(m, mail, &l);
		facts = facts_of(s, mail, &l.main);
		note_envelope(m, &l.main);
		note_hold(m, mail->message->mail.hold_reason);
		m->hops = facts.hops;
		m->may_try = !facts.hold && !facts.queue_only &&
		    facts.not_before <= s->wall.seconds;
		m->draft = store_begin(s->store, &facts, &m->why);
		if (m->draft && l.n > 0)
			begin_parts(m, mail, &l);
	}
	letters_free(&l);
}

void
submission_discard(struct submission *m)
{
	if (m->draft)
		store_discard(m->submit->store, m->draft);
	for (size_t i = 0; i < m->nparts; i++)
		store_discard(m->submit->store, m->parts[i]);
	m->draft = NULL;
	m->nparts = 0;
}

struct submission *
submission_new(struct submit *s, const struct serve_mail *mail)
{
	struct submission *m = mem_alloc(sizeof *m);

	m->submit = s;
	m->is_unknown = mail->who->is_unknown;
	m->form = mail->message->mail.form;
	m->utf8 = mail->message->mail.utf8;
	m->tally = tally_of(&s->tallies, mail->who->uid);
	if (may_begin(m, mail))
		begin_draft(m, mail);
	m->tally->messages++;
	return m;
}

void
submission_refuse(struct submission *m, const struct outcome *why)
{
	submission_discard(m);
	m->tally->octets -= m->octets;
	m->octets = 0;
	m->why = *why;
}

void
submission_free(struct submission *m)
{
	submission_discard(m);
	free(m->parts);
	m->tally->messages--;
	m->tally->octets -= m->octets;
	tally_drop(&m->submit->tallies, m->tally);
	buf_free(&m->came_from);
	buf_free(&m->from);
	buf_free(&m->only);
	buf_free(&m->told);
	buf_free(&m->front);
	buf_free(&m->message.head);
	free(m);
}
