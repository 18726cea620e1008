/* SPDX-License-Identifier: ISC */
/* bulk_mail.c - one of many messages: in, on its way, and told of. */
#include "cli/bulk_impl.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cli/home.h"
#include "config/staging.h"
#include "net/clock.h"

/* ---- what became of one ---- */

static void
mail_free(struct bulk_mail *m)
{
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
report_mail(struct bulk *b, struct bulk_mail *m)
{
	const struct envelope *e = &m->intake.envelope;
	const struct recipient *r;
	struct outcome o;

	b->report.about = m->label;
	report_results(&b->report, e);
	b->report.about = NULL;
	b->tally.messages++;
	for (size_t i = 0; i < e->n + e->nbad; i++) {
		r = i < e->n ? &e->rcpts[i] : &e->bad[i - e->n];
		o = recipient_outcome(r);
		bulk_note(b, &o);
		tally_add(&b->tally, r, m->since);
	}
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

static void
send_off(struct bulk *b, struct bulk_mail *m)
{
	const struct settings *s = b->s;
	const struct sign_call call = { s, &m->intake, b->report.run.uid };
	struct outcome why;

	m->consignment = (struct consignment){
		.envelope = &m->intake.envelope,
		.message = &m->intake.message,
		.tls_floor = s->message.require_tls ? TLS_VERIFY : TLS_NONE,
		.tls_floor_why = "-O requiretls",
		.owner = m,
	};
	if (!sign_here(&m->sign, &call, &m->consignment, &b->events, &why)) {
		fail(b, m, &why);
		return;
	}
	b->n++;
	b->octets += m->intake.message.size;
	deliver_add(b->deliver, &m->consignment);
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
bulk_over(struct bulk *b, struct bulk_mail *m)
{
	b->n--;
	b->octets -= m->intake.message.size;
	report_mail(b, m);
	mail_free(m);
}
