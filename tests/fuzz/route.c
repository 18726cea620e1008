/* SPDX-License-Identifier: ISC */
/*
 * route.c - fuzz routing: any answers in any order end after two rounds, with
 * DANE three, with a plan that is bounded and either has addresses or says why
 * not; whatever failed softly never makes a permanent failure of a better
 * host's; a relay is only one that the DNS answer may name; and no host is
 * without what DANE, or the floor, demands.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "route/dane.h"
#include "route/plan.h"
#include "route/sts.h"

static const char *const names[8] = { "example.org", "a.example", "b.example",
	"me.example", "localhost", "192.0.2.1", "", "x\\032y" };
static const char *const addresses[8] = { "192.0.2.1", "192.0.2.2",
	"127.0.0.1", "10.0.0.1", "2001:db8::1", "2001:db8::2", "::1",
	"ff02::1" };
static const char *const domains[8] = { "example.org", "EXAMPLE.org.",
	"[192.0.2.1]", "[IPv6:2001:db8::1]", "me.example", "localhost", "[",
	"a..b" };
static const struct relay_spec relays[4] = {
	{ .name = "a", .by_srv = true, .host = "a.example" },
	{ .name = "b", .by_srv = true, .host = "example.", .tls_name = "b" },
	{ .name = "c", .host = "c.example", .port = 465, .link = LINK_SMTPS },
	{ .name = "d", .by_srv = true, .host = "192.0.2.1" },
};
static const char *const own[] = { "me.example", NULL };

struct input {
	const uint8_t *p;
	size_t n;
};

static unsigned
take(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static void
add_record(struct dns_answer *a, unsigned byte)
{
	struct ip ip;

	if (a->type == DNS_MX) {
		dns_answer_add_mx(a, names[byte & 7],
		    (uint16_t)(byte >> 3 & 3));
		return;
	}
	if (a->type == DNS_SRV) {
		dns_answer_add_srv(a, names[byte & 7], &(struct dns_srv){
			.priority = byte >> 3 & 1,
			.weight = (uint16_t)(byte >> 4 & 1 ? 65535 : byte >> 5),
			.port = (uint16_t)(byte >> 6) });
		return;
	}
	if (a->type == DNS_TXT) {
		dns_answer_add_txt(a, byte & 7 ? SLICE("v=STSv1; id=a;") :
						 SLICE("x"));
		return;
	}
	if (a->type == DNS_TLSA) {
		static unsigned char data[64];

		dns_answer_add_tlsa(a, &(struct dns_tlsa){ byte & 3,
		    byte >> 2 & 1, byte >> 3 & 3, data, byte & 32 ? 32 : 64 });
		return;
	}
	if (a->type == DNS_CNAME) {
		a->canonical = a->canonical ? a->canonical :
					      mem_dup(SLICE("b.example"));
		a->n = a->total = 1;
		return;
	}
	ip_parse(slice_of(addresses[(byte & 3) + (a->type == DNS_A ? 0 : 4)]),
	    &ip);
	dns_answer_add_ip(a, &ip);
}

static struct dns_answer
answer_make(struct input *in, const struct dns_question *q)
{
	unsigned byte = take(in), n = byte >> 2 & 15;
	struct dns_answer a = { .type = q->type };

	if (byte & 0x80)
		a.canonical = mem_dup(SLICE("me.example"));
	a.status = (enum dns_status)(byte & 3);
	a.good_until = byte;
	a.secure = (byte & 0x40) && q->type != DNS_SRV; /* check_relay_plan() */
	if (a.status != DNS_FOUND) {
		dns_answer_say(&a, "because");
		return a;
	}
	for (unsigned i = 0; i <= n; i++)
		add_record(&a, take(in));
	return a;
}

/* One round, from a question of the input's choice on; true for a soft MX. */
static bool
answer_round(struct route *r, struct input *in)
{
	size_t n = route_questions(r), from = take(in);
	bool soft_mx = false, over = false;

	assert(n > 0);
	for (size_t i = 0; i < n && !over; i++) {
		const struct dns_question *q = route_question(r,
		    (from + i) % n);
		struct dns_answer a = answer_make(in, q);

		soft_mx |= q->type == DNS_MX && a.status == DNS_SOFT;
		over = route_answer(r, (from + i) % n, &a);
		dns_answer_free(&a);
	}
	assert(over);
	return soft_mx;
}

static void
check_plan(const struct plan *p, const struct route_config *c)
{
	size_t sum = 0;

	assert(p->naddresses <= (c->max_addresses ? c->max_addresses :
	    PLAN_ADDRESSES_MAX));
	assert((p->naddresses > 0) == (!p->why));
	assert(p->naddresses > 0 || p->why->text[0]);
	assert(p->nhosts <= PLAN_HOSTS_MAX);
	for (size_t i = 0; i < p->nhosts; i++)
		sum += p->host[i].naddresses;
	assert(sum == p->naddresses);
	for (size_t i = 0; i < p->naddresses; i++) {
		const struct ip *ip = &p->address[i].at.ip;

		assert(p->address[i].host < p->nhosts);
		assert(ip->version == 4 ? !c->no_ipv4 : !c->no_ipv6);
		if (!c->server && !c->allow_loopback_mx)
			assert(!ip_is_loopback(ip) && !ip_is_multicast(ip));
	}
}

