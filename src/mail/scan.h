/* SPDX-License-Identifier: ISC */
/*
 * scan.h - what the wire will see of a raw body, found while it streams by.
 *
 * The figures are those of the canonical form: what encode.h makes of the same
 * octets without doubling dots.
 */
#ifndef MAIL_SCAN_H
#define MAIL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "mail/lines.h"
#include "mail/message.h"

/* Zero-initialise. */
struct scan {
	uint64_t length;	/* raw octets seen */
	uint64_t size;		/* canonical octets, CRLFs included */
	size_t longest_line;	/* without CRLF */
	bool eight_bit;		/* any octet above 127 */
	bool has_nul;
	size_t line;		/* octets of the line that is not ended yet */
	struct lines lines;
};

void scan_feed(struct scan *s, struct slice raw);

/* All is fed: count the end of the last line, if it has none. */
void scan_finish(struct scan *s);

/* Set size and the facts of m, whose head is made, from its body's. */
void scan_message(const struct scan *s, struct message *m);

#endif
