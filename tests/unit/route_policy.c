/* SPDX-License-Identifier: ISC */
/*
 * route_policy.c - what a policy of MTA-STS makes of a plan (RFC 8461 4 and 5,
 * FAULTS rows 19 and 20).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "route/plan.h"
#include "route/sts.h"

#define RECORD "v=STSv1; id=a1;"

/* a.test has the MX mx1.test and mx2.test; where dane, mx1.test has TLSA. */
struct world {
	const char *txt;	/* NULL = NXDOMAIN; "soft" = SERVFAIL */
	bool secure, dane;
};

static void
add_records(struct dns_answer *a, const struct world *w, const char *name)
{
	struct ip ip = { 4, { 192, 0, 2, 1 }, 0 };
	static unsigned char data[32];

	a->status = DNS_FOUND;
	if (a->type == DNS_MX) {
		dns_answer_add_mx(a, "mx1.test", 10);
		dns_answer_add_mx(a, "mx2.test", 20);
	} else if (a->type == DNS_A) {
		ip.b[3] = strcmp(name, "mx1.test") == 0 ? 1 : 2;
		dns_answer_add_ip(a, &ip);
	} else if (a->type == DNS_TXT && w->txt) {
		dns_answer_add_txt(a, slice_of(w->txt));
	} else if (a->type == DNS_TLSA && w->dane && strstr(name, "mx1")) {
		dns_answer_add_tlsa(a, &(struct dns_tlsa){ 3, 1, 1, data, 32 });
	} else {
		a->status = DNS_NXDOMAIN;
		dns_answer_say(a, "NXDOMAIN");
	}
}

static struct dns_answer
look_up(const struct world *w, const struct dns_question *q)
{
	struct dns_answer a = { .type = q->type, .secure = w->secure };

	if (q->type == DNS_TXT && w->txt && strcmp(w->txt, "soft") == 0)
		a = dns_answer_soft(DNS_TXT, "SERVFAIL");
	else
		add_records(&a, w, q->name);
	a.good_until = INT64_MAX;
	return a;
}

static void
answer_round(struct route *r, const struct world *w, bool backwards)
{
	size_t n = route_questions(r);
	bool over = false;

	for (size_t i = 0; i < n && !over; i++) {
		size_t at = backwards ? n - 1 - i : i;
		struct dns_answer a = look_up(w, route_question(r, at));

		over = route_answer(r, at, &a);
		dns_answer_free(&a);
	}
	assert_true(over);
}

static void
put_wish(struct buf *out, const struct sts_wish *w)
{
	assert_string_equal(w->domain, "a.test");
	if (w->record == DNS_FOUND)
		buf_putf(out, "id %s\n", w->id);
	else
		buf_putf(out, "%s %s\n", dns_status_name(w->record), w->why);
}

static void
put_plan(struct buf *out, const struct plan *p)
{
	for (size_t i = 0; i < p->nhosts; i++) {
		const struct plan_host *h = &p->host[i];
		bool unnamed = h->tls_fault == TLS_RESULT_FAILURE;

		assert_int_equal(h->by_sts, unnamed ||
		    (h->tls_why && strstr(h->tls_why, "MTA-STS")));
		buf_putf(out, "%s %s", h->name, h->problem ? "-" :
		    tls_level_name(h->tls));
		buf_puts(out, unnamed ? " unnamed\n" :
			h->by_sts ? " sts\n" : "\n");
	}
	if (p->sts)
		buf_putf(out, "%s\n", p->sts);
	if (p->why) {
		buf_putf(out, "%s ", verdict_name(p->why->verdict));
		esc_put(out, p->why->esc);
		buf_putf(out, " %s\n", p->why->text);
	}
}

