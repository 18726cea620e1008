/* SPDX-License-Identifier: ISC */
/* control.c - see control.h */
#include "queue/control.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/limit.h"
#include "net/local.h"
#include "queue/control_peer.h"

#define PEERS	  200
#define UID_PEERS 20
#define PATIENCE  SECONDS(60)
#define REST	  (SECONDS(1) / 5) /* before the next try to accept */
#define ARRIVALS  64		   /* let in during one turn */
#define GROUPS	  1024

static const char too_many[] = "{\"error\":\"too many connections; ask again "
			       "later\",\"status\":75}\n";

struct control {
	struct desk *desk;
	int fd;
	size_t slot;
	unsigned owner;		/* of the spool: who we are */
	bool has_admins;
	gid_t admins;
	struct control_peer **peer;
	size_t n, max, max_uid;
	int64_t patience;
	int64_t rest;		/* until then nobody is let in; 0 */
};

struct control *
control_new(const struct control_config *config, struct outcome *why)
{
	struct desk *desk = desk_new(&config->store, config->runner, why);
	const struct group *admins = getgrnam(CONTROL_ADMINS);
	struct control *c;

	if (!desk) {
		close(config->fd);
		return NULL;
	}
	c = mem_alloc(sizeof *c);
	c->desk = desk;
	desk_log(desk, config->log);
	c->fd = config->fd;
	c->slot = WAIT_NO_SLOT;
	c->owner = geteuid();
	c->has_admins = admins != NULL;
	c->admins = admins ? admins->gr_gid : 0;
	c->max = config->max_peers ? config->max_peers : PEERS;
	c->max_uid = config->max_uid_peers ? config->max_uid_peers : UID_PEERS;
	c->patience = config->patience ? config->patience : PATIENCE;
	c->peer = mem_alloc(size_mul(c->max, sizeof(struct control_peer *)));
	return c;
}

void
control_free(struct control *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		control_peer_free(c->peer[i]);
	close(c->fd);
	desk_free(c->desk);
	free(c->peer);
	free(c);
}

void
control_set_runner(struct control *c, struct runner *runner)
{
	desk_set_runner(c->desk, runner);
}

struct desk *
control_desk(struct control *c)
{
	return c->desk;
}

/* His groups as they were when he connected. */
static bool
is_admin(const struct control *c, int fd, unsigned gid)
{
	gid_t groups[GROUPS];
	socklen_t n = sizeof groups;

	if (!c->has_admins)
		return false;
	if (gid == c->admins)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) != 0)
		return false;
	for (size_t i = 0; i < n / sizeof groups[0]; i++)
		if (groups[i] == c->admins)
			return true;
	return false;
}

static size_t
count_uid(const struct control *c, unsigned uid)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->peer[i]->viewer.uid == uid;
	return n;
}

/* One that has no place hears why, if he listens. */
static void
turn_away(int fd)
{
	if (send(fd, too_many, sizeof too_many - 1, MSG_NOSIGNAL) < 0)
		shutdown(fd, SHUT_RDWR);
	close(fd);
}

/* Root and admins have places where users have taken all of theirs. */
static void
let_in(struct control *c, int fd, int64_t now)
{
	struct local_peer who;
	struct viewer v;

	if (!local_peer(fd, &who)) {
		close(fd);
		return;
	}
	v = viewer_of(who.uid, c->owner, is_admin(c, fd, who.gid));
	if (c->n == c->max || (!v.all && (c->n >= c->max - c->max / 4 ||
	    count_uid(c, who.uid) >= c->max_uid))) {
		turn_away(fd);
		return;
	}
	c->peer[c->n++] = control_peer_new(fd, v, now + c->patience);
}

static void
take_arrivals(struct control *c, int64_t now)
{
	c->rest = 0;
	for (int i = 0; i < ARRIVALS; i++) {
		int fd = accept4(c->fd, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			let_in(c, fd, now);
		else if (limit_is_shortage(errno))
			c->rest = now + REST;
		if (fd < 0)
			return;
	}
}

void
control_wait(struct control *c, struct wait *w, int64_t now)
{
	c->slot = WAIT_NO_SLOT;
	if (c->rest > now)
		wait_until(w, c->rest);
	else
		c->slot = wait_add(w, c->fd, POLLIN);
	desk_wait(c->desk, w, now);
	for (size_t i = 0; i < c->n; i++) {
		struct control_peer *p = c->peer[i];

		p->slot = wait_add(w, p->fd, control_peer_events(p));
		wait_until(w, control_peer_is_busy(p) ? now : p->deadline);
	}
}

void
control_step(struct control *c, const struct wait *w, int64_t now,
    int64_t wall)
{
	struct control_turn turn = { .desk = c->desk, .now = now,
		.wall = wall, .patience = c->patience };
	size_t left = 0;

	desk_step(c->desk, w, now);
	for (size_t i = 0; i < c->n; i++) {
		struct control_peer *p = c->peer[i];

		if (control_peer_step(p, wait_ready(w, p->slot), &turn))
			c->peer[left++] = p;
		else
			control_peer_free(p);
	}
	c->n = left;
	if (wait_ready(w, c->slot) || (c->rest > 0 && now >= c->rest))
		take_arrivals(c, now);
}
