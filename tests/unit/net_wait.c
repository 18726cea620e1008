/* SPDX-License-Identifier: ISC */
/* net_wait.c - the poll loop's set: slots, deadlines, wake-ups. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/clock.h"
#include "net/wait.h"

static void
test_clock_runs_forward(void **state)
{
	int64_t a = clock_now();
	struct wall_time wall = clock_wall();

	(void)state;
	assert_true(a > 0);
	assert_true(clock_now() >= a);
	assert_true(wall.seconds > 1700000000);
	assert_in_range(wall.offset + 1440, 0, 2880);
}

static void
test_ready_slots(void **state)
{
	struct wait w = { 0 };
	int quiet[2], loud[2];

	(void)state;
	assert_int_equal(pipe(quiet), 0);
	assert_int_equal(pipe(loud), 0);
	assert_int_equal(write(loud[1], "x", 1), 1);
	for (int round = 0; round < 2; round++) {
		wait_clear(&w);
		size_t a = wait_add(&w, quiet[0], POLLIN);
		size_t b = wait_add(&w, loud[0], POLLIN);

		wait_until(&w, clock_now() + SECONDS(60));
		wait_poll(&w, clock_now());
		assert_int_equal(wait_ready(&w, a), 0);
		assert_int_equal(wait_ready(&w, b), POLLIN);
		assert_int_equal(wait_ready(&w, 99), 0);
	}
	wait_free(&w);
	for (int i = 0; i < 2; i++) {
		close(quiet[i]);
		close(loud[i]);
	}
}

static void
test_many_slots(void **state)
{
	struct wait w = { 0 };

	(void)state;
	wait_clear(&w);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(wait_add(&w, -1, POLLIN), i);
	wait_until(&w, 0);
	wait_poll(&w, 1);
	assert_int_equal(wait_ready(&w, 99), 0);
	wait_free(&w);
}

static void
test_earliest_deadline_wins(void **state)
{
	struct wait w = { 0 };

	(void)state;
	wait_clear(&w);
	assert_true(w.deadline == WAIT_NEVER);
	wait_until(&w, 500);
	wait_until(&w, 300);
	wait_until(&w, 400);
	assert_int_equal(w.deadline, 300);
	wait_clear(&w);
	assert_true(w.deadline == WAIT_NEVER);
}

static void
test_never_wakes_early(void **state)
{
	struct wait w = { 0 };
	int64_t end = clock_now() + MILLISECONDS(3) + 500;

	(void)state;
	wait_clear(&w);
	wait_until(&w, end);
	wait_poll(&w, clock_now());
	assert_true(clock_now() >= end);
}

static void
on_alarm(int sig)
{
	(void)sig;
}

static void
test_a_signal_is_a_wake_up(void **state)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct itimerval soon = { .it_value.tv_usec = 2000 };
	struct wait w = { 0 };
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	sigaction(SIGALRM, &act, NULL);
	wait_clear(&w);
	size_t slot = wait_add(&w, fd[0], POLLIN);
	w.fd[slot].revents = POLLIN; /* stale: must not be believed */
	wait_until(&w, clock_now() + SECONDS(60));
	setitimer(ITIMER_REAL, &soon, NULL);
	wait_poll(&w, clock_now());
	assert_int_equal(wait_ready(&w, slot), 0);
	wait_free(&w);
	close(fd[0]);
	close(fd[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_runs_forward),
		cmocka_unit_test(test_ready_slots),
		cmocka_unit_test(test_many_slots),
		cmocka_unit_test(test_earliest_deadline_wins),
		cmocka_unit_test(test_never_wakes_early),
		cmocka_unit_test(test_a_signal_is_a_wake_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
