/* SPDX-License-Identifier: ISC */
/* sockaddr.c - see sockaddr.h */
#include "net/sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

socklen_t
sockaddr_put(struct sockaddr_storage *out, const struct endpoint *e)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;

	memset(out, 0, sizeof *out);
	if (e->ip.version == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(e->port);
		memcpy(&v4->sin_addr, e->ip.b, sizeof v4->sin_addr);
		return sizeof *v4;
	}
	if (e->ip.version != 6)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(e->port);
	v6->sin6_scope_id = e->ip.scope;
	memcpy(&v6->sin6_addr, e->ip.b, sizeof v6->sin6_addr);
	return sizeof *v6;
}

socklen_t
sockaddr_put_path(struct sockaddr_storage *out, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)out;
	size_t n = strlen(path);

	memset(out, 0, sizeof *out);
	if (n == 0 || n > SOCKADDR_PATH_MAX)
		return 0;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
}

bool
sockaddr_get(const struct sockaddr_storage *in, struct endpoint *out)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)in;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)in;

	*out = (struct endpoint){ 0 };
	if (in->ss_family == AF_INET) {
		out->ip.version = 4;
		out->port = ntohs(v4->sin_port);
		memcpy(out->ip.b, &v4->sin_addr, sizeof v4->sin_addr);
	} else if (in->ss_family == AF_INET6) {
		out->ip.version = 6;
		out->ip.scope = v6->sin6_scope_id;
		out->port = ntohs(v6->sin6_port);
		memcpy(out->ip.b, &v6->sin6_addr, sizeof v6->sin6_addr);
	}
	return out->ip.version != 0;
}

bool
sockaddr_local(int fd, struct endpoint *out)
{
	struct sockaddr_storage at = { 0 };
	socklen_t n = sizeof at;

	return getsockname(fd, (struct sockaddr *)&at, &n) == 0 &&
	    sockaddr_get(&at, out);
}

bool
sockaddr_peer(int fd, struct endpoint *out)
{
	struct sockaddr_storage at = { 0 };
	socklen_t n = sizeof at;

	return getpeername(fd, (struct sockaddr *)&at, &n) == 0 &&
	    sockaddr_get(&at, out);
}
