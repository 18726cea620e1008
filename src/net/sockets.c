/* SPDX-License-Identifier: ISC */
/* sockets.c - see sockets.h */
#include "net/sockets.h"

#include <unistd.h>

static bool
is_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && ip_eq(&a->ip, &b->ip);
}

int
sockets_take(struct sockets *s, const struct endpoint *server)
{
	for (size_t i = s->n; i-- > 0;)
		if (is_same(&s->v[i].server, server)) {
			int fd = s->v[i].fd;

			s->v[i] = s->v[--s->n];
			return fd;
		}
	return -1;
}

void
sockets_give(struct sockets *s, const struct endpoint *server, int fd)
{
	if (s->n == SOCKETS_MAX || !ip_is_loopback(&server->ip)) {
		close(fd);
		return;
	}
	s->v[s->n].fd = fd;
	s->v[s->n++].server = *server;
}

void
sockets_close(struct sockets *s)
{
	while (s->n > 0)
		close(s->v[--s->n].fd);
}
