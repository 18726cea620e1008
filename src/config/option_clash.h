/* SPDX-License-Identifier: ISC */
/* option_clash.h - options of one command line that exclude each other. */
#ifndef CONFIG_OPTION_CLASH_H
#define CONFIG_OPTION_CLASH_H

#include "config/options.h"

/*
 * After the last option under the name smtpsend: did two of those met so far
 * exclude each other, or need another?  True with a line in says that names
 * both.  What clashes by its value is settings_settle()'s.
 */
bool option_clash(const struct option_call *c);

#endif
