/* SPDX-License-Identifier: ISC */
/* advice.h - failures in words: what was tried, who said what, what to do. */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/outcome.h"

/*
 * Append "failed at RCPT, mx1.example.org [192.0.2.1]:25 said: 550 5.1.1 no
 * such user" or "not delivered, deferred at ...", made safe to show, on one
 * line.
 */
void failure_put(struct buf *out, const struct outcome *o);

/* Append "mx1.example.org [192.0.2.1]:25", or what is known of it. */
void peer_put(struct buf *out, const struct outcome *o);

/* What was asked for, where the outcome does not know it. */
struct wish {
	uint16_t port;	/* --port; 0 = 25 */
	bool server;	/* --server: the domain behind the @ was not asked */
};

/* What the sender can do now, a sentence without its full stop, or NULL. */
const char *advice_for(const struct outcome *o, struct wish wish);

/* Append " -- ADVICE", if there is any. */
void advice_put(struct buf *out, const struct outcome *o, struct wish wish);

#endif
