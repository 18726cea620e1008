/* SPDX-License-Identifier: ISC */
/* result.c - outcomes as they are kept, and lists of whom they concern. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mail/envelope.h"

static struct outcome
full(void)
{
	struct endpoint peer = { .port = 25 };
	struct outcome o = outcome_make(FAILED, STAGE_RCPT, ESC(5, 1, 1),
	    "no such user");

	ip_parse(SLICE("192.0.2.1"), &peer.ip);
	outcome_set_host(&o, SLICE("mx.example.org"), &peer);
	o.code = 550;
	o.maybe_sent = o.timed_out = true;
	o.waiver = WAIVER_TRUST;
	outcome_set_tls(&o, "TLSv1.3");
	outcome_set_ours(&o, "not %s", "here");
	return o;
}

static void
test_it_comes_back_as_it_was(void **state)
{
	struct outcome o = full(), back;
	struct result *r = result_new(&o, SLICE("4Xyz"));

	(void)state;
	back = result_outcome(r);
	assert_int_equal(back.verdict, FAILED);
	assert_int_equal(back.stage, STAGE_RCPT);
	assert_int_equal(back.code, 550);
	assert_int_equal(back.esc.cls, 5);
	assert_int_equal(back.esc.subject, 1);
	assert_int_equal(back.esc.detail, 1);
	assert_true(back.maybe_sent && back.timed_out);
	assert_int_equal(back.waiver, WAIVER_TRUST);
	assert_string_equal(back.ours, "not here");
	assert_string_equal(back.tls, "TLSv1.3");
	assert_string_equal(back.host, "mx.example.org");
	assert_string_equal(back.text, "no such user");
	assert_true(ip_eq(&back.peer.ip, &o.peer.ip));
	assert_int_equal(back.peer.port, 25);
	assert_string_equal(r->tls, "TLSv1.3");
	assert_string_equal(r->queue_id, "4Xyz");
	result_release(r);
	back = result_outcome(NULL);
	assert_int_equal(back.verdict, PENDING);
	assert_string_equal(back.text, "");
}

static void
test_shared_until_the_last(void **state)
{
	struct outcome o = full();
	struct result *r = result_new(&o, SLICE(""));
	struct recipient a = { 0 }, b = { 0 };

	(void)state;
	recipient_say(&a, FAILED, r);
	recipient_say(&b, PENDING, r);
	recipient_say(&b, DEFERRED, b.result); /* its own once more */
	assert_int_equal(r->refs, 3);
	result_release(r);
	assert_int_equal(recipient_outcome(&a).verdict, FAILED);
	assert_int_equal(recipient_outcome(&b).verdict, DEFERRED);
	result_release(a.result);
	assert_string_equal(b.result->text, "no such user");
	result_release(b.result);
}

static void
take(struct recipient_list *l, struct recipient *want)
{
	assert_ptr_equal(recipient_take(l), want);
}

static void
test_lists_keep_their_order(void **state)
{
	struct recipient r[4] = { 0 };
	struct recipient_list l = { 0 }, front = { 0 };

	(void)state;
	take(&l, NULL);
	recipient_prepend_all(&l, &front);
	take(&l, NULL);
	recipient_append(&front, &r[0]);
	recipient_append(&front, &r[1]);
	recipient_prepend_all(&l, &front);
	take(&front, NULL);
	recipient_append(&l, &r[2]);
	take(&l, &r[0]);
	recipient_append(&front, &r[3]);
	recipient_prepend_all(&l, &front);
	take(&l, &r[3]);
	take(&l, &r[1]);
	take(&l, &r[2]);
	take(&l, NULL);
	recipient_append(&l, &r[0]);
	take(&l, &r[0]);
	take(&l, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_comes_back_as_it_was),
		cmocka_unit_test(test_shared_until_the_last),
		cmocka_unit_test(test_lists_keep_their_order),
	};

	return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
