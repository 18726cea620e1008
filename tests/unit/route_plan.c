/* SPDX-License-Identifier: ISC */
/*
 * route_plan.c - from a domain and a small zone to a plan (FAULTS rows 1 to 5,
 * 10 to 15).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <malloc.h>

#include "base/mem.h"
#include "route/plan.h"

/*
 * A zone: "NAME TYPE DATA" a line, MX data as "PREFERENCE:HOST" (an empty host
 * is the root); DATA "soft" is a SERVFAIL, "short" one of our own.  A name
 * without a line is NXDOMAIN.
 */
static void
add_record(struct dns_answer *a, struct slice data)
{
	struct slice preference;
	struct ip ip;
	char *host;
	uint64_t v = 0;

	if (slice_eq(data, SLICE("soft")) || slice_eq(data, SLICE("short"))) {
		dns_answer_free(a);
		*a = dns_answer_soft(a->type, "SERVFAIL from 192.0.2.53");
		a->fault = data.n == 5 ? STAGE_SYSTEM : STAGE_NONE;
		return;
	}
	a->status = DNS_FOUND;
	if (a->type != DNS_MX) {
		assert_true(ip_parse(data, &ip));
		dns_answer_add_ip(a, &ip);
		return;
	}
	assert_true(slice_cut(&data, ':', &preference));
	assert_true(slice_to_uint(preference, 65535, &v));
	host = mem_dup(data);
	dns_answer_add_mx(a, host, (uint16_t)v);
	free(host);
}

static struct dns_answer
look_up(const char *zone, const struct dns_question *q)
{
	struct dns_answer a = { .type = q->type, .status = DNS_NXDOMAIN };
	struct slice rest = slice_of(zone), line, name, type;

	dns_answer_say(&a, "NXDOMAIN from 192.0.2.53");
	while (slice_cut(&rest, '\n', &line)) {
		slice_cut(&line, ' ', &name);
		if (!slice_eq(name, slice_of(q->name)))
			continue;
		if (a.status == DNS_NXDOMAIN) {
			a.status = DNS_NODATA;
			dns_answer_say(&a, "no records");
		}
		slice_cut(&line, ' ', &type);
		if (slice_eq(type, SLICE("CNAME")))
			a.canonical = mem_dup(line);
		if (slice_eq(type, slice_of(dns_type_name(q->type))))
			add_record(&a, line);
	}
	return a;
}

/* Answer one round, first question first or last. */
static void
answer_round(struct route *r, const char *zone, bool backwards)
{
	size_t n = route_questions(r);
	bool over = false;

	for (size_t i = 0; i < n && !over; i++) {
		size_t at = backwards ? n - 1 - i : i;
		struct dns_answer a = look_up(zone, route_question(r, at));

		assert_false(route_is_answered(r, at));
		assert_false(route_is_done(r));
		assert_null(route_plan(r));
		over = route_answer(r, at, &a);
		dns_answer_free(&a);
	}
	assert_true(over);
}

static void
render(struct buf *out, const struct plan *p)
{
	if (p->naddresses == 0) {
		buf_putf(out, "%s ", verdict_name(p->why->verdict));
		esc_put(out, p->why->esc);
		buf_putf(out, " %s", p->why->text);
	} else {
		buf_putf(out, "%s:", p->how);
	}
	for (size_t i = 0; i < p->naddresses; i++) {
		buf_putf(out, " %s ", p->host[p->address[i].host].name);
		endpoint_put(out, &p->address[i].at);
	}
}

/* RFC 3463: the class says what the verdict says; X.4: network and routing. */
static void
check_problem(const struct outcome *o)
{
	if (!o)
		return;
	assert_true(o->verdict == FAILED || o->verdict == DEFERRED);
	assert_int_equal(o->esc.cls, o->verdict == FAILED ? 5 : 4);
	assert_in_range(o->esc.subject, 1, 4);
	assert_true(o->text[0] != '\0');
}

static void
check_invariants(const struct plan *p, size_t max)
{
	size_t sum = 0;

	check_problem(p->why);

	assert_true(p->naddresses <= max);
	assert_int_equal(p->naddresses == 0, p->why != NULL);
	for (size_t i = 0; i < p->nhosts; i++) {
		sum += p->host[i].naddresses;
		check_problem(p->host[i].problem);
		if (p->host[i].problem && p->host[i].problem->esc.cls == 5) {
			assert_int_equal(p->host[i].problem->esc.subject, 4);
			assert_int_equal(p->host[i].problem->esc.detail, 4);
		}
		if (p->host[i].naddresses > 0)
			assert_null(p->host[i].problem);
		if (i > 0)
			assert_true(p->host[i - 1].preference <=
			    p->host[i].preference);
	}
	assert_int_equal(sum, p->naddresses);
}

struct run {
	size_t rounds, questions;
};

/* The plan as text; *run says what it took. */
static void
run_route(const char *domain, const struct route_config *c, const char *zone,
    bool backwards, struct buf *out, struct run *run)
{
	struct route *r = route_new(domain, c);

	*run = (struct run){ 0, 0 };
	while (!route_is_done(r)) {
		run->rounds++;
		run->questions += route_questions(r);
		assert_true(run->rounds <= 2);
		answer_round(r, zone, backwards);
	}
	assert_int_equal(route_questions(r), 0);
	check_invariants(route_plan(r), c->max_addresses ?
	    c->max_addresses : PLAN_ADDRESSES_MAX);
	render(out, route_plan(r));
	route_free(r);
}

