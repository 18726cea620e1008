/* SPDX-License-Identifier: ISC */
/* option_desk.c - looking at servers (option_take.h). */
#include "config/option_take.h"

bool
take_probe(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_PROBE;
	return true;
}
