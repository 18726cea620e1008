/* SPDX-License-Identifier: ISC */
/*
 * dsn.h - the text of a delivery status notification.
 *
 * RFC 3464 in the frame of RFC 6522, with what RFC 3461 6 asks for, and RFC
 * 6533 where the one who is told can only be reached by SMTPUTF8 (`global`):
 * first plain words for people, then the fields for programs, then the
 * original, its header or all of it.  It comes out in pieces, so that neither
 * many recipients nor a long original take memory:
 *
 *	dsn_notice(&d, &r);			each recipient
 *	dsn_open(&d, &out);
 *	dsn_words(&d, &r, &out);		each again
 *	dsn_status_open(&d, &out);
 *	dsn_status(&d, &r, &out);		each again
 *	dsn_original_open(&d, &out);
 *	dsn_original(&d, text, &out);		as often as there is more
 *	dsn_close(&d, &out);
 *
 * What comes out has CRLF line ends, lines of at most 78 octets where an
 * address or the original's need not be longer, never more than 998, and no
 * octet above 127 unless it is global.  What others said - servers, senders,
 * headers - is decoded, escaped and cut, and cannot end a field or a part.
 */
#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include "base/outcome.h"
#include "mail/address.h"
#include "mail/lines.h"
#include "mail/seven.h"

enum dsn_action {
	DSN_FAILED,
	DSN_DELAYED,
	DSN_DELIVERED,
	DSN_RELAYED,	/* to a server that does not tell more */
	DSN_EXPANDED,	/* to the members of a list */
};

/* What became of one recipient.  All of it is borrowed. */
struct dsn_recipient {
	const struct address *to;
	const char *orcpt;	/* "rfc822;bob@x", not xtext; or NULL */
	const struct outcome *said; /* what was said last */
	bool expired;               /* given up although nobody refused it */
	bool is_here;        /* a mailbox of this machine, not a server */
	int64_t last_try;    /* seconds since 1970; 0 = never */
	int64_t retry_until; /* of a delayed one; 0 = unknown */
};

/* A report.  Zero-initialise; the first block is the caller's. */
struct dsn {
	enum dsn_action action;	/* the same for all in it */
	struct slice host;	/* who reports: a host's full name */
	struct slice id;	/* the report's own: unique, and not known to
				   anybody when the original was written */
	struct slice to;	/* whom: the original's reverse-path */
	bool global;		/* ... that needs SMTPUTF8 */
	bool is_orphan;		/* it has none, and this is the postmaster */
	bool will_fail;		/* of a delay: he will be told of its end */
	bool whole;		/* all of the original is given back */
	const struct address *only; /* the only recipient; NULL: several */
	struct slice queue_id;	/* the original's */
	struct slice envid;	/* not xtext; or empty */
	struct slice head;	/* its header, canonical */
	int64_t arrival, now;	/* seconds since 1970 */
	int64_t lifetime;	/* seconds that it was, or is, tried for */
	int offset;		/* minutes east of UTC, for dates */

	/* its own */
	bool encode;		/* the words become quoted-printable */
	size_t worded, unworded; /* recipients, in the words and left out */
	const char *type;	/* of the part with the original */
	bool pack;		/* that becomes quoted-printable */
	struct seven seven;
	struct lines lines;
	char last;		/* octet of the original */
};

/* How the words must be written depends on what they are. */
void dsn_notice(struct dsn *d, const struct dsn_recipient *r);

void dsn_open(struct dsn *d, struct buf *out);

/* A paragraph; only counted when there are a hundred already. */
void dsn_words(struct dsn *d, const struct dsn_recipient *r, struct buf *out);

void dsn_status_open(struct dsn *d, struct buf *out);
void dsn_status(struct dsn *d, const struct dsn_recipient *r,
    struct buf *out);

/*
 * Then the original: its header, with or without the empty line, or all of it
 * when dsn_is_whole().  Canonical, lines of at most 998 octets, and in 7-bit
 * form (recode.h) but for a header that needs SMTPUTF8.
 */
void dsn_original_open(struct dsn *d, struct buf *out);
void dsn_original(struct dsn *d, struct slice text, struct buf *out);
void dsn_close(struct dsn *d, struct buf *out);

/*
 * After dsn_open(): is all of it given back?  Not when it was not asked for, or
 * there is no form that the header could have in it.
 */
static inline bool
dsn_is_whole(const struct dsn *d)
{
	return d->whole;
}

/* The RFC 3463 status of a recipient in such a report: never without one. */
struct esc dsn_esc(enum dsn_action action, const struct dsn_recipient *r);

#endif
