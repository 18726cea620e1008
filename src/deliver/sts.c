/* SPDX-License-Identifier: ISC */
/* sts.c - see sts.h */
#include "deliver/sts_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/door.h"
#include "net/random.h"

#define PATH	    "/.well-known/mta-sts.txt"
#define PATIENCE    60		/* seconds for a fetch (RFC 8461 3.3) */
#define PAUSE	    SECONDS(300) /* after one that failed (3.3) */
#define FETCHES_MAX 16		/* at once */
#define DOMAINS_MAX 4096	/* in memory */
#define LEAST_AGE   60		/* seconds that a policy holds, for the mail
				   that it was fetched for */

/* What route_take_policy() is told. */
struct sts_answer {
	const struct sts_policy *policy; /* NULL = none */
	char why[400];		/* its id and what else is of interest, or why
				   there is none; may be cut, is not escaped */
	enum tls_result_type fault; /* as sts_give_policy() says */
	int64_t good_until;
};

struct sts *
sts_new(const struct deliver_config *config, struct resolver *resolver,
    struct events *events)
{
	struct sts *s = mem_alloc(sizeof *s);

	s->config = config;
	s->resolver = resolver;
	s->events = events;
	random_draw(&s->domains.seed, sizeof s->domains.seed);
	return s;
}

static void
end_fetch(struct sts *s, struct known *k)
{
	for (size_t i = 0; i < 2; i++) {
		resolver_release(s->resolver, k->ticket[i]);
		k->ticket[i] = NULL;
	}
	if (k->fetch)
		s->relays->fetch->close(k->fetch);
	k->fetch = NULL;
	list_remove(&k->busy);
}

static void
drop(void *known)
{
	struct known *k = known;

	sts_entry_free(&k->entry);
	free(k->domain);
	free(k);
}

void
sts_free(struct sts *s)
{
	struct known *k;

	if (!s)
		return;
	while ((k = list_first(&s->busy)))
		end_fetch(s, k);
	sts_refresh_end(s);
	table_each(&s->domains, drop);
	table_free(&s->domains);
	free(s);
}

/* A long life knows many domains; the cache knows them, too. */
static void
drop_idle(void *known)
{
	struct known *k = known;

	if (k->busy.in || k->record)
		return;
	table_remove(k->table, &k->node);
	drop(k);
}

struct known *
sts_known(struct sts *s, const char *domain)
{
	struct known *k = table_find(&s->domains, slice_of(domain));
	const char *dir = s->config->sts_cache;

	if (k)
		return k;
	if (s->domains.n >= DOMAINS_MAX)
		table_each(&s->domains, drop_idle);
	k = mem_alloc(sizeof *k);
	k->table = &s->domains;
	k->domain = mem_dup(slice_of(domain));
	k->retry = INT64_MIN;
	table_add(&s->domains, &k->node, slice_of(k->domain), k);
	k->has = dir && sts_file_read(dir, domain, &k->entry);
	return k;
}

/* ---- fetching ---- */

static void
say_failure(struct sts *s, struct known *k, const char *text)
{
	snprintf(k->why, sizeof k->why, "%s", text);
	events_note(s->events, 0, "MTA-STS: no policy of %s fetched: %s",
	    k->domain, k->why);
}

/* It is over; after a failure not again for some time. */
static void
fail(struct sts *s, struct known *k, enum tls_result_type fault,
    const char *text)
{
	end_fetch(s, k);
	k->fault = fault;
	k->retry = s->now + PAUSE;
	say_failure(s, k, text);
}

static int64_t
patience(const struct sts *s)
{
	int64_t limit = s->config->timeout;

	return limit && limit < SECONDS(PATIENCE) ? limit : SECONDS(PATIENCE);
}

static bool
open_module(struct sts *s, struct outcome *why)
{
	static const struct door door = RELAY_DOOR;

	if (!s->relays)
		s->relays = door_open(&door, why);
	return s->relays != NULL;
}

