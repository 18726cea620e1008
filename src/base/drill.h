/* SPDX-License-Identifier: ISC */
/*
 * drill.h - how a client is to misbehave on purpose, for who watches what the
 * server does then: leave without QUIT, hold up a step, speak for another.
 */
#ifndef BASE_DRILL_H
#define BASE_DRILL_H

#include <stdint.h>

#include "base/outcome.h"
#include "base/proxyline.h"

#define XCLIENT_MAX 480 /* octets of its attributes: a command line has 512 */

/* How a connection is left when the last step was agreed to. */
enum leave {
	LEAVE_QUIT,	/* QUIT, as it should be */
	LEAVE_DROP,	/* closed without a word, also of TLS */
	LEAVE_RESET,	/* ... and what is on the way is lost: TCP RST */
};

/* Zero: nothing of it. */
struct drill {
	enum leave leave;
	/* Microseconds to wait, once a connection, before what this stage
	 * waits for is said: EHLO, STARTTLS, MAIL, RCPT, DATA, END (the dot) */
	int64_t stall[NSTAGES];
	struct proxyline proxy;	/* before all else */
	char xclient[XCLIENT_MAX + 1]; /* "ADDR=192.0.2.1 ...", xtext; or "" */
	unsigned xclient_bits;	/* ... the attributes (base/xclient.h) */
};

#endif
