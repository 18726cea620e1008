/* SPDX-License-Identifier: ISC */
/* send.h - a run: settings and a message in, an exit status out. */
#ifndef CLI_SEND_H
#define CLI_SEND_H

#include "config/options.h"

/* Send (or, with --explain, plan) as the settings say; the exit status. */
int send_run(const struct settings *s);

#endif