#define NO4 .no_ipv4 = true
#define NO6 .no_ipv6 = true
#define LOOP .allow_loopback_mx = true

static const char *const own[] = { "this.example.com", "me.example.com", NULL };
static const struct ip own_ip = { 4, { 203, 0, 113, 7 }, 0 };

#define ORG "example.org"
#define MX1 "example.org MX 10:mx1.example.org\n"
#define MX2 "example.org MX 20:mx2.example.org\n"
#define A1 "mx1.example.org A 192.0.2.1\n"
#define A2 "mx2.example.org A 192.0.2.2\n"
#define MX1_SOFT "mx1.example.org A soft\n"

static const struct {
	const char *name, *domain;
	struct route_config config;
	const char *zone;
	size_t rounds, questions;
	const char *want;
} cases[] = {
	/* the domain itself */
	{ "NXDOMAIN", ORG, { 0 }, "", 1, 3,
	    "failed 5.1.2 example.org: no such domain "
	    "(NXDOMAIN from 192.0.2.53)" },
	{ "SERVFAIL: no A fallback", ORG, { 0 },
	    "example.org MX soft\nexample.org A 192.0.2.1\n", 1, 3,
	    "deferred 4.4.3 example.org: MX lookup failed "
	    "(SERVFAIL from 192.0.2.53)" },
	{ "a shortage of ours", ORG, { 0 }, "example.org MX short\n", 1, 3,
	    "deferred 4.3.0 example.org: MX not looked up "
	    "(SERVFAIL from 192.0.2.53)" },
	{ "no MX, no address", ORG, { 0 }, "example.org TXT x\n", 1, 3,
	    "failed 5.4.4 example.org: no address (neither A nor AAAA "
	    "records), and no MX records" },
	{ "no MX, no A, and no IPv6", ORG, { NO6 }, "example.org TXT x\n", 1,
	    2, "failed 5.4.4 example.org: no address (no records), and no MX "
	    "records; IPv6 is switched off" },
	{ "an MX host without addresses", ORG, { 0 },
	    MX1 "mx1.example.org TXT x\n", 2, 5,
	    "failed 5.4.4 example.org: none of its MX hosts has an address: "
	    "mx1.example.org: no address (neither A nor AAAA records)" },
	{ "implicit MX", ORG, { 0 },
	    "example.org A 192.0.2.1\nexample.org AAAA 2001:db8::1\n", 1, 3,
	    "implicit MX: example.org [2001:db8::1]:25 "
	    "example.org 192.0.2.1:25" },
	{ "implicit MX, one soft", ORG, { 0 },
	    "example.org A 192.0.2.1\nexample.org AAAA soft\n", 1, 3,
	    "implicit MX: example.org 192.0.2.1:25" },
	{ "implicit MX, soft and none", ORG, { 0 }, "example.org AAAA soft\n",
	    1, 3, "deferred 4.4.3 example.org: AAAA lookup failed "
	    "(SERVFAIL from 192.0.2.53)" },
	{ "implicit MX is loopback", ORG, { 0 }, "example.org A 127.0.0.2\n",
	    1, 3, "failed 5.4.6 example.org: mail for it loops back to this "
	    "host (example.org is myself)" },
	{ "the domain is myself", "Me.Example.COM.", { .own_names = own },
	    "me.example.com A 192.0.2.1\n", 1, 3,
	    "failed 5.4.6 Me.Example.COM.: mail for it loops back to this "
	    "host (me.example.com is myself)" },
	{ "null MX", ORG, { 0 },
	    "example.org MX 0:\nexample.org A 192.0.2.1\n", 1, 3,
	    "failed 5.1.10 example.org does not accept mail (null MX)" },
	{ "null MX among others", ORG, { 0 }, MX1 "example.org MX 0:\n" A1,
	    2, 5, "MX: mx1.example.org 192.0.2.1:25" },
	/* its hosts */
	{ "two MX", ORG, { 0 }, MX2 MX1 A1 A2, 2, 7,
	    "MX: mx1.example.org 192.0.2.1:25 mx2.example.org 192.0.2.2:25" },
	{ "MX of the domain's own name", ORG, { 0 },
	    "example.org MX 5:example.org\nexample.org A 192.0.2.9\n", 1, 3,
	    "MX: example.org 192.0.2.9:25" },
	{ "own name and another", ORG, { 0 },
	    MX1 A1 "example.org MX 5:example.org\nexample.org A 192.0.2.9\n",
	    2, 5,
	    "MX: example.org 192.0.2.9:25 mx1.example.org 192.0.2.1:25" },
	{ "one MX does not exist", ORG, { 0 }, MX1 MX2 A2, 2, 7,
	    "MX: mx2.example.org 192.0.2.2:25" },
	{ "one MX is soft", ORG, { 0 }, MX1 MX2 MX1_SOFT A2, 2, 7,
	    "MX: mx2.example.org 192.0.2.2:25" },
	{ "no MX exists", ORG, { 0 }, MX1 MX2, 2, 7,
	    "failed 5.4.4 example.org: none of its MX hosts has an address: "
	    "mx1.example.org: no such host (NXDOMAIN from 192.0.2.53)" },
	{ "none exists, one soft", ORG, { 0 }, MX1 MX2 "mx2.example.org A "
	    "soft\n", 2, 7, "deferred 4.4.4 example.org: no MX host can be "
	    "found now: mx2.example.org: A lookup failed "
	    "(SERVFAIL from 192.0.2.53)" },
	{ "a host, and a shortage of ours", ORG, { 0 },
	    MX1 "mx1.example.org A short\n", 2, 5,
	    "deferred 4.3.0 mx1.example.org: A not looked up "
	    "(SERVFAIL from 192.0.2.53)" },
	{ "MX is an address", ORG, { 0 },
	    "example.org MX 5:192.0.2.1\n" MX1 A1, 2, 5,
	    "MX: mx1.example.org 192.0.2.1:25" },
	{ "MX is only an address", ORG, { 0 }, "example.org MX 5:192.0.2.1\n",
	    1, 3, "failed 5.4.4 example.org: none of its MX hosts has an "
	    "address: MX 5 192.0.2.1: not a host name" },
	{ "MX is no host name", ORG, { 0 },
	    "example.org MX 5:a\\032b\n" MX1 A1, 2, 5,
	    "MX: mx1.example.org 192.0.2.1:25" },
	{ "MX is only no host name", ORG, { 0 },
	    "example.org MX 5:a\\032b\n", 1, 3,
	    "deferred 4.4.4 example.org: no MX host can be found now: "
	    "MX 5 a\\032b: not a domain name" },
	{ "the same MX twice", ORG, { 0 },
	    MX1 "example.org MX 30:mx1.example.org\n" A1, 2, 5,
	    "MX: mx1.example.org 192.0.2.1:25" },
	{ "the same address twice", ORG, { 0 },
	    MX1 MX2 A1 "mx2.example.org A 192.0.2.1\n", 2, 7,
	    "MX: mx1.example.org 192.0.2.1:25" },
	/* ourselves */
	{ "worse MX is myself", ORG, { .own_names = own },
	    MX1 A1 "example.org MX 15:this.example.com\n" MX2 A2, 2, 5,
	    "MX: mx1.example.org 192.0.2.1:25" },
	{ "best MX is myself", ORG, { .own_names = own },
	    MX1 A1 "example.org MX 5:this.example.com\n", 1, 3,
	    "failed 5.4.6 example.org: mail for it loops back to this host "
	    "(this.example.com is myself)" },
	{ "myself in the same preference", ORG, { .own_names = own },
	    MX1 A1 "example.org MX 10:this.example.com\n", 1, 3,
	    "failed 5.4.6 example.org: mail for it loops back to this host "
	    "(this.example.com is myself)" },
	{ "myself by CNAME", ORG, { .own_names = own },
	    MX1 "mx1.example.org CNAME me.example.com\n" A1, 2, 5,
	    "failed 5.4.6 example.org: mail for it loops back to this host "
	    "(mx1.example.org is myself)" },
	{ "myself by address", ORG, { .own_ips = &own_ip, .n_own_ips = 1 },
	    MX1 MX2 A1 "mx2.example.org A 203.0.113.7\n", 2, 7,
	    "MX: mx1.example.org 192.0.2.1:25" },
	{ "loopback", ORG, { 0 }, MX1 MX2 A2 "mx1.example.org A 127.0.0.1\n",
	    2, 7, "failed 5.4.6 example.org: mail for it loops back to this "
	    "host (mx1.example.org is myself)" },
	{ "loopback v6", ORG, { 0 }, MX1 A1 "mx1.example.org AAAA ::1\n",
	    2, 5, "failed 5.4.6 example.org: mail for it loops back to this "
	    "host (mx1.example.org is myself)" },
	{ "unspecified", ORG, { 0 }, MX1 "mx1.example.org A 0.0.0.0\n", 2, 5,
	    "failed 5.4.6 example.org: mail for it loops back to this host "
	    "(mx1.example.org is myself)" },
	{ "multicast", ORG, { 0 }, MX1 "mx1.example.org AAAA ff02::1\n", 2, 5,
	    "failed 5.4.6 example.org: mail for it loops back to this host "
	    "(mx1.example.org is myself)" },
	{ "broadcast", ORG, { 0 }, MX1 "mx1.example.org A 255.255.255.255\n",
	    2, 5, "failed 5.4.6 example.org: mail for it loops back to this "
	    "host (mx1.example.org is myself)" },
	{ "this network", ORG, { 0 }, MX1 "mx1.example.org A 0.1.2.3\n", 2, 5,
	    "failed 5.4.6 example.org: mail for it loops back to this host "
	    "(mx1.example.org is myself)" },
	{ "loopback, mapped", ORG, { 0 },
	    MX1 "mx1.example.org AAAA ::ffff:127.0.0.1\n", 2, 5,
	    "failed 5.4.6 example.org: mail for it loops back to this host "
	    "(mx1.example.org is myself)" },
	{ "myself, mapped", ORG, { .own_ips = &own_ip, .n_own_ips = 1 },
	    MX1 "mx1.example.org AAAA ::ffff:203.0.113.7\n", 2, 5,
	    "failed 5.4.6 example.org: mail for it loops back to this host "
	    "(mx1.example.org is myself)" },
	{ "mapped: an IPv4 address, once", ORG, { 0 },
	    MX1 A1 "mx1.example.org AAAA ::ffff:192.0.2.1\n", 2, 5,
	    "MX: mx1.example.org 192.0.2.1:25" },
	{ "mapped, and no IPv4", ORG, { NO4 },
	    MX1 "mx1.example.org AAAA ::ffff:192.0.2.1\n"
	    "mx1.example.org AAAA 2001:db8::1\n", 2, 3,
	    "MX: mx1.example.org [2001:db8::1]:25" },
	{ "translated", ORG, { 0 },
	    MX1 "mx1.example.org AAAA 64:ff9b::c000:201\n", 2, 5,
	    "MX: mx1.example.org [64:ff9b::c000:201]:25" },
	{ "link-local is left out", ORG, { 0 },
	    MX1 A1 "mx1.example.org AAAA fe80::1\n", 2, 5,
	    "MX: mx1.example.org 192.0.2.1:25" },
	{ "only link-local", ORG, { 0 }, MX1 "mx1.example.org AAAA fe80::1\n",
	    2, 5, "failed 5.4.4 example.org: none of its MX hosts has an "
	    "address: mx1.example.org: its address fe80::1 is link-local, of "
	    "use on that link only" },
	{ "the end of link-local", ORG, { 0 },
	    MX1 "mx1.example.org AAAA febf::1\n", 2, 5,
	    "failed 5.4.4 example.org: none of its MX hosts has an "
	    "address: mx1.example.org: its address febf::1 is link-local, of "
	    "use on that link only" },
	{ "behind link-local", ORG, { 0 },
	    MX1 "mx1.example.org AAAA fec0::1\n", 2, 5,
	    "MX: mx1.example.org [fec0::1]:25" },
	{ "only link-local of IPv4", ORG, { 0 },
	    MX1 "mx1.example.org A 169.254.169.254\n", 2, 5,
	    "failed 5.4.4 example.org: none of its MX hosts has an "
	    "address: mx1.example.org: its address 169.254.169.254 is "
	    "link-local, of use on that link only" },
	{ "link-local, mapped", ORG, { 0 },
	    MX1 "mx1.example.org AAAA ::ffff:169.254.1.1\n", 2, 5,
	    "failed 5.4.4 example.org: none of its MX hosts has an "
	    "address: mx1.example.org: its address 169.254.1.1 is "
	    "link-local, of use on that link only" },
	{ "beside link-local of IPv4", ORG, { 0 },
	    MX1 "mx1.example.org A 169.253.1.1\n", 2, 5,
	    "MX: mx1.example.org 169.253.1.1:25" },
	{ "link-local, and one soft", ORG, { 0 }, MX1 MX1_SOFT
	    "mx1.example.org AAAA fe80::1\n", 2, 5,
	    "deferred 4.4.4 example.org: no MX host can be found now: "
	    "mx1.example.org: A lookup failed (SERVFAIL from 192.0.2.53)" },
	{ "a link-local MX is no reason to leave the worse", ORG, { 0 },
	    MX1 MX2 "mx1.example.org AAAA fe80::1\n" A2, 2, 7,
	    "MX: mx2.example.org 192.0.2.2:25" },
	{ "link-local literal", "[IPv6:fe80::1]", { 0 }, "", 0, 0,
	    "failed 5.4.4 fe80::1: its address fe80::1 is link-local, of use "
	    "on that link only" },
	{ "a link-local server of IPv4", ORG, { .server = "169.254.1.1" }, "",
	    0, 0, "server: 169.254.1.1 169.254.1.1:25" },
	{ "a link-local server", ORG, { .server = "fe80::1" }, "", 0, 0,
	    "failed 5.4.4 fe80::1: its address fe80::1 is link-local, of use "
	    "on that link only" },
	{ "a private address is fine", ORG, { 0 },
	    MX1 "mx1.example.org A 10.0.0.1\n", 2, 5,
	    "MX: mx1.example.org 10.0.0.1:25" },
	{ "loopback allowed", ORG, { LOOP, .own_names = own },
	    MX1 "mx1.example.org A 127.0.0.1\n"
	    "example.org MX 20:me.example.com\n", 2, 7,
	    "MX: mx1.example.org 127.0.0.1:25" },
	{ "soft at a better MX than myself", ORG, { .own_names = own },
	    MX1 MX1_SOFT "example.org MX 20:me.example.com\n", 2, 5,
	    "deferred 4.4.4 example.org: no MX host can be found now: "
	    "mx1.example.org: A lookup failed "
	    "(SERVFAIL from 192.0.2.53)" },
	{ "MX is localhost", ORG, { 0 }, "example.org MX 5:localhost\n", 1, 3,
	    "failed 5.4.6 example.org: mail for it loops back to this host "
	    "(localhost is myself)" },
	/* literals and special names */
	{ "IPv4 literal", "[192.0.2.1]", { 0 }, "", 0, 0,
	    "address literal: 192.0.2.1 192.0.2.1:25" },
	{ "IPv6 literal", "[IPv6:2001:db8::1]", { 0 }, "", 0, 0,
	    "address literal: 2001:db8::1 [2001:db8::1]:25" },
	{ "IPv6 literal without tag", "[2001:db8::1]", { 0 }, "", 0, 0,
	    "address literal: 2001:db8::1 [2001:db8::1]:25" },
	{ "no literal at all", "[]", { 0 }, "", 0, 0,
	    "failed 5.1.3 []: not an address literal" },
	{ "open literal, and nothing else", "[", { 0 }, "", 0, 0,
	    "failed 5.1.3 [: not an address literal" },
	{ "more behind the literal", "[192.0.2.1]x", { 0 }, "", 0, 0,
	    "failed 5.1.3 [192.0.2.1]x: not an address literal" },
	{ "IPv4 as IPv6", "[IPv6:192.0.2.1]", { 0 }, "", 0, 0,
	    "failed 5.1.3 [IPv6:192.0.2.1]: not an address literal" },
	{ "open literal", "[192.0.2.1", { 0 }, "", 0, 0,
	    "failed 5.1.3 [192.0.2.1: not an address literal" },
	{ "open literal, good without its end", "[192.0.2.10", { 0 }, "", 0,
	    0, "failed 5.1.3 [192.0.2.10: not an address literal" },
	{ "IPv4 literal with -6", "[192.0.2.1]", { NO4 }, "", 0, 0,
	    "failed 5.4.4 192.0.2.1 cannot be used; IPv4 is switched off" },
	{ "loopback literal", "[127.0.0.1]", { 0 }, "", 0, 0,
	    "failed 5.4.6 [127.0.0.1]: mail for it loops back to this host "
	    "(127.0.0.1 is myself)" },
	{ "loopback literal allowed", "[127.0.0.1]", { LOOP }, "", 0, 0,
	    "address literal: 127.0.0.1 127.0.0.1:25" },
	{ "localhost", "localhost", { 0 }, "", 0, 0,
	    "failed 5.4.6 localhost: mail for it loops back to this host "
	    "(localhost is myself)" },
	{ "localhost allowed", "x.localhost", { LOOP, NO6 }, "", 0, 0,
	    "localhost: x.localhost 127.0.0.1:25" },
	{ "bare address", "192.0.2.1", { 0 }, "", 0, 0,
	    "failed 5.1.2 192.0.2.1: not a domain name; an address is "
	    "written [192.0.2.1]" },
	{ "a number", "192.0.2", { 0 }, "", 0, 0,
	    "failed 5.1.2 192.0.2: not a domain name" },
	{ "no domain", "", { 0 }, "", 0, 0,
	    "failed 5.1.2 : not a domain name" },
	/* --server */
	{ "server", ORG, { .server = "MX1.example.org" }, A1, 1, 2,
	    "server: mx1.example.org 192.0.2.1:25" },
	{ "server by address", ORG, { .server = "192.0.2.1", .port = 2525 },
	    "", 0, 0, "server: 192.0.2.1 192.0.2.1:2525" },
	{ "server by IPv6", ORG, { .server = "::1" }, "", 0, 0,
	    "server: ::1 [::1]:25" },
	{ "server by literal", ORG, { .server = "[192.0.2.1]" }, "", 0, 0,
	    "server: 192.0.2.1 192.0.2.1:25" },
	{ "server is localhost", ORG, { .server = "localhost" }, "", 0, 0,
	    "server: localhost [::1]:25 localhost 127.0.0.1:25" },
	{ "server is myself", ORG, { .server = "me.example.com",
	    .own_names = own }, "me.example.com A 127.0.0.1\n", 1, 2,
	    "server: me.example.com 127.0.0.1:25" },
	{ "server does not exist", ORG, { .server = "mx1.example.org" }, "",
	    1, 2, "failed 5.4.4 mx1.example.org: no such host "
	    "(NXDOMAIN from 192.0.2.53)" },
	{ "server is soft", ORG, { .server = "mx1.example.org" },
	    "mx1.example.org A soft\n", 1, 2, "deferred 4.4.3 "
	    "mx1.example.org: A lookup failed (SERVFAIL from 192.0.2.53)" },
	{ "server is a number", ORG, { .server = "192.0.2" }, "", 0, 0,
	    "failed 5.1.2 server 192.0.2: not a host name" },
	{ "server is no name", ORG, { .server = "a b" }, "", 0, 0,
	    "failed 5.1.2 server a b: not a host name" },
	/* ports and versions */
	{ "SMTPS", ORG, { .link = LINK_SMTPS }, MX1 A1, 2, 5,
	    "MX: mx1.example.org 192.0.2.1:465" },
	{ "LMTP", ORG, { .link = LINK_LMTP, .server = "192.0.2.1" }, "", 0, 0,
	    "server: 192.0.2.1 192.0.2.1:24" },
	{ "a path is no server", ORG, { .server = "/run/x" }, "", 0, 0,
	    "failed 5.1.2 server /run/x: not a host name" },
	{ "mailboxes", ORG, { .is_mailbox = true, .link = LINK_LMTP,
	    .server = "/run/x" }, "", 0, 0,
	    "[local] mailbox: /run/x :0" },
	{ "mailboxes at a host", ORG, { .is_mailbox = true, .port = 2424,
	    .link = LINK_LMTP, .server = "::1" }, "", 0, 0,
	    "[local] mailbox: ::1 [::1]:2424" },
	{ "-4", ORG, { NO6 }, MX1 A1 "mx1.example.org AAAA 2001:db8::1\n",
	    2, 3, "MX: mx1.example.org 192.0.2.1:25" },
	{ "-6", ORG, { NO4 }, MX1 A1 "mx1.example.org AAAA 2001:db8::1\n",
	    2, 3, "MX: mx1.example.org [2001:db8::1]:25" },
	{ "-6, only IPv4 there", ORG, { NO4 }, MX1 A1, 2, 3,
	    "failed 5.4.4 example.org: none of its MX hosts has an address: "
	    "mx1.example.org: no address (no records); "
	    "IPv4 is switched off" },
	{ "-4, only IPv6 there", ORG, { NO6 },
	    "example.org AAAA 2001:db8::1\n", 1, 2,
	    "failed 5.4.4 example.org: no address (no records), and no MX "
	    "records; IPv6 is switched off" },
	/* limits */
	{ "five, both versions", ORG, { 0 }, MX1
	    "mx1.example.org A 192.0.2.1\nmx1.example.org A 192.0.2.2\n"
	    "mx1.example.org A 192.0.2.3\nmx1.example.org A 192.0.2.4\n"
	    "mx1.example.org A 192.0.2.5\nmx1.example.org A 192.0.2.6\n"
	    "mx1.example.org AAAA 2001:db8::1\n"
	    "mx1.example.org AAAA 2001:db8::2\n", 2, 5,
	    "MX: mx1.example.org [2001:db8::1]:25 "
	    "mx1.example.org 192.0.2.1:25 "
	    "mx1.example.org [2001:db8::2]:25 "
	    "mx1.example.org 192.0.2.2:25 mx1.example.org 192.0.2.3:25" },
	{ "the backup has a place", ORG, { .max_addresses = 2 }, MX1 MX2 A1
	    "mx1.example.org A 192.0.2.3\nmx1.example.org A 192.0.2.4\n" A2,
	    2, 7,
	    "MX: mx1.example.org 192.0.2.1:25 mx2.example.org 192.0.2.2:25" },
	{ "one is one", ORG, { .max_addresses = 1 }, MX1 MX2 A1 A2, 2, 7,
	    "MX: mx1.example.org 192.0.2.1:25" },
	{ "one of both versions", ORG, { .max_addresses = 1 },
	    MX1 MX2 A1 A2 "mx1.example.org AAAA 2001:db8::1\n", 2, 7,
	    "MX: mx1.example.org [2001:db8::1]:25" },
	{ "a backup of one version", ORG, { .max_addresses = 2 },
	    MX1 MX2 A1 A2 "mx1.example.org AAAA 2001:db8::1\n", 2, 7,
	    "MX: mx1.example.org [2001:db8::1]:25 "
	    "mx2.example.org 192.0.2.2:25" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int back = 0; back < 2; back++) {
			struct buf got = { 0 };
			struct run run;

			run_route(cases[i].domain, &cases[i].config,
			    cases[i].zone, back, &got, &run);
			if (strcmp(buf_str(&got), cases[i].want) != 0)
				print_error("%s\n", cases[i].name);
			assert_string_equal(buf_str(&got), cases[i].want);
			assert_int_equal(run.rounds, cases[i].rounds);
			assert_int_equal(run.questions, cases[i].questions);
			buf_free(&got);
		}
}

