/* SPDX-License-Identifier: ISC */
/*
 * sts_route.c - MTA-STS in a route (RFC 8461 5): its record is asked for along
 * with the MX records; the policy is found by who drives the route; what it
 * demands holds for the hosts that DANE does not decide about (RFC 8461 2).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "route/dane.h"
#include "route/route_impl.h"

/* Not where TLS is to be no reason to wait (RFC 8689 4.1, RFC 8460 3). */
static bool
is_wanted(const struct route *r)
{
	const struct route_config *c = r->config;
	enum tls_level level = r->plan.tls;

	if (!r->name || c->tls_waived || c->tls_optional ||
	    c->sts == STS_UNWANTED)
		return false;
	if (level == TLS_NONE || level == TLS_DANE_ONLY)
		return false;
	return level == TLS_SECURE || c->sts == STS_WANTED;
}

void
route_ask_sts(struct route *r)
{
	char name[DNS_NAME_SIZE];

	if (!is_wanted(r) || !sts_record_name(r->name, name))
		return;
	r->sts = mem_alloc(sizeof *r->sts);
	route_ask(r, name, DNS_TXT, false);
}

void
route_free_sts(struct route *r)
{
	free(r->sts);
	r->sts = NULL;
}

static const struct asked *
find_record(const struct route *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->asked[i].question.type == DNS_TXT)
			return &r->asked[i];
	return NULL;
}

bool
route_awaits_sts(const struct route *r)
{
	const struct asked *a = find_record(r);

	return a && !a->answered && r->asked[0].answer.status == DNS_FOUND;
}

static void
say_why(struct sts_wish *w, const char *name, const char *why)
{
	snprintf(w->why, sizeof w->why, "%s: %s", name, why);
}

void
route_keep_sts(struct route *r)
{
	const struct asked *a = find_record(r);
	struct sts_wish *w;
	const char *why;

	if (!a || !a->answered)
		return;
	w = &r->sts->wish;
	targets_note(&r->targets, &a->answer);
	w->domain = r->name;
	w->record = a->answer.status;
	if (w->record != DNS_FOUND) {
		say_why(w, a->name, a->answer.why);
	} else if (!sts_record_find(&a->answer, w->id, &why)) {
		say_why(w, a->name, why);
		w->record = DNS_NODATA;
	}
}

/* Do the TLSA records of this host decide, as far as is known? */
static bool
has_dane(const struct route *r, const struct target *t)
{
	if (!route_wants_dane(r) || !r->secure)
		return false;
	for (int place = AT_NAME; place <= AT_END; place++)
		if (t->tlsa[place].n > 0 && t->tlsa[place].secure)
			return true;
	return false;
}

bool
route_ask_for_policy(struct route *r)
{
	if (!r->sts || !r->sts->wish.domain || r->round == ROUND_POLICY)
		return false;
	for (size_t i = 0; i < r->targets.n; i++) {
		const struct target *t = &r->targets.v[i];

		if (t->n == 0 || has_dane(r, t))
			continue;
		r->round = ROUND_POLICY;
		return true;
	}
	return false;
}

const struct sts_wish *
route_wants_policy(const struct route *r)
{
	return r->round == ROUND_POLICY ? &r->sts->wish : NULL;
}

static void
say(struct route *r, const char *why)
{
	const struct sts_policy *p = r->plan.policy;
	struct buf text = { 0 };

	if (!p)
		buf_putf(&text, "none: %s", why);
	else
		buf_putf(&text, "%s, by the policy of %s (%zu mx, %s)",
		    sts_mode_name(p->mode), r->plan.domain, p->n, why);
	r->plan.sts = mem_dup(buf_slice(&text));
	buf_free(&text);
}

/* For reports to the domain: RFC 8460 has no word of its own for it. */
static void
not_named(struct target *t)
{
	t->host.by_sts = true;
	t->host.tls_fault = TLS_RESULT_FAILURE;
}

/* What the hosts lack that testing would be the end of, were it enforced. */
static void
say_unnamed(struct route *r)
{
	struct buf text = { 0 };

	buf_puts(&text, r->plan.sts);
	for (size_t i = 0; i < r->targets.n; i++) {
		struct target *t = &r->targets.v[i];

		if (t->n == 0 || t->host.tls == TLS_DANE ||
		    sts_policy_names(r->plan.policy, t->host.name))
			continue;
		buf_putf(&text, "; it does not name %s", t->host.name);
		not_named(t);
	}
	free(r->plan.sts);
	r->plan.sts = mem_dup(buf_slice(&text));
	buf_free(&text);
}

bool
route_sts_vouches(const struct route *r, const struct target *t)
{
	return r->plan.policy && r->plan.policy->mode == STS_ENFORCE &&
	    sts_policy_names(r->plan.policy, t->host.name);
}

static void
enforce(const struct route *r, struct target *t)
{
	if (!route_sts_vouches(r, t)) {
		not_named(t);
		target_bar(t, outcome_make(DEFERRED, STAGE_ROUTE, ESC(4, 7, 5),
		    "%s: the MTA-STS policy of %s does not name it",
		    t->host.name, r->plan.domain));
		return;
	}
	target_set_level(t, TLS_VERIFY, "the MTA-STS policy of %s is enforced",
	    r->plan.domain);
	t->host.by_sts = true;
}

void
route_decide_sts(struct route *r)
{
	const struct sts_policy *p = r->plan.policy;

	if (p && p->mode == STS_TESTING)
		say_unnamed(r);
	if (!p || p->mode != STS_ENFORCE)
		return;
	for (size_t i = 0; i < r->targets.n; i++) {
		struct target *t = &r->targets.v[i];

		if (t->n > 0 && t->host.tls != TLS_DANE)
			enforce(r, t);
	}
}

void
route_take_policy(struct route *r, const struct sts_policy *policy,
    const char *why, int64_t good_until)
{
	r->plan.policy = sts_policy_dup(policy);
	if (r->targets.good_until > good_until)
		r->targets.good_until = good_until;
	say(r, why);
	route_end_policy(r);
}
