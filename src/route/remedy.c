/* SPDX-License-Identifier: ISC */
/* remedy.c - see remedy.h */
#include "route/remedy.h"

static bool
is_local(enum stage stage)
{
	return stage == STAGE_READ || stage == STAGE_SYSTEM ||
	    stage == STAGE_MESSAGE || stage == STAGE_CONFIG;
}

enum remedy
remedy_for(const struct outcome *o)
{
	if (o->verdict == DEFERRED)
		return o->maybe_sent || is_local(o->stage) ? REMEDY_LATER :
							     REMEDY_NEXT_HOST;
	if (o->verdict == FAILED && o->code == 0 && o->stage == STAGE_MAIL)
		return REMEDY_NEXT_HOST;
	return REMEDY_NONE;
}

bool
remedy_is_of_host(const struct outcome *o)
{
	return o->verdict == DEFERRED && o->stage >= STAGE_CONNECT &&
	    o->stage <= STAGE_AUTH;
}
