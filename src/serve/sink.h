/* SPDX-License-Identifier: ISC */
/*
 * sink.h - smtpsend --sink: a receiver for a developer's desk and for tests.
 *
 * It takes mail for anybody and prints it, saves it or appends it to an mbox;
 * nothing is ever sent on.  See sink_store.h for the three forms.
 */
#ifndef SERVE_SINK_H
#define SERVE_SINK_H

#include <stdbool.h>

#include "base/inet.h"
#include "smtp/server.h"

struct sink_config {
	struct endpoint at;	/* port 0 = any free one */
	const char *dir;	/* one .eml file each; or NULL */
	const char *mbox;	/* append to it; or NULL; both NULL = stdout */
	unsigned count;		/* end after so many messages; 0 = go on */
	bool verbose;		/* the dialogue on stderr */
	struct server_config server;
};

/*
 * Serve until a signal to stop (net/stop.h) or the count.
 * "listening on 127.0.0.1:2525" goes
 * to stderr as soon as connections are taken.  Returns an exit status: 0, or 71
 * (cannot listen), 73 (cannot write there), the reason on stderr.
 */
int sink_run(const struct sink_config *c);

#endif
