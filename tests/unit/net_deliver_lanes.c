/* SPDX-License-Identifier: ISC */
/*
 * net_deliver_lanes.c - messages one after another: which connection carries
 * which, what is remembered of a host and of a route, and what waits for what.
 */
#include "../support/sender.h"

#include <poll.h>

static const char *const records[] = {
	"a.test MX 10 mx1.test", "b.test MX 10 mx1.test",
	"c.test MX 10 mx1.test", "d.test MX 10 mx2.test",
	"far.test MX 10 gone.test", "far.test MX 20 mx2.test",
	"further.test MX 10 gone.test", "further.test MX 20 mx2.test",
	"gone.test A 127.0.0.250", "lost.test MX 10 gone.test",
};

struct scene {
	struct sender s;
	struct letter letter[4];
	size_t n;
};

static void
open_scene(struct scene *sc, const struct peer_rule *rules, size_t nrules,
    const char *offers)
{
	const struct peers_config c = { .n = 3, .rule = rules,
		.nrules = nrules, .offers = offers ? offers : PIPES };

	*sc = (struct scene){ 0 };
	sender_listen(&sc->s, &c, records,
	    sizeof records / sizeof records[0]);
}

static struct letter *
post(struct scene *sc, const char *rcpts)
{
	struct letter *l = &sc->letter[sc->n++];
	char id[8];

	if (!sc->s.deliver)
		sender_start(&sc->s);
	snprintf(id, sizeof id, "%zu", sc->n);
	letter_init(l, rcpts, id);
	deliver_add(sc->s.deliver, &l->c);
	return l;
}

static void
has(const struct letter *l, const char *want)
{
	char have[16];

	letter_verdicts(l, have);
	assert_string_equal(have, want);
}

/* Post it, and wait for its verdicts. */
static void
send_one(struct scene *sc, const char *rcpts, const char *want)
{
	struct letter *l = post(sc, rcpts);

	assert_ptr_equal(sender_finish(&sc->s), l);
	has(l, want);
}

static void
close_scene(struct scene *sc, const char *heard)
{
	sender_close(&sc->s);
	sender_heard(&sc->s, 1, heard, "scene");
	assert_string_equal(peers_complaint(sc->s.peers), "");
	sender_free(&sc->s);
	for (size_t i = 0; i < sc->n; i++)
		letter_free(&sc->letter[i]);
}

/* How many events of a kind there were, about this host if one is given. */
static size_t
count_events(struct scene *sc, enum event_kind kind, const char *host)
{
	struct event e;
	size_t n = 0;

	while (events_take(&sc->s.events, &e))
		n += e.kind == kind &&
		    (!host || slice_eq(event_get(&e, "host"), slice_of(host)));
	return n;
}

#define TWICE "EHLO MAIL RCPT DATA . MAIL RCPT DATA . QUIT"

static void
test_one_after_another(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	send_one(&sc, "u@a.test", "D");
	send_one(&sc, "v@b.test", "D"); /* another domain of the same hosts */
	assert_int_equal(deliver_lanes(sc.s.deliver), 1);
	close_scene(&sc, TWICE);
}

static void
test_one_message_two_domains(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	sc.s.config.max_site_lanes = 1;
	send_one(&sc, "u@a.test v@b.test", "DD");
	close_scene(&sc, TWICE); /* and no mail to both */
}

/* Nothing keeps the two lanes that two parcels had from each other's. */
static void
test_as_many_lanes_as_wanted(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	sc.s.config.max_lanes = 2;
	send_one(&sc, "u@a.test v@b.test w@c.test x@d.test", "DDDD");
	assert_true(deliver_lanes(sc.s.deliver) <= 4);
	sender_close(&sc.s);
	assert_true(peers_connections(sc.s.peers, 1) <= 3);
	assert_int_equal(peers_connections(sc.s.peers, 2), 1);
	sender_free(&sc.s);
	letter_free(&sc.letter[0]);
}

static void
test_idle_time_is_over(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	send_one(&sc, "u@a.test", "D");
	sc.s.ahead = SECONDS(5) - SECONDS(1);
	sender_step(&sc.s);
	assert_false(deliver_is_idle(sc.s.deliver));
	sc.s.ahead = SECONDS(5) + SECONDS(1);
	for (int i = 0; i < 3 && !deliver_is_idle(sc.s.deliver); i++)
		sender_step(&sc.s);
	assert_true(deliver_is_idle(sc.s.deliver));
	send_one(&sc, "v@a.test", "D");
	close_scene(&sc, POLITE "|" POLITE);
}

