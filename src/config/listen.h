/* SPDX-License-Identifier: ISC */
/* listen.h - `listen =` of [queue]: where SMTP is spoken on loopback. */
#ifndef CONFIG_LISTEN_H
#define CONFIG_LISTEN_H

#include "base/inet.h"

#define LISTEN_MAX 8

struct listen {
	struct endpoint at[LISTEN_MAX];
	size_t n;
};

/*
 * Read "127.0.0.1:25 [::1]:25"; without a port 25 is meant.  What is wanted
 * instead, or NULL.
 */
const char *listen_parse(const char *value, struct listen *out);

#endif
