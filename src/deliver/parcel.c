/* SPDX-License-Identifier: ISC */
/* parcel.c - see parcel.h */
#include "deliver/parcel.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "deliver/destination.h"
#include "route/remedy.h"

#define PROBLEMS_MAX 480

struct parcel *
parcel_new(struct job *job, struct consignment *c, struct destination *d)
{
	struct parcel *p = mem_alloc(sizeof *p);

	p->job = job;
	p->consignment = c;
	p->destination = d;
	d->users++;
	p->same = NO_HOP;
	p->silent = true;
	p->problems.max = PROBLEMS_MAX;
	list_append(&c->parcels, &p->sibling, p);
	return p;
}

void
parcel_add(struct parcel *p, struct recipient *r)
{
	recipient_append(&p->waiting, r);
	p->open++;
}

/* ---- verdicts ---- */

/* The end for r: the only place where a verdict is given. */
static void
decide(struct parcel *p, struct recipient *r, enum verdict verdict,
    struct result *result, int64_t now)
{
	assert(verdict != PENDING && p->open > 0);
	recipient_say(r, verdict, result);
	r->decided = now;
	r->site = p->site;
	p->open--;
	if (!p->job->config->records)
		return;
	recipient_append(&p->fresh, r);
	p->nfresh++;
	if (!p->record.in)
		list_append(&p->job->unrecorded, &p->record, p);
}

void
parcel_take(struct parcel *p, struct recipient *r, int64_t now)
{
	struct outcome o = recipient_outcome(r);

	if (o.verdict == PENDING) {
		recipient_append(&p->rest, r);
	} else if (remedy_for(&o) == REMEDY_NEXT_HOST) {
		r->doubtful = r->doubtful || o.verdict == DEFERRED;
		r->verdict = PENDING;
		recipient_append(&p->again, r);
	} else {
		decide(p, r, o.verdict, r->result, now);
	}
}

void
parcel_take_rest(struct parcel *p)
{
	recipient_prepend_all(&p->waiting, &p->rest);
}

void
parcel_reopen(struct parcel *p)
{
	recipient_prepend_all(&p->waiting, &p->again);
}

/*
 * A host's last words are his verdict, but what one host cannot take (code 0,
 * 5.y.z) another might have taken: that is FAILED only when no other could be
 * asked, or each said the same, which is what makes us sure.
 */
static void
settle_by_words(struct parcel *p, struct recipient *r, bool sure, int64_t now)
{
	struct outcome o = recipient_outcome(r);
	struct result *result;

	o.verdict = r->result->verdict;
	if (o.verdict != FAILED || o.code != 0 || !sure || r->doubtful)
		o.verdict = DEFERRED;
	if (o.verdict == DEFERRED && o.code == 0 && o.esc.cls == 5)
		o.esc.cls = 4;
	result = result_new(&o, SLICE(""));
	decide(p, r, o.verdict, result, now);
	result_release(result);
}

/* host: it is for no fault but the hosts'. */
static void
settle(struct parcel *p, const struct outcome *why, bool host, bool sure,
    int64_t now)
{
	struct outcome full = *why;
	struct result *result;
	struct recipient *r;

	full.relay = p->destination->key.nrelays > 0;
	result = result_new(&full, SLICE(""));
	while ((r = recipient_take(&p->again)))
		settle_by_words(p, r, sure, now);
	parcel_take_rest(p);
	while ((r = recipient_take(&p->waiting))) {
		if (r->result) {
			settle_by_words(p, r, sure, now);
			continue;
		}
		r->host_fault = host;
		decide(p, r, why->verdict, result, now);
	}
	result_release(result);
}

void
parcel_settle(struct parcel *p, const struct outcome *why, int64_t now)
{
	settle(p, why, false, false, now);
}

void
parcel_give_up(struct parcel *p, int64_t now)
{
	struct outcome why = result_outcome(p->last);
	bool host = p->nproblems > 0 && !p->heard;

	if (host && p->soonest != 0)
		p->site = p->soonest;
	why.verdict = why.verdict == PENDING ? DEFERRED : why.verdict;
	why.timed_out = p->silent;
	if (p->nproblems > 1 && p->problems.n > 0) {
		outcome_set_text(&why, buf_slice(&p->problems));
		why.code = 0; /* it is our text */
		why.ours[0] = '\0';
	}
	settle(p, &why, host, !p->doubt, now);
}

/* ---- reasons ---- */

/* A path of this machine has no address. */
static void
put_host(struct buf *out, const struct outcome *o)
{
	buf_puts(out, o->host);
	if (o->peer.ip.version != 0) {
		buf_puts(out, " [");
		ip_put(out, &o->peer.ip);
		buf_putf(out, "]:%u", o->peer.port);
	}
	buf_puts(out, ": ");
}

/* "connect mx1 [192.0.2.1]:25: refused", "mx2 [192.0.2.2]:25: 421 busy". */
static bool
describe(struct buf *out, const struct outcome *o)
{
	if (o->stage != STAGE_CONNECT && o->host[0] != '\0') {
		put_host(out, o);
		if (o->ours[0] != '\0')
			buf_putf(out, "%s, it said: ", o->ours);
		if (o->code != 0)
			buf_putf(out, "%u ", o->code);
	}
	return buf_puts(out, o->text) && !out->full;
}

void
parcel_set_last(struct parcel *p, const struct outcome *why)
{
	result_release(p->last);
	p->last = result_new(why, SLICE(""));
}

void
parcel_add_problem(struct parcel *p, const struct outcome *why)
{
	size_t n = p->problems.n;

	p->silent = p->silent && why->timed_out;
	p->heard = p->heard || !remedy_is_of_host(why);
	p->nproblems++;
	if (n > 0)
		buf_puts(&p->problems, "; ");
	if (!describe(&p->problems, why))
		buf_cut(&p->problems, n); /* enough said */
	parcel_set_last(p, why);
}

/* ---- tries ---- */

bool
parcel_has_tried(const struct parcel *p, size_t i)
{
	return i < p->ntried && p->tried[i] != UNTRIED;
}

void
parcel_try(struct parcel *p, size_t i, enum hop_try what)
{
	if (i >= p->ntried) {
		p->tried = mem_resize(p->tried, i + 1, sizeof *p->tried);
		while (p->ntried <= i)
			p->tried[p->ntried++] = UNTRIED;
	}
	p->tried[i] = what;
}

void
parcel_forget_tries(struct parcel *p)
{
	free(p->tried);
	p->tried = NULL;
	p->ntried = 0;
	p->same = NO_HOP;
}

/* ---- the end ---- */

void
parcel_free(struct parcel *p)
{
	list_remove(&p->queue);
	list_remove(&p->sibling);
	list_remove(&p->record);
	if (p->destination->latest == p)
		p->destination->latest = NULL;
	destination_release(p->destination);
	free(p->tried);
	buf_free(&p->problems);
	result_release(p->last);
	free(p);
}

void
parcel_forget_signatures(struct consignment *c)
{
	buf_free(&c->signature[false]);
	buf_free(&c->signature[true]);
}

void
parcel_end(struct parcel *p)
{
	struct consignment *c = p->consignment;
	struct job *job = p->job;

	parcel_free(p);
	if (c->parcels.n > 0)
		return;
	parcel_forget_signatures(c);
	list_remove(&c->node);
	list_append(&job->finished, &c->node, c);
}

void
parcel_retire(struct parcel *p)
{
	if (p->open == 0 && p->nfresh == 0 && p->recording == 0 && !p->lane)
		parcel_end(p);
}