/* RFC 3463: X.4.4 unable to route, X.4.3 the directory failed, X.3.0 we did. */
static const struct {
	const char *zone, *esc;
} problems[] = {
	{ MX1, "5.4.4" },
	{ MX1 "mx1.example.org TXT x\n", "5.4.4" },
	{ MX1 "mx1.example.org AAAA fe80::1\n", "5.4.4" },
	{ "example.org MX 5:192.0.2.1\n", "5.4.4" },
	{ "example.org MX 5:a\\032b\n", "4.4.4" },
	{ MX1 MX1_SOFT, "4.4.3" },
	{ MX1 "mx1.example.org A short\n", "4.3.0" },
};

static void
test_the_status_of_a_host(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++) {
		struct route_config c = { 0 };
		struct route *r = route_new(ORG, &c);
		struct buf esc = { 0 };

		while (!route_is_done(r))
			answer_round(r, problems[i].zone, false);
		assert_int_equal(route_plan(r)->nhosts, 1);
		assert_non_null(route_plan(r)->host[0].problem);
		esc_put(&esc, route_plan(r)->host[0].problem->esc);
		assert_string_equal(buf_str(&esc), problems[i].esc);
		buf_free(&esc);
		route_free(r);
	}
}

/* Inside a preference each host comes first for some seed, for no two alike. */
static void
test_order_is_shuffled_inside_a_preference(void **state)
{
	const char *zone = "o MX 10:a\no MX 10:b\no MX 10:c\no MX 20:z\n"
	    "a A 192.0.2.1\nb A 192.0.2.2\nc A 192.0.2.3\nz A 192.0.2.9\n";
	unsigned first[3] = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct route_config c = { .seed = seed };
		struct buf got = { 0 }, again = { 0 };
		struct run run;
		const char *text;

		run_route("o", &c, zone, false, &got, &run);
		run_route("o", &c, zone, true, &again, &run);
		text = buf_str(&got);
		assert_string_equal(text, buf_str(&again));
		assert_non_null(strstr(text, " z 192.0.2.9:25"));
		first[text[4] - 'a']++;
		buf_free(&got);
		buf_free(&again);
	}
	for (size_t i = 0; i < 3; i++)
		assert_in_range(first[i], 60, 140);
}

