/* SPDX-License-Identifier: ISC */
/* remedy.h - what to do after a failure: all of the policy, as one function. */
#ifndef ROUTE_REMEDY_H
#define ROUTE_REMEDY_H

#include "base/outcome.h"

enum remedy {
	REMEDY_NONE,	  /* it is decided: delivered, or failed for good */
	REMEDY_NEXT_HOST, /* another host may do better now */
	REMEDY_LATER,	  /* no other host may be asked now; try again later */
};

/*
 * FAULTS.md: whatever is temporary wants the next host, except when the message
 * may already have been taken (another host would make a duplicate) or the
 * cause is on this machine.  A failure we decided ourselves from what one
 * server offers (size, SMTPUTF8) wants the next host too; a 5yz of the server's
 * is final.
 */
enum remedy remedy_for(const struct outcome *o);

/*
 * Did the host fail as a whole, before it was told of any mail?  Then all mail
 * for it waits (QUEUE.md, Schedule).
 */
bool remedy_is_of_host(const struct outcome *o);

#endif
