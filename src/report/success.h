/* SPDX-License-Identifier: ISC */
/* success.h - that a recipient was reached, in words. */
#ifndef REPORT_SUCCESS_H
#define REPORT_SUCCESS_H

#include "base/buf.h"
#include "mail/envelope.h"

/*
 * Append "bob@example.org: delivered to mx1.example.org [192.0.2.1]:25,
 * TLSv1.3", or "verified by ..."; or "reached EHLO at ...", where it was to
 * stop before a recipient was named.
 */
void success_put(struct buf *b, const struct recipient *r);

/* The same without the recipient: "delivered to ...". */
void success_put_how(struct buf *b, const struct recipient *r);

#endif
