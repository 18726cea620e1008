/* SPDX-License-Identifier: ISC */
/*
 * drill.h - how a client is to misbehave on purpose, for who watches what the
 * server does then: leave without QUIT, hold up a step.
 */
#ifndef BASE_DRILL_H
#define BASE_DRILL_H

#include <stdint.h>

#include "base/outcome.h"

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
};

#endif
