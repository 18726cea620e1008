/* SPDX-License-Identifier: ISC */
/* route_relay.c - plans by a relay: one host, or what SRV records say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "route/plan.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* The records of both services: "PRIORITY WEIGHT PORT TARGET" a line. */
struct zone {
	const char *implicit, *starttls; /* or "soft", "nodata", "nxdomain" */
	bool secure;
};

static uint16_t
take_number(struct slice *rest)
{
	struct slice word;
	uint64_t v = 0;

	assert_true(slice_cut(rest, ' ', &word));
	assert_true(slice_to_uint(word, 65535, &v));
	return (uint16_t)v;
}

static void
add_records(struct dns_answer *a, const char *text)
{
	struct slice rest = slice_of(text), line;

	while (slice_cut(&rest, '\n', &line)) {
		struct dns_srv srv;
		char *target;

		srv.priority = take_number(&line);
		srv.weight = take_number(&line);
		srv.port = take_number(&line);
		target = mem_dup(line);
		dns_answer_add_srv(a, target, &srv);
		free(target);
	}
}

static struct dns_answer
answer_make(const char *text, bool secure)
{
	struct dns_answer a = { .type = DNS_SRV, .secure = secure };

	if (strcmp(text, "soft") == 0)
		return dns_answer_soft(DNS_SRV, "SERVFAIL");
	if (strcmp(text, "nodata") == 0) {
		a.status = DNS_NODATA;
		dns_answer_say(&a, "no SRV records");
	} else if (strcmp(text, "nxdomain") == 0) {
		a.status = DNS_NXDOMAIN;
		dns_answer_say(&a, "NXDOMAIN");
	} else {
		add_records(&a, text);
	}
	return a;
}

/* Seconds that the answers are good for: a plan is, as long as all of them. */
#define SRV_UNTIL     700
#define ADDRESS_UNTIL 400

static void
answer_services(struct route *r, const struct zone *zone, bool backwards)
{
	assert_int_equal(route_questions(r), 2);
	for (size_t i = 0; i < 2; i++) {
		size_t at = backwards ? 1 - i : i;
		const struct dns_question *q = route_question(r, at);
		bool implicit = strncmp(q->name, "_submissions.", 13) == 0;
		struct dns_answer a = answer_make(implicit ? zone->implicit :
		    zone->starttls, zone->secure);

		a.good_until = implicit ? SRV_UNTIL + 50 : SRV_UNTIL;
		assert_int_equal(q->type, DNS_SRV);
		assert_int_equal(route_answer(r, at, &a), i == 1);
		dns_answer_free(&a);
	}
}

static void
answer_both(struct route *r, const struct zone *zone, bool backwards)
{
	answer_services(r, zone, backwards);
	assert_true(route_is_done(r));
}

static void
render(struct buf *out, const struct plan *p)
{
	const char *between = "";

	for (size_t i = 0; i < p->nhosts; i++) {
		const struct plan_host *h = &p->host[i];

		assert_null(h->problem);
		buf_putf(out, "%s%s %u %s", between,
		    h->implicit_tls ? "smtps" : "smtp", h->port, h->name);
		if (h->addresses)
			buf_putf(out, " %s", h->addresses);
		between = ", ";
	}
	if (p->why == NULL)
		return;
	buf_putf(out, "%s%s ", between, verdict_name(p->why->verdict));
	esc_put(out, p->why->esc);
	buf_putf(out, " %s", p->why->text);
}

