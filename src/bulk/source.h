/* SPDX-License-Identifier: ISC */
/*
 * source.h - many messages out of one place: an mbox, a Maildir, a folder of
 * .eml files; or one message for each row of a list.
 *
 * A list is a CSV file (base/csv.h).  Its first row names the columns; the
 * recipient stands in the first that is called email, e-mail, mail, address,
 * recipient or to.
 *
 * One message is in memory, or in a file of its own, at a time; the list of a
 * folder's names is read once.  What cannot be read is one bad message: the
 * others are there all the same.
 */
#ifndef BULK_SOURCE_H
#define BULK_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/outcome.h"
#include "mail/template.h"
#include "net/input.h"

struct source;

enum source_got {
	SOURCE_MESSAGE,
	SOURCE_BAD,	/* this one cannot be had; *why says so */
	SOURCE_WAIT,	/* more comes when source_fd() can be read */
	SOURCE_END,
	SOURCE_BROKEN,	/* it ends here, before its end; *why */
};

/* Which octets they are: a message that lies elsewhere later is the same. */
struct source_sum {
	uint64_t half[2];
};

struct source_item {
	char *label;		/* "inbox:17", "list/a.eml": for people */
	struct input input;	/* the message, with what it is in */
	struct source_sum sum;

	/* of a list, until the next one; its message is the template's */
	struct slice to;
	const struct template_field *field;
	size_t nfields;
};

void source_item_free(struct source_item *item);

/*
 * path: "-" for standard input, or a file or folder; with a template, the
 * message of each row of that list, else it is NULL.  NULL with *why:
 * STAGE_OPEN (absent, unreadable), or STAGE_SYSTEM.  Both outlive it.
 */
struct source *source_open(const char *path, const struct input *template,
    struct outcome *why);
void source_free(struct source *s);

/* The next one; *item is the caller's with SOURCE_MESSAGE and, as far as its
 * label, with SOURCE_BAD. */
enum source_got source_next(struct source *s, struct source_item *item,
    struct outcome *why);

/* Where to wait for more; -1: there is never a wait. */
int source_fd(const struct source *s);

/* How many there are, where that is known (a folder), or 0. */
uint64_t source_count(const struct source *s);

/* Octets of it that were read, and of all of it, or 0 where not known. */
void source_progress(const struct source *s, uint64_t *read, uint64_t *size);

#endif
