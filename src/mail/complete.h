/* SPDX-License-Identifier: ISC */
/*
 * complete.h - from what came in to a finished header, ready for the wire.
 *
 * In the finished head all line ends are CRLF, there is no NUL, a stray CR is a
 * blank (lines.h), Bcc and Resent-Bcc are gone, Date, From and Message-ID are
 * there (RFC 5322 3.6 asks for the first two), other letters than ASCII are
 * encoded words (RFC 2047) or A-labels where the standards have a form for
 * them, lines are at most 998 octets, and the empty line is at the end.
 *
 * Text that is no UTF-8 is in the charset that Content-Type names, or else
 * unknown-8bit (RFC 1428), the same in all fields.  What has no ASCII form (a
 * local part, a message identifier) stays, and makes utf8_headers true.  Other
 * control bytes than NUL, CR and LF are left as they are.
 */
#ifndef MAIL_COMPLETE_H
#define MAIL_COMPLETE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "mail/envelope.h"
#include "mail/message.h"

#define HEADER_MAX 1048576 /* octets of raw header that are taken */

enum complete_form {
	COMPLETE_ALL,	  /* add what is missing, encode, fold */
	COMPLETE_TO_SEND, /* only what no server takes: long lines, stray CRs */
	COMPLETE_NOTHING, /* and what no server takes is refused */
};

struct complete_options {
	enum complete_form form;
	bool cr_ends;	  /* no LF is there: a CR ends a line (lines.h) */
	bool recipients;  /* -t: take recipients from the header */
	bool doubt;	  /* what is hardly a header is text */
	struct address_options address; /* for those in the header */
	struct slice from;	/* a path for a missing From; empty = <> */
	struct slice full_name; /* -F, for a missing From; or empty */
	struct slice host;	/* for a missing Message-ID */
	uint64_t random;	/* for the same: any 64 random bits */
	int64_t date;		/* for a missing Date: seconds since 1970 */
	int offset;		/* ... and minutes east of UTC */
};

/*
 * Find the header at the front of a raw message and finish it: m->head and
 * m->utf8_headers, and *body_at, where the raw body begins.  raw is the
 * message's beginning, all of it when all is true.  With o->recipients the
 * addresses of To, Cc and Bcc, or of the first block of Resent- fields alone
 * when there is one, are added to *envelope, which may be NULL without; those
 * that cannot be used to its bad ones.
 *
 * Bcc always goes.  A UTF-8 byte order mark in front of a header is no text.
 * m->doubtful_head is set when a header was found in which no field is known
 * and after which no empty line is ("ERROR: disk full"); with o->doubt it is
 * the beginning of the body then.
 *
 * PARSE_MORE: the header's end is not in raw.  PARSE_BAD with *why: the header
 * is longer than HEADER_MAX, or under COMPLETE_NOTHING cannot be sent
 * (STAGE_MESSAGE, FAILED).
 */
enum parse message_head(struct slice raw, bool all,
    const struct complete_options *o, struct message *m,
    struct envelope *envelope, size_t *body_at, struct outcome *why);

/* The head is made, or changed: set the facts that are its own. */
void message_note_head(struct message *m);

#endif
