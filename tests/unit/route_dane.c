/* SPDX-License-Identifier: ISC */
/*
 * route_dane.c - what the TLSA records of a host, and how far DNSSEC vouches
 * for them, make of it (RFC 7672 2, FAULTS rows 15 to 18).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "route/dane.h"
#include "route/plan.h"

/*
 * A zone: "NAME TYPE DATA" a line, MX data as "PREFERENCE:HOST", TLSA data as
 * "USAGE SELECTOR MATCHING LENGTH"; DATA "soft" is a SERVFAIL.  A '!' before
 * the name: DNSSEC does not vouch for it.  A name without a line is NXDOMAIN.
 */
static void
add_tlsa(struct dns_answer *a, const char *data)
{
	static unsigned char octets[256];
	unsigned usage, selector, matching, n;

	assert_int_equal(sscanf(data, "%u %u %u %u", &usage, &selector,
	    &matching, &n), 4);
	dns_answer_add_tlsa(a, &(struct dns_tlsa){ (uint8_t)usage,
	    (uint8_t)selector, (uint8_t)matching, octets, n });
}

static void
add_record(struct dns_answer *a, const char *data)
{
	struct ip ip;

	if (strcmp(data, "soft") == 0 || strcmp(data, "short") == 0) {
		dns_answer_free(a);
		*a = dns_answer_soft(a->type, "SERVFAIL from 192.0.2.53");
		a->fault = strlen(data) == 5 ? STAGE_SYSTEM : STAGE_NONE;
		return;
	}
	a->status = DNS_FOUND;
	if (a->type == DNS_MX) {
		dns_answer_add_mx(a, strchr(data, ':') + 1,
		    (uint16_t)atoi(data));
	} else if (a->type == DNS_TLSA) {
		add_tlsa(a, data);
	} else {
		assert_true(ip_parse(slice_of(data), &ip));
		dns_answer_add_ip(a, &ip);
	}
}

static struct dns_answer
look_up(const char *zone, const struct dns_question *q)
{
	struct dns_answer a = { .type = q->type, .status = DNS_NXDOMAIN,
		.secure = true };
	struct slice rest = slice_of(zone), line, name, type;

	dns_answer_say(&a, "NXDOMAIN");
	while (slice_cut(&rest, '\n', &line)) {
		bool insecure = line.n > 0 && line.p[0] == '!';
		char data[256];

		line = slice_from(line, insecure);
		slice_cut(&line, ' ', &name);
		if (!slice_eq(name, slice_of(q->name)))
			continue;
		a.secure = a.secure && !insecure;
		slice_cut(&line, ' ', &type);
		snprintf(data, sizeof data, "%.*s", (int)line.n, line.p);
		if (a.status == DNS_NXDOMAIN)
			a.status = DNS_NODATA;
		if (slice_eq(type, SLICE("CNAME"))) {
			free(a.canonical);
			a.canonical = mem_dup(slice_of(data));
			if (q->type == DNS_CNAME) {
				a.status = DNS_FOUND;
				a.n = a.total = 1;
			}
		} else if (slice_eq(type, slice_of(dns_type_name(q->type)))) {
			add_record(&a, data);
		}
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

		over = route_answer(r, at, &a);
		dns_answer_free(&a);
	}
	assert_true(over);
}

static void
render_host(struct buf *out, const struct plan_host *h)
{
	buf_putf(out, "%s", h->name);
	if (h->problem) {
		buf_putf(out, " %s ", verdict_name(h->problem->verdict));
		esc_put(out, h->problem->esc);
		buf_putf(out, " %s\n", h->problem->text);
		return;
	}
	buf_putf(out, " %s", tls_level_name(h->tls));
	if (h->tls_why)
		buf_putf(out, ": %s", h->tls_why);
	for (size_t i = 0; h->dane && i < h->dane->nnames; i++)
		buf_putf(out, "%s%s", i > 0 ? ", " : " for ",
		    h->dane->name[i]);
	buf_putc(out, '\n');
}

static size_t
run_route(const char *domain, const struct route_config *c, const char *zone,
    bool backwards, struct buf *out)
{
	struct route *r = route_new(domain, c);
	const struct plan *p;
	size_t rounds = 0;

	for (; !route_is_done(r); rounds++)
		answer_round(r, zone, backwards);
	p = route_plan(r);
	assert_int_equal(p->naddresses == 0, p->why != NULL);
	for (size_t i = 0; i < p->nhosts; i++) {
		render_host(out, &p->host[i]);
		assert_int_equal(p->host[i].dane != NULL,
		    p->host[i].tls == TLS_DANE && !p->host[i].problem);
	}
	if (p->why) {
		buf_putf(out, "%s ", verdict_name(p->why->verdict));
		esc_put(out, p->why->esc);
		buf_putf(out, " %s\n", p->why->text);
	}
	route_free(r);
	return rounds;
}

