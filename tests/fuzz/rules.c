/* SPDX-License-Identifier: ISC */
/*
 * rules.c - fuzz the patterns and rules: a star matches all, letter case never
 * counts, a slow and obvious matcher agrees, and a choice holds each relay once
 * and only for a reason.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "route/rules.h"

/* Exponential, so only for short input. */
static bool
obviously_matches(const char *p, const char *s)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p == '*')
		return obviously_matches(p + 1, s) ||
		    (*s && obviously_matches(p, s + 1));
	return ascii_lower(*p) == ascii_lower(*s) &&
	    obviously_matches(p + 1, s + 1);
}

static void
swap_case(char *s)
{
	for (; *s; s++)
		if (ascii_is_alpha(*s))
			*s = (char)(*s ^ 0x20);
}

static void
check_pattern(char *pattern, char *subject)
{
	bool got = pattern_matches(pattern, subject);
	const char *at = strrchr(subject, '@');

	assert(pattern_matches("*", subject));
	if (!strchr(pattern, '*') && (strchr(pattern, '@') || !at))
		assert(got == slice_eq_nocase(slice_of(pattern),
		    slice_of(subject)));
	if (strlen(pattern) < 12 && strlen(subject) < 24)
		assert(got == obviously_matches(pattern,
		    at && !strchr(pattern, '@') ? at + 1 : subject));
	swap_case(pattern);
	assert(pattern_matches(pattern, subject) == got);
	swap_case(subject);
	assert(pattern_matches(pattern, subject) == got);
}

static void
check_choice(const char *text, const char *pattern, const char *subject)
{
	struct relay_spec relay[] = { { .name = "a", .from = text },
		{ .name = "b", .from = pattern }, { .name = text } };
	struct domain_rule domain[] = { { .pattern = pattern, .relay = text } };
	struct rules rules = { .relay = relay, .nrelays = 3, .domain = domain,
		.ndomains = 1, .use = "b a nobody b" };
	struct choice c;

	rules_choose(&rules, subject, subject, &c);
	assert(c.nrelays <= 3 && memchr(c.why, '\0', sizeof c.why));
	assert((c.rule != NULL) == pattern_matches(pattern, subject));
	assert(c.nrelays > 0 || c.rule);
	for (size_t i = 0; i < c.nrelays; i++)
		for (size_t k = 0; k < i; k++)
			assert(c.relay[i] != c.relay[k]);
}

static char *
next_string(struct slice *rest)
{
	struct slice s = { 0 };

	slice_cut(rest, '\n', &s);
	return mem_dup(slice_first(s, slice_find(s, '\0')));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Three lines: a pattern, a subject, a list of names or patterns. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	char *pattern = next_string(&rest), *subject = next_string(&rest);
	char *text = next_string(&rest);

	check_choice(text, pattern, subject);
	check_pattern(pattern, subject);
	free(pattern);
	free(subject);
	free(text);
	return 0;
}
