/* SPDX-License-Identifier: ISC */
/*
 * fold_dns.h - which answers of DNS a person wants to see.
 *
 * Where a domain has MX records its own addresses do not matter; those of its
 * hosts are one line, and what is not there stands at its end.
 */
#ifndef REPORT_FOLD_DNS_H
#define REPORT_FOLD_DNS_H

#include <stdbool.h>

#include "base/event.h"
#include "base/list.h"

/* Zero-initialise. */
struct fold_dns {
	struct list kept;	/* answers about addresses */
	struct buf routed;	/* names with MX records, each with an LF */
};

/* Keep this answer for later?  Else it is to be printed now. */
bool fold_dns_keep(struct fold_dns *f, const struct event *e);

/*
 * The next line to print of what was kept, raw, and when the last of it came;
 * false when nothing is left.
 */
bool fold_dns_take(struct fold_dns *f, struct buf *line, int64_t *at);

/* When the oldest one came; INT64_MAX when nothing is kept. */
int64_t fold_dns_since(const struct fold_dns *f);

void fold_dns_free(struct fold_dns *f);

#endif