/* policy: "MODE MX..." or NULL. */
static void
take_policy(struct route *r, const char *policy)
{
	struct buf text = { 0 };
	struct slice rest = slice_of(policy), word;
	struct sts_policy p;
	const char *why;

	if (!policy) {
		route_take_policy(r, NULL, "404", 9);
		return;
	}
	slice_cut(&rest, ' ', &word);
	buf_putf(&text, "version: STSv1\nmax_age: 60\nmode: %.*s\n",
	    (int)word.n, word.p);
	while (slice_cut(&rest, ' ', &word))
		buf_putf(&text, "mx: %.*s\n", (int)word.n, word.p);
	assert_true(sts_policy_parse(buf_slice(&text), &p, &why));
	route_take_policy(r, &p, "id a1", 9);
	sts_policy_free(&p);
	buf_free(&text);
}

static const struct {
	const char *name;
	struct world world;
	struct route_config config;
	const char *policy, *want;
} cases[] = {
	{ "not wanted", { RECORD, false, false }, { .tls = TLS_MAY }, NULL,
	    "mx1.test may\nmx2.test may\n" },
	{ "enforce", { RECORD, false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED }, "enforce *.test",
	    "id a1\nmx1.test verify sts\nmx2.test verify sts\n"
	    "enforce, by the policy of a.test (1 mx, id a1)\n" },
	{ "enforce, one is not named", { RECORD, false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED }, "enforce mx2.test",
	    "id a1\nmx1.test - unnamed\nmx2.test verify sts\n"
	    "enforce, by the policy of a.test (1 mx, id a1)\n" },
	{ "enforce, none is named", { RECORD, false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED }, "enforce b.test c.test",
	    "id a1\nmx1.test - unnamed\nmx2.test - unnamed\n"
	    "enforce, by the policy of a.test (2 mx, id a1)\n"
	    "deferred 4.7.5 mx1.test: the MTA-STS policy of a.test does not "
	    "name it\n" },
	{ "testing", { RECORD, false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED }, "testing mx2.test",
	    "id a1\nmx1.test may unnamed\nmx2.test may\n"
	    "testing, by the policy of a.test (1 mx, id a1); it does not name "
	    "mx1.test\n" },
	{ "mode none", { RECORD, false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED }, "none",
	    "id a1\nmx1.test may\nmx2.test may\n"
	    "none, by the policy of a.test (0 mx, id a1)\n" },
	{ "no policy", { RECORD, false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED }, NULL,
	    "id a1\nmx1.test may\nmx2.test may\nnone: 404\n" },
	{ "no record, but one that is kept", { NULL, false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED }, "enforce *.test",
	    "nxdomain _mta-sts.a.test: NXDOMAIN\n"
	    "mx1.test verify sts\nmx2.test verify sts\n"
	    "enforce, by the policy of a.test (1 mx, id a1)\n" },
	{ "no answer, but one that is kept", { "soft", false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED }, "enforce *.test",
	    "soft _mta-sts.a.test: SERVFAIL\n"
	    "mx1.test verify sts\nmx2.test verify sts\n"
	    "enforce, by the policy of a.test (1 mx, id a1)\n" },
	{ "a record that is broken", { "v=STSv1; x", false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED }, NULL,
	    "nodata _mta-sts.a.test: a field that is not NAME=VALUE\n"
	    "mx1.test may\nmx2.test may\nnone: 404\n" },
	{ "TLSA records go before it, host by host", { RECORD, true, true },
	    { .tls = TLS_DANE, .sts = STS_WANTED }, "enforce mx2.test",
	    "id a1\nmx1.test dane\nmx2.test verify sts\n"
	    "enforce, by the policy of a.test (1 mx, id a1)\n" },
	{ "secure, DANE for one", { RECORD, true, true },
	    { .tls = TLS_SECURE, .tls_why = "--tls secure" }, NULL,
	    "id a1\nmx1.test dane\nmx2.test verify\nnone: 404\n" },
	{ "secure, nothing published", { NULL, false, false },
	    { .tls = TLS_SECURE, .tls_why = "--tls secure" }, NULL,
	    "nxdomain _mta-sts.a.test: NXDOMAIN\n"
	    "mx1.test verify\nmx2.test verify\nnone: 404\n" },
	{ "secure, but no policies", { RECORD, false, false },
	    { .tls = TLS_SECURE, .tls_why = "--tls secure",
	      .sts = STS_UNWANTED }, NULL,
	    "mx1.test verify\nmx2.test verify\n" },
	{ "never TLS", { RECORD, false, false },
	    { .tls = TLS_NONE, .sts = STS_WANTED }, NULL,
	    "mx1.test none\nmx2.test none\n" },
	{ "encrypt is less than a policy", { RECORD, false, false },
	    { .tls = TLS_ENCRYPT, .sts = STS_WANTED }, "enforce mx1.test",
	    "id a1\nmx1.test verify sts\nmx2.test - unnamed\n"
	    "enforce, by the policy of a.test (1 mx, id a1)\n" },
	{ "dane-only is more", { RECORD, true, true },
	    { .tls = TLS_DANE_ONLY, .sts = STS_WANTED }, NULL,
	    "mx1.test dane\nmx2.test -\n" },
	{ "TLS-Required: No", { RECORD, false, false },
	    { .tls = TLS_DANE, .sts = STS_WANTED, .tls_waived = true }, NULL,
	    "mx1.test may\nmx2.test may\n" },
	{ "TLS-Required: No, secure", { RECORD, false, false },
	    { .tls = TLS_SECURE, .tls_why = "--tls secure",
	      .tls_waived = true }, NULL,
	    "mx1.test verify\nmx2.test verify\n" },
	{ "REQUIRETLS by a policy", { RECORD, false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED, .tls_floor = TLS_VERIFY,
	      .tls_floor_why = "REQUIRETLS" }, "enforce mx2.test",
	    "id a1\nmx1.test -\nmx2.test verify sts\n"
	    "enforce, by the policy of a.test (1 mx, id a1)\n" },
	{ "REQUIRETLS and none", { RECORD, false, false },
	    { .tls = TLS_MAY, .sts = STS_WANTED, .tls_floor = TLS_VERIFY,
	      .tls_floor_why = "REQUIRETLS" }, "testing mx2.test",
	    "id a1\nmx1.test -\nmx2.test -\n"
	    "testing, by the policy of a.test (1 mx, id a1)\n"
	    "deferred 4.7.30 mx1.test: the MX records of a.test are not "
	    "validated by DNSSEC, as REQUIRETLS demands\n" },
};

