/* SPDX-License-Identifier: ISC */
/* net_hop.c - who is tried next, and what is remembered of whom. */
#include "../support/sender.h"

#include "deliver/destination.h"
#include "deliver/hop.h"
#include "deliver/parcel.h"

/* "10 mx1 192.0.2.1" a host each; an address "-" is a relay's: none. */
struct world {
	struct plan plan;
	struct hops hops;
	struct deliver_config config;
	struct job job;
	struct destination destination;
	struct consignment mail;
	struct parcel *parcel;
};

static void
add_host(struct plan *p, const char *text)
{
	struct slice rest = slice_of(text), preference, name;
	uint64_t n;
	size_t i = p->nhosts++;

	slice_cut(&rest, ' ', &preference);
	slice_cut(&rest, ' ', &name);
	assert_true(slice_to_uint(preference, 65535, &n));
	p->host = mem_resize(p->host, p->nhosts, sizeof *p->host);
	p->host[i] = (struct plan_host){ .name = mem_dup(name),
		.preference = (uint16_t)n };
	if (slice_eq(rest, SLICE("-"))) {
		p->host[i].port = 587;
		return;
	}
	p->address = mem_resize(p->address, p->naddresses + 1,
	    sizeof *p->address);
	p->address[p->naddresses] = (struct plan_address){ .host = i,
		.at.port = 25 };
	assert_true(ip_parse(rest, &p->address[p->naddresses++].at.ip));
}

static void
make_plan(struct world *w, const char *const *hosts)
{
	static const struct relay_spec relay = { .name = "relay" };

	plan_free(&w->plan);
	for (; *hosts; hosts++)
		add_host(&w->plan, *hosts);
	w->plan.relay = w->plan.naddresses == 0 ? &relay : NULL;
	hops_take_plan(&w->hops, &w->plan);
}

static void
new_parcel(struct world *w)
{
	w->job.config = &w->config;
	w->destination.job = &w->job;
	if (w->parcel)
		parcel_free(w->parcel);
	w->parcel = parcel_new(&w->job, &w->mail, &w->destination);
}

static void
free_world(struct world *w)
{
	parcel_free(w->parcel);
	hops_free(&w->hops);
	plan_free(&w->plan);
}

/* The hops that are next, as "0 2 ", and tried then. */
static void
is_next(struct world *w, int64_t now, const char *want)
{
	size_t hop[DIAL_MAX], n = hops_next(&w->hops, w->parcel, now, hop);
	struct buf have = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_putf(&have, "%zu ", hop[i]);
		parcel_try(w->parcel, hop[i], TRIED);
	}
	assert_string_equal(buf_str(&have), want);
	buf_free(&have);
}

static void
test_one_preference_after_the_other(void **state)
{
	static const char *const hosts[] = { "10 a 192.0.2.1", "10 b 192.0.2.2",
		"20 c 192.0.2.3", NULL };
	struct world w = { 0 };

	(void)state;
	make_plan(&w, hosts);
	new_parcel(&w);
	is_next(&w, 0, "0 1 ");
	is_next(&w, 0, "2 ");
	is_next(&w, 0, "");
	w.parcel->same = 1;
	is_next(&w, 0, "1 "); /* tried or not */
	parcel_forget_tries(w.parcel);
	is_next(&w, 0, "0 1 ");
	free_world(&w);
}

static void
test_relays_one_by_one(void **state)
{
	static const char *const hosts[] = { "10 a -", "10 b -", NULL };
	struct world w = { 0 };

	(void)state;
	make_plan(&w, hosts);
	new_parcel(&w);
	is_next(&w, 0, "0 ");
	is_next(&w, 0, "1 ");
	is_next(&w, 0, "");
	assert_int_equal(w.hops.v[0].at.port, 587);
	free_world(&w);
}

/* At most DIAL_MAX race; the others have their turn after them. */
static void
test_no_more_than_can_race(void **state)
{
	static const char *const hosts[] = { "1 a 192.0.2.1", "1 a 192.0.2.2",
		"1 a 192.0.2.3", "1 a 192.0.2.4", "1 a 192.0.2.5",
		"1 a 192.0.2.6", "1 a 192.0.2.7", "1 a 192.0.2.8",
		"1 a 192.0.2.9", NULL };
	struct world w = { 0 };

	(void)state;
	make_plan(&w, hosts);
	new_parcel(&w);
	is_next(&w, 0, "0 1 2 3 4 5 6 7 ");
	is_next(&w, 0, "8 ");
	free_world(&w);
}

