/* SPDX-License-Identifier: ISC */
/* queue_words.h - what stands behind mailq and --queue: a request, and how its
 * answer is to be shown. */
#ifndef CLI_QUEUE_WORDS_H
#define CLI_QUEUE_WORDS_H

#include "config/settings.h"
#include "queue/request.h"

enum queue_style { QUEUE_TEXT, QUEUE_JSON, QUEUE_METRICS };

/* What is done here and is no verb of the daemon's. */
enum queue_job { QUEUE_ASK, QUEUE_EXPORT, QUEUE_IMPORT };

struct queue_words {
	enum queue_job job;
	struct request request;
	enum queue_style style;
	unsigned warn_age;	/* seconds; 0 = not given */
};

/*
 * Read the words of the settings; 0, or 64 with a line in says.  Slices point
 * into argv; request_free() it.
 */
int queue_words_read(struct queue_words *w, const struct settings *s,
    struct buf *says);

#endif