static void
begin(struct sts *s, struct known *k, const char *id)
{
	struct resolver *r = s->resolver;
	bool no4 = s->config->route.no_ipv4;
	bool no6 = s->config->route.no_ipv6;
	struct dns_question q = { .name = k->host };

	list_append(&s->busy, &k->busy, k);
	snprintf(k->id, sizeof k->id, "%s", id);
	k->deadline = s->now + patience(s);
	if (!sts_host_name(k->domain, k->host)) {
		fail(s, k, TLS_RESULT_STS_FETCH, "there can be no host "
		    "mta-sts, as that name would be too long");
		return;
	}
	q.type = DNS_A;
	k->ticket[0] = no4 ? NULL : resolver_ask(r, &q, s->now);
	q.type = DNS_AAAA;
	k->ticket[1] = no6 ? NULL : resolver_ask(r, &q, s->now);
}

static void
put_addresses(struct buf *out, const struct ticket *t)
{
	const struct dns_answer *a = t ? resolver_answer(t) : NULL;

	for (size_t i = 0; a && i < a->n; i++) {
		buf_puts(out, out->n > 0 ? "," : "");
		ip_put(out, &a->ip[i]);
	}
}

static void
fail_to_find(struct sts *s, struct known *k)
{
	const struct dns_answer *a = resolver_answer(
	    k->ticket[0] ? k->ticket[0] : k->ticket[1]);
	char text[300];

	snprintf(text, sizeof text, "%s: no address (%s)", k->host,
	    a && a->why ? a->why : "none");
	fail(s, k, TLS_RESULT_STS_FETCH, text);
}

/* Both kinds of address are known: connect. */
static void
start(struct sts *s, struct known *k)
{
	struct buf addresses = { 0 };
	struct fetch_call call = { .host = k->host, .path = PATH,
		.ca = s->config->tls.ca, .max = STS_TEXT_MAX,
		.timeout = k->deadline - s->now };
	struct outcome why;

	put_addresses(&addresses, k->ticket[0]);
	put_addresses(&addresses, k->ticket[1]);
	call.addresses = buf_str(&addresses);
	if (addresses.n > 0 && open_module(s, &why))
		k->fetch = s->relays->fetch->open(&call, &why);
	if (addresses.n == 0)
		fail_to_find(s, k);
	else if (!k->fetch)
		fail(s, k, TLS_RESULT_OK, why.text); /* a lack of ours */
	buf_free(&addresses);
}

static void
keep(struct sts *s, struct known *k, struct slice text)
{
	const char *dir = s->config->sts_cache;

	if (dir && !sts_file_write(dir, k->domain, &k->entry, text))
		events_note(s->events, 0, "MTA-STS: the policy of %s is "
		    "not kept in %s: %s", k->domain, dir, strerror(errno));
}

static void
take(struct sts *s, struct known *k)
{
	const struct fetch_ops *ops = s->relays->fetch;
	struct slice text = ops->text(k->fetch);
	struct sts_policy policy = { 0 };
	const char *why = "its type is not text/plain";
	char said[400];

	if (!sts_is_text_plain(ops->type(k->fetch)) ||
	    !sts_policy_parse(text, &policy, &why)) {
		snprintf(said, sizeof said, "https://%s" PATH ": %s", k->host,
		    why);
		fail(s, k, TLS_RESULT_STS_INVALID, said);
		return;
	}
	sts_entry_free(&k->entry);
	k->entry.policy = policy;
	k->entry.fetched = clock_wall().seconds;
	snprintf(k->entry.id, sizeof k->entry.id, "%s", k->id);
	k->has = true;
	k->why[0] = '\0';
	k->fault = TLS_RESULT_OK;
	keep(s, k, text);
	end_fetch(s, k);
	events_note(s->events, 0, "MTA-STS: fetched the policy of %s: %s, "
	    "for %u seconds", k->domain, sts_mode_name(policy.mode),
	    (unsigned)policy.max_age);
}

static bool
are_answered(const struct known *k)
{
	for (size_t i = 0; i < 2; i++)
		if (k->ticket[i] && !resolver_answer(k->ticket[i]))
			return false;
	return true;
}

