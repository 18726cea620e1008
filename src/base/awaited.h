/* SPDX-License-Identifier: ISC */
/* awaited.h - what a run waits for, and since when, to tell who looks at it. */
#ifndef BASE_AWAITED_H
#define BASE_AWAITED_H

#include <stdint.h>

#include "base/outcome.h"

struct awaited {
	enum stage stage;	/* DNS, CONNECT, TLS, AUTH, GREETING ...; NONE:
				   nothing is awaited */
	const char *what;	/* of a connection: "the reply to RCPT" */
	const char *host;	/* whom we wait for; of DNS the domain */
	uint16_t port;
	int64_t since;		/* on the loop's clock; 0 = since it began */
};

#endif
