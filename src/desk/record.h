/* SPDX-License-Identifier: ISC */
/* record.h - a dialogue as the script that would say it again. */
#ifndef DESK_RECORD_H
#define DESK_RECORD_H

#include "base/buf.h"
#include "base/slice.h"

/*
 * A line that was said; as it was shown.  What is not whole was a secret, and
 * only a comment is left of it.
 */
void record_said(struct buf *out, struct slice shown, bool whole);

/* Octets that were sent as they are. */
void record_raw(struct buf *out, struct slice octets);

/* A line of the server's is a comment, the code of its reply expected. */
void record_heard(struct buf *out, struct slice line);
void record_reply(struct buf *out, unsigned code);

/* The server closed the connection; TLS began; anything else, "@ data x". */
void record_end(struct buf *out);
void record_tls(struct buf *out);
void record_act(struct buf *out, const char *act, struct slice argument);

#endif
