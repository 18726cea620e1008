/* SPDX-License-Identifier: ISC */
/* option_bulk.c - many messages (option_take.h). */
#include "config/config_impl.h"
#include "config/option_take.h"

bool
take_pace(struct option_call *c, const char *value)
{
	return rate_parse(value, &c->settings->bulk.rate) ||
	    option_refuse(c, value, RATE_WANTED);
}