static void
run(size_t i, bool backwards)
{
	struct route_config c = cases[i].config;
	struct buf got = { 0 };
	struct route *r;

	c.no_ipv6 = true;
	r = route_new("a.test", &c);
	while (!route_is_done(r)) {
		if (route_wants_policy(r)) {
			put_wish(&got, route_wants_policy(r));
			assert_int_equal(route_questions(r), 0);
			take_policy(r, cases[i].policy);
			assert_true(route_is_done(r));
			assert_int_equal(route_plan(r)->good_until, 9);
		} else {
			answer_round(r, &cases[i].world, backwards);
		}
	}
	put_plan(&got, route_plan(r));
	if (strcmp(buf_str(&got), cases[i].want) != 0)
		fail_msg("%s: %s", cases[i].name, buf_str(&got));
	buf_free(&got);
	route_free(r);
}

static void
test_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		run(i, false);
		run(i, true);
	}
}

/* A route that is given up while the policy is awaited. */
static void
test_given_up(void **state)
{
	struct route_config c = { .tls = TLS_MAY, .sts = STS_WANTED };
	const struct world w = { RECORD, false, false };
	struct route *r = route_new("a.test", &c);

	(void)state;
	while (!route_wants_policy(r))
		answer_round(r, &w, false);
	assert_false(route_is_done(r));
	assert_null(route_plan(r));
	route_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
