/* SPDX-License-Identifier: ISC */
/* show.h - what of a run that sends is shown, as the settings say. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "config/settings.h"
#include "report/report.h"

/* When it began, for a transcript or a page, which are kept. */
void show_note_date(struct report_config *c);

/*
 * As report_init(), from now on; also false, with nothing opened, when a file
 * that an option writes is the message or another's.
 */
bool show_open(struct report *r, const struct settings *s, struct outcome *why);

#endif
