/* SPDX-License-Identifier: ISC */
/*
 * mailback.h - sendmail -oem and -oee, where there is a queue: what is wrong
 * with an address is told to the sender by mail, as what a server refuses is.
 */
#ifndef CLI_MAILBACK_H
#define CLI_MAILBACK_H

#include "cli/enqueue.h"

struct mail_back {
	const struct enqueue_call *call;
	const char *id;		/* of the message in the queue; "": it had no
				   other recipients */
	struct recipient_list refused; /* ... but those, when it was queued */
	const char *socket;	/* hand it in there; NULL = into the spool, as
				   its owner, whom this process is or becomes */
};

/*
 * Queue a report to the message's sender of those who could not be used as
 * recipients, and of those refused.  False with *why: nobody was told, since
 * that failed or there is no sender.
 */
bool mail_back(const struct mail_back *m, struct outcome *why);

#endif
