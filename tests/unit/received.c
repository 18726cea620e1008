/* SPDX-License-Identifier: ISC */
/* received.c - the trace of a message, and loops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "mail/received.h"

static const struct {
	struct received r;
	const char *want;
} rows[] = {
	{ { .by = SLICE("box.example.org"), .with = SLICE("local"),
	      .id = SLICE("01KB0000000000000000000001"), .has_uid = true,
	      .uid = 1000, .rcpt = SLICE("bob@example.org"),
	      .now = 1795680000, .offset = 60 },
	    "Received: by box.example.org (from userid 1000) with local id\r\n"
	    " 01KB0000000000000000000001 for <bob@example.org>; Thu, 26 Nov "
	    "2026 09:00:00\r\n +0100\r\n" },
	{ { .by = SLICE("b"), .now = 1795680000 },
	    "Received: by b; Thu, 26 Nov 2026 08:00:00 +0000\r\n" },
	{ { .by = SLICE("b"), .has_uid = true, .uid = 65534,
	      .is_unknown = true, .now = 1795680000 },
	    "Received: by b (from an unknown user); Thu, 26 Nov 2026 08:00:00 "
	    "+0000\r\n" },
	{ { .by = SLICE("b"), .has_uid = true, .rcpt = SLICE("b\xc3\xb6@x"),
	      .now = 1795680000 },
	    "Received: by b (from userid 0); Thu, 26 Nov 2026 08:00:00 "
	    "+0000\r\n" },
	{ { .from = SLICE("far.example"), .by = SLICE("b"),
	      .with = SLICE("uucp"), .now = 1795680000 },
	    "Received: from far.example by b with uucp; Thu, 26 Nov 2026 "
	    "08:00:00 +0000\r\n" },
};

static void
test_put(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf out = { 0 };

		received_put(&out, &rows[i].r);
		assert_string_equal(buf_str(&out), rows[i].want);
		assert_int_equal(received_count(buf_slice(&out)), 1);
		buf_free(&out);
	}
}

static void
test_count(void **state)
{
	struct buf head = { 0 };

	(void)state;
	assert_int_equal(received_count(SLICE("Subject: x\r\n\r\n")), 0);
	for (unsigned i = 1; i < 120; i++) {
		buf_puts(&head, i % 2 ? "Received: a\r\n b\r\n" :
					"received: a\r\n");
		assert_int_equal(received_count(buf_slice(&head)), i);
	}
	buf_puts(&head, "X-Received: a\r\nDelivered-To: a@x\r\n\r\n"
			"Received: in the body\r\n");
	assert_int_equal(received_count(buf_slice(&head)), 119);
	buf_free(&head);
}

static void
test_is_back(void **state)
{
	static const struct {
		const char *head;
		bool want;
	} cases[] = {
		{ "Delivered-To: bob@x\r\n", false },
		{ "Delivered-To: bob@x\r\nDelivered-To: bob@x\r\n", true },
		{ "Delivered-To: <bob@x>\r\nSubject: s\r\n"
		  "delivered-to: Bob@X\r\n", true },
		{ "Delivered-To: bob@x\r\nDelivered-To: ann@x\r\n", false },
		{ "Delivered-To: bob@x\r\n\r\nDelivered-To: bob@x\r\n", false },
		{ "Delivered-To: bob@x.y\r\nDelivered-To: bob@x.y\r\n",
		    false },
		{ "Delivered-To:\r\nDelivered-To: <>\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(received_is_back(slice_of(cases[i].head),
		    SLICE("bob@x")), cases[i].want);
}

static void
test_deliveries(void **state)
{
	const struct slice head = SLICE("Delivered-To: bob@x\r\nSubject: s\r\n"
	    "delivered-to: <ann@x>\r\nDelivered-To: BOB@x\r\n\r\n"
	    "Delivered-To: bob@x\r\n");

	(void)state;
	assert_int_equal(received_deliveries(head, SLICE("bob@x")), 2);
	assert_int_equal(received_deliveries(head, SLICE("ann@x")), 1);
	assert_int_equal(received_deliveries(head, SLICE("an@x")), 0);
	assert_int_equal(received_deliveries(head, SLICE("")), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_is_back),
		cmocka_unit_test(test_deliveries),
	};

	return cmocka_run_group_tests_name("received", tests, NULL, NULL);
}