#define MAY { .tls = TLS_MAY }
#define DANE { .tls = TLS_DANE }
#define ONLY { .tls = TLS_DANE_ONLY }
#define FLOOR(level) { .tls = TLS_DANE, .tls_floor = level, \
	.tls_floor_why = "a demand" }

#define MX1 "a.test MX 10:mx1.test\n"
#define MX2 "a.test MX 20:mx2.test\n"
#define A1 "mx1.test A 192.0.2.1\n"
#define A2 "mx2.test A 192.0.2.2\n"
#define T1 "_25._tcp.mx1.test "
#define GOOD "TLSA 3 1 1 32\n"

static const struct {
	const char *name;
	struct route_config config;
	const char *zone;
	size_t rounds;
	const char *want;
} cases[] = {
	{ "may asks for none", MAY, MX1 A1 T1 GOOD, 2, "mx1.test may\n" },
	{ "one record", DANE, MX1 A1 T1 GOOD, 2,
	    "mx1.test dane: 1 TLSA record of _25._tcp.mx1.test for mx1.test, "
	    "a.test\n" },
	{ "two records, one usable", DANE, MX1 A1 T1 GOOD T1
	    "TLSA 1 1 1 32\n", 2,
	    "mx1.test dane: 1 TLSA record of _25._tcp.mx1.test for mx1.test, "
	    "a.test\n" },
	{ "none", DANE, MX1 A1, 2, "mx1.test may: mx1.test has no TLSA "
	    "records\n" },
	{ "none, only", ONLY, MX1 A1, 2,
	    "mx1.test deferred 4.7.5 mx1.test: TLS level dane-only, but "
	    "mx1.test has no TLSA records\n"
	    "deferred 4.7.5 mx1.test: TLS level dane-only, but mx1.test has no "
	    "TLSA records\n" },
	{ "the second has one, only", ONLY, MX1 MX2 A1 A2
	    "_25._tcp.mx2.test " GOOD, 2,
	    "mx1.test deferred 4.7.5 mx1.test: TLS level dane-only, but "
	    "mx1.test has no TLSA records\n"
	    "mx2.test dane: 1 TLSA record of _25._tcp.mx2.test for mx2.test, "
	    "a.test\n" },
	{ "only", ONLY, MX1 A1 T1 GOOD, 2,
	    "mx1.test dane: 1 TLSA record of _25._tcp.mx1.test for mx1.test, "
	    "a.test\n" },

	/* who vouches */
	{ "insecure MX", DANE, "!" MX1 A1 T1 GOOD, 2,
	    "mx1.test may: the MX records of a.test are not validated by "
	    "DNSSEC\n" },
	{ "insecure MX, only", ONLY, "!" MX1 A1 T1 GOOD, 2,
	    "mx1.test deferred 4.7.5 mx1.test: TLS level dane-only, but the MX "
	    "records of a.test are not validated by DNSSEC\n"
	    "deferred 4.7.5 mx1.test: TLS level dane-only, but the MX "
	    "records of a.test are not validated by DNSSEC\n" },
	{ "insecure addresses", DANE, MX1 "!" A1 T1 GOOD, 2,
	    "mx1.test may: the addresses of mx1.test are not validated by "
	    "DNSSEC\n" },
	{ "insecure addresses: nobody waits for TLSA", DANE,
	    MX1 "!" A1 T1 "TLSA soft\n", 2,
	    "mx1.test may: the addresses of mx1.test are not validated by "
	    "DNSSEC\n" },
	{ "insecure TLSA", DANE, MX1 A1 "!" T1 GOOD, 2,
	    "mx1.test may: the TLSA records of _25._tcp.mx1.test are not "
	    "validated by DNSSEC\n" },

	/* rows 15 and 16 */
	{ "bogus MX", DANE, "a.test MX soft\n", 1,
	    "deferred 4.4.3 a.test: MX lookup failed (SERVFAIL from "
	    "192.0.2.53)\n" },
	{ "bogus A", DANE, MX1 "mx1.test A soft\nmx1.test AAAA soft\n", 2,
	    "mx1.test deferred 4.4.3 mx1.test: A lookup failed (SERVFAIL from "
	    "192.0.2.53)\n"
	    "deferred 4.4.4 a.test: no MX host can be found now: mx1.test: A "
	    "lookup failed (SERVFAIL from 192.0.2.53)\n" },
	{ "TLSA not to be seen", DANE, MX1 A1 T1 "TLSA soft\n", 2,
	    "mx1.test deferred 4.7.5 mx1.test: TLSA lookup of "
	    "_25._tcp.mx1.test failed (SERVFAIL from 192.0.2.53), and without "
	    "its answer nothing is sent there\n"
	    "deferred 4.7.5 mx1.test: TLSA lookup of _25._tcp.mx1.test failed "
	    "(SERVFAIL from 192.0.2.53), and without its answer nothing is "
	    "sent there\n" },
	{ "that host is passed over", DANE, MX1 MX2 A1 A2 T1 "TLSA soft\n", 2,
	    "mx1.test deferred 4.7.5 mx1.test: TLSA lookup of "
	    "_25._tcp.mx1.test failed (SERVFAIL from 192.0.2.53), and without "
	    "its answer nothing is sent there\n"
	    "mx2.test may: mx2.test has no TLSA records\n" },
	{ "a shortage of our own", DANE, MX1 A1 T1 "TLSA short\n", 2,
	    "mx1.test deferred 4.3.0 _25._tcp.mx1.test: TLSA not looked up "
	    "(SERVFAIL from 192.0.2.53)\n"
	    "deferred 4.3.0 _25._tcp.mx1.test: TLSA not looked up "
	    "(SERVFAIL from 192.0.2.53)\n" },

	/* row 17 */
	{ "all unusable", DANE, MX1 A1 T1 "TLSA 0 0 0 9\n" T1
	    "TLSA 1 1 1 32\n" T1 "TLSA 3 2 1 32\n" T1 "TLSA 3 1 3 32\n" T1
	    "TLSA 3 1 1 31\n" T1 "TLSA 2 0 2 32\n" T1 "TLSA 4 1 1 32\n", 2,
	    "mx1.test encrypt: none of the 7 TLSA records of "
	    "_25._tcp.mx1.test is usable\n" },
	{ "all unusable, only", ONLY, MX1 A1 T1 "TLSA 0 0 1 32\n", 2,
	    "mx1.test deferred 4.7.5 mx1.test: TLS level dane-only, but the "
	    "only TLSA record of _25._tcp.mx1.test is not usable\n"
	    "deferred 4.7.5 mx1.test: TLS level dane-only, but the only TLSA "
	    "record of _25._tcp.mx1.test is not usable\n" },
	{ "all that is usable", DANE, MX1 A1 T1 "TLSA 2 0 0 9\n" T1
	    "TLSA 3 0 1 32\n" T1 "TLSA 2 1 2 64\n" T1 "TLSA 3 1 0 1\n", 2,
	    "mx1.test dane: 4 TLSA records of _25._tcp.mx1.test for mx1.test, "
	    "a.test\n" },

	/* no MX records: a round of its own */
	{ "implicit MX", DANE, "a.test A 192.0.2.1\n"
	    "_25._tcp.a.test " GOOD, 2,
	    "a.test dane: 1 TLSA record of _25._tcp.a.test for a.test\n" },
	{ "implicit MX, insecure", DANE, "!a.test A 192.0.2.1\n"
	    "_25._tcp.a.test " GOOD, 1,
	    "a.test may: the MX records of a.test are not validated by "
	    "DNSSEC\n" },
	{ "the domain is its own MX", DANE, "a.test MX 1:a.test\n"
	    "a.test A 192.0.2.1\n_25._tcp.a.test " GOOD, 2,
	    "a.test dane: 1 TLSA record of _25._tcp.a.test for a.test\n" },

	/* by CNAME */
	{ "at the end of CNAMEs", DANE, MX1 "mx1.test CNAME end.test\n" A1
	    T1 GOOD "_25._tcp.end.test " GOOD "_25._tcp.end.test " GOOD, 3,
	    "mx1.test dane: 2 TLSA records of _25._tcp.end.test for end.test, "
	    "mx1.test, a.test\n" },
	{ "not at the end, but at the name", DANE,
	    MX1 "mx1.test CNAME end.test\n" A1 T1 GOOD, 3,
	    "mx1.test dane: 1 TLSA record of _25._tcp.mx1.test for mx1.test, "
	    "a.test\n" },
	{ "not to be seen at the end", DANE,
	    MX1 "mx1.test CNAME end.test\n" A1 T1 GOOD
	    "_25._tcp.end.test TLSA soft\n", 3,
	    "mx1.test deferred 4.7.5 mx1.test: TLSA lookup of "
	    "_25._tcp.end.test failed (SERVFAIL from 192.0.2.53), and without "
	    "its answer nothing is sent there\n"
	    "deferred 4.7.5 mx1.test: TLSA lookup of _25._tcp.end.test failed "
	    "(SERVFAIL from 192.0.2.53), and without its answer nothing is "
	    "sent there\n" },
	{ "an insecure alias", DANE, MX1 "!mx1.test CNAME end.test\n" A1
	    T1 GOOD, 3,
	    "mx1.test may: the addresses of mx1.test are not validated by "
	    "DNSSEC\n" },
	{ "an alias of the domain", DANE, "a.test CNAME b.test\n" MX1 A1
	    T1 GOOD, 2,
	    "mx1.test dane: 1 TLSA record of _25._tcp.mx1.test for mx1.test, "
	    "a.test, b.test\n" },

	/* what the message demands besides */
	{ "a floor that trusts nobody's MX records", FLOOR(TLS_VERIFY),
	    "!" MX1 A1 T1 GOOD, 2,
	    "mx1.test deferred 4.7.30 mx1.test: the MX records of a.test are "
	    "not validated by DNSSEC, as a demand demands\n"
	    "deferred 4.7.30 mx1.test: the MX records of a.test are not "
	    "validated by DNSSEC, as a demand demands\n" },
	{ "... also where no TLSA is wanted", { .tls = TLS_VERIFY,
	    .tls_floor = TLS_VERIFY, .tls_floor_why = "a demand" },
	    "!" MX1 A1, 2,
	    "mx1.test deferred 4.7.30 mx1.test: the MX records of a.test are "
	    "not validated by DNSSEC, as a demand demands\n"
	    "deferred 4.7.30 mx1.test: the MX records of a.test are not "
	    "validated by DNSSEC, as a demand demands\n" },
	{ "... but a domain without any is named by nobody",
	    FLOOR(TLS_VERIFY), "!a.test A 192.0.2.1\n", 1,
	    "a.test verify: the MX records of a.test are not validated by "
	    "DNSSEC; a demand\n" },
	{ "the sender waives it", { .tls = TLS_DANE, .tls_waived = true },
	    MX1 A1 T1 GOOD, 2, "mx1.test may\n" },
	{ "... but not what is demanded here", { .tls = TLS_DANE_ONLY,
	    .tls_waived = true }, MX1 A1 T1 GOOD, 2,
	    "mx1.test dane: 1 TLSA record of _25._tcp.mx1.test for mx1.test, "
	    "a.test\n" },
	{ "a floor above may", FLOOR(TLS_ENCRYPT), MX1 A1, 2,
	    "mx1.test encrypt: mx1.test has no TLSA records; a demand\n" },
	{ "a floor above encrypt", FLOOR(TLS_VERIFY), MX1 A1 T1
	    "TLSA 0 0 1 32\n", 2,
	    "mx1.test verify: the only TLSA record of _25._tcp.mx1.test is not "
	    "usable; a demand\n" },
	{ "TLSA records meet a floor", FLOOR(TLS_VERIFY), MX1 A1 T1 GOOD, 2,
	    "mx1.test dane: 1 TLSA record of _25._tcp.mx1.test for mx1.test, "
	    "a.test\n" },

	/* a server that was named */
	{ "--server", { .tls = TLS_DANE, .server = "mx1.test", .port = 2525 },
	    A1 "_2525._tcp.mx1.test " GOOD, 1,
	    "mx1.test dane: 1 TLSA record of _2525._tcp.mx1.test for "
	    "mx1.test\n" },
	{ "--server lmtp", { .tls = TLS_DANE, .server = "mx1.test",
	    .link = LINK_LMTP }, A1 "_24._tcp.mx1.test " GOOD, 1,
	    "mx1.test dane: 1 TLSA record of _24._tcp.mx1.test for "
	    "mx1.test\n" },
	{ "--server, insecure", { .tls = TLS_DANE, .server = "mx1.test" },
	    "!" A1 T1 GOOD, 1, "mx1.test may: the addresses of mx1.test are "
	    "not validated by DNSSEC\n" },
	{ "--server, an address", { .tls = TLS_DANE, .server = "192.0.2.1" },
	    "", 0, "192.0.2.1 may: an address has no TLSA records\n" },
	{ "--server, an address, only", { .tls = TLS_DANE_ONLY,
	    .server = "192.0.2.1" }, "", 0,
	    "192.0.2.1 deferred 4.7.5 192.0.2.1: TLS level dane-only, but an "
	    "address has no TLSA records\n"
	    "deferred 4.7.5 192.0.2.1: TLS level dane-only, but an address has "
	    "no TLSA records\n" },
	{ "--server localhost", { .tls = TLS_DANE, .server = "localhost" },
	    "", 0, "localhost may: localhost has no TLSA records\n" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int backwards = 0; backwards < 2; backwards++) {
			struct buf got = { 0 };
			size_t rounds = run_route("a.test", &cases[i].config,
			    cases[i].zone, backwards, &got);

			if (strcmp(buf_str(&got), cases[i].want) != 0)
				print_error("%s\n", cases[i].name);
			assert_string_equal(buf_str(&got), cases[i].want);
			assert_int_equal(rounds, cases[i].rounds);
			buf_free(&got);
		}
}

