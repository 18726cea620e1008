/* SPDX-License-Identifier: ISC */
/*
 * glob.h - addresses chosen by a pattern: '*' is any run of octets, '?' any
 * one; all else is itself.
 */
#ifndef QUEUE_GLOB_H
#define QUEUE_GLOB_H

#include <stdbool.h>

#include "base/slice.h"

/* Does all of text match?  ASCII case is ignored. */
bool glob_matches(struct slice pattern, struct slice text);

/*
 * The same for an address: the case of a domain is ignored, that of a local
 * part counts.  A pattern without '@' is of either ("bob", "*.example.org");
 * "<>" is the null sender.
 */
bool glob_matches_address(struct slice pattern, struct slice path);

#endif
