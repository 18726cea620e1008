/* SPDX-License-Identifier: ISC */
/* envelope.c - recipients once each, NOTIFY words, settling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "mail/envelope.h"
#include "../support/idn.h"

#define BY(d) (&(const struct address_options){ \
	.default_domain = SLICE(d), .idn = &idn_table })

static void
add(struct envelope *e, const char *text)
{
	struct address a = { 0 };
	struct outcome why;

	assert_true(address_parse(slice_of(text), BY("x"), &a, &why));
	envelope_add(e, &a);
	assert_null(a.path);
}

static void
test_each_mailbox_once_in_order(void **state)
{
	struct envelope e = { 0 };
	struct buf name = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		buf_clear(&name);
		buf_putf(&name, "u%u@Example.org", i % 1000);
		add(&e, buf_str(&name));
	}
	add(&e, "U7@example.org"); /* local parts have case */
	assert_int_equal(e.n, 1001);
	assert_string_equal(e.rcpts[999].to.path, "u999@example.org");
	assert_string_equal(e.rcpts[1000].to.path, "U7@example.org");
	buf_free(&name);
	envelope_free(&e);
	assert_int_equal(e.n, 0);
}

/* The longest run of slots in use: what a search may have to walk. */
static size_t
longest_run(const struct envelope *e)
{
	size_t run = 0, longest = 0;

	for (size_t i = 0; i < 2 * e->nslots; i++) {
		run = e->slots[i % e->nslots] ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

/* 500 mailboxes made to meet in one slot under one key, under another. */
static void
test_made_to_collide(void **state)
{
	static const struct hash_key keys[] = { { { 1, 2 } }, { { 3, 4 } } };
	struct envelope e[2] = { { .key = keys[0] }, { .key = keys[1] } };
	char path[32];

	(void)state;
	for (unsigned i = 0; e[0].n < 500; i++) {
		snprintf(path, sizeof path, "u%u@x", i);
		if (hash_bytes(&keys[0], slice_of(path)) & 1023)
			continue;
		add(&e[0], path);
		add(&e[1], path);
	}
	assert_true(longest_run(&e[0]) >= 499);
	assert_true(longest_run(&e[1]) < 50);
	envelope_free(&e[0]);
	envelope_free(&e[1]);
}

static void
test_notify(void **state)
{
	static const struct {
		const char *in;
		unsigned want; /* 0 = refused */
	} cases[] = {
		{ "never", NOTIFY_NEVER },
		{ "SUCCESS,failure", NOTIFY_SUCCESS | NOTIFY_FAILURE },
		{ "delay, success", NOTIFY_DELAY | NOTIFY_SUCCESS },
		{ "failure,failure", NOTIFY_FAILURE },
		{ "", 0 },
		{ "never,success", 0 },
		{ "success,", 0 },
		{ "always", 0 },
		{ "success\r\n", NOTIFY_SUCCESS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned got = 77;
		bool ok = notify_parse(slice_of(cases[i].in), &got);

		assert_int_equal(ok, cases[i].want != 0);
		assert_int_equal(got, ok ? cases[i].want : 77);
	}
}

static void
test_utf8(void **state)
{
	struct envelope e = { 0 };

	(void)state;
	add(&e, "J\xc3\xb6rg <bob@b\xc3\xbc" "cher.example>");
	assert_false(e.rcpts[0].to.utf8);
	add(&e, "j\xc3\xb6rg@x");
	assert_true(e.rcpts[1].to.utf8);
	envelope_free(&e);
}

static void
test_settle_leaves_the_decided(void **state)
{
	struct outcome o = outcome_make(DEFERRED, STAGE_DNS, ESC(4, 4, 3), "x");
	struct envelope e = { 0 };

	(void)state;
	add(&e, "a");
	add(&e, "b");
	e.rcpts[0].verdict = DELIVERED;
	e.rcpts[0].decided = 1;
	envelope_settle(&e, &o, 5);
	assert_int_equal(e.rcpts[0].verdict, DELIVERED);
	assert_int_equal(e.rcpts[0].decided, 1);
	assert_int_equal(e.rcpts[1].verdict, DEFERRED);
	assert_string_equal(e.rcpts[1].result->text, "x");
	assert_int_equal(e.rcpts[1].decided, 5);
	envelope_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_mailbox_once_in_order),
		cmocka_unit_test(test_made_to_collide),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_settle_leaves_the_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
