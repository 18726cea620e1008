/* SPDX-License-Identifier: ISC */
/*
 * mailback.h - sendmail -oem and -oee, where there is a queue: what is wrong
 * with an address is told to the sender by mail, as what a server refuses is.
 */
#ifndef CLI_MAILBACK_H
#define CLI_MAILBACK_H

#include "cli/enqueue.h"

/*
 * Queue a report to the message's sender of those who could not be used as
 * recipients; id is that of the message in the queue, "" when it had no others.
 * As the spool's owner, whom this process is or becomes.  False with *why:
 * nobody was told, since that failed or there is no sender.
 */
bool mail_back(const struct enqueue_call *call, const char *id,
    struct outcome *why);

#endif
