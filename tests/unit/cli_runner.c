/* SPDX-License-Identifier: ISC */
/*
 * cli_runner.c - the runner between a spool and servers on loopback.  Time is
 * the test's: hours pass at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "../support/peers.h"
#include "../support/remove_all.h"
#include "../support/spool.h"
#include "base/mem.h"
#include "net/clock.h"
#include "queue/runner.h"

#define WALL  INT64_C(1790000000)
#define HOUR  3600
#define RUNNERS 3

static const struct address_options by = { .default_domain = SLICE("x") };

struct world {
	char path[40];
	struct store *store;	/* the test's own */
	struct peers *peers;
	struct runner_config config;
	struct runner *runner[RUNNERS];
	size_t nrunners;
	struct wait wait;
	int64_t passed;		/* seconds that the test let pass */
	int64_t shift;		/* ... and by which the clock is wrong */
};

static struct world w;

/* A disk that does not give out what is on it. */
static bool unreadable;

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	if (unreadable) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, p, n, at);
}

/* ---- making it ---- */

static void
make_world(const struct peer_rule *rule, size_t nrules)
{
	struct peers_config c = { .n = 3, .rule = rule, .nrules = nrules,
		.offers = "PIPELINING", .seed = 1, .max_mails = 1000 };

	w = (struct world){ .path = "/tmp/runner.XXXXXX" };
	w.store = spool_new(w.path);
	w.peers = peers_start(&c);
	peers_record(w.peers, "mx1.test A 127.0.0.2");
	peers_record(w.peers, "mx2.test A 127.0.0.3");
	peers_record(w.peers, "client.test MX 10 mx3.test");
	peers_record(w.peers, "mx3.test A 127.0.0.4");
	peers_record(w.peers, "one.test MX 10 mx1.test");
	peers_record(w.peers, "two.test MX 10 mx2.test");
	peers_record(w.peers, "down.test MX 10 mx9.test");
	peers_record(w.peers, "mx9.test A 127.0.9.9");
	peers_run(w.peers);
	w.config = (struct runner_config){
		.store = { .path = w.path, .reserve = 1, .reserve_inodes = 1 },
		.deliver = {
			.route = { .port = peers_port(w.peers),
			    .tls_why = "the test", .allow_loopback_mx = true,
			    .no_ipv6 = true, .seed = 1 },
			.helo = "client.test",
			.idle = MILLISECONDS(1),
		},
		.schedule = schedule_default(),
		.host = "client.test",
		.bounce_size = 50000,
	};
	w.config.deliver.resolver.server[0] = peers_dns(w.peers);
	w.config.deliver.resolver.n = 1;
}

static struct runner *
start_runner(void)
{
	struct outcome why;
	struct runner *r = runner_new(&w.config, NULL, &why);

	if (!r)
		fail_msg("%s", why.text);
	w.runner[w.nrunners++] = r;
	return r;
}

static void
free_runners(void)
{
	while (w.nrunners > 0)
		runner_free(w.runner[--w.nrunners]);
}

static void
free_world(void)
{
	free_runners();
	wait_free(&w.wait);
	store_close(w.store);
	peers_free(w.peers);
	remove_all(w.path);
}

static void
add_rcpts(struct envelope *e, const char *list)
{
	struct slice rest = slice_of(list), one;
	struct address a;
	struct outcome why;

	while (slice_cut(&rest, ' ', &one) && one.n > 0) {
		assert_true(address_parse(one, &by, &a, &why));
		envelope_add(e, &a);
	}
}

/* A message to these, its id to id. */
static void
add_as(struct stored *m, const char *rcpts, char id[STORE_ID + 1])
{
	struct outcome why;
	struct buf text = { 0 };

	assert_true(address_parse(SLICE("me@client.test"), &by,
	    &m->envelope.from, &why));
	add_rcpts(&m->envelope, rcpts);
	buf_puts(&text, "X-Id: m\r\nSubject: x\r\n\r\n");
	m->head = text.n;
	buf_puts(&text, "hello\r\n");
	m->size = text.n;
	m->created = WALL + w.passed + w.shift;
	assert_true(spool_add(w.store, m, buf_slice(&text), id));
	buf_free(&text);
	stored_free(m);
}

