/* SPDX-License-Identifier: ISC */
/*
 * advice.h - what to do about a failure.
 *
 * Each sentence is true wherever it is printed: a row of the table in advice.c
 * says when it fits.  Under sendmail's names, where no such options exist, keys
 * of the configuration stand instead.
 */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/awaited.h"
#include "base/buf.h"
#include "base/outcome.h"
#include "base/policy.h"

/* What was asked for, where the outcome does not know it. */
struct wish {
	uint16_t port;	/* --port; 0 = 25 */
	bool server;	/* --server: the domain after the @ was not asked */
	enum link_kind link; /* ... and how it begins */
	bool keys;	/* under a name that knows no long options */
	bool verbose;	/* the dialogue is shown already */
	bool queued;	/* what was deferred is in the queue */
};

/*
 * What the sender can do now, a sentence without its full stop, or NULL.
 * advice_put() puts in what stands for {smtps}, {smtp} and {port}.
 */
const char *advice_for(const struct outcome *o, struct wish wish);

/* The port that it is about. */
uint16_t advice_port(const struct outcome *o, struct wish wish);

/* The sentence of a row of the table, for tests: false past the last one. */
bool advice_at(size_t row, bool keys, const char **sentence);

/*
 * Append what may be why nothing comes from a server on an open connection:
 * its port may be one for TLS.  False when there is nothing to say.
 */
bool hint_put(struct buf *out, const struct awaited *a, struct wish wish);

/* Append " -- ADVICE", if there is any. */
void advice_put(struct buf *out, const struct outcome *o, struct wish wish);

#endif
