/* SPDX-License-Identifier: ISC */
/*
 * doors.h - the sockets on loopback where the daemon speaks SMTP (`listen =` of
 * [queue], smtpsend-smtp.socket): handed over, or bound while we are root.
 */
#ifndef CLI_DOORS_H
#define CLI_DOORS_H

#include "config/listen.h"
#include "config/settings.h"

#define DOORS_MAX (2 * LISTEN_MAX) /* handed over, and our own */

struct doors {
	int fd[DOORS_MAX];
	size_t n;
	bool strange;	/* one was handed over that is not on loopback */
	struct outcome absent[LISTEN_MAX]; /* addresses that this machine has
					      not: IPv6 may be off */
	size_t absents;
};

/*
 * Zero-initialise.  Take what was handed over under the name "smtp", and listen
 * wherever `listen =` says and none of those does.  False with *why: there is
 * no room for us.  An address that is not there is no reason while another one
 * is: d->absent says so.
 */
bool doors_open(struct doors *d, const struct queue_settings *q,
    struct outcome *why);
void doors_close(struct doors *d);

#endif
