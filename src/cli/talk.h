/* SPDX-License-Identifier: ISC */
/* talk.h - --talk and --script: a dialogue of one's own with a server. */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include "config/settings.h"

/* The exit status. */
int talk_job_run(const struct settings *s);

/* The same for --script. */
int talk_job_script(const struct settings *s);

#endif
