/* SPDX-License-Identifier: ISC */
/* event.c - the queue of events: in order, whole, and not for nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/event.h"

static void
put(struct events *q, unsigned n)
{
	struct event e = event_make(EVENT_SENT, n);
	char text[40];

	snprintf(text, sizeof text, "line %u of %0*u", n, 1 + (int)n % 20, n);
	event_text(&e, "line", slice_of(text));
	event_number(&e, "number", n);
	event_text(&e, "none", (struct slice){ 0 });
	event_text(&e, "again", slice_of(text));
	events_put(q, &e);
	memset(text, '?', sizeof text); /* it was copied */
}

static void
take(struct events *q, unsigned n)
{
	struct event e;
	char text[40];

	snprintf(text, sizeof text, "line %u of %0*u", n, 1 + (int)n % 20, n);
	assert_true(events_take(q, &e));
	assert_int_equal(e.kind, EVENT_SENT);
	assert_int_equal(e.lane, n);
	assert_int_equal(e.at, q->now);
	assert_true(slice_eq(event_get(&e, "line"), slice_of(text)));
	assert_true(slice_eq(event_get(&e, "again"), slice_of(text)));
	assert_int_equal(event_get_number(&e, "number"), n);
	assert_int_equal(event_get(&e, "none").n, 0);
	assert_non_null(event_get(&e, "none").p);
	assert_null(event_get(&e, "missing").p);
	assert_int_equal(event_get_number(&e, "missing"), -1);
	assert_int_equal(event_get_number(&e, "line"), -1);
}

/* Put and taken by turns, more in than out, until all is out. */
static void
test_order(void **state)
{
	struct events q = { .wanted = true, .now = 77 };
	unsigned in = 0, out = 0;
	struct event e;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++) {
			put(&q, in++);
			put(&q, in++);
			take(&q, out++);
		}
		while (out < in)
			take(&q, out++);
		assert_false(events_take(&q, &e));
	}
	events_free(&q);
	assert_false(events_take(&q, &e));
}

/* What was taken makes room: the queue is as long as what waits in it. */
static void
test_memory(void **state)
{
	struct events q = { .wanted = true };
	struct event e;

	(void)state;
	for (unsigned n = 0; n < 10000; n++) {
		put(&q, n);
		take(&q, n);
		assert_false(events_take(&q, &e));
	}
	assert_true(q.cap <= 64);
	assert_true(q.arena.cap <= 1024);
	events_free(&q);
}

static void
take_note(struct events *q, const char *text, int64_t warning)
{
	struct event e;

	assert_true(events_take(q, &e));
	assert_int_equal(e.kind, EVENT_NOTE);
	assert_int_equal(e.lane, 5);
	assert_true(slice_eq(event_get(&e, "text"), slice_of(text)));
	assert_int_equal(event_get_number(&e, "warning"), warning);
}

/* A warning is told to those who asked for nothing. */
static void
test_remarks(void **state)
{
	struct events q = { .wanted = true };
	char long_text[3000];
	struct event e;

	(void)state;
	events_note(&q, 5, "%d of %s", 3, "x");
	events_warn(&q, 5, "mind %s", "y");
	take_note(&q, "3 of x", -1);
	take_note(&q, "mind y", 1);
	q.wanted = false;
	events_note(&q, 5, "nobody");
	put(&q, 1);
	events_warn(&q, 5, "all");
	take_note(&q, "all", 1);
	assert_false(events_take(&q, &e));
	memset(long_text, 'x', sizeof long_text);
	long_text[sizeof long_text - 1] = '\0';
	events_warn(&q, 5, "%s", long_text);
	assert_true(events_take(&q, &e));
	assert_int_equal(event_get(&e, "text").n, 1023);
	events_free(&q);
	assert_false(events_wanted(NULL));
	events_note(NULL, 1, "x");
	events_warn(NULL, 1, "x");
	events_put(NULL, &e);
}

static void
test_endpoint(void **state)
{
	struct event e = event_make(EVENT_CONNECT, 1);
	struct endpoint at = { .port = 25 };
	struct buf scratch = { 0 };

	(void)state;
	assert_true(ip_parse(SLICE("2001:db8::1"), &at.ip));
	buf_puts(&scratch, "old");
	event_endpoint(&e, &at, &scratch);
	assert_true(slice_eq(event_get(&e, "address"), SLICE("2001:db8::1")));
	assert_int_equal(event_get_number(&e, "port"), 25);
	buf_free(&scratch);
}

static void
test_names(void **state)
{
	(void)state;
	for (int k = 0; k < NEVENTS; k++)
		for (int j = 0; j < k; j++)
			assert_string_not_equal(event_name(
			    (enum event_kind)k), event_name(
			    (enum event_kind)j));
	assert_string_equal(event_name(EVENT_BODY_LINE), "body-line");
	assert_string_equal(event_name(EVENT_LOOKUP), "lookup");
	assert_string_equal(event_name(EVENT_RESULT), "result");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_remarks),
		cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