static void
add(const char *rcpts, char id[STORE_ID + 1])
{
	struct stored m = { .uid = 1000 };

	add_as(&m, rcpts, id);
}

/* ---- turning it ---- */

static int64_t
now(void)
{
	return clock_now() + SECONDS(w.passed);
}

static void
step_all(void)
{
	int64_t t = now();

	for (size_t i = 0; i < w.nrunners; i++)
		runner_step(w.runner[i], &w.wait, t, WALL + w.passed +
		    w.shift);
	wait_clear(&w.wait);
	for (size_t i = 0; i < w.nrunners; i++)
		runner_wait(w.runner[i], &w.wait, t);
}

static bool
all_are_idle(void)
{
	for (size_t i = 0; i < w.nrunners; i++)
		if (!runner_is_idle(w.runner[i]))
			return false;
	return true;
}

/* Until nobody has anything to do; ten seconds at most. */
static void
run(void)
{
	int64_t end = clock_now() + SECONDS(60);

	step_all();
	while (!all_are_idle()) {
		if (clock_now() > end)
			fail_msg("it does not end");
		if (w.wait.deadline > now() + SECONDS(1))
			wait_until(&w.wait, now() + SECONDS(1));
		wait_poll(&w.wait, now());
		step_all();
	}
}

static void
pass(int64_t seconds)
{
	w.passed += seconds;
	run();
}

/* ---- what came of it ---- */

/* The states of its recipients, as "PDF"; "" = it is not in the queue. */
static const char *
states(const char *id)
{
	static char out[80];
	struct outcome why;
	struct entry *e;
	size_t n = 0;

	if (store_look(w.store, id, &e, &why) != STORE_TAKEN)
		return "";
	for (; n < e->mail.envelope.n; n++)
		out[n] = (char)e->slots[n].state;
	out[n] = '\0';
	store_release(w.store, e);
	return out;
}

static struct slot
slot_of(const char *id, size_t n)
{
	struct outcome why;
	struct entry *e;
	struct slot slot;

	assert_int_equal(store_look(w.store, id, &e, &why), STORE_TAKEN);
	slot = e->slots[n];
	store_release(w.store, e);
	return slot;
}

static struct mail_slot
mail_slot_of(const char *id)
{
	struct outcome why;
	struct entry *e;
	struct mail_slot slot;

	assert_int_equal(store_look(w.store, id, &e, &why), STORE_TAKEN);
	slot = e->slot;
	store_release(w.store, e);
	return slot;
}

/* How often the servers took a mail for this one; ends the servers. */
static size_t
taken(const char *rcpt)
{
	const struct peer_taken *t;
	size_t n, found = 0;

	peers_stop(w.peers);
	assert_string_equal(peers_complaint(w.peers), "");
	n = peers_taken(w.peers, &t);
	for (size_t i = 0; i < n; i++)
		found += strcmp(t[i].rcpt, rcpt) == 0;
	return found;
}

#define RULES(...) \
	const struct peer_rule rules[] = { __VA_ARGS__ }; \
	make_world(rules, sizeof rules / sizeof rules[0])

/* ---- tests ---- */

static void
test_delivers(void **state)
{
	char id[3][STORE_ID + 1];

	(void)state;
	make_world(NULL, 0);
	for (int i = 0; i < 3; i++)
		add("a@one.test b@two.test", id[i]);
	w.config.once = true;
	start_runner();
	run();
	for (int i = 0; i < 3; i++)
		assert_string_equal(states(id[i]), "");
	assert_int_equal(runner_status(w.runner[0]), 0);
	assert_int_equal(taken("a@one.test"), 3);
	assert_int_equal(taken("b@two.test"), 3);
	free_world();
}

