/* SPDX-License-Identifier: ISC */
/* target.c - see target.h */
#include "route/target.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dns/name.h"

static void
cut_to(struct targets *t, size_t n)
{
	while (t->n > n) {
		struct target *last = &t->v[--t->n];

		plan_host_free(&last->host);
		for (int place = AT_NAME; place < TLSA_PLACES; place++)
			dns_answer_free(&last->tlsa[place]);
		dns_answer_free(&last->alias);
		free(last->ip);
	}
}

void
targets_free(struct targets *t)
{
	cut_to(t, 0);
	free(t->v);
	free(t->loop);
	t->v = NULL;
	t->loop = NULL;
}

/* Does mail to ourselves matter?  A --server is what the user wants. */
static bool
guards_against_loops(const struct route_config *c)
{
	return !c->server && !c->allow_loopback_mx;
}

static bool
name_is_own(const struct route_config *c, const char *name)
{
	if (!guards_against_loops(c) || !c->own_names)
		return false;
	for (const char *const *own = c->own_names; *own; own++)
		if (slice_eq_nocase(slice_of(*own), slice_of(name)))
			return true;
	return false;
}

static bool
ip_is_own(const struct route_config *c, const struct ip *ip)
{
	if (!guards_against_loops(c))
		return false;
	if (ip_is_loopback(ip) || ip_is_unspecified(ip) || ip_is_multicast(ip))
		return true;
	for (size_t i = 0; i < c->n_own_ips; i++)
		if (ip_eq(&c->own_ips[i], ip))
			return true;
	return false;
}

struct target *
targets_add(struct targets *t, const char *name, uint16_t preference)
{
	struct target *to;

	t->v = mem_resize(t->v, size_add(t->n, 1), sizeof *t->v);
	to = &t->v[t->n++];
	*to = (struct target){ .host.preference = preference };
	to->host.name = mem_dup(slice_of(name));
	to->is_own = name_is_own(t->config, name);
	return to;
}

/*
 * A place inside its preference that looks random but only depends on the seed
 * and the name, not on the order of the records (FNV-1a, then the mixing of
 * splitmix64).
 */
static uint64_t
shuffle_key(uint64_t seed, const char *name)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	h += seed;
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9;
	h = (h ^ h >> 27) * 0x94d049bb133111eb;
	return h ^ h >> 31;
}

struct ranked {
	const struct dns_mx *mx;
	uint64_t key;
};

static int
rank_compare(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;

	if (a->mx->preference != b->mx->preference)
		return a->mx->preference < b->mx->preference ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return strcmp(a->mx->host, b->mx->host);
}

static void
clear_problem(struct target *to)
{
	free(to->host.problem);
	to->host.problem = NULL;
}

void
target_set_problem(struct target *to, struct outcome problem)
{
	clear_problem(to);
	to->host.problem = mem_alloc(sizeof *to->host.problem);
	*to->host.problem = problem;
}

static bool
has_name(const struct targets *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].host.name, name) == 0)
			return true;
	return false;
}

/*
 * An address for a name will never have an address of its own; octets that no
 * name has may be damage and are a reason to wait (FAULTS row 9).
 */
static struct outcome
bad_name(const struct dns_mx *mx)
{
	char kept[DNS_NAME_SIZE];

	if (dns_name_parse(slice_of(mx->host), kept))
		return outcome_make(FAILED, STAGE_DNS, ESC(5, 4, 4),
		    "MX %u %s: not a host name", mx->preference, mx->host);
	return outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 4),
	    "MX %u %s: not a domain name", mx->preference, mx->host);
}

static void
add_one_mx(struct targets *t, const struct dns_mx *mx)
{
	struct target *to;

	if (mx->host[0] == '\0' || has_name(t, mx->host))
		return;
	to = targets_add(t, mx->host, mx->preference);
	if (!dns_name_is_host(mx->host))
		target_set_problem(to, bad_name(mx));
}

void
targets_note(struct targets *t, const struct dns_answer *a)
{
	if (t->good_until > a->good_until)
		t->good_until = a->good_until;
}

void
targets_add_mx(struct targets *t, const struct dns_answer *mx)
{
	struct ranked order[DNS_RECORDS_MAX] = { { NULL, 0 } };

	for (size_t i = 0; i < mx->n; i++) {
		order[i].mx = &mx->mx[i];
		order[i].key = shuffle_key(t->config->seed, mx->mx[i].host);
	}
	qsort(order, mx->n, sizeof order[0], rank_compare);
	for (size_t i = 0; i < mx->n; i++)
		add_one_mx(t, order[i].mx);
	targets_drop_own(t);
	t->cut = mx->total > mx->n || t->n > PLAN_HOSTS_MAX;
	cut_to(t, PLAN_HOSTS_MAX);
}

static size_t
count_version(const struct target *t, unsigned char version)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->ip[i].version == version;
	return n;
}

static bool
is_allowed(const struct route_config *c, const struct ip *ip)
{
	return ip->version == 4 ? !c->no_ipv4 : !c->no_ipv6;
}