static const struct {
	const char *name, *host, *tls_name;
	struct zone zone;
	const char *want;
} cases[] = {
	{ "both: implicit TLS is preferred", "example.org", NULL,
	    { "10 0 465 s.example.org", "0 0 587 m.example.org", false },
	    "smtps 465 s.example.org, smtp 587 m.example.org" },
	{ "only STARTTLS", "Example.ORG.", NULL,
	    { "nxdomain", "0 1 587 m.example.org", false },
	    "smtp 587 m.example.org" },
	{ "implicit TLS not offered", "example.org", NULL,
	    { "0 0 0 ", "0 1 2587 m.example.org", false },
	    "smtp 2587 m.example.org" },
	{ "one lookup fails", "example.org", NULL,
	    { "soft", "0 1 587 m.example.org", false },
	    "smtp 587 m.example.org" },
	{ "by priority", "example.org", NULL,
	    { "20 9 465 c.example.org\n5 0 465 a.example.org\n"
	      "10 0 466 b.example.org", "nodata", false },
	    "smtps 465 a.example.org, smtps 466 b.example.org, "
	    "smtps 465 c.example.org" },
	{ "the domain itself", "example.org", NULL,
	    { "0 0 465 example.org", "nodata", false },
	    "smtps 465 example.org" },
	{ "no records", "example.org", NULL, { "nxdomain", "nodata", false },
	    "deferred 4.4.4 relay R: example.org names no submission server in "
	    "DNS (no SRV records); if it is the server itself, write "
	    "smtps://example.org, or smtp://example.org" },
	{ "none offered", "example.org", NULL, { "nxdomain", "0 0 0 ", true },
	    "deferred 4.4.4 relay R: example.org offers no submission, as its "
	    "SRV records say" },
	{ "none offered, none there", "example.org", NULL,
	    { "0 0 0 ", "nxdomain", true },
	    "deferred 4.4.4 relay R: example.org offers no submission, as its "
	    "SRV records say" },
	{ "soft and none", "example.org", NULL, { "soft", "nxdomain", false },
	    "deferred 4.4.3 relay R: SRV lookup failed (SERVFAIL)" },
	{ "none and soft", "example.org", NULL, { "0 0 0 ", "soft", false },
	    "deferred 4.4.3 relay R: SRV lookup failed (SERVFAIL)" },
	{ "no host name", "example.org", NULL,
	    { "0 0 465 192.0.2.1", "0 0 0 m.example.org", true },
	    "deferred 4.4.4 SRV 192.0.2.1:465: not a host name and port" },
	{ "one good among bad", "example.org", NULL,
	    { "0 0 465 x\\032y.example.org\n1 0 465 s.example.org", "nodata",
	      false },
	    "smtps 465 s.example.org" },
	/* nobody may lead us, and the password, elsewhere */
	{ "another domain", "example.org", NULL,
	    { "0 0 465 evil.example", "0 0 587 m.example.org", false },
	    "smtp 587 m.example.org" },
	{ "another domain only", "example.org", NULL,
	    { "0 0 465 s.example.net", "nodata", false },
	    "deferred 4.7.0 s.example.net is outside of "
	    "example.org, and the DNS answer that names it is not validated; "
	    "if it is right, use smtps://s.example.net as relay" },
	{ "one that only ends so", "example.org", NULL,
	    { "0 0 465 evilexample.org\n1 0 465 s.example.org", "nodata",
	      false },
	    "smtps 465 s.example.org" },
	{ "another domain, validated", "example.org", NULL,
	    { "0 0 465 s.example.net", "nodata", true },
	    "smtps 465 s.example.net" },
	{ "another domain, with tls-name", "example.org", "mail.example.org",
	    { "0 0 465 s.example.net", "nodata", false },
	    "smtps 465 s.example.net" },
};

static void
test_srv(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases) * 2; i++) {
		struct relay_spec relay = { .name = "R", .by_srv = true,
			.host = cases[i / 2].host,
			.tls_name = cases[i / 2].tls_name };
		struct route_config c = { .relay = &relay,
			.server = "not.this.one" };
		struct route *r = route_new("z.test", &c);
		struct buf got = { 0 };

		answer_both(r, &cases[i / 2].zone, i % 2);
		render(&got, route_plan(r));
		assert_int_equal(route_plan(r)->good_until, SRV_UNTIL);
		if (strcmp(buf_str(&got), cases[i / 2].want) != 0)
			fail_msg("%s: %s", cases[i / 2].name, buf_str(&got));
		buf_free(&got);
		route_free(r);
	}
}

