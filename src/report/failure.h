/* SPDX-License-Identifier: ISC */
/* failure.h - failures in words: what was tried, and who said what. */
#ifndef REPORT_FAILURE_H
#define REPORT_FAILURE_H

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

#endif
