/* SPDX-License-Identifier: ISC */
/* send.h - a run: settings and a message in, an exit status out. */
#ifndef CLI_SEND_H
#define CLI_SEND_H

#include "base/buf.h"
#include "config/options.h"

/* Send (or, with --explain, plan) as the settings say; the exit status. */
int send_run(const struct settings *s);

/*
 * The same for one recipient, and nothing is printed: what became of it is in
 * *out, which is his or that of the whole; its log line is written.  The next
 * host's queue id, if it told one, is appended to *id.
 */
void send_one(const struct settings *s, struct outcome *out, struct buf *id);

#endif