/*
 * That a name is an alias may be secure where what is at its end is not (RFC
 * 7672 2.2.2): its own records count then.
 */
static void
test_a_secure_alias_of_an_insecure_end(void **state)
{
	static const struct route_config config = DANE;
	static const char zone[] = MX1 "mx1.test CNAME end.test\n" T1 GOOD;
	struct route *r = route_new("a.test", &config);
	const struct plan_host *h;

	(void)state;
	while (!route_is_done(r)) {
		size_t n = route_questions(r);
		bool over = false;

		for (size_t i = 0; i < n && !over; i++) {
			const struct dns_question *q = route_question(r, i);
			struct dns_answer a = look_up(zone, q);
			struct ip ip = { 4, { 192, 0, 2, 1 }, 0 };

			if (q->type == DNS_A) {
				a.status = DNS_FOUND;
				a.secure = false;
				dns_answer_add_ip(&a, &ip);
			}
			over = route_answer(r, i, &a);
			dns_answer_free(&a);
		}
	}
	h = &route_plan(r)->host[0];
	assert_int_equal(h->tls, TLS_DANE);
	assert_string_equal(h->dane->base, "mx1.test");
	route_free(r);
}

/* Keys tell demands apart, and nothing else. */
static void
test_keys(void **state)
{
	static unsigned char x[32] = { 1 }, y[32] = { 2 };
	struct dns_tlsa ee = { 3, 1, 1, x, 32 }, other = { 3, 1, 1, y, 32 };
	struct dns_tlsa ta = { 2, 1, 1, x, 32 };
	const struct {
		struct dns_tlsa r[2];
		const char *name;
		bool same;	/* as the first */
	} rows[] = {
		{ { ee, other }, "a.test", true },
		{ { other, ee }, "a.test", true },
		{ { ee, other }, "b.test", true },
		{ { ee, ee }, "a.test", false },
		{ { ee, ta }, "a.test", false },
	};
	struct buf key[5] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct dns_tlsa r[2] = { rows[i].r[0], rows[i].r[1] };
		struct dns_answer a = { .type = DNS_TLSA, .tlsa = r, .n = 2,
			.total = 2 };
		struct dane *d = mem_alloc(sizeof *d), *copy;

		d->base = mem_dup(SLICE("mx.test"));
		assert_true(dane_take(d, &a));
		dane_add_name(d, rows[i].name);
		copy = dane_copy(d);
		dane_free(d);
		dane_put_key(&key[i], copy);
		dane_free(copy);
		assert_int_equal(slice_eq(buf_slice(&key[0]),
		    buf_slice(&key[i])), rows[i].same);
	}
	for (size_t i = 0; i < 5; i++)
		buf_free(&key[i]);
}

/* With an authority the names count: another domain is another key. */
static void
test_keys_with_names(void **state)
{
	static unsigned char x[32] = { 1 };
	struct dns_tlsa ta = { 2, 1, 1, x, 32 };
	struct dns_answer a = { .type = DNS_TLSA, .tlsa = &ta, .n = 1,
		.total = 1 };
	struct buf key[2] = { { 0 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct dane *d = mem_alloc(sizeof *d);

		d->base = mem_dup(SLICE("mx.test"));
		assert_true(dane_take(d, &a));
		dane_add_name(d, i == 0 ? "a.test" : "b.test");
		dane_put_key(&key[i], d);
		dane_free(d);
	}
	assert_false(slice_eq(buf_slice(&key[0]), buf_slice(&key[1])));
	buf_free(&key[0]);
	buf_free(&key[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_a_secure_alias_of_an_insecure_end),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_keys_with_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
