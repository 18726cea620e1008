/* SPDX-License-Identifier: ISC */
/*
 * exchange.h - one DNS question put to one server, until its answer is there.
 *
 * A connected UDP socket with a port of the kernel's random choice (on loopback
 * perhaps one that was used before: sockets.h) and a random id; the kernel
 * drops what comes from elsewhere, we drop what answers another question.  The
 * third mismatch is taken for an attack, and truncation for what it says: both
 * repeat the question over TCP (FAULTS rows 7 and 8).
 */
#ifndef NET_EXCHANGE_H
#define NET_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/inet.h"
#include "dns/codec.h"
#include "net/sockets.h"
#include "net/wait.h"

enum exchange_state {
	EXCHANGE_BUSY,
	EXCHANGE_ANSWERED,	/* exchange_packet() matches and is whole */
	EXCHANGE_FAILED,	/* why says the reason */
	EXCHANGE_STARVED,	/* the same, and the reason is this host: no
				   descriptor or memory is free; the server
				   was not asked */
};

enum transport { BY_NOTHING, BY_UDP, BY_TCP };

/* Zero-initialise; sockets is the owner's, or NULL. */
struct exchange {
	struct sockets *sockets; /* for reuse */
	enum transport by;
	int fd;
	size_t slot;
	struct endpoint server;
	const struct dns_codec *codec;
	const char *name;	/* the caller's */
	enum dns_type type;
	uint16_t id;
	bool edns;		/* the question has an OPT record */
	bool raw;		/* ... and is one for the packet itself */
	unsigned mismatches;
	bool is_clean;		/* nothing more can come on the socket */
	struct buf out;		/* TCP: what is still to be sent */
	struct buf in;
	char why[128];		/* "Connection refused", ... */
};

/*
 * Send the question, with an OPT record (EDNS) or without; its name outlives
 * the exchange.
 */
enum exchange_state exchange_start(struct exchange *x,
    const struct dns_codec *codec, const struct endpoint *server,
    const struct dns_question *question, bool edns);

void exchange_wait(struct exchange *x, struct wait *w);
enum exchange_state exchange_step(struct exchange *x, const struct wait *w);

/* The answer; valid until the exchange is stopped. */
struct slice exchange_packet(const struct exchange *x);

/* Close and release; a zeroed or stopped one may be stopped. */
void exchange_stop(struct exchange *x);

#endif