/* No host is met below what it, or the level, demands. */
static void
check_dane(const struct plan *p, const struct route_config *c)
{
	for (size_t i = 0; i < p->naddresses; i++) {
		const struct plan_host *h = &p->host[p->address[i].host];
		bool wanted = p->tls >= TLS_DANE;
		bool held = h->by_sts && h->tls_fault == TLS_RESULT_OK;

		assert((h->dane != NULL) == (h->tls == TLS_DANE));
		assert(wanted || held ? h->tls_why != NULL :
		    h->tls == p->tls);
		assert(!h->dane || (wanted && h->dane->n > 0 &&
		    h->dane->nnames > 0));
		assert(h->tls >= c->tls_floor);
		assert(c->tls != TLS_DANE_ONLY || h->dane);
	}
}

static void
check_relay_plan(const struct plan *p)
{
	assert(p->naddresses == 0 && p->nhosts <= PLAN_HOSTS_MAX);
	assert(p->tls == TLS_VERIFY && (!p->why || p->why->verdict != FAILED));
	assert((p->nhosts > 0) == (!p->why));
	for (size_t i = 0; i < p->nhosts; i++) {
		const struct plan_host *h = &p->host[i];

		assert(!h->problem && h->port > 0);
		if (p->relay == &relays[0])
			assert(strcmp(h->name, "a.example") == 0);
		if (i == 0)
			continue;
		assert(h[-1].implicit_tls || !h->implicit_tls);
		if (h->implicit_tls == h[-1].implicit_tls)
			assert(h->preference >= h[-1].preference);
	}
}

/* A soft error of any host still in the plan dominates. */
static void
check_verdict(const struct plan *p, bool soft_mx)
{
	if (soft_mx)
		assert(p->why->verdict == DEFERRED);
	if (p->naddresses > 0)
		return;
	for (size_t i = 0; i < p->nhosts; i++)
		if (p->host[i].problem &&
		    p->host[i].problem->verdict == DEFERRED)
			assert(p->why->verdict == DEFERRED);
}

/* None, or one that names these hosts; it is enforced. */
static void
give_policy(struct route *r, unsigned byte)
{
	static char a[] = "a.example", wild[] = "*.example";
	char *mx[] = { byte & 2 ? a : wild };
	struct sts_policy p = { .mode = (enum sts_mode)(byte >> 2 & 1) + 1,
		.mx = mx, .n = 1 };

	route_take_policy(r, byte & 1 ? &p : NULL, "because", byte);
	assert(route_is_done(r));
	if (!(byte & 1) || p.mode != STS_ENFORCE)
		return;
	for (size_t i = 0; i < route_plan(r)->naddresses; i++) {
		const struct plan *plan = route_plan(r);
		const struct plan_host *h =
		    &plan->host[plan->address[i].host];

		assert(h->tls == TLS_DANE || (h->tls == TLS_VERIFY &&
		    h->by_sts && sts_policy_names(&p, h->name)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned how = take(&in), domain = take(&in), rounds = 0;
	struct route_config c = {
		.no_ipv4 = (how & 3) == 1,
		.no_ipv6 = (how & 3) == 2,
		.allow_loopback_mx = how & 4,
		.own_names = own,
		.server = (how & 0x18) == 0x18 ? names[domain >> 3 & 7] : NULL,
		.relay = (how & 0x18) == 0x10 ? &relays[domain >> 6] : NULL,
		.max_addresses = how >> 5,
		.seed = size,
		.ask_for_relays = size & 1,
		.tls = size & 2 ? TLS_DANE : size & 4 ? TLS_DANE_ONLY : TLS_MAY,
		.sts = size & 64 ? STS_WANTED : STS_AS_LEVEL,
		.tls_floor = size & 8 ? TLS_ENCRYPT : size & 16 ? TLS_VERIFY :
		    TLS_NONE,
		.tls_waived = size & 32,
		.tls_floor_why = "a demand",
	};
	struct route *r = route_new(domains[domain & 7], &c);
	bool soft_mx = false;

	for (; !route_is_done(r); rounds++) {
		if (route_wants_policy(r)) {
			give_policy(r, take(&in));
			break;
		}
		assert(rounds < (c.relay && !c.ask_for_relays ? 1 :
		    c.relay || c.tls < TLS_DANE ? 2 : 3));
		soft_mx |= answer_round(r, &in);
	}
	if (c.relay) {
		check_relay_plan(route_plan(r));
	} else {
		check_plan(route_plan(r), &c);
		check_dane(route_plan(r), &c);
		check_verdict(route_plan(r), soft_mx);
	}
	route_free(r);
	return 0;
}
