/* SPDX-License-Identifier: ISC */
/*
 * local.h - sockets of AF_UNIX: who listens there, who is at the other end.
 */
#ifndef NET_LOCAL_H
#define NET_LOCAL_H

#include <stdbool.h>

#include "base/outcome.h"

#define LOCAL_NOBODY 65534 /* the uid of somebody who is not known */

/* Who connected, or listens, as the kernel says (SO_PEERCRED). */
struct local_peer {
	unsigned uid, gid;
	int pid;		/* 0 = not known */
	bool is_unknown;	/* so is the user: of a TCP connection */
};

/*
 * Listen at this path, with these permissions: the socket is there in one step,
 * in place of one that nobody listens at any more.  A descriptor, not blocking;
 * -1 with *why (STAGE_SYSTEM): somebody listens there, no such folder, ...
 */
int local_listen(const char *path, unsigned mode, struct outcome *why);

/* The same for one of SOCK_SEQPACKET. */
int local_listen_packets(const char *path, unsigned mode, struct outcome *why);

/*
 * The listening socket that whoever started this process has opened for it
 * (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS): the one that is at this path, or
 * else has this name in LISTEN_FDNAMES.  -1 when there is none.
 */
int local_inherited(const char *path, const char *name);

/*
 * All of this name, whatever they listen at: at most max, into fd.  How many
 * there are.
 */
size_t local_inherited_all(const char *name, int *fd, size_t max);

/*
 * Connect, not blocking; -1 with errno.  EAGAIN: more wait to be let in than
 * the listener has room for; ECONNREFUSED, ENOENT: nobody listens.
 */
int local_connect(const char *path);
int local_connect_packets(const char *path);

/* False when it is no socket of AF_UNIX. */
bool local_peer(int fd, struct local_peer *out);

#endif
