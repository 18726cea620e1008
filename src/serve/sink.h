/* SPDX-License-Identifier: ISC */
/*
 * sink.h - the owner of smtpsend --sink's mail: a receiver for a developer's
 * desk and for tests.
 *
 * It takes mail for anybody and prints it, saves it or appends it to an mbox
 * (sink_store.h); nothing is ever sent on.
 */
#ifndef SERVE_SINK_H
#define SERVE_SINK_H

#include "base/event.h"
#include "serve/serve.h"
#include "serve/sink_store.h"

/* A message that was just kept. */
struct sink_kept {
	const struct serve_mail *mail;
	const struct draft *draft;
	int fd;			/* its text, from draft->text_at on */
};

struct sink {
	struct sink_store store;
	unsigned count;		/* no more messages than this; 0 = any number */
	struct events *events;	/* EVENT_MESSAGE for each */
	/* Before a message is printed: print what led to it.  Or NULL. */
	void (*before)(void *caller);
	/* Show what was kept; false with errno.  Or NULL. */
	bool (*show)(void *caller, const struct sink_kept *kept);
	void *caller;
};

/* Its self is a struct sink. */
extern const struct serve_owner sink_owner;

/* Has it as many messages as it is to have? */
bool sink_has_enough(const struct sink *s);

#endif
