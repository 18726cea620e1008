/* SPDX-License-Identifier: ISC */
/*
 * done.h - who has had his verdict for good, across runs: --resume.
 *
 * A file with one line for each recipient of a message who was delivered to, or
 * failed, durable before the connection that brought it goes on.  A message is
 * known by its octets, and by how many with the same there were before it; so
 * it may lie elsewhere the next time.  The file is text:
 *
 *	smtpsend-resume 1
 *	KEY VERDICT CODE LABEL RECIPIENT
 *
 * KEY is 32 hexadecimal digits, VERDICT "delivered" or "failed"; what stands
 * behind it is for people.  A line without its end was never said to be there.
 */
#ifndef BULK_DONE_H
#define BULK_DONE_H

#include "bulk/source.h"
#include "mail/envelope.h"

struct done;

/*
 * Open it, or make it, and lock it as long as it is open.  NULL with *why:
 * STAGE_OPEN (another run has it: DEFERRED; unreadable: FAILED), STAGE_MESSAGE
 * (it is another file), STAGE_SYSTEM.  path outlives it.
 */
struct done *done_open(const char *path, struct outcome *why);
void done_free(struct done *d);

/* The next message: its sum counts from now on, once more if it did. */
struct source_sum done_next(struct done *d, const struct source_sum *sum);

/* What became of this recipient of a message of done_next() in an earlier run;
 * PENDING: nothing for good. */
enum verdict done_verdict(const struct done *d, const struct source_sum *mail,
    const struct recipient *r);

/* His verdict is to be written, if it is one for good. */
void done_add(struct done *d, const struct source_sum *mail, const char *label,
    const struct recipient *r);

/* Write and sync all that was added; false with *why, which names who is
 * affected only by the file. */
bool done_write(struct done *d, struct outcome *why);

#endif
