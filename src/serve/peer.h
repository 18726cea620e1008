/* SPDX-License-Identifier: ISC */
/*
 * peer.h - one connection of a serve: a stream, the server engine on it, and
 * the owner's draft of the message that is coming in.
 */
#ifndef SERVE_PEER_H
#define SERVE_PEER_H

#include "base/list.h"
#include "net/module.h"
#include "serve/serve.h"

#define PEER_BLOCK 131072 /* octets read at once */

/* What all connections share; outlives them. */
struct peer_world {
	const struct serve_config *config;
	struct server_config server; /* the config's, with what follows */
	struct events *events;
	struct tls_config files; /* the config's */
	const struct net_module *net; /* opened when first needed */
	struct tls_context *tls;
	char *block;		/* PEER_BLOCK octets */
	int64_t patience;
	struct list answered;	/* peers that an answer came for */
	const char *farewell;	/* the 421 of serve_close(), or NULL */
};

/* The context for TLS, made when first needed; NULL with *why. */
struct tls_context *peer_tls(struct peer_world *world, struct outcome *why);

/*
 * Takes over a connected, non-blocking fd; who is at the other end, or NULL; of
 * lane number `lane`.  Its seat is where the serve finds it again.
 */
struct peer *peer_new(struct peer_world *world, int fd,
    const struct local_peer *who, unsigned lane, int64_t now);
void peer_free(struct peer *p);
void peer_take_seat(struct peer *p, void *seat);
void *peer_seat(const struct peer *p);

/*
 * What it waits for, POLLIN and POLLOUT on peer_fd(), and until when.  Once it
 * is heard of while its owner owes it an answer, that is nothing.
 */
int peer_fd(const struct peer *p);
short peer_events(const struct peer *p);
int64_t peer_deadline(const struct peer *p);

enum peer_step {
	PEER_MORE,	/* it could go on at once: step it again */
	PEER_WAITS,
	PEER_OVER	/* free it */
};

/* Go on; ready: there is something to read or write. */
enum peer_step peer_step(struct peer *p, bool ready, int64_t now);

/*
 * Say this 421 and leave, unless an answer is owed or a handshake under way; a
 * text that is not whole will not come to be.
 */
void peer_dismiss(struct peer *p, const char *reply, int64_t now);

#endif
