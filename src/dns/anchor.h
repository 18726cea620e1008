/* SPDX-License-Identifier: ISC */
/*
 * anchor.h - the keys of the root that are trusted: a trust anchor file, as
 * Debian's dns-root-data and Unbound have it.
 *
 * A line is a DNSKEY or DS record of the root as in a zone file; what follows a
 * ';' is a comment.  Records of other names and types are passed over, and so
 * are keys that sign no keys (RFC 4034 2.1.1).
 */
#ifndef DNS_ANCHOR_H
#define DNS_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define ANCHORS_MAX 16

struct anchor {
	bool is_key;		/* DNSKEY: data is its RDATA; else of a DS */
	unsigned char data[1100];
	size_t n;
};

struct anchors {
	struct anchor v[ANCHORS_MAX];
	size_t n;
};

/* Add those of a text; false when a line of the root's cannot be read. */
bool anchors_parse(struct anchors *a, struct slice text);

#endif
