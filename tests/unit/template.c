/* SPDX-License-Identifier: ISC */
/* template.c - the places of a message that are filled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/template.h"

#define TEN "0123456789"
#define NOT_KNOWN " is not known: %{to}, %{date} and %{message-id} are, and " \
		  "%% is a percent sign"

/* want: the text, or with why what it is refused with. */
static const struct {
	const char *name, *in, *want;
	bool bad;
} cases[] = {
	{ "nothing", "", "", false },
	{ "no place", "Subject: x\n\n50 % of {to}\n",
	    "Subject: x\n\n50 % of {to}\n", false },
	{ "all", "To: %{to}\nDate: %{date}\nMessage-ID: %{message-id}\n",
	    "To: a@x.test, b@x.test\nDate: now\nMessage-ID: <1@x>\n", false },
	{ "side by side", "%{date}%{date}", "nownow", false },
	{ "two signs are one", "100%% %%{to} %%%{date}", "100% %{to} %now",
	    false },
	{ "one alone", "a%20b 5%\n%", "a%20b 5%\n%", false },
	{ "unknown", "a\nb\nTo: %{too}\n", "f.eml:3: %{too}" NOT_KNOWN, true },
	{ "case counts", "%{To}", "f.eml:1: %{To}" NOT_KNOWN, true },
	{ "empty", "%{}", "f.eml:1: %{}" NOT_KNOWN, true },
	{ "too long", "%{" TEN TEN TEN TEN TEN TEN "12345}",
	    "f.eml:1: %{" TEN TEN TEN TEN TEN TEN "1234..." NOT_KNOWN, true },
	{ "no end on its line", "x\n%{to\n}",
	    "f.eml:2: %{to has no } on its line", true },
	{ "no end at all", "%{to", "f.eml:1: %{to has no } on its line", true },
};

static struct template
made(void)
{
	return (struct template){ .file = "f.eml", .value = {
		SLICE("a@x.test, b@x.test"), SLICE("now"), SLICE("<1@x>") } };
}

static bool
fill(const char *in, size_t step, struct buf *out, struct outcome *why)
{
	struct template t = made();
	struct slice rest = slice_of(in);

	for (; rest.n > 0; rest = slice_from(rest, step))
		if (!template_feed(&t, slice_first(rest, step), out, why))
			return false;
	return template_finish(&t, out, why);
}

static void
test_cases(void **state)
{
	struct buf out = { 0 };
	struct outcome why;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t step = 1; step < 60; step++) {
			bool good = fill(cases[i].in, step, &out, &why);
			const char *got = good ? buf_str(&out) : why.text;

			if (good == cases[i].bad ||
			    strcmp(got, cases[i].want) != 0)
				fail_msg("%s, %zu a time: %s", cases[i].name,
				    step, got);
			if (!good)
				assert_int_equal(outcome_exit(&why), 65);
			buf_clear(&out);
		}
	buf_free(&out);
}

static void
test_a_value_begins_no_field(void **state)
{
	struct template t = made();
	struct buf out = { 0 };
	struct outcome why;

	(void)state;
	t.value[VALUE_TO] = SLICE("a@x\r\nBcc: b@x\0\n%{date}");
	assert_true(template_feed(&t, SLICE("To: %{to}\n"), &out, &why));
	assert_string_equal(buf_str(&out), "To: a@x  Bcc: b@x  %{date}\n");
	buf_free(&out);
}

/* Columns go first; an empty one is nothing, and their case does not count. */
static void
test_more_names(void **state)
{
	const struct template_field more[] = { { SLICE("name"), SLICE("Al") },
		{ SLICE("To"), SLICE("b\ny") }, { SLICE("x y"), SLICE("") } };
	struct template t = made();
	struct buf out = { 0 };
	struct outcome why;

	(void)state;
	t.more = more;
	t.nmore = 3;
	assert_true(template_feed(&t, SLICE("%{NAME} %{to} [%{x y}] %{date}"),
	    &out, &why));
	assert_true(slice_starts(buf_slice(&out), SLICE("Al b y [] ")));
	assert_false(template_feed(&t, SLICE("%{nmae}"), &out, &why));
	assert_non_null(strstr(why.text, "the columns of the list, %{to}"));
	buf_free(&out);
}

static void
test_no_recipients(void **state)
{
	struct template t = made();
	struct buf out = { 0 };
	struct outcome why;

	(void)state;
	t.value[VALUE_TO] = SLICE("");
	assert_false(template_feed(&t, SLICE("\n\n%{to}"), &out, &why));
	assert_string_equal(why.text, "f.eml:3: %{to} has no value here: it "
	    "stands for the recipients that are named beside the message");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_a_value_begins_no_field),
		cmocka_unit_test(test_more_names),
		cmocka_unit_test(test_no_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
