/* SPDX-License-Identifier: ISC */
/* pattern.h - patterns of addresses and domains. */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Does pattern match an address or domain?  Case does not count.
 *	example.org	the domain itself	*.example.org	any below it
 *	*@example.org	its addresses		bob@example.org	that one
 *	*		everything
 * A star stands for any run of octets, wherever it is.  A pattern without an @
 * is for the domain of an address.
 */
bool pattern_matches(const char *pattern, const char *subject);
bool pattern_matches_slice(struct slice pattern, struct slice subject);

/*
 * What is wrong with patterns that have blanks between them, in words, or NULL.
 * A comma is in no address but a quoted one: one behind a pattern would make it
 * a pattern of nothing, in silence.
 */
const char *pattern_list_fault(const char *patterns);

/*
 * What is after the last @, for a quoted local part may hold one; all of what
 * has none.
 */
struct slice pattern_domain(struct slice address);

#endif
