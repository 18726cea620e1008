/* SPDX-License-Identifier: ISC */
/* cli_page.c - a run as a page: what is folded, what is escaped, what fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report/page.h"

#define EVIL "<script>x</script>\"'&\x1b[2J"
#define SAFE "&lt;script&gt;x&lt;/script&gt;&quot;&#39;&amp;\\x1b[2J"

static struct event
line(enum event_kind kind, unsigned lane, const char *text)
{
	struct event e = event_make(kind, lane);

	event_text(&e, "line", slice_of(text));
	return e;
}

static void
play(struct page *p, const char *const *lines)
{
	for (; *lines; lines++) {
		struct event e = line(lines[0][0] == 'C' ? EVENT_SENT :
			lines[0][0] == 'S' ? EVENT_RECEIVED : EVENT_BODY_LINE,
		    1, *lines + 2);

		page_event(p, &e);
	}
}

static const char *
finish(struct buf *out, struct page *p)
{
	struct phases none = { 0 };

	page_put(out, p, &none, SLICE("today"));
	return buf_str(out);
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

/* <details> of the dialogue, without that of the connection itself. */
static const struct {
	const char *name;
	const char *lines[12];
	size_t folded;
} folds[] = {
	{ "a long reply", { "C EHLO me", "S 250-mx", "S 250-PIPELINING",
		"S 250 SIZE" }, 1 },
	{ "one that is not over", { "S 250-mx", "S 250-A", "S 250-B" }, 1 },
	{ "two lines", { "S 250-mx", "S 250 SIZE" }, 0 },
	{ "a refusal", { "S 550-no", "S 550-no", "S 550-no", "S 550 no" }, 0 },
	{ "replies of a flight", { "S 250 a", "S 250 b", "S 250 c" }, 0 },
	{ "two long replies", { "S 250-a", "S 250-b", "S 250 c", "S 250-a",
		"S 250-b", "S 250 c" }, 2 },
	{ "the text", { "C DATA", "B Subject: x", "B ", "B hello", "C ." }, 1 },
	{ "no reply at all", { "S ", "S x", "S 250", "S 25" }, 0 },
};

static void
test_folds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
		struct page p = { 0 };
		struct buf out = { 0 };
		const char *text;

		page_init(&p, 0, true, (struct wish){ 0 });
		play(&p, folds[i].lines);
		text = finish(&out, &p);
		if (count(text, "<details") != folds[i].folded + 1 ||
		    count(text, "</details>") != folds[i].folded + 1)
			fail_msg("%s: %s", folds[i].name, text);
		for (size_t k = 0; folds[i].lines[k]; k++)
			if (!strstr(text, folds[i].lines[k] + 2))
				fail_msg("%s: %s is not there", folds[i].name,
				    folds[i].lines[k]);
		page_free(&p);
		buf_free(&out);
	}
}

static void
hostile_event(struct page *p, enum event_kind kind)
{
	static const char *const keys[] = { "host", "address", "why", "name",
		"type", "resolver", "answer", "domain", "hosts", "addresses",
		"line", "text", "subject", "names" };
	struct event e = event_make(kind, kind == EVENT_LOOKUP ? 0 : 1);

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		event_text(&e, keys[i], SLICE(EVIL));
	page_event(p, &e);
}

static void
hostile_result(struct page *p)
{
	struct outcome o = outcome_make(FAILED, STAGE_RCPT, ESC(5, 1, 1),
	    "%s", EVIL);
	struct recipient r = { .to.path = (char *)EVIL, .verdict = FAILED };

	o.code = 550;
	snprintf(o.host, sizeof o.host, "%s", EVIL);
	r.result = result_new(&o, SLICE(EVIL));
	page_result(p, &r);
	r.verdict = o.verdict = DELIVERED;
	result_release(r.result);
	r.result = result_new(&o, SLICE(EVIL));
	page_result(p, &r);
	result_release(r.result);
	page_failure(p, &o);
}

static void
test_hostile(void **state)
{
	struct page p = { 0 };
	struct buf out = { 0 };
	const char *text;

	(void)state;
	page_init(&p, 0, true, (struct wish){ 0 });
	for (int kind = 0; kind < NEVENTS; kind++)
		hostile_event(&p, (enum event_kind)kind);
	hostile_result(&p);
	text = finish(&out, &p);
	assert_null(strstr(text, "<script"));
	assert_null(strchr(text, '\x1b'));
	assert_true(count(text, SAFE) > 10);
	page_free(&p);
	buf_free(&out);
}

static struct recipient
reached(const char *who, enum verdict verdict)
{
	struct outcome o = outcome_make(verdict, STAGE_END, ESC(2, 0, 0), "ok");
	struct recipient r = { .to.path = (char *)who, .verdict = verdict };

	r.result = result_new(&o, SLICE("Q1"));
	return r;
}

/* Failures stand first, whatever the order was. */
static void
test_verdicts(void **state)
{
	static const struct { const char *who; enum verdict v; } all[] = {
		{ "a@x", DELIVERED }, { "b@x", FAILED }, { "c@x", DEFERRED },
		{ "d@x", DELIVERED } };
	struct page p = { 0 };
	struct buf out = { 0 };
	const char *text;

	(void)state;
	page_init(&p, 0, false, (struct wish){ 0 });
	for (size_t i = 0; i < 4; i++) {
		struct recipient r = reached(all[i].who, all[i].v);

		page_result(&p, &r);
		result_release(r.result);
	}
	text = finish(&out, &p);
	assert_non_null(strstr(text,
	    "<h1>2 delivered, 1 failed, 1 deferred</h1>"));
	assert_true(strstr(text, "b@x") < strstr(text, "c@x"));
	assert_true(strstr(text, "c@x") < strstr(text, "a@x"));
	assert_true(strstr(text, "a@x") < strstr(text, "d@x"));
	page_free(&p);
	buf_free(&out);
}

/* However long the run is, the page is one that can be shown. */
static void
test_bounds(void **state)
{
	struct recipient r = reached("a@x", DELIVERED);
	struct page p = { 0 };
	struct buf out = { 0 };
	const char *text;

	(void)state;
	page_init(&p, 0, false, (struct wish){ 0 });
	for (size_t i = 0; i < 50000; i++)
		page_result(&p, &r);
	for (unsigned i = 0; i < 200000; i++) {
		struct event e = line(EVENT_SENT, i, "MAIL FROM:<a@example>");

		page_event(&p, &e);
	}
	text = finish(&out, &p);
	assert_in_range(out.n, PAGE_DIALOGUE_MAX,
	    PAGE_DIALOGUE_MAX + 2 * PAGE_SECTION_MAX);
	assert_non_null(strstr(text, "<h1>50000 delivered</h1>"));
	assert_non_null(strstr(text, "more are counted above and not listed"));
	assert_non_null(strstr(text, "It went on"));
	assert_non_null(strstr(text, "All other connections"));
	assert_true(count(text, "<details") <= PAGE_PARTS_MAX + 1);
	result_release(r.result);
	page_free(&p);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folds),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
