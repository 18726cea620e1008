/* SPDX-License-Identifier: ISC */
/* option_desk.c - looking at servers (option_take.h). */
#include "config/option_take.h"

#include <string.h>

bool
take_probe(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_PROBE;
	return true;
}

bool
take_show_cert(struct option_call *c, const char *value)
{
	struct settings *s = c->settings;

	s->mode = MODE_PROBE;
	s->probe.look = LOOK_CERT;
	if (!value || strcmp(value, "text") == 0)
		return true;
	if (strcmp(value, "pem") == 0)
		s->probe.look = LOOK_PEM;
	else if (strcmp(value, "tlsa") == 0)
		s->probe.look = LOOK_TLSA;
	else
		return option_refuse(c, value, "pem, tlsa or text is wanted");
	return true;
}

bool
take_ehlo_diff(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_PROBE;
	c->settings->probe.look = LOOK_EHLO_DIFF;
	return true;
}
