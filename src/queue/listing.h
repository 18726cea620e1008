/* SPDX-License-Identifier: ISC */
/*
 * listing.h - a message in the queue as mailq shows it: Postfix's text, octet
 * for octet, and the JSON of its `postqueue -j` with keys of ours behind.
 *
 * Postfix's facts (3.7): "%-11s %7ld %20.20s %s" of id and mark, size, time as
 * asctime() has it, and sender; each recipient in column 41; above him
 * "(reason)", right-aligned to column 78, unless the one before had the same;
 * an empty line between messages.  Monitoring reads it.
 */
#ifndef QUEUE_LISTING_H
#define QUEUE_LISTING_H

#include "queue/told.h"
#include "spool/store.h"

enum listing_state {
	LISTING_INCOMING,	/* never tried */
	LISTING_ACTIVE,		/* on its way just now: '*' */
	LISTING_DEFERRED,
	LISTING_HELD,		/* '!' */
};

struct listing_rcpt {
	struct slice address;
	struct slice reason;	/* of his last attempt; empty: none */
	enum slot_state state;
	unsigned attempts;
	int64_t next;		/* seconds since 1970; 0: at once */
	size_t at;		/* listing's own: where reason is in text */
};

/* Slices point into text, which is the row's; zero-initialise. */
struct listing_row {
	char id[STORE_ID + 1];
	enum listing_state state;
	int64_t arrival;	/* seconds since 1970 */
	int64_t next;		/* its next try; 0: none is planned */
	uint64_t size;
	unsigned uid, class;
	struct slice sender;	/* "" = the null sender */
	struct slice tag;
	struct listing_rcpt *rcpts; /* those who still wait */
	size_t n, cap;
	struct buf text;
};

void listing_free(struct listing_row *row);

/* One recipient more, zeroed; good until the next call. */
struct listing_rcpt *listing_add(struct listing_row *row);

#define LISTING_CLASSES 3 /* enum mail_class */

/* "active", ... as Postfix calls its queues; "urgent", "normal", "bulk". */
const char *listing_state_name(enum listing_state s);
const char *listing_class_name(unsigned class);

/*
 * Fill the row, which may hold another one, from a message and its history
 * (which is changed); active: a runner has it.
 */
void listing_fill(struct listing_row *row, const struct entry *e,
    struct buf *told, bool active);

/* Append its JSON line. */
void listing_put_json(struct buf *out, const struct listing_row *row);

/* Read such a line, which is changed and outlives the row's content. */
bool listing_read(struct listing_row *row, char *line, size_t n);

/* Append its text; offset is that of local time when it arrived, minutes. */
void listing_put_text(struct buf *out, const struct listing_row *row,
    int offset);

/* What stands above the first row, and behind the last. */
void listing_put_head(struct buf *out);
void listing_put_end(struct buf *out, size_t messages, uint64_t octets);

#endif
