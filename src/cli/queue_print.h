/* SPDX-License-Identifier: ISC */
/*
 * queue_print.h - answers about the queue, line by line, as people or programs
 * want them.
 */
#ifndef CLI_QUEUE_PRINT_H
#define CLI_QUEUE_PRINT_H

#include "cli/queue_words.h"
#include "queue/listing.h"

struct queue_print {
	const struct queue_words *words;
	const char *program;
	int64_t wall;		/* seconds since 1970 */
	bool tty;		/* stdout is a terminal */
	bool alone;		/* no daemon is here that would act on it */
	bool more;		/* another queue is asked behind this one: what
				   is counted or listed is said with its own */
	const char *own;	/* the spool, if that is the user's own */
	int64_t n;		/* messages that were counted before */
	bool told;		/* what was done with them is said */
	bool hidden;		/* ... there are some, and they are not shown */
	struct buf rows[LISTING_CLASSES]; /* of list, until all are there */
	size_t nrows;
	uint64_t octets;
	struct listing_row row;
	enum { WHY_NOTHING, WHY_HISTORY, WHY_NOW } why; /* what came last */
	bool cr;		/* of show: a CR is held back */
	int status;		/* of status: 0, 1, 2 */
	bool failed;		/* stdout cannot be written */
};

void queue_print_free(struct queue_print *p);

/* A row of the list; self is a struct queue_print. */
void queue_print_row(void *self, const struct listing_row *row);

/* One object of the answer; it is changed. */
void queue_print_line(struct queue_print *p, char *line, size_t n);

/* The last one; returns the exit status. */
int queue_print_end(struct queue_print *p, char *line, size_t n);

#endif
