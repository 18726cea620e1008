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

#include "base/ascii.h"
#include "base/outcome.h"
#include "mail/lines.h"
#include "mail/message.h"

/* Zero-initialise; set look_closely to know what kind of text it is. */
struct scan {
	bool look_closely;
	uint64_t length;	/* raw octets seen */
	uint64_t size;		/* canonical octets, CRLFs included */
	size_t longest_line;	/* without CRLF; exact when over 998 */
	bool eight_bit;		/* any octet above 127 */
	bool has_cr;		/* a stray one (lines.h) */
	uint64_t nuls;
	bool not_utf8;		/* if looked at closely */
	bool has_control;	/* likewise: such as text does not have */
	size_t line;		/* octets of the line that is not ended yet */
	struct lines lines;	/* set cr_ends */
	struct utf8 utf8;
};

/* Looked at closely: is it no text in any charset? */
bool scan_is_binary(const struct scan *s);

void scan_feed(struct scan *s, struct slice raw);

/* All is fed: count the end of the last line, if it has none. */
void scan_finish(struct scan *s);

/*
 * Finished: can it be sent as it is, by a server that takes 8 bits?  False with
 * *why (STAGE_MESSAGE, FAILED) for NULs, stray CRs and lines that are too long.
 */
bool scan_is_as_is(const struct scan *s, struct outcome *why);

/* Set size and the facts of m, whose head is made, from its body's. */
void scan_message(const struct scan *s, struct message *m);

#endif