/* Two of three have it; only the third is tried again, at its time. */
static void
test_one_of_three_is_deferred(void **state)
{
	char id[STORE_ID + 1];
	struct slot slot;

	(void)state;
	RULES({ .verb = "RCPT", .with = "b@", .nth = 2,
	    .reply = "451 4.3.0 later" });
	add("a@one.test b@one.test c@one.test", id);
	start_runner();
	runner_add(w.runner[0], id);
	run();
	assert_string_equal(states(id), "DPD");
	slot = slot_of(id, 1);
	assert_int_equal(slot.attempts, 1);
	assert_int_equal(slot.code, 451);
	assert_in_range(slot.next_try, WALL + 48, WALL + 72);
	pass(40);
	assert_string_equal(states(id), "DPD");
	pass(33);
	assert_string_equal(states(id), "");
	assert_int_equal(taken("a@one.test"), 1);
	assert_int_equal(taken("b@one.test"), 1);
	assert_int_equal(taken("c@one.test"), 1);
	free_world();
}

/* The first try was recorded by the enqueue; each later one before it is. */
static void
test_attempts_are_recorded(void **state)
{
	char id[STORE_ID + 1];

	(void)state;
	RULES({ .verb = "RCPT", .reply = "451 4.3.0 later" });
	add("a@one.test", id);
	start_runner();
	runner_add(w.runner[0], id);
	run();
	assert_int_equal(mail_slot_of(id).runs, 1);
	assert_int_equal(slot_of(id, 0).attempts, 1);
	pass(100);
	assert_int_equal(mail_slot_of(id).runs, 2);
	assert_int_equal(slot_of(id, 0).attempts, 2);
	assert_true(mail_slot_of(id).next_try <= slot_of(id, 0).next_try);
	free_world();
}

/* Nobody woke us: the enqueuer died, and it is found when its time comes. */
static void
test_booked_try(void **state)
{
	char id[STORE_ID + 1];

	(void)state;
	make_world(NULL, 0);
	add("a@one.test", id);
	start_runner();
	run();
	assert_string_equal(states(id), "P");
	pass(61);
	assert_string_equal(states(id), "");
	assert_int_equal(taken("a@one.test"), 1);
	free_world();
}

static void
test_lost_wake(void **state)
{
	char id[STORE_ID + 1];

	(void)state;
	make_world(NULL, 0);
	start_runner();
	run();
	add("a@one.test", id);
	pass(590);
	assert_string_equal(states(id), "P");
	pass(11);
	assert_string_equal(states(id), "");
	free_world();
}

/* Down for hours, then up: all of its messages go. */
static void
test_host_down(void **state)
{
	static const unsigned waits[] = { 60, 120, 300 };
	char id[5][STORE_ID + 1];

	(void)state;
	make_world(NULL, 0);
	w.config.deliver.host_retry = waits;
	w.config.deliver.nhost_retry = 3;
	start_runner();
	for (int i = 0; i < 5; i++) {
		add("a@down.test", id[i]);
		runner_add(w.runner[0], id[i]);
	}
	run();
	for (int i = 0; i < 5; i++) {
		assert_string_equal(states(id[i]), "P");
		assert_in_range(slot_of(id[i], 0).next_try, WALL + 59,
		    WALL + 70);
	}
	pass(71);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(slot_of(id[i], 0).attempts, 2);
		assert_in_range(slot_of(id[i], 0).next_try, WALL + 71 + 119,
		    WALL + 71 + 136);
	}
	free_world();
}

/* One has it, one is deferred, one fails: his sender is told once, at once. */
static void
test_bounce(void **state)
{
	char id[STORE_ID + 1];

	(void)state;
	RULES({ .verb = "RCPT", .with = "b@", .reply = "451 4.3.0 later" },
	    { .verb = "RCPT", .with = "c@", .reply = "550 5.1.1 nobody" });
	add("a@one.test b@one.test c@one.test", id);
	start_runner();
	runner_add(w.runner[0], id);
	run();
	assert_string_equal(states(id), "DPB");
	assert_int_equal(mail_slot_of(id).bounces, 1);
	pass(100);
	assert_string_equal(states(id), "DPB");
	assert_int_equal(taken("me@client.test"), 1);
	free_world();
}

/* How many of these are in the queue yet, each in this state. */
static size_t
count_left(char (*id)[STORE_ID + 1], size_t n, const char *want)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		const char *got = states(id[i]);

		if (got[0] == '\0')
			continue;
		assert_string_equal(got, want);
		left++;
	}
	return left;
}

static void
add_of(unsigned uid, const char *rcpts, unsigned notify, char *id)
{
	struct stored m = { .uid = uid };

	add_rcpts(&m.envelope, rcpts);
	for (size_t k = 0; k < m.envelope.n; k++)
		m.envelope.rcpts[k].notify = notify;
	add_as(&m, "", id);
}

