/* SPDX-License-Identifier: ISC */
/*
 * lane_impl.h - the inside of a lane, shared by its two files: lane.c has the
 * states and deadlines, lane_io.c the mails and the octets.
 */
#ifndef DELIVER_LANE_IMPL_H
#define DELIVER_LANE_IMPL_H

#include "deliver/lane.h"

/* The lane is over for this reason; the session settles whom it has. */
void lane_end(struct lane *l, const struct outcome *why);

/* ... because the connection is lost (4.4.2). */
void lane_lose(struct lane *l, enum stage stage, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Give the session its next mail, or let it quit. */
void lane_next_mail(struct lane *l);

/* Give it the next block of the message's body. */
void lane_feed_body(struct lane *l, int64_t now);

/* Read what is there; false when nothing is, or the stream is over: *got. */
bool lane_take_input(struct lane *l, enum io *got);

/* Write what there is; false when nothing more can be written now. */
bool lane_give_output(struct lane *l);

/* The stream is over: got says how. */
void lane_lost_read(struct lane *l, enum io got);

static inline bool
lane_is_waiting(const struct recipient *r)
{
	return r->verdict == PENDING;
}

#endif