static void
test_so_many_mails_a_lane(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	sc.s.config.max_mails = 2;
	for (int i = 0; i < 3; i++)
		send_one(&sc, "u@a.test", "D");
	close_scene(&sc, TWICE "|" POLITE);
}

/* The server has had enough of the connection, not of us. */
static void
test_stale_connection(void **state)
{
	static const char *const replies[] = { "drop", "421 enough" };
	struct scene sc;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct peer_rule rule = { .connection = 1, .verb = "MAIL",
			.nth = 2, .reply = replies[i] };

		open_scene(&sc, &rule, 1, NULL);
		send_one(&sc, "u@a.test", "D");
		send_one(&sc, "v@a.test", "D");
		close_scene(&sc, "EHLO MAIL RCPT DATA . MAIL|" POLITE);
	}
}

/* A good-bye in one write with the verdict does not undo it. */
static void
test_goodbye_behind_a_verdict(void **state)
{
	static const struct peer_rule rules[] = {
		{ .connection = 1, .verb = ".", .nth = 2,
		    .reply = "250 taken\r\n421 enough" },
		{ .connection = 2, .verb = ".", .nth = 2,
		    .reply = "554 no\r\n421 enough" },
	};
	struct scene sc;

	(void)state;
	open_scene(&sc, rules, 2, NULL);
	send_one(&sc, "u@a.test", "D");
	send_one(&sc, "v@a.test", "D");
	send_one(&sc, "w@a.test", "D");
	send_one(&sc, "x@a.test", "F");
	close_scene(&sc, "EHLO MAIL RCPT DATA . MAIL RCPT DATA .|"
	    "EHLO MAIL RCPT DATA . MAIL RCPT DATA .");
}

static void
test_a_refused_mail_leaves_the_lane(void **state)
{
	static const struct peer_rule rule = { .verb = "RCPT", .with = "u@",
		.reply = "550 no" };
	struct scene sc;

	(void)state;
	open_scene(&sc, &rule, 1, NULL);
	send_one(&sc, "u@a.test", "F");
	send_one(&sc, "v@a.test", "D");
	close_scene(&sc, "EHLO MAIL RCPT DATA RSET MAIL RCPT DATA . QUIT");
}

static void
test_the_dead_are_left_alone(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	send_one(&sc, "u@far.test", "D");
	sc.s.ahead = SECONDS(10); /* the idle lane ends */
	send_one(&sc, "v@further.test", "D"); /* a domain of the same site */
	assert_int_equal(count_events(&sc, EVENT_CONNECT, "gone.test"), 1);
	send_one(&sc, "u@lost.test", "T"); /* another site: not its business */
	assert_int_equal(count_events(&sc, EVENT_CONNECT, "gone.test"), 1);
	send_one(&sc, "v@lost.test", "T");
	assert_int_equal(count_events(&sc, EVENT_CONNECT, "gone.test"), 0);
	assert_non_null(strstr(sc.letter[3].envelope.rcpts[0].result->text,
	    "connect gone.test [127.0.0.250]"));
	close_scene(&sc, "");
}

static void
test_the_dead_are_asked_again_in_time(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	send_one(&sc, "u@lost.test", "T");
	sc.s.ahead = SECONDS(59);
	send_one(&sc, "v@lost.test", "T");
	assert_int_equal(count_events(&sc, EVENT_CONNECT, "gone.test"), 1);
	sc.s.ahead = SECONDS(61);
	send_one(&sc, "w@lost.test", "T");
	assert_int_equal(count_events(&sc, EVENT_CONNECT, "gone.test"), 1);
	close_scene(&sc, "");
}

/* A first 452 shows what is true of the next message, too (J7). */
static void
test_how_many_in_a_mail(void **state)
{
	static const struct peer_rule rules[] = {
		{ .verb = "RCPT", .connection = 1, .nth = 3,
		    .reply = "452 4.5.3 too many" },
		{ .verb = "RCPT", .connection = 1, .nth = 4,
		    .reply = "452 4.5.3 too many" } };
	struct scene sc;

	(void)state;
	open_scene(&sc, rules, 2, NULL);
	send_one(&sc, "u@a.test v@a.test w@a.test x@a.test", "DDDD");
	send_one(&sc, "u@b.test v@b.test w@b.test", "DDD");
	close_scene(&sc, "EHLO MAIL RCPT RCPT RCPT RCPT DATA . "
	    "MAIL RCPT RCPT DATA . MAIL RCPT RCPT DATA . MAIL RCPT DATA . "
	    "QUIT");
}

