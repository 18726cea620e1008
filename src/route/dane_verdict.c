/* SPDX-License-Identifier: ISC */
/*
 * dane_verdict.c - what is demanded of each host, once its TLSA records are
 * known or it is known that none count (RFC 7672 2.2, FAULTS 15 to 18).
 */
#include "route/dane.h"
#include "route/route_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* No TLSA record counts here: what else does, or the host is not used. */
static void
without_dane(const struct route *r, struct target *t, enum tls_level level,
    const char *why)
{
	const struct plan *p = &r->plan;

	if (p->tls == TLS_DANE_ONLY) {
		if (t->host.tls_fault == TLS_RESULT_OK)
			t->host.tls_fault = TLS_RESULT_DANE_REQUIRED;
		target_set_level(t, TLS_DANE_ONLY, "%s", why);
		target_bar(t, outcome_make(DEFERRED, STAGE_DNS, ESC(4, 7, 5),
		    "%s: TLS level dane-only, but %s", t->host.name, why));
		return;
	}
	if (level < p->tls_else)
		level = p->tls_else;
	if (level > TLS_MAY && level == p->tls_else)
		target_set_level(t, level, "%s; %s", why, p->tls == TLS_SECURE ?
		    p->tls_why : r->config->tls_floor_why);
	else
		target_set_level(t, level, "%s", why);
}

static void __attribute__((format(printf, 3, 4)))
has_none(const struct route *r, struct target *t, const char *fmt, ...)
{
	char text[2 * DNS_NAME_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	without_dane(r, t, TLS_MAY, text);
}

/* Whoever keeps us from seeing them must not gain by it. */
static void
cannot_be_seen(struct target *t, const struct dns_answer *a, const char *name)
{
	if (a->fault != STAGE_NONE) {
		target_bar(t, lookup_failed(name, a));
		return;
	}
	t->host.tls_fault = TLS_RESULT_DNSSEC_INVALID;
	target_bar(t, outcome_make(DEFERRED, STAGE_DNS, ESC(4, 7, 5),
	    "%s: %s lookup of %s failed (%s), and without its answer nothing "
	    "is sent there", t->host.name, dns_type_name(a->type), name,
	    a->why));
}

/* RFC 7672 2.2: with records, but none that is usable, TLS is a must. */
static void
are_unusable(const struct route *r, struct target *t, const char *owner,
    size_t total)
{
	char why[2 * DNS_NAME_SIZE];

	if (total == 1)
		snprintf(why, sizeof why, "the only TLSA record of %s is not "
		    "usable", owner);
	else
		snprintf(why, sizeof why, "none of the %zu TLSA records of %s "
		    "is usable", total, owner);
	t->host.tls_fault = TLS_RESULT_TLSA_INVALID;
	without_dane(r, t, TLS_ENCRYPT, why);
}

static void
are_there(const struct route *r, struct target *t, enum tlsa_place place,
    const char *owner)
{
	struct dane *d = mem_alloc(sizeof *d);
	const struct dns_answer *a = &t->tlsa[place];

	d->base = mem_dup(slice_of(place == AT_END ? t->host.canonical :
						     t->host.name));
	d->port = route_port(r->config);
	if (!dane_take(d, a)) {
		are_unusable(r, t, owner, a->total);
		dane_free(d);
		return;
	}
	dane_add_name(d, d->base);
	dane_add_name(d, t->host.name);
	dane_add_name(d, r->name);
	dane_add_name(d, r->canonical);
	t->host.dane = d;
	target_set_level(t, TLS_DANE, "%zu TLSA record%s of %s", d->n,
	    d->n == 1 ? "" : "s", owner);
}

/* Do the records at this place decide it? */
static bool
is_decided(const struct route *r, struct target *t, enum tlsa_place place)
{
	const char *base = place == AT_END ? t->host.canonical : t->host.name;
	const struct dns_answer *a = &t->tlsa[place];
	char owner[DNS_NAME_SIZE];

	if (!dane_owner(base, route_port(r->config), owner))
		return false;
	if (a->status == DNS_SOFT)
		cannot_be_seen(t, a, owner);
	else if (a->status == DNS_FOUND && a->secure && a->n > 0)
		are_there(r, t, place, owner);
	else if (place == AT_NAME && a->status == DNS_FOUND)
		has_none(r, t, "the TLSA records of %s are not validated by "
		    "DNSSEC", owner);
	else
		return false;
	return true;
}

static void
decide(const struct route *r, struct target *t)
{
	bool secure = target_is_secure(t);

	if (target_is_ip(t))
		has_none(r, t, "an address has no TLSA records");
	else if (dns_name_is_localhost(t->host.name))
		has_none(r, t, "localhost has no TLSA records");
	else if (!r->secure)
		has_none(r, t, "the MX records of %s are not validated by "
		    "DNSSEC", r->plan.domain);
	else if (t->alias.type != 0 && t->alias.status == DNS_SOFT)
		cannot_be_seen(t, &t->alias, t->host.name);
	else if (!secure && !t->alias.secure)
		has_none(r, t, "the addresses of %s are not validated by "
		    "DNSSEC", t->host.name);
	else if (!(secure && t->host.canonical && is_decided(r, t, AT_END)) &&
	    !is_decided(r, t, AT_NAME))
		has_none(r, t, "%s has no TLSA records", t->host.name);
}

/*
 * RFC 8689 4.2.1: for a message that demands it a certificate with the name of
 * an MX record is worth something only where DNSSEC vouches for that record.
 */
static bool
is_named_by_anybody(const struct route *r)
{
	return r->config->tls_floor >= TLS_VERIFY && !r->config->relay &&
	    !r->secure && strcmp(r->plan.how, "MX") == 0;
}

void
route_decide_dane(struct route *r)
{
	for (size_t i = 0; i < r->targets.n; i++) {
		struct target *t = &r->targets.v[i];

		t->host.tls = r->plan.tls;
		if (t->n == 0)
			continue;
		if (is_named_by_anybody(r) && !route_sts_vouches(r, t))
			target_bar(t, outcome_make(DEFERRED, STAGE_DNS,
			    ESC(4, 7, 30), "%s: the MX records of %s are not "
			    "validated by DNSSEC, as %s demands", t->host.name,
			    r->plan.domain, r->config->tls_floor_why));
		else if (route_wants_dane(r))
			decide(r, t);
	}
}
