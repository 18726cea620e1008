/* SPDX-License-Identifier: ISC */
/* talk.h - --talk: a person's own dialogue with a server. */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include "config/settings.h"

/* The exit status. */
int talk_job_run(const struct settings *s);

#endif