/* Sixty of one user: twenty reports a minute; nobody else waits for them. */
static void
test_bounce_limit(void **state)
{
	char id[60][STORE_ID + 1], other[3][STORE_ID + 1];

	(void)state;
	RULES({ .verb = "RCPT", .with = "c@", .reply = "550 5.1.1 nobody" });
	for (size_t i = 0; i < 60; i++)
		add_of(1000, "c@one.test", 0, id[i]);
	for (size_t i = 0; i < 3; i++)
		add_of(1001, "c@one.test", 0, other[i]);
	w.config.reports_a_minute = 20;
	start_runner();
	runner_flush(w.runner[0], &(struct runner_filter){ 0 });
	run();
	assert_int_equal(count_left(id, 60, "F"), 40);
	assert_int_equal(count_left(other, 3, "F"), 0);
	runner_flush(w.runner[0], &(struct runner_filter){ 0 });
	pass(50);
	assert_int_equal(count_left(id, 60, "F"), 40);
	pass(11);
	assert_int_equal(count_left(id, 60, "F"), 20);
	pass(50);
	assert_int_equal(count_left(id, 60, "F"), 20);
	pass(11);
	assert_int_equal(count_left(id, 60, "F"), 0);
	pass(100);
	assert_int_equal(taken("me@client.test"), 63);
	free_world();
}

/* Of all kinds, and whatever else the message waits for; killed or not. */
static void
test_bounce_limit_kinds(void **state)
{
	char first[STORE_ID + 1], mixed[STORE_ID + 1], ok[STORE_ID + 1];

	(void)state;
	RULES({ .verb = "RCPT", .with = "b@", .reply = "451 4.3.0 later" },
	    { .verb = "RCPT", .with = "c@", .reply = "550 5.1.1 nobody" });
	w.config.reports_a_minute = 1;
	w.config.schedule.retry[0] = HOUR;
	w.config.schedule.nretry = 1;
	add_of(1000, "c@one.test", 0, first);
	start_runner();
	runner_add(w.runner[0], first);
	run();
	add_of(1000, "b@one.test c@one.test", 0, mixed);
	runner_add(w.runner[0], mixed);
	run();
	add_of(1000, "a@one.test", NOTIFY_SUCCESS, ok);
	runner_add(w.runner[0], ok);
	run();
	assert_string_equal(states(first), "");
	assert_string_equal(states(mixed), "PF");
	assert_string_equal(states(ok), "D");
	pass(61);
	assert_string_equal(states(mixed), "PB");
	assert_string_equal(states(ok), "D");
	free_runners();
	start_runner();
	run();
	assert_string_equal(states(ok), "");
	assert_int_equal(taken("me@client.test"), 3);
	free_world();
}

/* One queue run makes as many; the next one goes on. */
static void
test_bounce_limit_once(void **state)
{
	char id[5][STORE_ID + 1];

	(void)state;
	RULES({ .verb = "RCPT", .with = "c@", .reply = "550 5.1.1 nobody" });
	for (size_t i = 0; i < 5; i++)
		add_of(0, "c@one.test", 0, id[i]);
	w.config.reports_a_minute = 3;
	w.config.once = true;
	start_runner();
	run();
	assert_int_equal(count_left(id, 5, "F"), 2);
	free_runners();
	start_runner();
	run();
	assert_int_equal(count_left(id, 5, "F"), 0);
	free_world();
}

static void
test_expires(void **state)
{
	char id[STORE_ID + 1];
	struct stored m = { .uid = 1, .expires = 600 };

	(void)state;
	RULES({ .verb = "RCPT", .with = "a@", .reply = "451 4.3.0 later" });
	add_as(&m, "a@one.test", id);
	start_runner();
	runner_add(w.runner[0], id);
	run();
	for (int i = 0; i < 8; i++)
		pass(70);
	assert_string_equal(states(id), "P");
	pass(70);
	assert_string_equal(states(id), "");
	assert_int_equal(taken("me@client.test"), 1);
	free_world();
}

