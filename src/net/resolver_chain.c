/* SPDX-License-Identifier: ISC */
/* resolver_chain.c - answers that are validated, as tickets. */
#include "net/resolver_impl.h"

bool
resolver_validates(struct resolver *r, const struct dns_question *q,
    const char *name)
{
	enum resolver_dnssec how = r->all.config.dnssec;

	return q->validate && name[0] &&
	    (how == DNSSEC_AUTO || how == DNSSEC_VALIDATE) &&
	    validator_is_of_use(&r->validator, &r->all.config, r->all.events);
}

void
resolver_end_chain(struct resolver *r, struct ticket *t)
{
	list_remove(&t->queue);
	validation_free(r, t->validation);
	t->validation = NULL;
}

static void
step_chain(struct resolver *r, struct ticket *t, int64_t now)
{
	struct dns_answer a = { .type = t->type };

	if (!validation_step(r, &r->validator, t->validation, t->name,
		r->all.events, &a, now))
		return;
	resolver_end_chain(r, t);
	resolver_settle(r, t, a, now);
}

struct ticket *
resolver_ask_chain(struct resolver *r, const char *name, enum dns_type type,
    int64_t now)
{
	struct ticket *t = cache_find(&r->cache, name, type, BY_CHAIN, now);

	if (t) {
		ticket_hold(t);
		return t;
	}
	t = cache_add(&r->cache, name, type, BY_CHAIN);
	t->validation = validation_new(r, &r->validator, r->all.codec, name,
	    type, now);
	list_append(&r->chains, &t->queue, t);
	step_chain(r, t, now);
	return t;
}

/* One may begin questions that are answered at once. */
void
resolver_step_chains(struct resolver *r, int64_t now)
{
	struct ticket *t, *next;

	for (t = list_first(&r->chains); t; t = next) {
		next = list_after(&t->queue);
		step_chain(r, t, now);
	}
}

/* Their questions are the resolver's, and end with it. */
void
resolver_free_chains(struct resolver *r)
{
	struct ticket *t;

	while ((t = list_first(&r->chains)))
		resolver_end_chain(r, t);
}
