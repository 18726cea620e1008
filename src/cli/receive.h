/* SPDX-License-Identifier: ISC */
/* receive.h - --sink: from settings to a receiver at work. */
#ifndef CLI_RECEIVE_H
#define CLI_RECEIVE_H

#include "config/options.h"

/* Serve as the settings say; the exit status. */
int receive_run(const struct settings *s);

#endif