static void
test_what_is_asked(void **state)
{
	struct relay_spec relay = { .name = "R", .by_srv = true,
		.host = "Example.org." };
	struct route_config c = { .relay = &relay };
	struct route *r = route_new("[192.0.2.1]", &c);
	const struct zone zone = { "0 0 465 s.example.org", "nodata", false };
	const struct plan *p;

	(void)state;
	assert_string_equal(route_question(r, 0)->name,
	    "_submissions._tcp.example.org");
	assert_string_equal(route_question(r, 1)->name,
	    "_submission._tcp.example.org");
	answer_both(r, &zone, false);
	p = route_plan(r);
	assert_string_equal(p->domain, "[192.0.2.1]");
	assert_string_equal(p->how, "relay by SRV");
	assert_ptr_equal(p->relay, &relay);
	assert_int_equal(p->tls, TLS_VERIFY);
	assert_string_equal(p->tls_why, "a relay needs it");
	assert_int_equal(p->link, LINK_SMTPS);
	assert_int_equal(p->naddresses, 0);
	route_free(r);
}

static void
test_one_host(void **state)
{
	static const struct {
		enum link_kind link;
		const char *host, *want;
	} hosts[] = {
		{ LINK_SMTP, "mail.example.org", "smtp 99 mail.example.org" },
		{ LINK_SMTPS, "mail.example.org", "smtps 99 mail.example.org" },
		{ LINK_SMTP, "2001:db8::1", "smtp 99 2001:db8::1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct relay_spec relay = { .name = "R", .port = 99,
			.link = hosts[i].link, .host = hosts[i].host };
		struct route_config c = { .relay = &relay, .link = LINK_LMTP,
			.tls = TLS_NONE };
		struct route *r = route_new("z.test", &c);
		const struct plan *p = route_plan(r);
		struct buf got = { 0 };

		assert_int_equal(route_questions(r), 0);
		assert_non_null(p);
		render(&got, p);
		assert_string_equal(buf_str(&got), hosts[i].want);
		assert_string_equal(p->how, "relay");
		assert_int_equal(p->link, hosts[i].link);
		assert_int_equal(p->tls, TLS_VERIFY);
		buf_free(&got);
		route_free(r);
	}
}

/* "NAME TYPE DATA" lines; DATA may be "soft".  No line: NXDOMAIN. */
static struct dns_answer
look_up(const char *zone, const struct dns_question *q)
{
	struct dns_answer a = { .type = q->type, .status = DNS_NXDOMAIN };
	struct slice rest = slice_of(zone), line, name, type;
	struct ip ip;

	dns_answer_say(&a, "NXDOMAIN");
	while (slice_cut(&rest, '\n', &line)) {
		slice_cut(&line, ' ', &name);
		if (!slice_eq(name, slice_of(q->name)))
			continue;
		if (a.status == DNS_NXDOMAIN) {
			a.status = DNS_NODATA;
			dns_answer_say(&a, "no records");
		}
		slice_cut(&line, ' ', &type);
		if (!slice_eq(type, slice_of(dns_type_name(q->type))))
			continue;
		if (ip_parse(line, &ip)) {
			a.status = DNS_FOUND;
			dns_answer_add_ip(&a, &ip);
			continue;
		}
		dns_answer_free(&a);
		a = dns_answer_soft(q->type, "SERVFAIL");
	}
	return a;
}

