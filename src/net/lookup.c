/* SPDX-License-Identifier: ISC */
/* lookup.c - see lookup.h */
#include "net/lookup.h"

#include <stdio.h>
#include <string.h>

#define DNS_PORT 53

void
lookup_free(struct lookup *l)
{
	exchange_stop(&l->x);
	dns_answer_free(&l->answer);
}

/* "192.0.2.53", with the port when it is an unusual one. */
static void
put_server(struct buf *out, const struct endpoint *e)
{
	if (e->port == DNS_PORT)
		ip_put(out, &e->ip);
	else
		endpoint_put(out, e);
}

/* ---- events ---- */

static struct event
event_about(const struct lookup *l, enum event_kind kind)
{
	struct event e = event_make(kind, 0);

	event_text(&e, "name", slice_of(l->name));
	event_text(&e, "type", slice_of(dns_type_name(l->type)));
	return e;
}

static void
report_lookup(struct lookups *all, const struct lookup *l)
{
	struct event e = event_about(l, EVENT_LOOKUP);
	struct buf server = { 0 };

	if (!events_wanted(all->events))
		return;
	put_server(&server, &l->x.server);
	event_text(&e, "resolver", buf_slice(&server));
	events_put(all->events, &e);
	buf_free(&server);
}

static void
report_answer(struct lookups *all, const struct lookup *l)
{
	const struct dns_answer *a = &l->answer;
	struct event e = event_about(l, EVENT_ANSWER);
	struct buf text = { 0 };

	if (!events_wanted(all->events))
		return;
	if (a->status == DNS_FOUND)
		dns_answer_put(&text, a);
	event_text(&e, "status", slice_of(dns_status_name(a->status)));
	event_text(&e, "answer", buf_slice(&text));
	event_text(&e, "why", slice_of(a->why));
	event_number(&e, "validated", a->secure);
	events_put(all->events, &e);
	buf_free(&text);
}

static void
report_next_server(struct lookups *all, const struct lookup *l)
{
	struct buf server = { 0 };

	if (!events_wanted(all->events))
		return;
	put_server(&server, &l->x.server);
	events_note(all->events, 0, "%s %s: %s; asking %s", l->name,
	    dns_type_name(l->type), l->why, buf_str(&server));
	buf_free(&server);
}

/* ---- one lookup ---- */

static void
finish(struct lookups *all, struct lookup *l)
{
	exchange_stop(&l->x);
	l->done = true;
	report_answer(all, l);
}

void
lookup_fail(struct lookups *all, struct lookup *l, const char *why)
{
	dns_answer_free(&l->answer);
	l->answer = dns_answer_soft(l->type, why);
	finish(all, l);
}

/* What a server said explains more than the silence of another. */
static void
note_failure(struct lookup *l, const char *what, bool heard)
{
	struct buf server = { 0 };

	if (l->heard && !heard)
		return;
	l->heard = heard;
	put_server(&server, &l->x.server);
	if (heard)
		snprintf(l->why, sizeof l->why, "%s from %s", what,
		    buf_str(&server));
	else
		snprintf(l->why, sizeof l->why, "%s: %s", buf_str(&server),
		    what);
	buf_free(&server);
}

/* The server of the next attempt; false when all attempts are used up. */
static bool
pick_server(const struct lookups *all, struct lookup *l)
{
	size_t n = all->config.n;

	while (l->attempt < n * all->config.attempts) {
		l->server = (l->first + l->attempt) % n;
		l->turn = l->attempt++ / n;
		if (!(l->spent & 1U << l->server))
			return true;
	}
	return false;
}

/*
 * Each turn over the servers waits twice as long, never past the budget; TCP
 * gets a time of its own.
 */
static void
set_patience(const struct lookups *all, struct lookup *l, int64_t now)
{
	l->by = l->x.by;
	l->attempt_ends = now + (all->config.attempt << l->turn);
	if (l->attempt_ends > l->budget_ends)
		l->attempt_ends = l->budget_ends;
}

/* The server we talk to is of no more use for this question. */
static void
spend_server(struct lookup *l)
{
	l->spent |= 1U << l->server;
}

/* Ask the next server that can be asked, or end it. */
static void
try_next(struct lookups *all, struct lookup *l, int64_t now)
{
	while (now < l->budget_ends && pick_server(all, l)) {
		enum exchange_state state;

		exchange_stop(&l->x);
		state = exchange_start(&l->x, &all->config.server[l->server],
		    l->name, l->type);
		if (l->why[0] == '\0')
			report_lookup(all, l);
		else
			report_next_server(all, l);
		set_patience(all, l, now);
		if (state == EXCHANGE_BUSY)
			return;
		note_failure(l, l->x.why, false);
		spend_server(l);
	}
	lookup_fail(all, l, l->why[0] ? l->why : "no resolver is configured");
}

void
lookup_begin(struct lookups *all, struct lookup *l, int64_t now)
{
	l->begun = now;
	l->budget_ends = now + all->config.budget;
	l->first = all->first;
	if (all->config.rotate && all->config.n > 0)
		all->first = (all->first + 1) % all->config.n;
	try_next(all, l, now);
}

static void
took_answer(struct lookups *all, struct lookup *l)
{
	struct buf server = { 0 };
	size_t n = strlen(l->answer.why);

	if (!all->config.rotate)
		all->first = l->server;
	if (!resolver_config_trusts(&all->config, &l->x.server))
		l->answer.secure = false;
	put_server(&server, &l->x.server);
	if (n > 0)
		snprintf(l->answer.why + n, sizeof l->answer.why - n,
		    " from %s", buf_str(&server));
	buf_free(&server);
	finish(all, l);
}

/* A soft answer is the next server's chance. */
static void
read_answer(struct lookups *all, struct lookup *l, int64_t now)
{
	all->heard_at = now;
	dns_answer_parse(exchange_packet(&l->x), slice_of(l->name), l->type,
	    &l->answer);
	if (l->answer.status != DNS_SOFT) {
		took_answer(all, l);
		return;
	}
	note_failure(l, l->answer.why, true);
	dns_answer_free(&l->answer);
	spend_server(l);
	try_next(all, l, now);
}

void
lookup_step(struct lookups *all, struct lookup *l, const struct wait *w,
    int64_t now)
{
	switch (exchange_step(&l->x, w)) {
	case EXCHANGE_ANSWERED:
		read_answer(all, l, now);
		break;
	case EXCHANGE_FAILED:
		note_failure(l, l->x.why, false);
		spend_server(l);
		try_next(all, l, now);
		break;
	case EXCHANGE_BUSY:
		if (l->by != l->x.by)
			set_patience(all, l, now);
		if (now < l->attempt_ends)
			break;
		note_failure(l, "no answer", false);
		try_next(all, l, now);
		break;
	}
}

void
lookup_wait(struct lookup *l, struct wait *w)
{
	exchange_wait(&l->x, w);
	wait_until(w, l->attempt_ends);
}

bool
lookup_met_silence(const struct lookups *all, const struct lookup *l)
{
	return l->answer.status == DNS_SOFT && all->heard_at < l->begun;
}
