/* SPDX-License-Identifier: ISC */
/*
 * daemon.h - the queue's own process: smtpsend --daemon, sendmail -bd, -bD.
 *
 *	HUP	the configuration is read again; what is under way ends by the
 *		one that it began with
 *	TERM	(INT, QUIT) ends it within 5 s; no verdict is lost
 *	USR1	all that waits is tried now
 */
#ifndef CLI_DAEMON_H
#define CLI_DAEMON_H

#include "config/settings.h"

/*
 * As the spool's owner, who root becomes.  argc and argv are read again at HUP.
 * In the background (MODE_DAEMON of sendmail) it returns once the daemon is
 * ready, or cannot be.  Returns the exit status.
 */
int daemon_run(const struct settings *s, int argc, char *const argv[]);

#endif