/* FAULTS row 14: the lowest preferences count, the rest is not asked for. */
static void
test_many_hosts_are_bounded(void **state)
{
	struct route_config c = { 0 };
	struct buf zone = { 0 }, got = { 0 };
	struct run run;

	(void)state;
	for (unsigned i = DNS_RECORDS_MAX; i > 0; i--)
		buf_putf(&zone, "o MX %u:h%u\nh%u A 192.0.2.%u\n", i, i, i,
		    i);
	run_route("o", &c, buf_str(&zone), false, &got, &run);
	assert_int_equal(run.questions, 3 + 2 * PLAN_HOSTS_MAX);
	assert_string_equal(buf_str(&got), "MX: h1 192.0.2.1:25 "
	    "h2 192.0.2.2:25 h3 192.0.2.3:25 h4 192.0.2.4:25 "
	    "h5 192.0.2.5:25");
	buf_free(&zone);
	buf_free(&got);
}

/* More hosts than are looked up: the rest might have had an address. */
static void
test_unseen_hosts_are_no_reason_to_bounce(void **state)
{
	struct route_config c = { 0 };
	struct buf zone = { 0 }, got = { 0 };
	struct run run;

	(void)state;
	for (unsigned i = 0; i <= PLAN_HOSTS_MAX; i++)
		buf_putf(&zone, "o MX %u:h%u\n", i, i);
	run_route("o", &c, buf_str(&zone), false, &got, &run);
	assert_string_equal(buf_str(&got), "deferred 4.4.4 o: no MX host can "
	    "be found now: more MX hosts than are looked up");
	buf_free(&zone);
	buf_free(&got);
}

