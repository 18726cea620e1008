/* SPDX-License-Identifier: ISC */
/* cli_staging.c - recipients in, recipients who may be sent to out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "config/staging.h"

/* Who it is for and "!" who is refused; "/" and his notify and ORCPT. */
static void
show(struct buf *b, const struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++) {
		buf_putf(b, i ? " %s" : "%s", e->rcpts[i].to.path);
		if (e->rcpts[i].notify || e->rcpts[i].orcpt)
			buf_putf(b, "/%u", e->rcpts[i].notify);
		if (e->rcpts[i].orcpt)
			buf_putf(b, "/%s", e->rcpts[i].orcpt);
	}
	for (size_t i = 0; i < e->nbad; i++)
		buf_putf(b, " !%s", e->bad[i].to.path);
}

static const struct {
	const char *to, *all, *bcc, *allow, *want;
} cases[] = {
	{ "a@x.org, b@y.org", NULL, NULL, NULL, "a@x.org/4 b@y.org/4" },
	{ "a@x.org", "dev@d.org", NULL, NULL, "dev@d.org/4/rfc822;a@x.org" },
	{ "a@x.org, b@y.org", "dev@d.org", NULL, NULL, "dev@d.org/4" },
	{ "DEV@d.org", "dev@d.org", NULL, NULL, "DEV@d.org/4" },
	{ "a@x.org", NULL, "log@d.org", NULL, "a@x.org/4 log@d.org/1" },
	{ "log@d.org", NULL, "log@d.org", NULL, "log@d.org/4" },
	{ "a@x.org, b@y.org", "dev@d.org", "log@d.org", NULL,
	    "dev@d.org/4 log@d.org/1" },
	{ "a@x.org, b@y.org, c@X.org", NULL, NULL, "*@x.org",
	    "a@x.org/4 c@x.org/4 !b@y.org" },
	{ "a@x.org, b@y.org, c@z.org", NULL, NULL, "  c@z.org   *.y.org y.org",
	    "b@y.org/4 c@z.org/4 !a@x.org" },
	{ "a@x.org", NULL, "log@d.org", "y.org", " !a@x.org" },
	{ "a@x.org, b@y.org", "dev@d.org", "log@d.org", "y.org",
	    "dev@d.org/4/rfc822;b@y.org log@d.org/1 !a@x.org" },
	{ "dev@d.org, log@d.org", "dev@d.org", "log@d.org", "y.org",
	    "dev@d.org/4 log@d.org/4" },
};

static void
make(struct envelope *e, const char *to)
{
	const struct address_options o = { 0 };
	struct address_list list = { 0 };

	*e = (struct envelope){ 0 };
	assert_true(address_list_parse(slice_of(to), &o, &list));
	envelope_add_list(e, &list);
	for (size_t i = 0; i < e->n; i++)
		e->rcpts[i].notify = NOTIFY_FAILURE;
}

/* Once, and once more: then nothing changes. */
static void
test_staging(void **state)
{
	struct envelope e;
	struct buf got = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct queue_settings q = {
			.send_all_to = cases[i].all,
			.bcc_all = cases[i].bcc,
			.allow_recipients = cases[i].allow,
		};

		make(&e, cases[i].to);
		for (int n = 0; n < 2; n++) {
			staging_apply(&q, &e, 7);
			buf_clear(&got);
			show(&got, &e);
			assert_string_equal(buf_str(&got), cases[i].want);
		}
		envelope_free(&e);
	}
	buf_free(&got);
}

/* Of very many the order stays, and the envelope still knows who is in it. */
static void
test_many(void **state)
{
	const struct queue_settings q = { .allow_recipients = "even.org" };
	struct address_list list = { 0 };
	const struct address_options o = { 0 };
	struct envelope e = { 0 };
	struct outcome why;
	char text[64];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof text, "u%d@%s.org", i,
		    i % 2 ? "odd" : "even");
		assert_true(address_list_parse(slice_of(text), &o, &list));
	}
	envelope_add_list(&e, &list);
	staging_apply(&q, &e, 7);
	assert_int_equal(e.n, 1500);
	assert_int_equal(e.nbad, 1500);
	assert_string_equal(e.rcpts[1499].to.path, "u2998@even.org");
	assert_string_equal(e.bad[1499].to.path, "u2999@odd.org");
	assert_int_equal(e.bad[0].decided, 7);
	why = recipient_outcome(&e.bad[0]);
	assert_string_equal(why.text, "this machine sends no mail to "
	    "u1@odd.org: allow-recipients of its configuration is even.org");
	assert_true(address_list_parse(SLICE("u10@even.org, new@even.org"), &o,
	    &list));
	envelope_add_list(&e, &list);
	assert_int_equal(e.n, 1501);
	envelope_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_staging),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
