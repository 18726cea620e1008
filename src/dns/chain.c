/* SPDX-License-Identifier: ISC */
/* chain.c - see chain.h */
#include "dns/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "dns/chain_impl.h"

/* ---- questions ---- */

static void
ask(struct chain *c, const char *name, enum dns_type type)
{
	struct chain_asked *a;

	c->asked = mem_resize(c->asked, c->n + 1, sizeof *c->asked);
	a = &c->asked[c->n++];
	*a = (struct chain_asked){ .name = mem_dup(slice_of(name)) };
	a->question = (struct dns_question){ .name = a->name, .type = type,
		.raw = true };
}

/* The keys of the root, and DS and keys of each name on the way. */
static void
begin_round(struct chain *c)
{
	unsigned n = dnssec_labels(c->name);

	ask(c, c->name, c->type);
	ask(c, "", DNS_DNSKEY);
	for (unsigned i = n; i > 0; i--) {
		ask(c, dnssec_above(c->name, i - 1), DNS_DS);
		ask(c, dnssec_above(c->name, i - 1), DNS_DNSKEY);
	}
}

static void
end_round(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->asked[i].name);
		buf_free(&c->asked[i].octets);
		ldns_pkt_free(c->asked[i].pkt);
	}
	free(c->asked);
	c->asked = NULL;
	c->n = c->nanswered = 0;
}

struct chain *
chain_new(const char *name, enum dns_type type, const struct anchors *anchors,
    int64_t now)
{
	struct chain *c = mem_alloc(sizeof *c);

	snprintf(c->name, sizeof c->name, "%s", name);
	c->type = type;
	c->anchors = anchors;
	c->work = (struct dnssec_work){ .now = now, .ttl = UINT32_MAX };
	if (dnssec_labels(name) > CHAIN_LABELS)
		chain_end(c, TRUST_BOGUS, "%s", "the name has too many labels "
		    "to be validated");
	else
		begin_round(c);
	return c;
}

void
chain_free(struct chain *c)
{
	if (!c)
		return;
	end_round(c);
	chain_drop_zone(c);
	buf_free(&c->last);
	buf_free(&c->steps);
	free(c);
}

size_t
chain_questions(const struct chain *c)
{
	return c->trust == TRUST_PENDING ? c->n : 0;
}

const struct dns_question *
chain_question(const struct chain *c, size_t i)
{
	return &c->asked[i].question;
}

/* ---- what is found ---- */

void
chain_end(struct chain *c, enum trust trust, const char *fmt, ...)
{
	va_list args;

	c->trust = trust;
	va_start(args, fmt);
	vsnprintf(c->why, sizeof c->why, fmt, args);
	va_end(args);
	if (trust != TRUST_SECURE || !c->weak)
		return;
	c->trust = TRUST_INSECURE;
	memcpy(c->why, c->weak_why, sizeof c->why);
}

void
chain_say(struct chain *c, const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	buf_puts(&c->steps, line);
	buf_putc(&c->steps, '\0');
}

ldns_pkt *
chain_found(const struct chain *c, const char *name, enum dns_type type)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->asked[i].question.type == type &&
		    strcmp(c->asked[i].name, name) == 0)
			return c->asked[i].pkt;
	return NULL;
}

/* The packet of the records is kept, for who asked for them. */
static void
keep_last(struct chain *c)
{
	buf_clear(&c->last);
	buf_put(&c->last, buf_slice(&c->asked[0].octets));
}

/* What says that it cannot answer has not. */
static ldns_pkt *
read_packet(struct slice packet)
{
	ldns_pkt *pkt = NULL;

	if (packet.n == 0 || ldns_wire2pkt(&pkt, (const uint8_t *)packet.p,
		packet.n) != LDNS_STATUS_OK)
		return NULL;
	if (ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NOERROR ||
	    ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NXDOMAIN)
		return pkt;
	ldns_pkt_free(pkt);
	return NULL;
}

bool
chain_answer(struct chain *c, size_t i, struct slice packet)
{
	struct chain_asked *a = &c->asked[i];
	char target[DNS_NAME_SIZE];

	a->answered = true;
	buf_put(&a->octets, packet);
	a->pkt = read_packet(packet);
	if (++c->nanswered < c->n)
		return false;
	keep_last(c);
	target[0] = '\0';
	chain_walk(c, target);
	if (c->trust != TRUST_PENDING)
		return true;
	end_round(c);
	chain_drop_zone(c);
	snprintf(c->name, sizeof c->name, "%s", target);
	if (++c->hops > CHAIN_CNAMES || dnssec_labels(target) > CHAIN_LABELS)
		chain_end(c, TRUST_BOGUS, "%s", "the chain of CNAMEs is too "
		    "long");
	else
		begin_round(c);
	return true;
}

/* ---- its end ---- */

enum trust
chain_trust(const struct chain *c)
{
	return c->trust;
}

const char *
chain_why(const struct chain *c)
{
	return c->why;
}

struct slice
chain_packet(const struct chain *c)
{
	return buf_slice(&c->last);
}

const char *
chain_name(const struct chain *c)
{
	return c->name;
}

uint32_t
chain_ttl(const struct chain *c)
{
	return c->work.ttl;
}

const char *
chain_step(struct chain *c)
{
	const char *step = buf_slice(&c->steps).p;

	if (c->steps.n == 0)
		return NULL;
	snprintf(c->step, sizeof c->step, "%s", step);
	buf_consume(&c->steps, strlen(step) + 1);
	return c->step;
}
