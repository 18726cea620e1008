/* SPDX-License-Identifier: ISC */
/* compose.h - the message that options ask for (--subject, --attach ...). */
#ifndef CLI_COMPOSE_H
#define CLI_COMPOSE_H

#include "config/settings.h"
#include "net/input.h"

struct compose_call {
	const struct settings *settings;
	const struct input_options *text; /* how standard input is read */
	const char *host;                 /* for --test-message */
	bool head_only; /* its recipients are all that counts */
};

/*
 * Make it into *in, as input_read() does.  False with *why: a file that cannot
 * be read is FAILED, as are a text that is none and one without a place for it.
 */
bool compose_message(struct input *in, const struct compose_call *call,
    struct outcome *why);

#endif
