/* SPDX-License-Identifier: ISC */
/*
 * sink_store.h - where the sink's messages go.
 *
 *	dir	DIR/ID.eml, octet by octet as received (CRLF), after a
 *		Return-Path: and an X-Envelope-To: line for each recipient;
 *		written as DIR/.ID.tmp and renamed when whole
 *	maildir	DIR/new/SECONDS.ID.HOST, LF line ends, with the same lines;
 *		written below DIR/tmp and renamed
 *	mbox	appended in mboxrd form (LF) with the same lines, under a lock
 *	stdout	printed with a short heading, LF; escaped when it is a terminal
 *
 * A message is a draft while it comes in (draft.h).
 */
#ifndef SERVE_SINK_STORE_H
#define SERVE_SINK_STORE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "serve/draft.h"
#include "serve/serve.h"

struct sink_store {
	const char *dir, *maildir, *mbox; /* one, or none */
	const char *host;	/* for names in the Maildir */
	FILE *to;		/* when all are NULL; NULL: not at all */
	bool terminal;		/* to is one */
	unsigned serial;	/* messages begun */
	unsigned kept;
};

/*
 * Can messages be kept there?  Makes the folders or file; NULL, or what is
 * wrong.  A FIFO or a socket is none to append to.
 */
const char *sink_store_check(const struct sink_store *s);

/* Begin one, with the lines of its envelope where they belong. */
void draft_open(struct draft *d, struct sink_store *s,
    const struct server_message *m);

/*
 * The message is whole.  False when it could not be
 * kept: draft_refusal() is then the reply.  The draft is over either way, but
 * for its id and its path, until draft_discard().
 */
bool draft_keep(struct draft *d, struct sink_store *s,
    const struct serve_mail *mail);

#endif
