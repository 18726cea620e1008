/* SPDX-License-Identifier: ISC */
/* fill.h - the places of a template are filled: --fill. */
#ifndef CLI_FILL_H
#define CLI_FILL_H

#include "cli/intake.h"
#include "mail/complete.h"

/*
 * Put the message that came in through mail/template.h, before anything else
 * is done with it.  Date and identifier are those that the header gets where it
 * has none.  All recipients see the same: one transaction sends one text.
 * False with *why as input_read() and template_feed().
 */
bool fill_input(struct intake *in, const struct settings *s,
    const struct complete_options *o, struct outcome *why);

#endif
