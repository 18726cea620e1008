/* SPDX-License-Identifier: ISC */
/* pattern.c - see pattern.h */
#include "base/pattern.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"

/*
 * A star takes as little as it can, and one octet more each time the rest does
 * not fit: only the last star ever needs to be tried again.
 */
static bool
glob_matches(struct slice pattern, struct slice s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, taken = 0;

	while (i < s.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			taken = i;
		} else if (p < pattern.n &&
		    ascii_lower(pattern.p[p]) == ascii_lower(s.p[i])) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

struct slice
pattern_domain(struct slice s)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != '@')
		at--;
	return slice_from(s, at);
}

bool
pattern_matches_slice(struct slice pattern, struct slice subject)
{
	if (slice_find(pattern, '@') == pattern.n)
		subject = pattern_domain(subject);
	return glob_matches(pattern, subject);
}

bool
pattern_matches(const char *pattern, const char *subject)
{
	return pattern_matches_slice(slice_of(pattern), slice_of(subject));
}

const char *
pattern_list_fault(const char *patterns)
{
	return strchr(patterns, ',') && !strchr(patterns, '"') ?
	    "blanks are wanted between its words, no commas" : NULL;
}
