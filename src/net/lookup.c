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
event_about(const struct dns_question *q, enum event_kind kind)
{
	struct event e = event_make(kind, 0);

	event_text(&e, "name", slice_of(q->name));
	event_text(&e, "type", slice_of(dns_type_name(q->type)));
	return e;
}

/* What is asked for the sake of another question: told as steps of that. */
static bool
is_of_zone(const struct dns_question *q)
{
	return q->type == DNS_DS || q->type == DNS_DNSKEY;
}

static void
report_lookup(struct lookups *all, const struct lookup *l)
{
	struct event e = event_about(&l->question, EVENT_LOOKUP);
	struct buf server = { 0 };

	if (!events_wanted(all->events) || is_of_zone(&l->question))
		return;
	put_server(&server, &l->x.server);
	event_text(&e, "resolver", buf_slice(&server));
	events_put(all->events, &e);
	buf_free(&server);
}

void
lookups_report(struct lookups *all, const struct dns_question *question,
    const struct dns_answer *a)
{
	struct event e = event_about(question, EVENT_ANSWER);
	struct buf text = { 0 };

	if (!events_wanted(all->events))
		return;
	if (a->status == DNS_FOUND)
		dns_answer_put(&text, a);
	event_text(&e, "status", slice_of(dns_status_name(a->status)));
	event_text(&e, "answer", buf_slice(&text));
	event_text(&e, "canonical", slice_of(a->canonical));
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
	events_note(all->events, 0, "%s %s: %s; asking %s%s",
	    l->question.name, dns_type_name(l->question.type), l->why,
	    buf_str(&server), l->x.edns ? "" : " without EDNS");
	buf_free(&server);
}

/* ---- one lookup ---- */

static void
finish(struct lookup *l)
{
	exchange_stop(&l->x);
	l->state = LOOKUP_DONE;
}

static void
fail(struct lookup *l, const char *why)
{
	dns_answer_free(&l->answer);
	l->answer = dns_answer_soft(l->question.type, why);
	finish(l);
}

/* Nobody's fault: this host has no descriptor for the question. */
static void
starve(struct lookup *l)
{
	snprintf(l->why, sizeof l->why, "%s", l->x.why);
	exchange_stop(&l->x);
	l->state = LOOKUP_STARVED;
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

static bool
speaks_edns(const struct lookups *all, const struct lookup *l)
{
	return l->turn == 0 &&
	    !((all->no_edns | l->disliked) & 1U << l->server);
}

/* Put the question to the picked server; true when that is under way. */
static bool
ask_server(struct lookups *all, struct lookup *l, int64_t now)
{
	enum exchange_state state;

	exchange_stop(&l->x);
	l->x.sockets = &all->sockets;
	state = exchange_start(&l->x, all->codec,
	    &all->config.server[l->server], &l->question,
	    speaks_edns(all, l));
	if (state == EXCHANGE_STARVED) {
		starve(l);
		return true;
	}
	if (l->why[0] == '\0')
		report_lookup(all, l);
	else
		report_next_server(all, l);
	set_patience(all, l, now);
	if (state == EXCHANGE_BUSY)
		return true;
	note_failure(l, l->x.why, false);
	spend_server(l);
	return false;
}

/* Ask the next server that can be asked, or end it. */
static void
try_next(struct lookups *all, struct lookup *l, int64_t now)
{
	while (now < l->budget_ends && pick_server(all, l))
		if (ask_server(all, l, now))
			return;
	fail(l, l->why[0] ? l->why : "no resolver is configured");
}

void
lookup_begin(struct lookups *all, struct lookup *l,
    const struct dns_question *question, int64_t now)
{
	l->question = *question;
	l->state = LOOKUP_BUSY;
	l->begun = now;
	l->budget_ends = now + all->config.budget;
	l->first = all->first;
	if (all->config.rotate && all->config.n > 0)
		all->first = (all->first + 1) % all->config.n;
	try_next(all, l, now);
}

/* ": from 192.0.2.53" after the reason of a negative. */
static void
name_source(struct lookup *l)
{
	struct buf why = { 0 };

	buf_putf(&why, "%s from ", l->answer.why);
	put_server(&why, &l->x.server);
	dns_answer_say(&l->answer, "%s", buf_str(&why));
	buf_free(&why);
}

/* Does the AD bit count? */
static bool
trusts(const struct lookups *all, const struct endpoint *server)
{
	return (all->config.dnssec == DNSSEC_AUTO ||
		   all->config.dnssec == DNSSEC_TRUST_AD) &&
	    resolver_config_trusts(&all->config, server);
}

static void
took_answer(struct lookups *all, struct lookup *l)
{
	if (!all->config.rotate)
		all->first = l->server;
	if (!trusts(all, &l->x.server))
		l->answer.secure = false;
	if (l->answer.status != DNS_FOUND)
		name_source(l);
	finish(l);
}

/* The same server again, without the OPT record that it did not understand. */
static void
ask_without_edns(struct lookups *all, struct lookup *l, int64_t now)
{
	l->disliked |= 1U << l->server;
	if (!ask_server(all, l, now))
		try_next(all, l, now);
}

/* Was it the OPT record, then?  An answer without one proves it. */
static void
learn_edns(struct lookups *all, const struct lookup *l)
{
	if (!l->x.edns && !dns_answer_refuses_edns(&l->answer))
		all->no_edns |= l->disliked & 1U << l->server;
}

/* A soft answer is the next server's chance. */
static void
took_soft_answer(struct lookups *all, struct lookup *l, int64_t now)
{
	bool retry = l->x.edns && dns_answer_refuses_edns(&l->answer);

	note_failure(l, l->answer.why, true);
	dns_answer_free(&l->answer);
	if (retry) {
		ask_without_edns(all, l, now);
		return;
	}
	spend_server(l);
	try_next(all, l, now);
}

static void
read_answer(struct lookups *all, struct lookup *l, int64_t now)
{
	all->heard_at = now;
	if (l->question.raw)
		all->codec->parse_raw(exchange_packet(&l->x),
		    l->question.type, &l->answer);
	else
		all->codec->parse(exchange_packet(&l->x),
		    slice_of(l->question.name), l->question.type, &l->answer);
	learn_edns(all, l);
	if (l->answer.status != DNS_SOFT)
		took_answer(all, l);
	else
		took_soft_answer(all, l, now);
}

void
lookup_step(struct lookups *all, struct lookup *l, const struct wait *w,
    int64_t now)
{
	switch (exchange_step(&l->x, w)) {
	case EXCHANGE_ANSWERED:
		read_answer(all, l, now);
		break;
	case EXCHANGE_STARVED:
		starve(l);
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
