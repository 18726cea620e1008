/* SPDX-License-Identifier: ISC */
/*
 * fold_dns.h - which answers of DNS a person wants to see.
 *
 * Where a domain has MX records its own addresses do not matter; that there is
 * no AAAA is one line for all names together.
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
 * The next line to print of what was kept, raw, and when that was; false when
 * nothing is left, and all is forgotten.
 */
bool fold_dns_take(struct fold_dns *f, struct buf *line, int64_t *at);

/* When the oldest one came; INT64_MAX when nothing is kept. */
int64_t fold_dns_since(const struct fold_dns *f);

void fold_dns_free(struct fold_dns *f);

#endif
