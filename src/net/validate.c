/* SPDX-License-Identifier: ISC */
/* validate.c - see validate.h */
#include "net/validate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/file.h"

#define ANCHORS_FILE "/usr/share/dns/root.key"
#define RELEASED     1793491200 /* 2026-11-01: no clock is right before it */

/* ---- trust anchors, and the clock ---- */

/* What is left then, and is it said? */
static void
give_up(struct validator *v, struct events *events, const char *why)
{
	v->useless = true;
	if (!v->by_itself)
		events_note(events, 0, "DNSSEC: %s: all answers count as "
		    "insecure", why);
	else if (v->anchors.n > 0)
		events_note(events, 0, "DNSSEC: %s: what it says itself of "
		    "its answers counts, if it is trusted", why);
}

static void
load(struct validator *v, const struct resolver_config *c,
    struct events *events)
{
	const char *path = c->anchors ? c->anchors : ANCHORS_FILE;
	struct buf text = { 0 };
	char why[512];

	v->loaded = true;
	v->by_itself = c->dnssec == DNSSEC_AUTO;
	if (!file_read(path, &text))
		snprintf(why, sizeof why, "the trust anchors of %s cannot be "
		    "read (%s)", path, strerror(errno));
	else if (!anchors_parse(&v->anchors, buf_slice(&text)) ||
	    v->anchors.n == 0)
		snprintf(why, sizeof why, "%s has no trust anchors that can "
		    "be read", path);
	else if (clock_wall().seconds < RELEASED)
		snprintf(why, sizeof why, "the clock of this machine is wrong");
	else
		why[0] = '\0';
	if (why[0])
		give_up(v, events, why);
	buf_free(&text);
}

bool
validator_is_of_use(struct validator *v, const struct resolver_config *c,
    struct events *events)
{
	if (!v->loaded)
		load(v, c, events);
	return !v->useless;
}

void
validator_free(struct validator *v)
{
	buf_free(&v->said);
}

#define SAID_MAX 8192 /* octets of what is remembered */

/* Of a zone that many names are in it is said once. */
static void
say(struct validator *v, struct events *events, const char *text)
{
	struct slice rest = buf_slice(&v->said), line;

	while (rest.n > 0 && slice_cut(&rest, '\0', &line))
		if (slice_eq(line, slice_of(text)))
			return;
	if (v->said.n < SAID_MAX) {
		buf_puts(&v->said, text);
		buf_putc(&v->said, '\0');
	}
	events_note(events, 0, "DNSSEC: %s", text);
}

static void
say_insecure(struct validator *v, struct events *events, const char *why)
{
	struct buf text = { 0 };

	buf_putf(&text, "insecure: %s", why);
	say(v, events, buf_str(&text));
	buf_free(&text);
}

/* ---- one of them ---- */

static void
release(struct resolver *r, struct validation *v)
{
	for (size_t i = 0; i < v->n; i++)
		resolver_release(r, v->ticket[i]);
	free(v->ticket);
	v->ticket = NULL;
	v->n = 0;
}

static void
ask(struct resolver *r, struct validation *v, int64_t now)
{
	size_t n = v->codec->chain_questions(v->chain);

	v->ticket = mem_alloc(size_mul(n, sizeof *v->ticket));
	v->n = n;
	for (size_t i = 0; i < n; i++)
		v->ticket[i] = resolver_ask(r,
		    v->codec->chain_question(v->chain, i), now);
}

struct validation *
validation_new(struct resolver *r, const struct validator *all,
    const struct dns_codec *codec, const char *name, enum dns_type type,
    int64_t now)
{
	struct validation *v = mem_alloc(sizeof *v);

	v->codec = codec;
	v->chain = codec->chain_new(name, type, &all->anchors,
	    clock_wall().seconds);
	ask(r, v, now);
	return v;
}

void
validation_free(struct resolver *r, struct validation *v)
{
	release(r, v);
	v->codec->chain_free(v->chain);
	free(v);
}

static bool
is_round_answered(const struct validation *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (!resolver_answer(v->ticket[i]))
			return false;
	return true;
}

/* ---- what it says ---- */

static struct dns_answer
soft(const struct validation *v, enum dns_type type, const char *what)
{
	struct dns_answer a = dns_answer_soft(type, "");

	dns_answer_say(&a, "%s: %s", what, v->codec->chain_why(v->chain));
	return a;
}

static struct dns_answer
read_answer(const struct validation *v, enum dns_type type, const char *asked)
{
	const char *name = v->codec->chain_name(v->chain);
	struct dns_answer a;

	v->codec->parse(v->codec->chain_packet(v->chain), slice_of(name), type,
	    &a);
	if (!a.canonical && a.status != DNS_SOFT && strcmp(name, asked) != 0)
		a.canonical = mem_dup(slice_of(name));
	a.secure = false;
	return a;
}

static void
judge(struct validator *all, const struct validation *v,
    struct events *events, const char *asked, struct dns_answer *out)
{
	enum dns_type type = out->type;
	const char *why = v->codec->chain_why(v->chain);

	switch (v->codec->chain_trust(v->chain)) {
	case TRUST_BOGUS:
		*out = soft(v, type, "DNSSEC: bogus");
		break;
	case TRUST_UNKNOWN:
	case TRUST_PENDING:
		*out = soft(v, type, "DNSSEC");
		break;
	case TRUST_SECURE:
		*out = read_answer(v, type, asked);
		out->secure = out->status != DNS_SOFT;
		if (out->ttl > v->codec->chain_ttl(v->chain))
			out->ttl = v->codec->chain_ttl(v->chain);
		break;
	case TRUST_INSECURE:
		say_insecure(all, events, why);
		*out = read_answer(v, type, asked);
		break;
	case TRUST_NONE:
		if (!all->useless)
			give_up(all, events, why);
		*out = read_answer(v, type, asked);
		out->secure = v->vouched && out->status != DNS_SOFT;
		break;
	}
}

/* All of a round is there. */
static void
answer_round(struct validation *v)
{
	bool over = false;

	for (size_t i = 0; i < v->n && !over; i++) {
		const struct dns_answer *a = resolver_answer(v->ticket[i]);
		struct slice packet = { a->packet ? a->packet : "",
			a->packet_n };

		v->vouched = i == 0 ? a->secure : v->vouched;
		over = v->codec->chain_answer(v->chain, i, packet);
	}
}

bool
validation_step(struct resolver *r, struct validator *all,
    struct validation *v, const char *asked, struct events *events,
    struct dns_answer *out, int64_t now)
{
	const char *step;

	while (is_round_answered(v)) {
		if (v->codec->chain_questions(v->chain) > 0)
			answer_round(v);
		while ((step = v->codec->chain_step(v->chain)))
			say(all, events, step);
		release(r, v);
		if (v->codec->chain_questions(v->chain) == 0) {
			judge(all, v, events, asked, out);
			return true;
		}
		ask(r, v, now);
	}
	return false;
}
