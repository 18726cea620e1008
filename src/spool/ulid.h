/* SPDX-License-Identifier: ISC */
/*
 * ulid.h - names that sort by the time at which they were made: 48 bits of
 * milliseconds and 80 random ones, as 26 letters and digits (Crockford's
 * base 32, capitals, without I L O U).
 */
#ifndef SPOOL_ULID_H
#define SPOOL_ULID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define ULID_LENGTH 26
#define ULID_RANDOM 10

/* Make one, with a NUL behind it; milliseconds since 1970. */
void ulid_make(char out[ULID_LENGTH + 1], uint64_t milliseconds,
    const unsigned char random[ULID_RANDOM]);

/* Is s one, as it is written here?  Then it is safe as the name of a file. */
bool ulid_is_valid(struct slice s);

/* When it was made, milliseconds since 1970; s is valid. */
uint64_t ulid_time(struct slice s);

#endif
