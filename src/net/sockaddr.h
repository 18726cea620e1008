/* SPDX-License-Identifier: ISC */
/* sockaddr.h - between our plain endpoints and what the kernel wants. */
#ifndef NET_SOCKADDR_H
#define NET_SOCKADDR_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/inet.h"

/* Octets of the path of a socket. */
#define SOCKADDR_PATH_MAX (sizeof ((struct sockaddr_un *)0)->sun_path - 1)

/* Fill *out; returns its length, 0 for an endpoint without an address. */
socklen_t sockaddr_put(struct sockaddr_storage *out,
    const struct endpoint *e);

/*
 * The same for the path of a socket of this machine; 0 for one that is too
 * long, or empty.
 */
socklen_t sockaddr_put_path(struct sockaddr_storage *out, const char *path);

/* The reverse of the first; false (and an empty *out) for other families. */
bool sockaddr_get(const struct sockaddr_storage *in, struct endpoint *out);

/* Our own end of a socket, and the peer's; false when it has none. */
bool sockaddr_local(int fd, struct endpoint *out);
bool sockaddr_peer(int fd, struct endpoint *out);

#endif
