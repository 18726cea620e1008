/* SPDX-License-Identifier: ISC */
/*
 * tls_done.h - what was done with the TLS reports of a day, so that it is not
 * done again: lines of spool/tls_days.h's .sent.
 */
#ifndef CLI_TLS_DONE_H
#define CLI_TLS_DONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "base/table.h"

struct tls_done {
	const char *spool;
	int64_t day;
	struct table lines;
};

/*
 * Read it; false with *why when it cannot be read, or nothing could be added to
 * it.  Freed either way.
 */
bool tls_done_open(struct tls_done *d, const char *spool, int64_t day,
    struct outcome *why);
void tls_done_free(struct tls_done *d);

bool tls_done_has(const struct tls_done *d, const char *line);

/* False with *why when only we know. */
bool tls_done_add(struct tls_done *d, const char *line, struct outcome *why);

#endif