/* Routes are kept for their time to live, which is 60 s here. */
static void
test_routes_are_kept(void **state)
{
	struct scene sc;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	send_one(&sc, "u@a.test", "D");
	send_one(&sc, "v@a.test", "D");
	assert_int_equal(count_events(&sc, EVENT_PLAN, NULL), 1);
	sc.s.ahead = SECONDS(61);
	send_one(&sc, "w@a.test", "D");
	assert_int_equal(count_events(&sc, EVENT_PLAN, NULL), 1);
	close_scene(&sc, TWICE "|" POLITE);
}

static void
test_how_far_is_another_lane(void **state)
{
	struct scene sc;
	struct letter *l;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	send_one(&sc, "u@a.test", "D");
	l = &sc.letter[sc.n++];
	letter_init(l, "v@a.test", "2");
	l->c.quit_after = STAGE_RCPT;
	deliver_add(sc.s.deliver, &l->c);
	assert_ptr_equal(sender_finish(&sc.s), l);
	has(l, "V");
	close_scene(&sc, POLITE "|EHLO MAIL RCPT QUIT");
}

/* With one lane: urgent before normal before bulk, but each has his turn. */
static void
test_classes(void **state)
{
	static const enum mail_class classes[] = { CLASS_NORMAL, CLASS_BULK,
		CLASS_URGENT, CLASS_NORMAL, CLASS_URGENT, CLASS_BULK };
	static const char *const want[] = { "3", "1", "5", "4", "2", "6" };
	const struct peer_taken *taken;
	struct letter l[6];
	struct scene sc;
	char id[8];

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	sc.s.config.max_lanes = 1;
	sender_start(&sc.s);
	for (size_t i = 0; i < 6; i++) {
		snprintf(id, sizeof id, "%zu", i + 1);
		letter_init(&l[i], "u@a.test", id);
		l[i].c.class = classes[i];
		deliver_add(sc.s.deliver, &l[i].c);
	}
	for (size_t i = 0; i < 6; i++)
		has(sender_finish(&sc.s), "D");
	sender_close(&sc.s);
	assert_int_equal(peers_taken(sc.s.peers, &taken), 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(taken[i].id, want[i]);
	sender_free(&sc.s);
	for (size_t i = 0; i < 6; i++)
		letter_free(&l[i]);
}

/* ---- recording ---- */

/* Steps until there is a batch; the server may do what it likes meanwhile. */
static void
await_batch(struct scene *sc, struct deliver_batch *b)
{
	for (;;) {
		sender_step(&sc->s);
		if (deliver_unrecorded(sc->s.deliver, b))
			return;
		sender_sleep(&sc->s);
	}
}

static void
test_recorded_before_it_goes_on(void **state)
{
	struct scene sc;
	struct deliver_batch b, none;
	struct letter *first, *second;
	struct wait w = { 0 };

	(void)state;
	open_scene(&sc, NULL, 0, PIPES " LIMITS_RCPTMAX=1");
	sc.s.config.records = true;
	sc.s.config.max_lanes = 1;
	first = post(&sc, "u@a.test");
	second = post(&sc, "v@b.test");
	await_batch(&sc, &b);
	assert_ptr_equal(b.consignment, &first->c);
	assert_int_equal(b.n, 1);
	assert_ptr_equal(b.rcpts.first, &first->envelope.rcpts[0]);
	assert_false(deliver_unrecorded(sc.s.deliver, &none));
	/* the lane waits, and asks for nothing but news of the server */
	for (int i = 0; i < 5; i++)
		sender_step(&sc.s);
	wait_clear(&w);
	deliver_wait(sc.s.deliver, &w);
	assert_int_equal(w.deadline, WAIT_NEVER);
	assert_int_equal(w.n, 1);
	assert_int_equal(poll(w.fd, w.n, 0), 0);
	wait_free(&w);
	assert_null(deliver_finished(sc.s.deliver));
	deliver_recorded(sc.s.deliver, &b);
	assert_ptr_equal(sender_finish(&sc.s), first);
	await_batch(&sc, &b);
	deliver_recorded(sc.s.deliver, &b);
	assert_ptr_equal(sender_finish(&sc.s), second);
	close_scene(&sc, TWICE);
}

/* Verdicts that no lane brought are recorded like others. */
static void
test_recorded_without_a_lane(void **state)
{
	struct scene sc;
	struct deliver_batch b;
	struct letter *l;

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	sc.s.config.records = true;
	l = post(&sc, "u@nowhere.test");
	await_batch(&sc, &b);
	has(l, "F");
	assert_null(deliver_finished(sc.s.deliver));
	deliver_recorded(sc.s.deliver, &b);
	assert_ptr_equal(sender_finish(&sc.s), l);
	close_scene(&sc, "");
}

/* ---- taking back ---- */

static struct outcome
held(void)
{
	return outcome_make(DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2), "held");
}