/*
 * An address that leads nowhere (target.h).  For a --server 169.254/16 may be
 * right: the user knows the link, and there mostly is one.
 */
static bool
is_useless(const struct route_config *c, const struct ip *ip)
{
	return ip_is_link_local(ip) && ip->scope == 0 &&
	    (ip->version == 6 || guards_against_loops(c));
}

static bool
is_soft(const struct target *t)
{
	return t->host.problem && t->host.problem->verdict == DEFERRED;
}

static void
leave_out(struct target *to, const struct ip *ip)
{
	struct buf text = { 0 };

	to->has_useless = true;
	if (to->n > 0 || is_soft(to))
		return;
	ip_put(&text, ip);
	target_set_problem(to, outcome_make(FAILED, STAGE_DNS, ESC(5, 4, 4),
	    "%s: its address %s is link-local, of use on that link only",
	    to->host.name, buf_str(&text)));
	buf_free(&text);
}

/* More addresses of one version than are ever tried need not be kept. */
void
target_take_ip(const struct targets *t, struct target *to, const struct ip *at)
{
	size_t max = t->config->max_addresses;
	struct ip ip = ip_unmap(at);

	if (ip_is_own(t->config, &ip))
		to->is_own = true;
	if (!is_allowed(t->config, &ip) || count_version(to, ip.version) >=
	    (max ? max : PLAN_ADDRESSES_MAX))
		return;
	if (is_useless(t->config, &ip)) {
		leave_out(to, &ip);
		return;
	}
	to->ip = mem_resize(to->ip, size_add(to->n, 1), sizeof *to->ip);
	to->ip[to->n++] = ip;
	clear_problem(to);
}

struct outcome
lookup_failed(const char *name, const struct dns_answer *a)
{
	if (a->fault != STAGE_NONE)
		return outcome_make(DEFERRED, a->fault, ESC(4, 3, 0),
		    "%s: %s not looked up (%s)", name,
		    dns_type_name(a->type), a->why);
	return outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 3),
	    "%s: %s lookup failed (%s)", name, dns_type_name(a->type), a->why);
}

/* A negative: the name, or one or both kinds of address. */
static struct outcome
lacking(struct target *to, const struct dns_answer *a)
{
	const char *what = "no address", *why = a->why;

	if (a->status == DNS_NXDOMAIN)
		what = "no such host";
	else if (a->type == DNS_A)
		to->lacks_ipv4 = true;
	else
		to->lacks_ipv6 = true;
	if (to->lacks_ipv4 && to->lacks_ipv6)
		why = "neither A nor AAAA records";
	return outcome_make(FAILED, STAGE_DNS, ESC(5, 4, 4), "%s: %s (%s)",
	    to->host.name, what, why);
}

/* A soft error dominates; an address makes both forgotten. */
static void
take_problem(struct target *to, const struct dns_answer *a)
{
	if (to->n > 0 || is_soft(to))
		return;
	if (a->status == DNS_SOFT)
		target_set_problem(to, lookup_failed(to->host.name, a));
	else if (!to->has_useless)
		target_set_problem(to, lacking(to, a));
}

void
target_take(struct targets *t, struct target *to, const struct dns_answer *a)
{
	targets_note(t, a);
	if (a->status != DNS_SOFT) {
		to->vouched |= a->secure;
		to->insecure |= !a->secure;
	}
	if (a->status != DNS_FOUND) {
		take_problem(to, a);
		return;
	}
	if (a->canonical && name_is_own(t->config, a->canonical))
		to->is_own = true;
	if (a->canonical && !to->host.canonical)
		to->host.canonical = mem_dup(slice_of(a->canonical));
	for (size_t i = 0; i < a->n; i++)
		target_take_ip(t, to, &a->ip[i]);
}

void
target_take_loopback(const struct targets *t, struct target *to)
{
	target_take_ip(t, to, &(struct ip){ 4, { 127, 0, 0, 1 }, 0 });
	target_take_ip(t, to, &(struct ip){ 6, { [15] = 1 }, 0 });
}

bool
target_is_secure(const struct target *t)
{
	return t->vouched && !t->insecure;
}

bool
target_is_ip(const struct target *t)
{
	struct ip ip;

	return ip_parse(slice_of(t->host.name), &ip);
}

void
target_bar(struct target *to, struct outcome why)
{
	target_set_problem(to, why);
	to->n = 0;
}

void
target_set_level(struct target *to, enum tls_level level, const char *fmt, ...)
{
	char text[2 * DNS_NAME_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	free(to->host.tls_why);
	to->host.tls_why = mem_dup(slice_of(text));
	to->host.tls = level;
}

bool
target_is_unknown(const struct target *t)
{
	return t->n == 0 && !t->host.problem;
}

void
targets_drop_own(struct targets *t)
{
	const struct target *own = NULL;
	size_t n;

	for (n = 0; n < t->n && !own; n++)
		if (t->v[n].is_own)
			own = &t->v[n];
	if (!own)
		return;
	free(t->loop);
	t->loop = mem_dup(slice_of(own->host.name));
	for (n = 0; t->v[n].host.preference < own->host.preference; n++)
		;
	cut_to(t, n);
}
