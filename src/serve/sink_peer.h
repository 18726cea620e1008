/* SPDX-License-Identifier: ISC */
/*
 * sink_peer.h - one connection of the sink: a stream, the server engine on it,
 * and the draft of the message that is coming in.
 */
#ifndef SERVE_SINK_PEER_H
#define SERVE_SINK_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"
#include "net/module.h"
#include "net/wait.h"
#include "serve/sink_store.h"
#include "smtp/server.h"

#define SINK_BLOCK 131072 /* octets read at once */

/* What all connections share; outlives them. */
struct sink_world {
	const struct server_config *server;
	unsigned count;		/* no more messages than this; 0 = any number */
	struct sink_store store;
	struct events events;
	const struct net_module *net; /* opened when first needed */
	struct tls_context *tls;
	char *block;		/* SINK_BLOCK octets */
};

struct sink_peer;

/* Takes over a connected, non-blocking fd. */
struct sink_peer *sink_peer_new(struct sink_world *world, int fd,
    unsigned lane, int64_t now);
void sink_peer_free(struct sink_peer *p);

void sink_peer_wait(struct sink_peer *p, struct wait *w);

/* False when the connection is over: free it. */
bool sink_peer_step(struct sink_peer *p, const struct wait *w, int64_t now);

#endif
