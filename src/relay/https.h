/* SPDX-License-Identifier: ISC */
/*
 * https.h - sending something by HTTPS, for who has nothing else to do
 * meanwhile.
 */
#ifndef RELAY_HTTPS_H
#define RELAY_HTTPS_H

#include <stdbool.h>

#include "base/outcome.h"
#include "base/slice.h"

/* All is borrowed; NULL = not given. */
struct https_post {
	const char *url;
	const char *ca;		/* as in struct tls_config */
	const char *type;	/* "application/tlsrpt+json" */
	struct slice body;
	unsigned seconds;	/* for all of it */
};

/*
 * POST it: true when the server says 2xx.  Its certificate must be good, no
 * redirect is followed, no proxy asked, nothing kept of what it answers.
 * Waits.  False with *why, which is DEFERRED: STAGE_CONNECT, STAGE_TLS, or of
 * our own files.
 */
bool https_post(const struct https_post *p, struct outcome *why);

#endif
