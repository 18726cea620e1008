/* SPDX-License-Identifier: ISC */
/* packet.c - see packet.h */
#include "local/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "local/request.h"

#define FDS 4 /* there is room for; all but one are closed */

union control {
	struct cmsghdr align;
	char octets[CMSG_SPACE(sizeof(int) * FDS)];
};

bool
packet_send(int socket, struct slice s, int fd)
{
	union control c = { .octets = "" };
	struct iovec v = { .iov_len = s.n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct cmsghdr *h;
	ssize_t n;

	memcpy(&v.iov_base, &s.p, sizeof v.iov_base); /* only read */
	if (fd >= 0) {
		m.msg_control = c.octets;
		m.msg_controllen = CMSG_SPACE(sizeof fd);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(h), &fd, sizeof fd);
	}
	do
		n = sendmsg(socket, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)s.n;
}

/* The first descriptor is kept, if one is wanted. */
static void
take_descriptors(struct msghdr *m, int *fd)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int got;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			memcpy(&got, CMSG_DATA(h) + i * sizeof got, sizeof got);
			if (fd && *fd < 0)
				*fd = got;
			else
				close(got);
		}
	}
}

bool
packet_take(int socket, char *octets, struct slice *in, int *fd)
{
	union control c = { .octets = "" };
	struct iovec v = { octets, LOCAL_PACKET };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = c.octets,
		.msg_controllen = sizeof c.octets };
	ssize_t n;

	do
		n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	if (fd)
		*fd = -1;
	take_descriptors(&m, fd);
	*in = (struct slice){ octets, (size_t)n };
	errno = n == 0 ? 0 : EBADMSG;
	if (n > 0 && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) &&
	    (!fd || *fd >= 0))
		return true;
	if (fd && *fd >= 0)
		close(*fd);
	return false;
}
