/* SPDX-License-Identifier: ISC */
/*
 * compose.h - a message made of its pieces: texts, pictures, attachments.
 *
 * The pieces come in the order of their kinds; what is opened between them
 * follows from which kinds there are (RFC 2046 5.1, RFC 2387):
 *
 *	mixed { alternative { text, related { html, inline ... } },
 *	    attached ... }
 *
 * All that comes out is ASCII in lines of CRLF that any server takes.
 */
#ifndef MAIL_COMPOSE_H
#define MAIL_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "mail/lines.h"
#include "mail/scan.h"
#include "mail/seven.h"

enum compose_kind {
	COMPOSE_TEXT,
	COMPOSE_HTML,
	COMPOSE_INLINE,
	COMPOSE_ATTACHED,
	COMPOSE_KINDS
};

/* What is in a piece, found while it streams by.  Zero-initialise. */
struct compose_facts {
	struct scan scan;
	uint64_t high; /* octets above 127 */
};

void compose_look(struct compose_facts *f, struct slice raw);
void compose_look_end(struct compose_facts *f);

/* Finished: can it be a text? */
bool compose_is_text(const struct compose_facts *f);

struct compose_piece {
	enum compose_kind kind;
	struct slice name; /* of a file, without its folder; empty for texts */
	struct slice type; /* "image/png", not of texts */
	const struct compose_facts *facts;
};

/* Set has and mark, all else zero. */
struct compose {
	bool has[COMPOSE_KINDS]; /* pieces of which kinds will come? */
	uint64_t mark;           /* random bits, for the boundaries */

	/* the composer's own */
	unsigned char open[3]; /* the multiparts that are open */
	size_t depth;
	bool as_lines; /* the piece is text, its line ends count */
	struct seven seven;
	struct lines lines;
};

/* After the last field of the header, without the empty line: MIME-Version. */
void compose_begin(struct compose *c, struct buf *out);

/* The header of the next piece; its octets follow, in pieces of any size. */
void compose_piece(struct compose *c, const struct compose_piece *piece,
    struct buf *out);
void compose_data(struct compose *c, struct slice raw, struct buf *out);
void compose_piece_end(struct compose *c, struct buf *out);

/* There are no more. */
void compose_end(struct compose *c, struct buf *out);

#endif
