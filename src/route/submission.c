/* SPDX-License-Identifier: ISC */
/* submission.c - see submission.h */
#include "route/submission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool
prefix_name(const char *prefix, const char *domain, char out[DNS_NAME_SIZE])
{
	char text[DNS_NAME_SIZE + 32];

	snprintf(text, sizeof text, "%s%s", prefix, domain);
	return dns_name_parse(slice_of(text), out);
}

bool
submission_names(const struct relay_spec *relay, char implicit[DNS_NAME_SIZE],
    char starttls[DNS_NAME_SIZE])
{
	char domain[DNS_NAME_SIZE];

	return dns_name_parse(slice_of(relay->host), domain) &&
	    dns_name_is_host(domain) &&
	    prefix_name("_submissions._tcp.", domain, implicit) &&
	    prefix_name("_submission._tcp.", domain, starttls);
}

static struct plan_host *
add_host(struct plan *p, const char *name, uint16_t port, bool implicit_tls)
{
	struct plan_host *h;

	p->host = mem_resize(p->host, size_add(p->nhosts, 1), sizeof *p->host);
	h = &p->host[p->nhosts++];
	*h = (struct plan_host){ .port = port, .implicit_tls = implicit_tls };
	h->name = mem_dup(slice_of(name));
	return h;
}

/* The kind of link is that of the host tried first. */
static void
set_link(struct plan *p)
{
	p->link = p->nhosts > 0 && p->host[0].implicit_tls ? LINK_SMTPS :
							     LINK_SMTP;
}

void
submission_plan(const struct relay_spec *relay, struct plan *p)
{
	add_host(p, relay->host, relay->port, relay->link == LINK_SMTPS);
	set_link(p);
}

/* ---- the order of RFC 2782 ---- */

static int
compare(const void *pa, const void *pb)
{
	const struct dns_srv *a = pa, *b = pb;
	bool a_zero = a->weight == 0, b_zero = b->weight == 0;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if (a_zero != b_zero) /* with the smallest chance, but first */
		return a_zero ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return strcmp(a->target, b->target);
}

/* splitmix64 */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t h = *state += 0x9e3779b97f4a7c15;

	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9;
	h = (h ^ h >> 27) * 0x94d049bb133111eb;
	return h ^ h >> 31;
}

/* How many from the first on have its priority. */
static size_t
group_length(const struct dns_srv *v, size_t n)
{
	size_t k = 1;

	while (k < n && v[k].priority == v[0].priority)
		k++;
	return k;
}

/* The place of the one whose turn it is, by weight. */
static size_t
pick(const struct dns_srv *v, size_t n, uint64_t *state)
{
	uint64_t sum = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < n; k++)
		sum += v[k].weight;
	at = next_random(state) % (sum + 1);
	for (sum = v[0].weight; sum < at; sum += v[i].weight)
		i++;
	return i;
}

/* Bring place k to the front; the others keep their order. */
static void
to_front(struct dns_srv *v, size_t k)
{
	struct dns_srv chosen = v[k];

	memmove(v + 1, v, k * sizeof *v);
	v[0] = chosen;
}

static void
put_in_order(struct dns_srv *v, size_t n, uint64_t seed)
{
	qsort(v, n, sizeof *v, compare);
	for (; n > 0; v++, n--)
		to_front(v, pick(v, group_length(v, n), &seed));
}

/* ---- which may be used ---- */

static bool
is_inside(const char *target, const char *domain)
{
	struct slice t = slice_of(target), d = slice_of(domain);

	if (d.n > 0 && d.p[d.n - 1] == '.')
		d.n--;
	return slice_eq_nocase(t, d) || (t.n > d.n + 1 &&
	    slice_ends_nocase(t, d) && t.p[t.n - d.n - 1] == '.');
}

static bool
may_be_used(const struct relay_spec *relay, const struct dns_srv *srv,
    bool secure, struct outcome *why)
{
	if (!dns_name_is_host(srv->target) || srv->port == 0)
		return outcome_fail(why, DEFERRED, STAGE_DNS, ESC(4, 4, 4),
		    "SRV %s:%u: not a host name and port", srv->target,
		    srv->port);
	if (!secure && !relay->tls_name &&
	    !is_inside(srv->target, relay->host))
		return outcome_fail(why, DEFERRED, STAGE_DNS, ESC(4, 7, 0),
		    "%s is outside of %s, and the DNS answer that names it is "
		    "not validated; if it is right, use smtps://%s as relay",
		    srv->target, relay->host, srv->target);
	return true;
}

/*
 * A target "." says that the service is not offered.  p->why gets the problem
 * of the first that may not be used.
 */
static void
add_srv(const struct route_config *config, const struct dns_srv *srv,
    bool implicit_tls, bool secure, struct plan *p)
{
	struct outcome why;

	if (srv->target[0] == '\0' || p->nhosts == PLAN_HOSTS_MAX)
		return;
	if (may_be_used(config->relay, srv, secure, &why))
		add_host(p, srv->target, srv->port, implicit_tls)->preference =
		    srv->priority;
	else if (!p->why)
		plan_set_why(p, why);
}

static void
add_answer(const struct route_config *config, const struct dns_answer *a,
    bool implicit_tls, struct plan *p)
{
	size_t n = a->status == DNS_FOUND ? a->n : 0;
	struct dns_srv *v = mem_alloc(size_mul(n, sizeof *v));

	if (n > 0)
		memcpy(v, a->srv, n * sizeof *v);
	put_in_order(v, n, config->seed);
	for (size_t i = 0; i < n; i++)
		add_srv(config, &v[i], implicit_tls, a->secure, p);
	free(v);
}

static struct outcome
no_records(const struct relay_spec *relay, const struct dns_answer *implicit,
    const struct dns_answer *starttls)
{
	const struct dns_answer *soft = implicit->status == DNS_SOFT ?
	    implicit : starttls;

	if (soft->status == DNS_SOFT)
		return outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 3),
		    "relay %s: SRV lookup failed (%s)", relay->name,
		    soft->why);
	if (starttls->status == DNS_FOUND || implicit->status == DNS_FOUND)
		return outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 4),
		    "relay %s: %s offers no submission, as its SRV records "
		    "say", relay->name, relay->host);
	return outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 4),
	    "relay %s: %s names no submission server in DNS (%s); if it is "
	    "the server itself, write smtps://%s, or smtp://%s", relay->name,
	    relay->host, starttls->why, relay->host, relay->host);
}

void
submission_plan_by_srv(const struct route_config *config,
    const struct dns_answer *implicit, const struct dns_answer *starttls,
    struct plan *p)
{
	add_answer(config, implicit, true, p);
	add_answer(config, starttls, false, p);
	set_link(p);
	if (p->nhosts > 0) {
		free(p->why);
		p->why = NULL;
	} else if (!p->why) {
		plan_set_why(p, no_records(config->relay, implicit, starttls));
	}
}
