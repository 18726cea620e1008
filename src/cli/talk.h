/* SPDX-License-Identifier: ISC */
/* talk.h - --talk, --script(-from): a dialogue of one's own with a server. */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include "config/settings.h"

/* The exit status. */
int talk_job_run(const struct settings *s);

/* The same for --script. */
int talk_job_script(const struct settings *s);

/*
 * --script-from: print the script that a transcript makes on standard output.
 * An exit status: 66 when it cannot be read, 65 when there is no dialogue in
 * it; said on standard error.
 */
int talk_job_script_from(const struct settings *s);

#endif
