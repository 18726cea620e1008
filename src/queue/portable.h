/* SPDX-License-Identifier: ISC */
/*
 * portable.h - messages of the queue as a stream that another machine can take
 * in: `--queue export` and `--queue import`.
 *
 * Of each message: a line of JSON that begins with {"smtpsend_queue":1 and has
 * its envelope, its facts and what became of those recipients who still wait;
 * then so many octets of text as its "text" says, CRLF, nothing stuffed; then a
 * line {"end":"ID","crc32c":N} with the sum of line and text.
 *
 * An id that is there is not taken in again, nor, for as long as dedupe keys
 * are remembered, one that was there.
 */
#ifndef QUEUE_PORTABLE_H
#define QUEUE_PORTABLE_H

#include "mail/address.h"
#include "spool/store.h"

/* Write one message to a descriptor; false with *why. */
bool portable_write(const struct entry *e, int fd, struct outcome *why);

/* What is read from; zero-initialise but for fd. */
struct portable_in {
	int fd;
	struct buf in;
	bool ended;
	uint32_t sum;
};
void portable_in_free(struct portable_in *in);

enum portable {
	PORTABLE_TAKEN,		/* it is in the queue, durable */
	PORTABLE_THERE,		/* it was there */
	PORTABLE_END,		/* no more */
	PORTABLE_BAD,		/* *why: damaged, or the store refused it */
};

/* Take in the next; id is its. */
enum portable portable_read(struct portable_in *in, struct store *s,
    char id[STORE_ID + 1], struct outcome *why);

#endif
