/* SPDX-License-Identifier: ISC */
/* check.h - -bC and --explain: is there what the configuration names? */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "config/settings.h"

/*
 * The files are read already: look at what they name, and say on stderr what
 * sending would refuse, a line each.  No command is run.  Returns 0 or 78.
 * Where there is a queue root looks as its owner, who delivers (become.h), and
 * 75 means that this could not be.
 */
int check_run(const struct settings *s);

/* Is the secret of a relay to be had?  Else says so on stderr. */
bool check_secret(const struct settings *s, const struct relay_spec *r);

#endif
