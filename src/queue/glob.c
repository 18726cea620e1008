/* SPDX-License-Identifier: ISC */
/* glob.c - see glob.h */
#include "queue/glob.h"

#include "base/ascii.h"

static bool
is_same(char a, char b, bool nocase)
{
	return a == b || (nocase && ascii_lower(a) == ascii_lower(b));
}

/* After a mismatch only the last star can still be stretched: linear but for
 * that one, whatever the pattern. */
static bool
match(struct slice p, struct slice t, bool nocase)
{
	size_t i = 0, j = 0, star = p.n, at = 0;

	while (j < t.n) {
		if (i < p.n && p.p[i] == '*') {
			star = i++;
			at = j;
		} else if (i < p.n &&
		    (p.p[i] == '?' || is_same(p.p[i], t.p[j], nocase))) {
			i++;
			j++;
		} else if (star < p.n) {
			i = star + 1;
			j = ++at;
		} else {
			return false;
		}
	}
	while (i < p.n && p.p[i] == '*')
		i++;
	return i == p.n;
}

bool
glob_matches(struct slice pattern, struct slice text)
{
	return match(pattern, text, true);
}

/* Where its domain begins: behind the last '@'. */
static size_t
last_at(struct slice s)
{
	while (s.n > 0 && s.p[s.n - 1] != '@')
		s.n--;
	return s.n;
}

bool
glob_matches_address(struct slice pattern, struct slice path)
{
	size_t at = last_at(pattern), cut = last_at(path);
	struct slice domain = cut > 0 ? slice_from(path, cut) :
	    (struct slice){ 0 };
	struct slice local = slice_first(path, cut > 0 ? cut - 1 : path.n);

	if (slice_eq(pattern, SLICE("<>")))
		return path.n == 0;
	if (at == 0)
		return match(pattern, local, false) ||
		    (cut > 0 && match(pattern, domain, true));
	return cut > 0 && match(slice_from(pattern, at), domain, true) &&
	    match(slice_first(pattern, at - 1), local, false);
}
