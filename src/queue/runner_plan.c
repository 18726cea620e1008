/* SPDX-License-Identifier: ISC */
/*
 * runner_plan.c - what would happen to a message now: its plans, found by a
 * deliver that only plans.
 */
#include "queue/runner_impl.h"

#include <stdlib.h>

#include "base/mem.h"
#include "queue/load.h"
#include "report/explain.h"

#define PLANS 16 /* at once */

struct plan_job {
	struct list_node node;
	void *owner;
	struct deliver_config config;
	struct deliver *deliver;
	struct entry *entry;
	struct message message;
	struct consignment consignment;
};

static struct outcome
cannot(const char *text)
{
	return outcome_make(DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2), "%s", text);
}

static bool
open_entry(struct runner *r, const char *id, struct entry **e,
    struct outcome *why)
{
	switch (store_look(r->store, id, e, why)) {
	case STORE_TAKEN:
		return true;
	case STORE_GONE:
		*why = cannot("there is no such message");
		return false;
	case STORE_BUSY:
	case STORE_CORRUPT:
	case STORE_NEWER:
	case STORE_UNREADABLE:
	case STORE_REFUSED:
		break;
	}
	return false;
}

bool
runner_plan(struct runner *r, const char *id, void *owner, struct outcome *why)
{
	struct plan_job *p;
	struct entry *e;

	if (r->is_blocked)
		*why = r->block;
	else if (r->plans.n >= PLANS)
		*why = cannot("too many plans are asked for");
	if (r->is_blocked || r->plans.n >= PLANS ||
	    !open_entry(r, id, &e, why))
		return false;
	load_recipients(e, &r->config->schedule, true, r->wall);
	p = mem_alloc(sizeof *p);
	p->owner = owner;
	p->entry = e;
	p->message.body.fd = -1;
	p->config = r->config->deliver;
	p->config.plan_only = true;
	p->deliver = deliver_new(&p->config, NULL);
	p->consignment = load_consignment(e, &p->message, p);
	deliver_add(p->deliver, &p->consignment);
	deliver_close(p->deliver);
	list_append(&r->plans, &p->node, p);
	return true;
}

static void
end(struct runner *r, struct plan_job *p)
{
	list_remove(&p->node);
	deliver_free(p->deliver);
	store_release(r->store, p->entry);
	load_free(&p->message);
	free(p);
}

static void
put_signing(const struct runner *r, struct plan_job *p, struct buf *out)
{
	struct sign_facts facts;
	const struct sign_rule *rule;
	char domain[SIGN_DOMAIN];
	struct outcome why;

	if (!r->config->signing || !load_head(&p->message, p->entry, &why))
		return;
	facts = run_sign_facts(p->entry, &p->message);
	rule = sign_rule_for(r->config->signing, &facts, domain);
	if (rule)
		explain_put_signing(out, domain, rule);
}

bool
runner_planned(struct runner *r, void **owner, struct buf *out)
{
	struct plan_job *p = list_first(&r->plans);
	const struct plan *plan;
	struct slice rcpts;

	while (p && !deliver_is_idle(p->deliver))
		p = list_after(&p->node);
	if (!p)
		return false;
	while (deliver_next_plan(p->deliver, &plan, &rcpts))
		if (plan)
			explain_put(out, plan, rcpts);
	put_signing(r, p, out);
	*owner = p->owner;
	end(r, p);
	return true;
}

void
runner_unplan(struct runner *r, void *owner)
{
	struct plan_job *p, *next;

	for (p = list_first(&r->plans); p; p = next) {
		next = list_after(&p->node);
		if (p->owner == owner)
			end(r, p);
	}
}

void
plans_step(struct runner *r, const struct wait *w)
{
	struct plan_job *p = list_first(&r->plans);

	for (; p; p = list_after(&p->node))
		deliver_step(p->deliver, w, r->now);
}

void
plans_wait(struct runner *r, struct wait *w)
{
	struct plan_job *p = list_first(&r->plans);

	for (; p; p = list_after(&p->node)) {
		if (deliver_is_idle(p->deliver))
			wait_until(w, 0);
		deliver_wait(p->deliver, w);
	}
}

void
plans_free(struct runner *r)
{
	struct plan_job *p;

	while ((p = list_first(&r->plans)))
		end(r, p);
}