/* A clock that jumps by ten years bounces nothing. */
static void
test_clock_jumps(void **state)
{
	char id[STORE_ID + 1];

	(void)state;
	RULES({ .verb = "RCPT", .reply = "451 4.3.0 later" });
	add("a@one.test", id);
	start_runner();
	runner_add(w.runner[0], id);
	run();
	w.shift = INT64_C(10) * 365 * 24 * HOUR;
	for (int i = 0; i < 10; i++)
		pass(HOUR + HOUR / 4);
	assert_string_equal(states(id), "P");
	assert_true(slot_of(id, 0).attempts >= 10);
	w.shift = -WALL - w.passed + 5;
	for (int i = 0; i < 10; i++)
		pass(HOUR + HOUR / 4);
	assert_true(slot_of(id, 0).attempts >= 20);
	free_runners(); /* and one that starts now */
	start_runner();
	run();
	assert_true(slot_of(id, 0).attempts >= 20);
	assert_string_equal(states(id), "P");
	free_world();
}

static void
test_at(void **state)
{
	char id[STORE_ID + 1];
	struct stored m = { .uid = 1, .not_before = WALL + 5 * HOUR };

	(void)state;
	make_world(NULL, 0);
	add_as(&m, "a@one.test", id);
	start_runner();
	runner_add(w.runner[0], id);
	run();
	for (int i = 0; i < 4; i++)
		pass(HOUR);
	w.shift = -365 * 24 * HOUR;
	pass(HOUR - 1);
	assert_string_equal(states(id), "P");
	w.shift = 0;
	pass(HOUR);
	assert_string_equal(states(id), "");
	free_world();
}

static void
test_held(void **state)
{
	char id[STORE_ID + 1];
	struct stored m = { .uid = 1, .hold = true };
	int64_t when;

	(void)state;
	make_world(NULL, 0);
	add_as(&m, "a@one.test", id);
	start_runner();
	runner_add(w.runner[0], id);
	run();
	pass(24 * HOUR);
	assert_string_equal(states(id), "P");
	assert_int_equal(runner_next(w.runner[0], id, &when), RUNNER_HELD);
	free_world();
}

static void
test_queue_only(void **state)
{
	char id[STORE_ID + 1];
	struct stored m = { .uid = 1, .queue_only = true };

	(void)state;
	make_world(NULL, 0);
	add_as(&m, "a@one.test", id);
	w.config.interval = 900;
	start_runner();
	run();
	pass(890);
	assert_string_equal(states(id), "P");
	pass(11);
	assert_string_equal(states(id), "");
	free_world();
}

/* Somebody else has it: it is let alone, and had when he has ended. */
static void
test_busy(void **state)
{
	char id[STORE_ID + 1];
	struct entry *e;
	struct outcome why;

	(void)state;
	make_world(NULL, 0);
	add("a@one.test", id);
	assert_int_equal(store_take(w.store, id, &e, &why), STORE_TAKEN);
	start_runner();
	runner_add(w.runner[0], id);
	run();
	pass(2);
	assert_string_equal(states(id), "P");
	store_release(w.store, e);
	pass(120);
	assert_string_equal(states(id), "");
	free_world();
}

/* -q does not wait for who is stopped with the lock (FAULTS 78). */
static void
test_busy_once(void **state)
{
	char id[STORE_ID + 1];
	struct entry *e;
	struct outcome why;

	(void)state;
	make_world(NULL, 0);
	add("a@one.test", id);
	assert_int_equal(store_take(w.store, id, &e, &why), STORE_TAKEN);
	w.config.once = true;
	start_runner();
	run();
	assert_int_equal(runner_status(w.runner[0]), 0);
	store_release(w.store, e);
	assert_string_equal(states(id), "P");
	free_world();
}

/* Many runners, each message once. */
static void
test_three_runners(void **state)
{
	enum { MANY = 400 };
	const struct peer_taken *t;
	char id[STORE_ID + 1], rcpt[40];
	size_t n;

	(void)state;
	make_world(NULL, 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(rcpt, sizeof rcpt, "r%d@%s.test", i, i % 2 ? "one" :
		    "two");
		add(rcpt, id);
	}
	w.config.once = true;
	for (int i = 0; i < RUNNERS; i++)
		start_runner();
	run();
	peers_stop(w.peers);
	n = peers_taken(w.peers, &t);
	assert_int_equal(n, MANY);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(t[i].rcpt, t[k].rcpt);
	free_world();
}

