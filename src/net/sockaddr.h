/* SPDX-License-Identifier: ISC */
/* sockaddr.h - between our plain endpoints and what the kernel wants. */
#ifndef NET_SOCKADDR_H
#define NET_SOCKADDR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/inet.h"

/* Fill *out; returns its length, 0 for an endpoint without an address. */
socklen_t sockaddr_put(struct sockaddr_storage *out,
    const struct endpoint *e);

/* The reverse; false (and an empty *out) for other families. */
bool sockaddr_get(const struct sockaddr_storage *in, struct endpoint *out);

/* Our own end of a socket, and the peer's; false when it has none. */
bool sockaddr_local(int fd, struct endpoint *out);
bool sockaddr_peer(int fd, struct endpoint *out);

#endif
