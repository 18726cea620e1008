/* SPDX-License-Identifier: ISC */
/*
 * sockets.h - UDP sockets whose question is answered, for the next question to
 * the same server, as long as questions wait.
 *
 * Only to a server on loopback: there no stranger can answer in its place, so
 * a question needs no port of its own, and a run over many domains spends a
 * third less on each.  To others every question has a new port (RFC 5452).
 */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include "base/inet.h"

#define SOCKETS_MAX 64

/* Zero-initialise. */
struct sockets {
	struct {
		int fd;
		struct endpoint server;
	} v[SOCKETS_MAX];
	size_t n;
};

/* A connected socket, now the caller's; -1 when there is none. */
int sockets_take(struct sockets *s, const struct endpoint *server);

/* Keep it, or close it. */
void sockets_give(struct sockets *s, const struct endpoint *server, int fd);

/* Close them all. */
void sockets_close(struct sockets *s);

#endif