/* Ended in the middle: what is on the way is decided, the rest stays. */
static void
test_stop(void **state)
{
	struct outcome why = outcome_make(DEFERRED, STAGE_SYSTEM,
	    ESC(4, 3, 2), "stopped by signal 15");
	char id[STORE_ID + 1];

	(void)state;
	RULES({ .verb = "HELLO", .reply = "silent" });
	add("a@one.test", id);
	start_runner();
	runner_add(w.runner[0], id);
	for (int i = 0; i < 20; i++) {
		step_all();
		wait_until(&w.wait, now() + MILLISECONDS(20));
		wait_poll(&w.wait, now());
	}
	assert_true(runner_is_active(w.runner[0], id));
	runner_stop(w.runner[0], &why, now() + RUNNER_GRACE);
	w.passed += 3;
	run();
	assert_false(runner_is_active(w.runner[0], id));
	assert_string_equal(states(id), "P");
	assert_int_equal(slot_of(id, 0).attempts, 0);
	assert_true(mail_slot_of(id).next_try <= WALL + w.passed);
	free_world();
}

/* Its time is over while the disk has not answered: all that was asked for is
 * done, and nothing more. */
static void
test_end_with_answers_owed(void **state)
{
	char id[10][STORE_ID + 1];

	(void)state;
	make_world(NULL, 0);
	w.config.store.recorders = 1;
	start_runner();
	step_all();
	for (int i = 0; i < 10; i++) {
		struct stored m = { .uid = 1000, .queue_only = true };

		add_as(&m, "a@down.test", id[i]);
		runner_add(w.runner[0], id[i]);
	}
	step_all();
	for (int i = 0; i < 10; i++)
		assert_true(runner_is_active(w.runner[0], id[i]));
	free_runners();
	for (int i = 0; i < 10; i++)
		assert_int_equal(mail_slot_of(id[i]).runs, 1);
	free_world();
}

static void
test_cancel(void **state)
{
	char id[STORE_ID + 1];
	int64_t when;

	(void)state;
	RULES({ .verb = "HELLO", .connection = 1, .reply = "silent" });
	add("a@one.test", id);
	start_runner();
	assert_false(runner_cancel(w.runner[0], id, "hold", now()));
	runner_add(w.runner[0], id);
	for (int i = 0; i < 20; i++) {
		step_all();
		wait_until(&w.wait, now() + MILLISECONDS(20));
		wait_poll(&w.wait, now());
	}
	assert_true(runner_cancel(w.runner[0], id, "hold", now()));
	run();
	assert_int_equal(runner_next(w.runner[0], id, &when), RUNNER_HELD);
	pass(HOUR);
	assert_string_equal(states(id), "P");
	runner_changed(w.runner[0], id);
	run();
	assert_string_equal(states(id), "");
	free_world();
}