static void
step_one(struct sts *s, struct known *k, const struct wait *w)
{
	struct outcome why;

	if (!k->fetch && are_answered(k))
		start(s, k);
	if (!k->fetch)
		return;
	switch (s->relays->fetch->step(k->fetch, w, s->now, &why)) {
	case FETCH_BUSY:
		break;
	case FETCH_DONE:
		take(s, k);
		break;
	case FETCH_FAILED:
		fail(s, k, why.stage == STAGE_TLS ? TLS_RESULT_STS_WEBPKI :
		    TLS_RESULT_STS_FETCH, why.text);
		break;
	}
}

void
sts_step(struct sts *s, const struct wait *w, int64_t now)
{
	struct known *k = s ? list_first(&s->busy) : NULL, *next;

	if (s)
		s->now = now;
	for (; k; k = next) {
		next = list_after(&k->busy);
		step_one(s, k, w);
	}
	if (s)
		sts_refresh_step(s);
}

void
sts_wait(struct sts *s, struct wait *w)
{
	struct known *k = s ? list_first(&s->busy) : NULL;

	for (; k; k = list_after(&k->busy)) {
		if (k->fetch)
			s->relays->fetch->wait(k->fetch, w);
		else if (are_answered(k))
			wait_until(w, 0);
	}
	if (s)
		sts_refresh_wait(s, w);
}

/* ---- answering ---- */

int64_t
sts_left(const struct known *k, int64_t wall)
{
	int64_t age = k->entry.policy.max_age;

	if (!k->has)
		return 0;
	age = k->entry.fetched + (age < LEAST_AGE ? LEAST_AGE : age) - wall;
	return age > 0 ? age : 0;
}

static bool
is_half_over(const struct known *k, int64_t good)
{
	return good < k->entry.policy.max_age / 2;
}

void
sts_look(struct sts *s, struct known *k, const struct sts_wish *w, int64_t good)
{
	bool same = k->has && strcmp(k->entry.id, w->id) == 0;

	if (w->record != DNS_FOUND || k->busy.in || s->now < k->retry)
		return;
	if (good > 0 && same && !is_half_over(k, good))
		return;
	if (s->busy.n < FETCHES_MAX)
		begin(s, k, w->id);
}

static void
say_policy(const struct known *k, const struct sts_wish *w,
    struct sts_answer *out)
{
	const char *but = w->record != DNS_FOUND ? w->why : k->why;

	snprintf(out->why, sizeof out->why, "id %s%s%s", k->entry.id,
	    but[0] != '\0' ? "; kept, though " : "", but);
}

static bool
answer(struct sts *s, const struct sts_wish *w, int64_t now,
    struct sts_answer *out)
{
	struct known *k = sts_known(s, w->domain);
	int64_t good = sts_left(k, clock_wall().seconds);

	s->now = now;
	sts_look(s, k, w, good);
	if (k->busy.in && (good == 0 || strcmp(k->entry.id, w->id) != 0))
		return false;
	*out = (struct sts_answer){ .good_until = INT64_MAX };
	if (w->record == DNS_FOUND)
		out->fault = k->fault;
	if (good > 0) {
		out->policy = &k->entry.policy;
		say_policy(k, w, out);
		out->good_until = now + SECONDS(good);
	} else if (w->record == DNS_FOUND) {
		if (s->busy.n >= FETCHES_MAX && now >= k->retry)
			return false; /* its turn comes */
		snprintf(out->why, sizeof out->why, "%s", k->why);
		out->good_until = k->retry;
	} else {
		snprintf(out->why, sizeof out->why, "%s", w->why);
	}
	return true;
}

bool
sts_give_policy(struct sts *s, struct route *route, int64_t now,
    enum tls_result_type *fault)
{
	const struct sts_wish *wish = route_wants_policy(route);
	struct sts_answer a;

	if (!wish || !answer(s, wish, now, &a))
		return false;
	*fault = a.fault;
	route_take_policy(route, a.policy, a.why, a.good_until);
	return true;
}
