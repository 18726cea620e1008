/* SPDX-License-Identifier: ISC */
/*
 * explained.h - what a refusal means, in one plain sentence, and what to do.
 *
 * First the words of servers and providers that are known, since they say more
 * than codes; then the enhanced code (RFC 3463 and its registry, RFC 5248);
 * then its class; then the basic code, and at last its first digit.
 */
#ifndef REPORT_EXPLAINED_H
#define REPORT_EXPLAINED_H

#include <stdbool.h>

#include "base/outcome.h"

/*
 * Append "5.7.26: SENTENCE" for a reply.  esc.cls 0: it had no enhanced code;
 * code 0: only that is asked about.  text: its lines without codes, joined by
 * LF, as struct reply has them.
 */
void explained_put(struct buf *out, unsigned code, struct esc esc,
    struct slice text);

/* The rows of all tables, for tests: false past the last one. */
bool explained_at(size_t row, const char **sentence);

#endif
