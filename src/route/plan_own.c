/* SPDX-License-Identifier: ISC */
/* plan_own.c - what a plan owns and says of itself; see plan.h */
#include "route/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "route/dane.h"
#include "route/sts.h"

void
plan_host_free(struct plan_host *h)
{
	free(h->name);
	free(h->canonical);
	free(h->addresses);
	free(h->problem);
	free(h->tls_why);
	dane_free(h->dane);
	h->name = h->canonical = h->addresses = h->tls_why = NULL;
	h->problem = NULL;
	h->dane = NULL;
}

bool
plan_has_preferences(const struct plan *p)
{
	return p->how && (strcmp(p->how, "MX") == 0 ||
	    strcmp(p->how, "relay by SRV") == 0);
}

bool
plan_is_by_mx(const struct plan *p)
{
	return p->how && (strcmp(p->how, "MX") == 0 ||
	    strcmp(p->how, "implicit MX") == 0);
}

void
plan_set_why(struct plan *p, struct outcome why)
{
	if (!p->why)
		p->why = mem_alloc(sizeof *p->why);
	*p->why = why;
}

void
plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->nhosts; i++)
		plan_host_free(&p->host[i]);
	free(p->domain);
	free(p->host);
	free(p->address);
	free(p->why);
	free(p->sts);
	sts_policy_free(p->policy);
	free(p->policy);
	*p = (struct plan){ 0 };
}