static void
test_plan_carries_the_policy(void **state)
{
	struct route_config c = { .tls = TLS_VERIFY, .tls_why = "--tls verify",
		.link = LINK_SMTPS };
	struct route *r = route_new("[192.0.2.1]", &c);
	const struct plan *p = route_plan(r);

	(void)state;
	assert_int_equal(p->tls, TLS_VERIFY);
	assert_string_equal(p->tls_why, "--tls verify");
	assert_int_equal(p->link, LINK_SMTPS);
	assert_string_equal(p->domain, "[192.0.2.1]");
	route_free(r);
	route_free(NULL);
}

/* By MX, to a server, to an address, by a relay: none goes below the floor. */
static void
test_no_rule_goes_below_the_floor(void **state)
{
	static const struct relay_spec relay = { .name = "r", .host = "r.test",
		.port = 587 };

	(void)state;
	for (int level = TLS_NONE; level <= TLS_VERIFY; level++)
		for (int floor = TLS_NONE; floor <= TLS_VERIFY; floor++)
			for (int way = 0; way < 4; way++) {
				struct route_config c = {
					.tls = (enum tls_level)level,
					.tls_why = "a rule",
					.tls_floor = (enum tls_level)floor,
					.tls_floor_why = "a demand",
					.server = way == 1 ? "a.test" : NULL,
					.relay = way == 2 ? &relay : NULL,
				};
				struct route *r = route_new(way == 3 ?
				    "[192.0.2.1]" : ORG, &c);
				const char *why = way == 2 ?
				    "a relay needs it" : level < floor ?
				    "a demand" : "a rule";

				while (!route_is_done(r))
					answer_round(r, MX1 A1, false);
				assert_int_equal(route_plan(r)->tls,
				    way == 2 ? TLS_VERIFY : level < floor ?
				    floor : level);
				assert_string_equal(route_plan(r)->tls_why,
				    why);
				route_free(r);
			}
}

