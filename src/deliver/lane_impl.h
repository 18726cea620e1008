/* SPDX-License-Identifier: ISC */
/*
 * lane_impl.h - the inside of a lane, shared by its files: lane.c has the
 * states and deadlines, lane_open.c the way to a conversation, lane_io.c the
 * mails and the octets, lane_tls.c what is reported of TLS.
 */
#ifndef DELIVER_LANE_IMPL_H
#define DELIVER_LANE_IMPL_H

#include "deliver/lane.h"

/* The lane is over for this reason; the session settles whom it has. */
void lane_end(struct lane *l, const struct outcome *why);

/* ... because the connection is lost (4.4.2). */
void lane_lose(struct lane *l, enum stage stage, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A new phase of so many seconds begins; or the session talks (again). */
void lane_begin_phase(struct lane *l, unsigned seconds, int64_t now);
void lane_begin_talk(struct lane *l, int64_t now);

/* False when it cannot be begun: the lane is over. */
bool lane_start_tls(struct lane *l, int64_t now);

void lane_step_dial(struct lane *l, const struct wait *w, int64_t now);
void lane_step_relay(struct lane *l, const struct wait *w, int64_t now);
void lane_step_handshake(struct lane *l, int64_t now);

/*
 * Count what came of TLS for who is aboard (tls_results), once for each
 * destination that the connection serves: a handshake's failure, in words; or
 * what is known of a session that goes on.
 */
void lane_tell_tls_failure(struct lane *l, enum tls_result_type type,
    const char *reason);
void lane_tell_tls(struct lane *l);

/* Give up a relay's connection that was not taken over. */
void lane_drop_relay(struct lane *l);

/* Give the session its next mail; false when there is none. */
bool lane_give_mail(struct lane *l, size_t most);

/* Give it the next block of the message's body. */
void lane_feed_body(struct lane *l, int64_t now);

/* Read what is there; false when nothing is, or the stream is over: *got. */
bool lane_take_input(struct lane *l, enum io *got);

/* Write what there is; false when nothing more can be written now. */
bool lane_give_output(struct lane *l);

/* Is it to wait, by the drill?  Then its deadline is the end of that. */
bool lane_pauses(struct lane *l, int64_t now);

/* The session has no more to say: close, as it left. */
void lane_hang_up(struct lane *l);

/* The stream is over: got says how. */
void lane_lost_read(struct lane *l, enum io got);

#endif