/* A disk that takes nothing: no octet of a file, no name in held/. */
static void
break_disk(bool broken)
{
	char path[60];
	struct rlimit l;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = broken ? 0 : l.rlim_max;
	snprintf(path, sizeof path, "%s/held", w.path);
	if (broken) {
		rmdir(path);
		close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static size_t
taken_in_all(size_t *most)
{
	const struct peer_taken *t;
	size_t n, same;

	peers_stop(w.peers);
	n = peers_taken(w.peers, &t);
	*most = 0;
	for (size_t i = 0; i < n; i++) {
		same = 0;
		for (size_t k = 0; k < n; k++)
			same += strcmp(t[i].rcpt, t[k].rcpt) == 0;
		*most = same > *most ? same : *most;
	}
	return n;
}

/*
 * Where no verdict can be recorded, no more is sent than what each lane was
 * about; whose disk comes back goes on, but not with those (FAULTS 63).
 */
static void
test_nothing_can_be_recorded(void **state)
{
	enum { MANY = 40, LANES = 2 };
	char id[MANY][STORE_ID + 1], rcpt[40];
	size_t n, most, left = 0;

	(void)state;
	for (int once = 0; once < 2; once++) {
		make_world(NULL, 0);
		for (int i = 0; i < MANY; i++) {
			snprintf(rcpt, sizeof rcpt, "r%d@one.test", i);
			add(rcpt, id[i]);
		}
		w.config.once = once;
		w.config.deliver.max_lanes = LANES;
		start_runner();
		for (int i = 0; i < MANY && !once; i++)
			runner_add(w.runner[0], id[i]);
		step_all();
		assert_int_equal(runner_counts(w.runner[0]).active, MANY);
		break_disk(true);
		run();
		break_disk(false);
		assert_int_equal(runner_status(w.runner[0]), EX_IOERR);
		assert_int_equal(runner_counts(w.runner[0]).active, 0);
		if (!once)
			pass(HOUR);
		left = 0;
		for (int i = 0; i < MANY; i++)
			left += states(id[i])[0] == 'P';
		n = taken_in_all(&most);
		assert_int_equal(most, 1);
		assert_in_range(n, 1, once ? LANES : MANY);
		assert_in_range(left, once ? MANY : 1, once ? MANY : LANES);
		free_world();
	}
}

/* FAULTS 49: what is damaged is not sent, and lies where it can be seen. */
static void
test_damaged(void **state)
{
	char id[STORE_ID + 1], path[100];
	struct buf list = { 0 };
	struct outcome why;
	struct entry *e;
	off_t at;
	int fd;

	(void)state;
	make_world(NULL, 0);
	add("a@one.test", id);
	assert_int_equal(store_look(w.store, id, &e, &why), STORE_TAKEN);
	at = (off_t)(e->text.offset + e->text.length - 3);
	store_release(w.store, e);
	snprintf(path, sizeof path, "%s/queue/%s", w.path, id);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "!", 1, at), 1);
	close(fd);
	w.config.once = true;
	start_runner();
	run();
	assert_int_equal(runner_status(w.runner[0]), EX_IOERR);
	assert_string_equal(states(id), "");
	assert_true(store_list(w.store, STORE_BAD, &list, &why));
	assert_string_equal(buf_str(&list), id);
	buf_clear(&list);
	store_told(w.store, id, &list);
	assert_non_null(strstr(buf_str(&list), "damaged"));
	assert_int_equal(taken("a@one.test"), 0);
	buf_free(&list);
	free_world();
}

/* ... and so is what cannot be read, when that was no passing trouble. */
static void
test_unreadable(void **state)
{
	char id[STORE_ID + 1], other[STORE_ID + 1];
	struct buf list = { 0 };
	struct outcome why;

	(void)state;
	make_world(NULL, 0);
	add("a@one.test", id);
	start_runner();
	unreadable = true;
	runner_add(w.runner[0], id);
	run();
	unreadable = false;
	assert_string_equal(states(id), "P");
	pass(301);
	assert_string_equal(states(id), "");
	add("b@one.test", other);
	unreadable = true;
	runner_add(w.runner[0], other);
	run();
	pass(301);
	unreadable = false;
	assert_true(store_list(w.store, STORE_BAD, &list, &why));
	assert_string_equal(buf_str(&list), other);
	assert_int_equal(taken("a@one.test"), 1);
	buf_free(&list);
	free_world();
}

static void
test_news(void **state)
{
	char id[STORE_ID + 1];
	struct runner_news n;

	(void)state;
	RULES({ .verb = "RCPT", .with = "b@", .reply = "451 4.3.0 later" });
	add("a@one.test b@one.test", id);
	start_runner();
	runner_watch(w.runner[0], id);
	runner_add(w.runner[0], id);
	run();
	assert_true(runner_news(w.runner[0], &n));
	assert_int_equal(n.kind, NEWS_TRY);
	for (int i = 0; i < 2; i++) {
		assert_true(runner_news(w.runner[0], &n));
		assert_int_equal(n.kind, NEWS_VERDICT);
		assert_int_equal(n.outcome.verdict, n.rcpt[0] == 'a' ?
		    DELIVERED : DEFERRED);
	}
	assert_true(runner_news(w.runner[0], &n));
	assert_int_equal(n.kind, NEWS_END);
	assert_in_range(n.next, WALL + 48, WALL + 72);
	assert_false(runner_news(w.runner[0], &n));
	runner_unwatch(w.runner[0], id);
	pass(100);
	assert_false(runner_news(w.runner[0], &n));
	free_world();
}