static const struct {
	const char *name, *host;
	const char *srv; /* of _submissions; NULL = the relay is a host */
	const char *zone;
	size_t questions; /* of the last round */
	const char *want;
} asked[] = {
	{ "a host", "r.test", NULL,
	    "r.test A 192.0.2.1\nr.test AAAA 2001:db8::1", 2,
	    "smtp 99 r.test 192.0.2.1,2001:db8::1" },
	{ "one kind of address", "r.test", NULL, "r.test AAAA 2001:db8::1", 2,
	    "smtp 99 r.test 2001:db8::1" },
	{ "one soft", "r.test", NULL, "r.test A 192.0.2.1\nr.test AAAA soft",
	    2, "smtp 99 r.test 192.0.2.1" },
	{ "link-local ones are left out", "r.test", NULL,
	    "r.test A 192.0.2.1\nr.test AAAA fe80::1", 2,
	    "smtp 99 r.test 192.0.2.1" },
	{ "only a link-local one", "r.test", NULL, "r.test AAAA fe80::1", 2,
	    "deferred 4.4.4 relay R: r.test: no address (no records)" },
	{ "no such host", "r.test", NULL, "", 2,
	    "deferred 4.4.4 relay R: r.test: no such host (NXDOMAIN)" },
	{ "no address", "r.test", NULL, "r.test TXT x", 2,
	    "deferred 4.4.4 relay R: r.test: no address (no records)" },
	{ "soft over none", "r.test", NULL, "r.test AAAA soft", 2,
	    "deferred 4.4.3 r.test: AAAA lookup failed (SERVFAIL)" },
	{ "an address", "192.0.2.7", NULL, "", 0, "smtp 99 192.0.2.7" },
	{ "an address of IPv6", "2001:db8::7", NULL, "", 0,
	    "smtp 99 2001:db8::7" },
	{ "localhost", "localhost", NULL, "", 0, "smtp 99 localhost" },
	{ "by SRV, one does not exist", "test", "0 0 1 a.test\n1 0 2 b.test",
	    "b.test A 192.0.2.2", 4, "smtps 2 b.test 192.0.2.2" },
	{ "by SRV, none exists", "test", "0 0 1 a.test\n1 0 2 b.test", "", 4,
	    "deferred 4.4.4 relay R: a.test: no such host (NXDOMAIN)" },
	{ "at most eight", "r.test", NULL,
	    "r.test A 192.0.2.1\nr.test A 192.0.2.2\nr.test A 192.0.2.3\n"
	    "r.test A 192.0.2.4\nr.test A 192.0.2.5\nr.test A 192.0.2.6\n"
	    "r.test A 192.0.2.7\nr.test A 192.0.2.8\nr.test A 192.0.2.9",
	    2, "smtp 99 r.test 192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4,"
	    "192.0.2.5,192.0.2.6,192.0.2.7,192.0.2.8" },
};

static void
answer_addresses(struct route *r, size_t i)
{
	assert_int_equal(route_questions(r), asked[i].questions);
	for (size_t k = 0, n = route_questions(r); k < n; k++) {
		const struct dns_question *q = route_question(r, k);
		struct dns_answer a = look_up(asked[i].zone, q);

		a.good_until = ADDRESS_UNTIL + (int64_t)(n - k);
		assert_int_equal(q->named, asked[i].srv == NULL);
		assert_int_equal(route_answer(r, k, &a), k + 1 == n);
		dns_answer_free(&a);
	}
}

/* With --resolver the hosts of relays are asked for, too. */
static void
test_hosts_are_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct relay_spec relay = { .name = "R", .port = 99,
			.host = asked[i].host, .by_srv = asked[i].srv };
		struct route_config c = { .relay = &relay,
			.ask_for_relays = true };
		struct route *r = route_new("z.test", &c);
		struct buf got = { 0 };

		print_message("  %s\n", asked[i].name);
		if (asked[i].srv) {
			const struct zone zone = { asked[i].srv, "nodata",
				true };

			answer_services(r, &zone, false);
		}
		answer_addresses(r, i);
		assert_true(route_is_done(r));
		render(&got, route_plan(r));
		assert_string_equal(buf_str(&got), asked[i].want);
		assert_true(route_plan(r)->good_until ==
		    (asked[i].questions > 0 ? ADDRESS_UNTIL + 1 :
		     asked[i].srv ? SRV_UNTIL : INT64_MAX));
		buf_free(&got);
		route_free(r);
	}
}

/* A proxy finds them by itself, and we may not be able to. */
static void
test_a_proxy_finds_the_hosts(void **state)
{
	struct relay_spec relay = { .name = "R", .host = "r.test", .port = 99,
		.proxy = "socks5h://p.test:1080" };
	struct route_config c = { .relay = &relay, .ask_for_relays = true };
	struct route *r = route_new("z.test", &c);

	(void)state;
	assert_true(route_is_done(r));
	assert_null(route_plan(r)->host[0].addresses);
	route_free(r);
}

