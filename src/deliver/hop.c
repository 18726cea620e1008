/* SPDX-License-Identifier: ISC */
/* hop.c - see hop.h */
#include "deliver/hop.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/clock.h"
#include "route/dane.h"

void
hops_free(struct hops *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free((char *)h->v[i].host);
		free((char *)h->v[i].addresses);
		dane_free(h->v[i].dane);
		result_release(h->v[i].dead);
	}
	free(h->v);
	free(h->order);
	*h = (struct hops){ 0 };
}

static bool
is_same(const struct hop *a, const struct hop *b)
{
	return strcmp(a->host, b->host) == 0 && a->at.port == b->at.port &&
	    a->at.ip.version == b->at.ip.version &&
	    (a->at.ip.version == 0 || ip_eq(&a->at.ip, &b->at.ip)) &&
	    a->implicit_tls == b->implicit_tls;
}

/* Put it into use: it, or the one that is known already. */
static void
use(struct hops *h, const struct hop *hop)
{
	size_t i = 0;

	while (i < h->n && !is_same(&h->v[i], hop))
		i++;
	if (i == h->n) {
		h->v = mem_resize(h->v, ++h->n, sizeof *h->v);
		h->v[i] = *hop;
		h->v[i].host = mem_dup(slice_of(hop->host));
		h->v[i].addresses = NULL;
		h->v[i].dane = dane_copy(hop->dane);
	}
	free((char *)h->v[i].addresses);
	h->v[i].addresses = hop->addresses ?
	    mem_dup(slice_of(hop->addresses)) : NULL;
	h->v[i].preference = hop->preference;
	h->order = mem_resize(h->order, h->norder + 1, sizeof *h->order);
	h->order[h->norder++] = i;
}

void
hops_take_plan(struct hops *h, const struct plan *p)
{
	const struct plan_host *host;
	struct hop hop;

	h->norder = 0;
	for (size_t i = 0; i < p->naddresses; i++) {
		host = &p->host[p->address[i].host];
		hop = (struct hop){ .host = host->name,
			.at = p->address[i].at,
			.preference = host->preference,
			.tls = host->tls, .dane = host->dane,
			.by_sts = host->by_sts };
		use(h, &hop);
	}
	for (size_t i = 0; p->relay && i < p->nhosts; i++) {
		host = &p->host[i];
		hop = (struct hop){ .host = host->name,
			.at.port = host->port, .preference = host->preference,
			.implicit_tls = host->implicit_tls,
			.addresses = host->addresses, .tls = p->tls };
		use(h, &hop);
	}
}

/* Dead ones are as good as tried, and their reason as good as his own. */
static bool
is_dead(const struct hop *h, struct parcel *p, size_t i, int64_t now)
{
	struct outcome why;

	if (now >= h->dead_until)
		return false;
	why = result_outcome(h->dead);
	parcel_try(p, i, TRIED);
	parcel_add_problem(p, &why);
	return true;
}

/* One by one where libcurl connects; else those of one preference. */
static bool
is_of_race(const struct hops *h, size_t first, size_t i)
{
	return h->v[first].at.ip.version != 0 &&
	    h->v[first].preference == h->v[i].preference;
}

/* Those that were slower than others begin later. */
static void
order_race(const struct hops *h, size_t n, size_t out[DIAL_MAX])
{
	size_t slow[DIAL_MAX], fast = 0, nslow = 0;

	for (size_t i = 0; i < n; i++) {
		if (h->v[out[i]].slow)
			slow[nslow++] = out[i];
		else
			out[fast++] = out[i];
	}
	for (size_t i = 0; i < nslow; i++)
		out[fast + i] = slow[i];
}

size_t
hops_next(const struct hops *h, struct parcel *p, int64_t now,
    size_t out[DIAL_MAX])
{
	size_t n = 0;

	if (p->same != NO_HOP) {
		out[0] = p->same;
		return 1;
	}
	for (size_t k = 0; k < h->norder && n < DIAL_MAX; k++) {
		size_t i = h->order[k];

		if (parcel_has_tried(p, i))
			continue;
		if (n > 0 && !is_of_race(h, out[0], i))
			break;
		if (!is_dead(&h->v[i], p, i, now))
			out[n++] = i;
	}
	order_race(h, n, out);
	return n;
}

static bool
has_answered(const struct hops *h, const struct parcel *p, const char *host)
{
	for (size_t i = 0; i < p->ntried; i++)
		if (p->tried[i] == ANSWERED && strcmp(h->v[i].host, host) == 0)
			return true;
	return false;
}

bool
hops_doubt(const struct hops *h, const struct parcel *p)
{
	for (size_t i = 0; i < p->ntried; i++)
		if (p->tried[i] == TRIED && !has_answered(h, p, h->v[i].host))
			return true;
	return false;
}

void
hop_died(struct hop *h, const struct outcome *why, int64_t now)
{
	result_release(h->dead);
	h->dead = result_new(why, SLICE(""));
	h->dead_until = now + SECONDS(HOP_DEAD_SECONDS);
}

void
hop_lives(struct hop *h)
{
	h->dead_until = 0;
}

bool
hops_are_dead(const struct hops *h, int64_t now)
{
	for (size_t k = 0; k < h->norder; k++)
		if (now >= h->v[h->order[k]].dead_until)
			return false;
	return h->norder > 0;
}

void
hops_die(struct hops *h, int64_t until)
{
	for (size_t k = 0; k < h->norder; k++)
		h->v[h->order[k]].dead_until = until;
}

void
hops_revive(struct hops *h, int64_t now)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].dead_until > now)
			h->v[i].dead_until = now;
}

bool
hops_remember(const struct hops *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].dead_until != 0 || h->v[i].in_clear ||
		    h->v[i].slow || h->v[i].no_bdat ||
		    h->v[i].max_rcpts != 0)
			return true;
	return false;
}
