/* SPDX-License-Identifier: ISC */
/*
 * mime.h - walking the parts of a message as it streams by (RFC 2046).
 *
 * Raw octets of the body go in, in pieces of any size; events come out: the
 * header of a part, pieces of body lines, line ends, delimiter lines.  Any
 * chunking gives the same events but for where texts are cut.  Memory is
 * bounded: a part's header by MIME_HEAD_MAX (what is more counts as body),
 * multiparts in multiparts by MIME_DEPTH (deeper ones count as leaves).
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mail/lines.h"
#include "mail/mimetype.h"

#define MIME_DEPTH    32
#define MIME_HEAD_MAX 65536

enum mime_kind { MIME_LEAF, MIME_MULTIPART, MIME_MESSAGE };

/* What the header of a part, or of a message inside, says. */
struct mime_entity {
	size_t index;	/* counts from 0, the message itself */
	enum mime_kind kind;
	enum cte cte;
	bool is_message; /* a message's header, where MIME-Version belongs */
	bool is_text;	/* text/..., message/..., or without a type */
	bool is_typed;	/* has a Content-Type */
	bool is_piece;	/* of a message elsewhere: not to be encoded */
	bool is_opaque;	/* a multipart that is not walked: a leaf of no use */
	bool is_binary;	/* no text, in no encoding: its very octets count,
			   unless it is labelled 8bit and has lines */
	bool is_signed;	/* inside multipart/signed (RFC 1847) */
	char charset[CHARSET_MAX + 1]; /* of what is no UTF-8 in its header */
};

struct mime_level {
	size_t index;	/* of the entity that contains others */
	bool is_digest; /* its parts are messages if they do not say */
	bool is_signed; /* nothing in it may change */
	char boundary[BOUNDARY_MAX + 1]; /* empty for a message */
};

enum mime_event {
	MIME_NONE,	/* all of in is used up */
	MIME_HEAD,	/* entity is new; the piece is its header, canonical */
	MIME_TEXT,	/* the piece is text of a body line, raw */
	MIME_EOL,	/* the piece is a line end */
	MIME_CR,	/* ... a stray CR (lines.h), which ends a line of the
			   body for delimiters, as on the wire */
	MIME_DELIMITER, /* the piece is a delimiter line */
};

/* Zero-initialise, set lines.cr_ends, then mime_start(). */
struct mime {
	struct mime_entity entity; /* the last of which MIME_HEAD told */
	bool is_outside;	   /* text is outside of leaves */
	bool has_empty_line;	   /* at MIME_HEAD: one ended the header */
	struct mime_level level[MIME_DEPTH];
	size_t depth;

	/* the walker's own */
	struct lines lines;
	bool in_head, line_open, line_spent, head_spent;
	size_t count;
	struct buf head, line;
	enum mime_event owed; /* MIME_TEXT or MIME_DELIMITER: the line's */
	size_t depth_after;  /* such a delimiter, when it is told of */
	bool is_closing;
	char eol[2];
	size_t owed_eol; /* octets of eol that are still to be told */
	enum mime_event eol_is; /* MIME_EOL or MIME_CR */
};

void mime_free(struct mime *m);

/* What encloses the text at hand; NULL at the top. */
static inline const struct mime_level *
mime_around(const struct mime *m)
{
	return m->depth > 0 ? &m->level[m->depth - 1] : NULL;
}

/* The message's own header: sets entity, as MIME_HEAD does. */
void mime_start(struct mime *m, struct slice head);

/*
 * The next event of *in, whose octets are taken off; `last` says that no more
 * than *in comes.  The piece is valid until the next call or the next change
 * of the input.
 */
enum mime_event mime_next(struct mime *m, struct slice *in, bool last,
    struct slice *piece);

#endif
