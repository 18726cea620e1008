/* SPDX-License-Identifier: ISC */
/* receive_web.h - --sink-web: the pages of what --sink receives. */
#ifndef CLI_RECEIVE_WEB_H
#define CLI_RECEIVE_WEB_H

#include "config/options.h"
#include "net/wait.h"
#include "serve/sink.h"

struct web;
struct web_module;

/* Zeroed: there are none. */
struct receive_web {
	const struct web_module *module;
	struct web *web;
	struct endpoint at;	/* where */
};

/* Listen, and open the module; the exit status, and it was said why. */
int receive_web_open(struct receive_web *w, const struct settings *s,
    const char *name);
void receive_web_close(struct receive_web *w);

/* Each does nothing when there are no pages. */
void receive_web_hear(struct receive_web *w, const struct event *e);
void receive_web_wait(struct receive_web *w, struct wait *wait, int64_t now);
void receive_web_step(struct receive_web *w, const struct wait *wait,
    int64_t now);

/* A message that was kept; false with errno. */
bool receive_web_show(struct receive_web *w, const struct sink_kept *kept);

#endif