static void
test_filter(void **state)
{
	static const struct {
		struct runner_filter f;
		const char *want;	/* which are tried */
	} cases[] = {
		{ { 'R', false, "A@ONE" }, "a" }, { { 'R', true, "a@one" },
		    "bc" }, { { 'S', false, "me@" }, "abc" },
		{ { 'S', false, "you@" }, "" }, { { 'I', false, "01" }, "abc" },
		{ { 'I', true, "01" }, "" }, { { 'R', false, "@two" }, "bc" },
	};
	char id[3][STORE_ID + 1];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		make_world(NULL, 0);
		add("a@one.test", id[0]);
		add("b@two.test", id[1]);
		add("c@two.test", id[2]);
		w.config.once = true;
		w.config.filter = cases[i].f;
		start_runner();
		run();
		for (int k = 0; k < 3; k++)
			assert_int_equal(states(id[k])[0] == '\0',
			    strchr(cases[i].want, 'a' + k) != NULL);
		free_world();
	}
}

static void
test_flush(void **state)
{
	struct runner_filter all = { 0 };
	char id[STORE_ID + 1];

	(void)state;
	RULES({ .verb = "RCPT", .connection = 1, .reply = "451 4.3.0 later" });
	add("a@one.test", id);
	start_runner();
	runner_add(w.runner[0], id);
	run();
	pass(1); /* and the connection is gone */
	assert_string_equal(states(id), "P");
	assert_int_equal(runner_flush(w.runner[0], &all), 1);
	run();
	assert_string_equal(states(id), "");
	free_world();
}

static void
test_blocked(void **state)
{
	struct outcome why = outcome_make(DEFERRED, STAGE_CONFIG,
	    ESC(4, 3, 5), "line 3 is wrong");
	char id[STORE_ID + 1];

	(void)state;
	make_world(NULL, 0);
	add("a@one.test", id);
	start_runner();
	runner_block(w.runner[0], &why);
	runner_add(w.runner[0], id);
	run();
	pass(HOUR);
	assert_string_equal(states(id), "P");
	assert_string_equal(runner_blocked(w.runner[0])->text,
	    "line 3 is wrong");
	runner_block(w.runner[0], NULL);
	run();
	assert_string_equal(states(id), "");
	free_world();
}

static void
test_plan(void **state)
{
	struct outcome why;
	struct buf text = { 0 };
	char id[STORE_ID + 1];
	void *owner = NULL;

	(void)state;
	make_world(NULL, 0);
	add("a@one.test b@two.test", id);
	start_runner();
	run();
	assert_false(runner_plan(w.runner[0], "01ARZ3NDEKTSV4RRFFQ69G5FAV",
	    &w, &why));
	assert_true(runner_plan(w.runner[0], id, &w, &why));
	for (int i = 0; i < 100 && !owner; i++) {
		runner_planned(w.runner[0], &owner, &text);
		wait_until(&w.wait, now() + MILLISECONDS(20));
		wait_poll(&w.wait, now());
		step_all();
	}
	assert_ptr_equal(owner, &w);
	assert_non_null(strstr(buf_str(&text), "mx1.test"));
	assert_non_null(strstr(buf_str(&text), "mx2.test"));
	assert_string_equal(states(id), "PP");
	buf_free(&text);
	free_world();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delivers),
		cmocka_unit_test(test_one_of_three_is_deferred),
		cmocka_unit_test(test_attempts_are_recorded),
		cmocka_unit_test(test_booked_try),
		cmocka_unit_test(test_lost_wake),
		cmocka_unit_test(test_host_down),
		cmocka_unit_test(test_bounce),
		cmocka_unit_test(test_bounce_limit),
		cmocka_unit_test(test_bounce_limit_kinds),
		cmocka_unit_test(test_bounce_limit_once),
		cmocka_unit_test(test_expires),
		cmocka_unit_test(test_clock_jumps),
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_queue_only),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_busy_once),
		cmocka_unit_test(test_three_runners),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_end_with_answers_owed),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_nothing_can_be_recorded),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_news),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
