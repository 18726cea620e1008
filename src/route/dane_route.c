/* SPDX-License-Identifier: ISC */
/*
 * dane_route.c - the TLSA records of the hosts of a route (RFC 7672 2.2);
 * dane_verdict.c has what follows.
 *
 * They count only where DNSSEC vouches for the whole way: the MX records, the
 * addresses of the host, the TLSA records.  Asked along with the addresses they
 * cost no time; a round of its own is for those of the domain itself without MX
 * records, and for those at the end of a host's CNAMEs, which go before the
 * ones at its own name (RFC 7672 2.2.3).
 */
#include "route/dane.h"
#include "route/route_impl.h"

#include <string.h>

bool
route_wants_dane(const struct route *r)
{
	return r->plan.tls >= TLS_DANE;
}

/* May there be records that count, as far as is known before its addresses? */
static bool
may_have_tlsa(const struct route *r, const struct target *t)
{
	return route_wants_dane(r) && r->secure && !target_is_ip(t) &&
	    !dns_name_is_localhost(t->host.name);
}

static bool
is_asked(const struct route *r, const char *name, enum dns_type type)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->asked[i].question.type == type &&
		    strcmp(r->asked[i].name, name) == 0)
			return true;
	return false;
}

/* Two hosts may be one at the end of their CNAMEs. */
static void
ask_once(struct route *r, const char *name, enum dns_type type)
{
	if (is_asked(r, name, type))
		return;
	route_ask(r, name, type, false);
	r->asked[r->n - 1].question.spare = type == DNS_TLSA;
}

static void
ask_at(struct route *r, struct target *t, enum tlsa_place place)
{
	const char *base = place == AT_NAME ? t->host.name : t->host.canonical;
	char owner[DNS_NAME_SIZE];

	if (!t->tlsa[place].why && t->tlsa[place].type == 0 &&
	    dane_owner(base, route_port(r->config), owner))
		ask_once(r, owner, DNS_TLSA);
}

void
route_ask_tlsa(struct route *r, struct target *t)
{
	if (may_have_tlsa(r, t))
		ask_at(r, t, AT_NAME);
}

/* ---- the answers ---- */

static void
keep(struct dns_answer *to, const struct dns_answer *a)
{
	dns_answer_free(to);
	dns_answer_copy(to, a);
}

static void
take_tlsa(struct route *r, struct target *t, const struct asked *asked)
{
	const char *base[] = { t->host.name, t->host.canonical };
	char owner[DNS_NAME_SIZE];

	for (int place = AT_NAME; place <= AT_END; place++)
		if (base[place] &&
		    dane_owner(base[place], route_port(r->config), owner) &&
		    strcmp(owner, asked->name) == 0) {
			keep(&t->tlsa[place], &asked->answer);
			targets_note(&r->targets, &asked->answer);
		}
}

void
route_take_dane(struct route *r, struct target *t, const struct asked *asked)
{
	if (asked->question.type == DNS_TLSA)
		take_tlsa(r, t, asked);
	if (asked->question.type != DNS_CNAME ||
	    strcmp(t->host.name, asked->name) != 0)
		return;
	keep(&t->alias, &asked->answer);
	targets_note(&r->targets, &asked->answer);
}

static bool
is_of_addresses(const struct asked *a)
{
	return a->question.type == DNS_A || a->question.type == DNS_AAAA;
}

static bool
host_is_insecure(const struct route *r, const char *host)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct asked *a = &r->asked[i];

		if (a->answered && is_of_addresses(a) &&
		    a->answer.status != DNS_SOFT && !a->answer.secure &&
		    strcmp(a->name, host) == 0)
			return true;
	}
	return false;
}

/* "mx.example.org" of "_25._tcp.mx.example.org". */
static const char *
base_of(const char *owner)
{
	const char *dot = strchr(owner, '.');

	return strchr(dot + 1, '.') + 1;
}

bool
route_needs_no_tlsa(const struct route *r)
{
	if (r->round != ROUND_HOSTS)
		return false;
	for (size_t i = 0; i < r->n; i++) {
		const struct asked *a = &r->asked[i];

		if (!a->answered && (a->question.type != DNS_TLSA ||
		    !host_is_insecure(r, base_of(a->name))))
			return false;
	}
	return true;
}

/* ---- the round that may be left ---- */

/*
 * An alias in a signed zone may lead into one that is not: then its own name
 * counts, if that it is an alias is secure (RFC 7672 2.2.2).
 */
static void
ask_what_is_left(struct route *r, struct target *t)
{
	if (target_is_secure(t) || t->alias.secure)
		ask_at(r, t, AT_NAME);
	if (t->host.canonical && target_is_secure(t))
		ask_at(r, t, AT_END);
	else if (t->host.canonical && t->alias.type == 0) {
		ask_once(r, t->host.name, DNS_CNAME);
		ask_at(r, t, AT_NAME);
	}
}

bool
route_ask_for_dane(struct route *r)
{
	if (r->round == ROUND_TLSA)
		return false;
	for (size_t i = 0; i < r->targets.n; i++) {
		struct target *t = &r->targets.v[i];

		if (t->n > 0 && may_have_tlsa(r, t))
			ask_what_is_left(r, t);
	}
	if (r->n > 0)
		r->round = ROUND_TLSA;
	return r->n > 0;
}