/* A report of TLS arrives whatever the rules demand, but the sender's own. */
static void
test_optional_tls(void **state)
{
	static const struct relay_spec relay = { .name = "r", .host = "r.test",
		.port = 587 };

	(void)state;
	for (int level = TLS_NONE; level <= TLS_VERIFY; level++)
		for (int floor = TLS_NONE; floor <= TLS_VERIFY; floor++)
			for (int relayed = 0; relayed < 2; relayed++) {
				struct route_config c = {
					.tls = (enum tls_level)level,
					.tls_why = "a rule",
					.tls_floor = (enum tls_level)floor,
					.tls_floor_why = "a demand",
					.tls_optional = true,
					.relay = relayed ? &relay : NULL,
				};
				struct route *r = route_new(ORG, &c);
				int want = level > TLS_MAY ? TLS_MAY : level;

				while (!route_is_done(r))
					answer_round(r, MX1 A1, false);
				want = relayed ? TLS_VERIFY :
				    want > floor ? want : floor;
				assert_int_equal(route_plan(r)->tls, want);
				route_free(r);
			}
}

/* To mailboxes of this machine only what leaves it needs TLS. */
static void
test_tls_to_mailboxes(void **state)
{
	static const struct {
		const char *server;
		enum tls_level want;
	} ways[] = {
		{ "/run/dovecot/lmtp", TLS_NONE },
		{ "127.0.0.1", TLS_NONE },
		{ "::1", TLS_NONE },
		{ "localhost", TLS_NONE },
		{ "192.0.2.1", TLS_VERIFY },
		{ "mx1.example.org", TLS_VERIFY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct route_config c = { .is_mailbox = true,
			.link = LINK_LMTP, .server = ways[i].server,
			.tls = TLS_MAY, .tls_why = "a rule",
			.tls_floor = TLS_VERIFY, .tls_floor_why = "a demand" };
		struct route *r = route_new(ORG, &c);

		while (!route_is_done(r))
			answer_round(r, A1, false);
		assert_int_equal(route_plan(r)->tls, ways[i].want);
		assert_string_equal(route_plan(r)->tls_why,
		    ways[i].want == TLS_NONE ? "it stays on this machine" :
						"a demand");
		route_free(r);
	}
}

/* What the plan rests on counts, and nothing else that was asked. */
static const struct {
	const char *name, *zone;
	int64_t mx, domain, host; /* good_until of the answers */
	int64_t want;
} lifetimes[] = {
	{ "the hosts' addresses", MX1 A1, 100, 1, 50, 50 },
	{ "the MX records", MX1 A1, 40, 1, 50, 40 },
	{ "implicit MX", "example.org A 192.0.2.1\n", 100, 50, 1, 50 },
	{ "null MX", "example.org MX 0:\n", 100, 1, 1, 100 },
	{ "no such domain", "", 100, 1, 1, 100 },
	{ "no address of the host", MX1, 100, 1, 50, 50 },
	{ "the domain is its own MX",
	    "example.org MX 1:example.org\nexample.org A 192.0.2.1\n", 100,
	    60, 1, 60 },
};

static int64_t
good_until_of(size_t i, const struct dns_question *q)
{
	if (q->type == DNS_MX)
		return lifetimes[i].mx;
	return strcmp(q->name, ORG) == 0 ? lifetimes[i].domain :
	    lifetimes[i].host;
}

static void
test_how_long_a_plan_is_good(void **state)
{
	struct route_config c = { 0 };
	struct route *r;

	(void)state;
	for (size_t i = 0; i < sizeof lifetimes / sizeof lifetimes[0]; i++) {
		print_message("  %s\n", lifetimes[i].name);
		r = route_new(ORG, &c);
		while (!route_is_done(r)) {
			bool over = false;

			for (size_t k = 0; !over; k++) {
				const struct dns_question *q =
				    route_question(r, k);
				struct dns_answer a = look_up(
				    lifetimes[i].zone, q);

				a.good_until = good_until_of(i, q);
				over = route_answer(r, k, &a);
				dns_answer_free(&a);
			}
		}
		assert_int_equal(route_plan(r)->good_until,
		    lifetimes[i].want);
		route_free(r);
	}
	r = route_new("[192.0.2.1]", &c);
	assert_true(route_plan(r)->good_until == INT64_MAX);
	route_free(r);
}

#define MANY 100

static size_t
heap_of_each(size_t before)
{
	return (mallinfo2().uordblks - before) / MANY;
}

/* With 20,000 domains each octet counts: a tenth of an outcome, a few names. */
static void
test_a_route_is_small(void **state)
{
	struct route_config c = { 0 };
	struct route *r[MANY];
	size_t before = mallinfo2().uordblks;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		r[i] = route_new(ORG, &c);
	assert_in_range(heap_of_each(before), 0, 900);
	for (size_t i = 0; i < MANY; i++)
		while (!route_is_done(r[i]))
			answer_round(r[i], MX1 MX2 A1 A2, false);
	assert_in_range(heap_of_each(before), 0, 900);
	for (size_t i = 0; i < MANY; i++)
		route_free(r[i]);
}

/*
 * Is the MX answer enough?  The domain's own addresses may be slow, and in a
 * run over many domains they are not even asked for.
 */
static const struct {
	const char *name, *zone;
	bool want;
} enough[] = {
	{ "MX records", MX1 A1, true },
	{ "no such domain", "", true },
	{ "a failure", "example.org MX soft\n", true },
	{ "null MX", "example.org MX 0:\n", true },
	{ "no MX records", "example.org A 192.0.2.1\n", false },
	{ "its own MX", "example.org MX 5:example.org\n", false },
	{ "its own MX, too", MX1 "example.org MX 5:example.org\n", false },
};

static void
test_when_the_mx_answer_is_enough(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof enough / sizeof enough[0]; i++) {
		struct route_config c = { 0 };
		struct route *r = route_new(ORG, &c);
		struct dns_answer a = look_up(enough[i].zone,
		    route_question(r, 0));

		print_message("  %s\n", enough[i].name);
		assert_int_equal(route_questions(r), 3);
		assert_false(route_question(r, 0)->spare);
		assert_true(route_question(r, 1)->spare);
		assert_true(route_question(r, 2)->spare);
		assert_int_equal(route_answer(r, 0, &a), enough[i].want);
		dns_answer_free(&a);
		for (size_t k = 0; enough[i].want && k < route_questions(r);
		    k++)
			assert_false(route_question(r, k)->spare);
		route_free(r);
	}
}

/* A route may be dropped in the middle of a round. */
static void
test_an_unfinished_route_is_freed(void **state)
{
	struct route_config c = { 0 };
	struct route *r = route_new("example.org", &c);
	struct dns_answer a = look_up(A1, route_question(r, 1));

	(void)state;
	assert_false(route_answer(r, 1, &a));
	assert_true(route_is_answered(r, 1));
	assert_false(route_is_answered(r, 0));
	dns_answer_free(&a);
	route_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_the_status_of_a_host),
		cmocka_unit_test(test_order_is_shuffled_inside_a_preference),
		cmocka_unit_test(test_many_hosts_are_bounded),
		cmocka_unit_test(test_unseen_hosts_are_no_reason_to_bounce),
		cmocka_unit_test(test_plan_carries_the_policy),
		cmocka_unit_test(test_no_rule_goes_below_the_floor),
		cmocka_unit_test(test_optional_tls),
		cmocka_unit_test(test_tls_to_mailboxes),
		cmocka_unit_test(test_how_long_a_plan_is_good),
		cmocka_unit_test(test_a_route_is_small),
		cmocka_unit_test(test_when_the_mx_answer_is_enough),
		cmocka_unit_test(test_an_unfinished_route_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