static void
test_no_domain(void **state)
{
	static const char *const hosts[] = { "192.0.2.1", "a..b", "", "a b",
		"::1" };

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct relay_spec relay = { .name = "R", .by_srv = true,
			.host = hosts[i] };
		struct route_config c = { .relay = &relay };
		struct route *r = route_new("z.test", &c);

		assert_true(route_is_done(r));
		assert_int_equal(route_plan(r)->why->verdict, DEFERRED);
		assert_int_equal(route_plan(r)->why->stage, STAGE_CONFIG);
		assert_int_equal(route_plan(r)->why->esc.cls, 4);
		assert_int_equal(route_plan(r)->why->esc.subject, 3);
		assert_int_equal(route_plan(r)->why->esc.detail, 5);
		assert_int_equal(route_plan(r)->nhosts, 0);
		route_free(r);
	}
}

/* What a resolver does to the order of records does not count. */
static void
test_order_of_records_does_not_count(void **state)
{
	static const char *const orders[] = {
		"0 5 1 b.o\n0 5 1 a.o\n0 5 2 a.o\n0 0 9 z.o",
		"0 0 9 z.o\n0 5 2 a.o\n0 5 1 a.o\n0 5 1 b.o",
		"0 5 1 a.o\n0 0 9 z.o\n0 5 1 b.o\n0 5 2 a.o",
	};
	struct relay_spec relay = { .name = "R", .by_srv = true, .host = "o" };

	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct buf first = { 0 };

		for (size_t i = 0; i < COUNT(orders); i++) {
			const struct zone zone = { orders[i], "nodata", false };
			struct route_config c = { .relay = &relay,
				.seed = seed };
			struct route *r = route_new("z.test", &c);
			struct buf got = { 0 };

			answer_both(r, &zone, false);
			render(i == 0 ? &first : &got, route_plan(r));
			if (i > 0)
				assert_string_equal(buf_str(&got),
				    buf_str(&first));
			buf_free(&got);
			route_free(r);
		}
		buf_free(&first);
	}
}

/* How often each of four comes first, over 4000 seeds. */
static void
test_weights(void **state)
{
	const struct zone zone = { "1 0 1 a.o\n1 1 2 b.o\n1 3 3 c.o\n"
	    "1 6 4 d.o\n2 65535 5 e.o", "nodata", false };
	struct relay_spec relay = { .name = "R", .by_srv = true, .host = "o" };
	size_t first[6] = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 4000; seed++) {
		struct route_config c = { .relay = &relay, .seed = seed };
		struct route *r = route_new("z.test", &c);

		answer_both(r, &zone, false);
		assert_int_equal(route_plan(r)->nhosts, 5);
		assert_int_equal(route_plan(r)->host[4].port, 5);
		for (unsigned port = 1; port <= 5; port++) {
			size_t times = 0;

			for (size_t k = 0; k < 5; k++)
				times += route_plan(r)->host[k].port == port;
			assert_int_equal(times, 1);
		}
		first[route_plan(r)->host[0].port]++;
		route_free(r);
	}
	assert_in_range(first[1], 200, 550);   /* 1 of 11 */
	assert_in_range(first[2], 200, 550);   /* 1 of 11 */
	assert_in_range(first[3], 900, 1300);  /* 3 of 11 */
	assert_in_range(first[4], 1950, 2450); /* 6 of 11 */
}

static void
test_many_are_bounded(void **state)
{
	struct relay_spec relay = { .name = "R", .by_srv = true, .host = "o" };
	struct route_config c = { .relay = &relay };
	struct buf text = { 0 };
	struct zone zone = { .starttls = "0 0 1 z.o" };
	struct route *r = route_new("z.test", &c);

	(void)state;
	for (unsigned i = DNS_RECORDS_MAX; i > 0; i--)
		buf_putf(&text, "%s%u 0 465 h%u.o", text.n ? "\n" : "", i, i);
	zone.implicit = buf_str(&text);
	answer_both(r, &zone, false);
	assert_int_equal(route_plan(r)->nhosts, PLAN_HOSTS_MAX);
	assert_string_equal(route_plan(r)->host[19].name, "h20.o");
	buf_free(&text);
	route_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_srv),
		cmocka_unit_test(test_what_is_asked),
		cmocka_unit_test(test_one_host),
		cmocka_unit_test(test_hosts_are_asked_for),
		cmocka_unit_test(test_a_proxy_finds_the_hosts),
		cmocka_unit_test(test_no_domain),
		cmocka_unit_test(test_order_of_records_does_not_count),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_many_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
