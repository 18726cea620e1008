/* SPDX-License-Identifier: ISC */
/* packet.h - a packet of AF_UNIX, with a descriptor or without. */
#ifndef LOCAL_PACKET_H
#define LOCAL_PACKET_H

#include <stdbool.h>

#include "base/slice.h"

/* fd -1: none.  False with errno. */
bool packet_send(int socket, struct slice s, int fd);

/*
 * The next one, into LOCAL_PACKET octets.  fd NULL: no descriptor is wanted,
 * and one that comes is closed; otherwise there must be one, the caller's then.
 * False with errno, 0 when the other end has closed; EBADMSG for what is too
 * long, or has no descriptor.
 */
bool packet_take(int socket, char *octets, struct slice *in, int *fd);

#endif
