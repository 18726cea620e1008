/* SPDX-License-Identifier: ISC */
/*
 * peer_impl.h - the inside of a peer, shared by its files: peer.c moves octets
 * and keeps time, peer_mail.c is between the engine and the owner of the mail.
 */
#ifndef SERVE_PEER_IMPL_H
#define SERVE_PEER_IMPL_H

#include "net/stream.h"
#include "serve/peer.h"

struct peer {
	struct peer_world *world;
	struct stream stream;
	struct server *server;
	void *draft;		/* the owner's, or NULL */
	/*
	 * LEAVING: all is said; what the client still sends is read and thrown
	 * away, for closing on unread octets would take our last reply with it.
	 */
	enum { PEER_TALKS, PEER_SHAKES, PEER_LEAVES } state;
	unsigned lane;
	int64_t deadline;
	unsigned progress;	/* when it was set: server_progress(), ... */
	uint64_t size;		/* ... and octets of the message */
	bool is_local;
	struct local_peer who;	/* if so */
	struct serve_owed *owed; /* an answer that it waits for, or NULL */
	bool stirred;		/* it was heard of meanwhile */
	bool answered;		/* the answer has come; */
	struct list_node turn;	/* ... in world.answered */
	void *seat;
};

/* Do what the engine asks for after input, until it wants more. */
void peer_serve(struct peer *p);

/* The message under way, if there is one, will not come to be. */
void peer_discard(struct peer *p);

/* It is over: so is its message, unless that is whole. */
void peer_leave(struct peer *p);

/* "TLSv1.3", or NULL. */
const char *peer_tls_in_use(const struct peer *p);

#endif
