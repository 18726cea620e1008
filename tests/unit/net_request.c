/* SPDX-License-Identifier: ISC */
/* net_request.c - what the agent for local delivery answers, as octets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "local/forward.h"
#include "local/request.h"

static struct local_answer
answer_of(enum local_word word, size_t n)
{
	struct local_answer a = { .word = word, .uid = 1000 };

	if (word == LOCAL_DONE)
		a.outcome = outcome_make(DELIVERED, STAGE_LOCAL, ESC(2, 0, 0),
		    "delivered");
	a.v = mem_alloc(size_mul(n + 1, sizeof *a.v));
	for (; a.n < n; a.n++)
		a.v[a.n] = (struct alias_target){
			a.n % 2 ? ALIAS_COMMAND : ALIAS_ADDRESS,
			mem_dup(a.n % 2 ? SLICE("") : SLICE("bob@x.test")),
		};
	return a;
}

static void
test_there_and_back(void **state)
{
	struct local_answer a = answer_of(LOCAL_FORWARD, 3), got;
	struct buf out = { 0 };

	(void)state;
	local_answer_put(&out, &a);
	assert_true(local_answer_get(buf_slice(&out), &got));
	assert_int_equal(got.word, LOCAL_FORWARD);
	assert_int_equal(got.uid, 1000);
	assert_int_equal(got.n, 3);
	assert_int_equal(got.v[1].kind, ALIAS_COMMAND);
	assert_string_equal(got.v[1].text, "");
	assert_string_equal(got.v[2].text, "bob@x.test");
	local_answer_free(&got);
	for (size_t n = 0; n < out.n; n++)
		assert_false(local_answer_get(
		    slice_first(buf_slice(&out), n), &got));
	buf_putc(&out, '\0');
	assert_false(local_answer_get(buf_slice(&out), &got));
	local_answer_free(&a);
	buf_free(&out);
}

/* Whoever it comes from: a list of nobody, too long, of what has no place. */
static void
test_what_is_refused(void **state)
{
	static const struct {
		size_t n;
		enum alias_kind kind;
		const char *text;
		bool want;
	} cases[] = {
		{ 0, ALIAS_ADDRESS, "", false },
		{ 1, ALIAS_ADDRESS, "b@x", true },
		{ 1, ALIAS_FILE, "", true },
		{ 1, ALIAS_INCLUDE, "/l", false },
		{ 1, ALIAS_ERROR, "no", false },
		{ 1, ALIAS_ADDRESS, "b@x\n", false },
		{ FORWARD_TARGETS, ALIAS_ADDRESS, "b@x", true },
		{ FORWARD_TARGETS + 1, ALIAS_ADDRESS, "b@x", false },
	};
	struct local_answer a, got;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		out = (struct buf){ 0 };
		a = answer_of(LOCAL_FORWARD, cases[i].n);
		if (a.n > 0) {
			a.v[0].kind = cases[i].kind;
			free(a.v[0].text);
			a.v[0].text = mem_dup(slice_of(cases[i].text));
		}
		local_answer_put(&out, &a);
		assert_int_equal(local_answer_get(buf_slice(&out), &got),
		    cases[i].want);
		local_answer_free(&got);
		local_answer_free(&a);
		buf_free(&out);
	}
}

/* The longest list that a .forward can be fits into a packet. */
static void
test_the_longest(void **state)
{
	struct local_answer a = answer_of(LOCAL_FORWARD, FORWARD_TARGETS);
	char text[FORWARD_SIZE / FORWARD_TARGETS];
	struct buf out = { 0 };

	(void)state;
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	for (size_t i = 0; i < a.n; i++) {
		free(a.v[i].text);
		a.v[i].text = mem_dup(slice_of(text));
	}
	local_answer_put(&out, &a);
	assert_in_range(out.n, FORWARD_SIZE, LOCAL_PACKET);
	local_answer_free(&a);
	buf_free(&out);
}

static void
test_others_have_no_list(void **state)
{
	struct local_answer a = answer_of(LOCAL_DONE, 2), got;
	struct buf out = { 0 };

	(void)state;
	local_answer_put(&out, &a);
	assert_true(local_answer_get(buf_slice(&out), &got));
	assert_int_equal(got.word, LOCAL_DONE);
	assert_int_equal(got.n, 0);
	local_answer_free(&a);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_the_longest),
		cmocka_unit_test(test_others_have_no_list),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
