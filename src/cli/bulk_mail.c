/* SPDX-License-Identifier: ISC */
/* bulk_mail.c - one of many messages: in, on its way, and told of. */
#include "cli/bulk_impl.h"

#include <stdlib.h>

#include "base/mem.h"
#include "bulk/verp.h"
#include "cli/home.h"
#include "config/staging.h"
#include "net/clock.h"

/* ---- what became of one ---- */

static void
mail_free(struct bulk_mail *m)
{
	for (size_t i = 0; i < m->n; i++)
		envelope_free(&m->part[i].own);
	free(m->part);
	intake_free(&m->intake);
	sign_free(&m->sign);
	free(m->label);
	free(m);
}

void
bulk_note(struct bulk *b, const struct outcome *o)
{
	if (outcome_is_worse(o, &b->worst))
		b->worst = *o;
}

void
bulk_report_failure(struct bulk *b, const char *label,
    const struct outcome *why)
{
	b->report.about = label;
	report_failure(&b->report, why);
	b->report.about = NULL;
}

static void
report_part(struct bulk *b, const struct bulk_mail *m, const struct envelope *e)
{
	const struct recipient *r;
	struct outcome o;

	b->report.about = m->label;
	report_results(&b->report, e);
	b->report.about = NULL;
	for (size_t i = 0; i < e->n + e->nbad; i++) {
		r = i < e->n ? &e->rcpts[i] : &e->bad[i - e->n];
		o = recipient_outcome(r);
		bulk_note(b, &o);
		tally_add(&b->tally, r, m->since);
	}
}

/* Those of it who are in no part; all of them, where there is none. */
static void
report_mail(struct bulk *b, struct bulk_mail *m)
{
	report_part(b, m, &m->intake.envelope);
	b->tally.messages++;
}

/* As a whole: each of its recipients that is known is told of, or the message
 * itself. */
static void
fail(struct bulk *b, struct bulk_mail *m, const struct outcome *why)
{
	struct envelope *e = &m->intake.envelope;

	bulk_note(b, why);
	if (e->n + e->nbad > 0 && b->report.style == REPORT_JSON) {
		envelope_settle(e, why, clock_now());
		report_mail(b, m);
	} else {
		b->tally.unsent++;
		bulk_report_failure(b, m->label, why);
	}
	mail_free(m);
}

/* ---- one more ---- */

/* Another one, from *from, in which only r is, who is there no longer. */
static void
part_with(struct bulk_mail *m, struct address *from, struct recipient *r)
{
	const struct envelope *e = &m->intake.envelope;
	struct envelope *own = &m->part[m->n++].own;

	own->key = e->key;
	own->from = *from;
	own->ret = e->ret;
	own->envid = e->envid ? mem_dup(slice_of(e->envid)) : NULL;
	envelope_add_local(own, &r->to, &r->local);
	own->rcpts[0].notify = r->notify;
	own->rcpts[0].orcpt = r->orcpt;
	r->orcpt = NULL;
}

static void
refuse(struct envelope *e, const struct recipient *r, const struct outcome *why)
{
	struct result *result = result_new(why, SLICE(""));

	envelope_add_bad(e, r, result);
	e->bad[e->nbad - 1].decided = clock_now();
	result_release(result);
}

/* --verp: each who can be named in the reverse-path has a part of his own. */
static void
part_each(struct bulk_mail *m)
{
	struct envelope *e = &m->intake.envelope;
	struct address from;
	struct outcome why;

	for (size_t i = 0; i < e->n; i++) {
		e->rcpts[i].verdict = VERIFIED;
		if (verp_make(&e->from, &e->rcpts[i].to, &from, &why))
			part_with(m, &from, &e->rcpts[i]);
		else
			refuse(e, &e->rcpts[i], &why);
	}
	envelope_drop_settled(e);
}

static void
send_parts(struct bulk *b, struct bulk_mail *m, const struct consignment *c)
{
	m->left = m->n;
	b->octets += m->intake.message.size;
	for (size_t i = 0; i < m->n; i++) {
		struct bulk_part *p = &m->part[i];

		p->mail = m;
		p->consignment = *c;
		p->consignment.owner = p;
		if (b->s->bulk.verp)
			p->consignment.envelope = &p->own;
		list_append(&b->parts, &p->node, p);
		deliver_add(b->deliver, &p->consignment);
	}
}

static void
send_off(struct bulk *b, struct bulk_mail *m)
{
	const struct settings *s = b->s;
	const struct sign_call call = { s, &m->intake, b->report.run.uid };
	struct envelope *e = &m->intake.envelope;
	struct consignment c = {
		.envelope = e,
		.message = &m->intake.message,
		.tls_floor = s->message.require_tls ? TLS_VERIFY : TLS_NONE,
		.tls_floor_why = "-O requiretls",
	};
	struct outcome why;

	if (!sign_here(&m->sign, &call, &c, &b->events, &why)) {
		fail(b, m, &why);
		return;
	}
	m->part = mem_alloc(size_mul(e->n, sizeof *m->part));
	if (s->bulk.verp)
		part_each(m);
	else
		m->n = 1;
	if (m->n > 0) {
		send_parts(b, m, &c);
	} else {
		report_mail(b, m);
		mail_free(m);
	}
}

/* Who has had it in an earlier run, and failed in one, is out of it. */
static void
drop_done(struct bulk *b, struct bulk_mail *m)
{
	struct envelope *e = &m->intake.envelope;

	if (!b->done)
		return;
	for (size_t i = 0; i < e->n; i++)
		e->rcpts[i].verdict = done_verdict(b->done, &m->sum,
		    &e->rcpts[i]);
	b->tally.before += e->n;
	envelope_drop_settled(e);
	b->tally.before -= e->n;
}

void
bulk_add(struct bulk *b, struct source_item *item)
{
	struct bulk_mail *m = mem_alloc(sizeof *m);
	struct envelope *e = &m->intake.envelope;
	struct outcome why;

	m->label = item->label;
	m->since = b->now;
	m->intake.input = item->input;
	m->intake.has_input = true;
	m->intake.also = item->to;
	m->intake.field = item->field;
	m->intake.nfields = item->nfields;
	if (b->done)
		m->sum = done_next(b->done, &item->sum);
	if (!intake_read(&m->intake, b->s, &b->reach.self, &b->events,
		&why)) {
		fail(b, m, &why);
		return;
	}
	staging_apply(&b->s->queue, e, clock_now());
	home_expand(b->s, &b->reach.self, e);
	drop_done(b, m);
	if (e->n > 0) {
		send_off(b, m);
		return;
	}
	if (e->nbad > 0)
		report_mail(b, m);
	mail_free(m);
}

void
bulk_skip(struct bulk *b, struct source_item *item, const struct outcome *why)
{
	bulk_report_failure(b, item->label, why);
	b->tally.unsent++;
	bulk_note(b, why);
	source_item_free(item);
}

void
bulk_over(struct bulk *b, struct bulk_part *p)
{
	struct bulk_mail *m = p->mail;

	list_remove(&p->node);
	if (b->s->bulk.verp)
		report_part(b, m, &p->own);
	if (--m->left > 0)
		return;
	b->octets -= m->intake.message.size;
	report_mail(b, m);
	mail_free(m);
}