static void
test_cancelled_while_it_waits(void **state)
{
	struct scene sc;
	struct letter *first, *second;
	struct outcome why = held();

	(void)state;
	open_scene(&sc, NULL, 0, NULL);
	sc.s.config.max_lanes = 1;
	first = post(&sc, "u@a.test");
	second = post(&sc, "v@b.test w@c.test");
	sender_step(&sc.s);
	deliver_cancel(sc.s.deliver, &second->c, &why, sender_now(&sc.s));
	assert_ptr_equal(sender_finish(&sc.s), second);
	has(second, "TT");
	assert_string_equal(second->envelope.rcpts[1].result->text, "held");
	assert_ptr_equal(sender_finish(&sc.s), first);
	has(first, "D");
	close_scene(&sc, POLITE);
}

/* In the middle of a dialogue: its connection is dropped, and no other. */
static void
test_cancelled_under_way(void **state)
{
	static const struct peer_rule rule = { .peer = 1, .verb = "RCPT",
		.reply = "silent" };
	struct scene sc;
	struct letter *slow;
	struct outcome why = held();

	(void)state;
	open_scene(&sc, &rule, 1, "HELP"); /* no pipelining: it is silent */
	slow = post(&sc, "u@a.test");
	send_one(&sc, "v@d.test", "D");
	assert_true(deliver_awaited(sc.s.deliver).stage != STAGE_NONE);
	deliver_cancel(sc.s.deliver, &slow->c, &why, sender_now(&sc.s));
	assert_ptr_equal(sender_finish(&sc.s), slow);
	has(slow, "T");
	send_one(&sc, "w@d.test", "D");
	sender_close(&sc.s);
	sender_heard(&sc.s, 2, TWICE, "another's lane");
	sender_free(&sc.s);
	for (size_t i = 0; i < sc.n; i++)
		letter_free(&sc.letter[i]);
}

static void
test_stopped(void **state)
{
	static const struct peer_rule rule = { .peer = 1, .verb = "EHLO",
		.reply = "silent" };
	struct scene sc;
	struct outcome why = held();

	(void)state;
	open_scene(&sc, &rule, 1, NULL);
	post(&sc, "u@a.test v@b.test");
	send_one(&sc, "w@d.test", "D");
	deliver_stop(sc.s.deliver, &why, sender_now(&sc.s));
	assert_true(deliver_is_idle(sc.s.deliver));
	has(&sc.letter[0], "TT");
	assert_ptr_equal(deliver_finished(sc.s.deliver), &sc.letter[0].c);
	close_scene(&sc, "EHLO|EHLO");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_another),
		cmocka_unit_test(test_one_message_two_domains),
		cmocka_unit_test(test_as_many_lanes_as_wanted),
		cmocka_unit_test(test_idle_time_is_over),
		cmocka_unit_test(test_so_many_mails_a_lane),
		cmocka_unit_test(test_stale_connection),
		cmocka_unit_test(test_goodbye_behind_a_verdict),
		cmocka_unit_test(test_a_refused_mail_leaves_the_lane),
		cmocka_unit_test(test_the_dead_are_left_alone),
		cmocka_unit_test(test_the_dead_are_asked_again_in_time),
		cmocka_unit_test(test_how_many_in_a_mail),
		cmocka_unit_test(test_routes_are_kept),
		cmocka_unit_test(test_how_far_is_another_lane),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_recorded_before_it_goes_on),
		cmocka_unit_test(test_recorded_without_a_lane),
		cmocka_unit_test(test_cancelled_while_it_waits),
		cmocka_unit_test(test_cancelled_under_way),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests_name("net_deliver_lanes", tests, NULL,
	    NULL);
}