static void
test_the_slow_begin_later(void **state)
{
	static const char *const hosts[] = { "10 a 2001:db8::1",
		"10 a 192.0.2.1", "20 b 2001:db8::2", NULL };
	struct world w = { 0 };

	(void)state;
	make_plan(&w, hosts);
	new_parcel(&w);
	assert_false(hops_remember(&w.hops));
	w.hops.v[0].slow = true;
	assert_true(hops_remember(&w.hops));
	is_next(&w, 0, "1 0 ");
	is_next(&w, 0, "2 ");
	free_world(&w);
}

/* Until its time is over, and its reason is the parcel's. */
static void
test_the_dead(void **state)
{
	static const char *const hosts[] = { "10 a 192.0.2.1", "20 b 192.0.2.2",
		NULL };
	struct outcome why = outcome_make(DEFERRED, STAGE_CONNECT,
	    ESC(4, 4, 1), "connect a: no route");
	struct world w = { 0 };
	int64_t now = SECONDS(7), then = now + SECONDS(HOP_DEAD_SECONDS);

	(void)state;
	make_plan(&w, hosts);
	why.timed_out = true;
	hop_died(&w.hops.v[0], &why, now);
	new_parcel(&w);
	is_next(&w, then - 1, "1 ");
	assert_int_equal(w.parcel->nproblems, 1);
	assert_string_equal(w.parcel->last->text, "connect a: no route");
	assert_true(w.parcel->silent);
	is_next(&w, then, ""); /* it counts as tried */
	new_parcel(&w);
	is_next(&w, then, "0 ");
	hop_died(&w.hops.v[0], &why, then);
	hop_lives(&w.hops.v[0]);
	new_parcel(&w);
	is_next(&w, then, "0 ");
	free_world(&w);
}

/* A newer plan: what was known keeps its number, what is gone is not used. */
static void
test_a_newer_plan(void **state)
{
	static const char *const first[] = { "10 a 192.0.2.1",
		"20 b 192.0.2.2", NULL };
	static const char *const second[] = { "5 c 192.0.2.3",
		"10 b 192.0.2.2", "10 b 192.0.2.4", NULL };
	struct world w = { 0 };

	(void)state;
	make_plan(&w, first);
	w.hops.v[1].max_rcpts = 7;
	new_parcel(&w);
	is_next(&w, 0, "0 ");
	make_plan(&w, second);
	is_next(&w, 0, "2 ");
	is_next(&w, 0, "1 3 ");
	is_next(&w, 0, "");
	assert_int_equal(w.hops.v[1].max_rcpts, 7);
	assert_int_equal(w.hops.v[1].preference, 10);
	assert_string_equal(w.hops.v[2].host, "c");
	make_plan(&w, first);
	assert_int_equal(w.hops.n, 4);
	free_world(&w);
}

/* A name's port and address tell hops apart, and nothing else does. */
static void
test_relays_keep_their_place(void **state)
{
	static const char *const hosts[] = { "10 a -", NULL };
	struct world w = { 0 };

	(void)state;
	make_plan(&w, hosts);
	w.plan.host[0].addresses = mem_dup(SLICE("192.0.2.9"));
	hops_take_plan(&w.hops, &w.plan);
	assert_int_equal(w.hops.n, 1);
	assert_string_equal(w.hops.v[0].addresses, "192.0.2.9");
	w.plan.host[0].implicit_tls = true;
	hops_take_plan(&w.hops, &w.plan);
	assert_int_equal(w.hops.n, 2);
	w.plan.host[0].port = 465;
	hops_take_plan(&w.hops, &w.plan);
	assert_int_equal(w.hops.n, 3);
	assert_int_equal(w.hops.norder, 1);
	new_parcel(&w);
	is_next(&w, 0, "2 ");
	free_world(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_preference_after_the_other),
		cmocka_unit_test(test_relays_one_by_one),
		cmocka_unit_test(test_no_more_than_can_race),
		cmocka_unit_test(test_the_slow_begin_later),
		cmocka_unit_test(test_the_dead),
		cmocka_unit_test(test_a_newer_plan),
		cmocka_unit_test(test_relays_keep_their_place),
	};

	return cmocka_run_group_tests_name("net_hop", tests, NULL, NULL);
}
