/* SPDX-License-Identifier: ISC */
/*
 * tcp_peer.h - which user of this machine is at the other end of a connection
 * over loopback: the kernel tells it in /proc/net/tcp and tcp6.
 *
 * A row is believed while its socket has an inode: one that its process has
 * closed already has uid 0 there, whoever it was.
 */
#ifndef NET_TCP_PEER_H
#define NET_TCP_PEER_H

#include <stdint.h>

#include "base/inet.h"
#include "net/local.h"

/* A row of these files.  IPv4-mapped addresses are plain IPv4 ones here. */
struct tcp_row {
	struct endpoint local, remote;
	unsigned uid;
	uint64_t inode;		/* 0 = no process has it */
};

/* One line, without its end; false when it is no row. */
bool tcp_row_parse(struct slice line, struct tcp_row *out);

/*
 * Who has the other end of this connected socket.  Who that is cannot be told:
 * LOCAL_NOBODY, is_unknown.  pid and gid are not known.
 */
struct local_peer tcp_peer(int fd);

#endif
