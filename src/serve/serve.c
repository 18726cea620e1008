/* SPDX-License-Identifier: ISC */
/* serve.c - see serve.h */
#include "serve/serve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/mem.h"
#include "net/limit.h"
#include "net/sockaddr.h"
#include "net/tcp_peer.h"
#include "serve/peer.h"

#define PEERS_USUAL 1000
#define PATIENCE    SECONDS(300) /* RFC 5321 4.5.3.2.7 */
#define REST	    (SECONDS(1) / 5) /* before the next try to accept */
#define SWEEP	    (SECONDS(1) / 2) /* between looks at all deadlines */
#define TAKEN	    64	/* descriptors looked at in one turn */
#define SPARE	    64	/* descriptors that are not for peers */

/* A peer, and what epoll was told of it. */
struct seat {
	struct peer *peer;	/* NULL: it has gone */
	short events;
	bool busy;		/* in the list of those to be stepped */
	bool ready;		/* its descriptor is */
	size_t at;		/* in serve.seat */
};

/* A socket that is listened on; it has no seat. */
struct door {
	int fd;
	bool is_local;		/* of AF_UNIX, and so are its peers */
};

struct serve {
	struct peer_world world;
	int epoll;
	struct door door[SERVE_DOORS];
	size_t ndoors;
	size_t slot;
	struct seat **seat;	/* all that are taken */
	size_t n, max;
	struct seat **busy;	/* those with something to do */
	size_t nbusy;
	unsigned lanes;
	int64_t rest;		/* until then nobody is let in; 0 = open */
	int64_t sweep;		/* when to look at all deadlines */
};

void
serve_configure(struct serve *s, const struct server_config *server)
{
	const struct serve_owner *owner = s->world.config->owner;

	s->world.server = *server;
	s->world.server.asks_mail = owner->mail_check != NULL;
	s->world.server.asks_rcpt = owner->rcpt_check != NULL;
}

struct serve *
serve_new(const struct serve_config *config, struct events *events)
{
	struct serve *s = mem_alloc(sizeof *s);

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0) {
		free(s);
		return NULL;
	}
	s->max = config->max_peers ? config->max_peers : PEERS_USUAL;
	s->seat = mem_resize(NULL, s->max, sizeof *s->seat);
	s->busy = mem_resize(NULL, s->max, sizeof *s->busy);
	s->world.config = config;
	s->world.files = (struct tls_config){ .cert = config->cert,
		.key = config->key };
	serve_configure(s, &config->server);
	s->world.events = events;
	s->world.patience = config->patience ? config->patience : PATIENCE;
	s->world.block = mem_alloc(PEER_BLOCK);
	/* a socket and a draft each; what the system gives must do */
	limit_descriptors(2 * s->max + SPARE);
	return s;
}

static void
shut_doors(struct serve *s)
{
	while (s->ndoors > 0)
		close(s->door[--s->ndoors].fd); /* epoll forgets it */
}

void
serve_free(struct serve *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		peer_free(s->seat[i]->peer);
		free(s->seat[i]);
	}
	shut_doors(s);
	close(s->epoll);
	if (s->world.tls)
		s->world.net->tls->context_free(s->world.tls);
	free(s->world.block);
	free(s->seat);
	free(s->busy);
	free(s);
}

bool
serve_check_tls(struct serve *s, struct outcome *why)
{
	return peer_tls(&s->world, why) != NULL;
}

bool
serve_listen_on(struct serve *s, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct local_peer us;

	if (s->ndoors == SERVE_DOORS) {
		close(fd);
		errno = EMFILE;
		return false;
	}
	s->door[s->ndoors++] = (struct door){ fd, local_peer(fd, &us) };
	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

bool
serve_listen(struct serve *s, struct endpoint *at)
{
	int fd = serve_open(at);

	return fd >= 0 && serve_listen_on(s, fd);
}

static void
add_busy(struct serve *s, struct seat *seat)
{
	if (!seat->busy)
		s->busy[s->nbusy++] = seat;
	seat->busy = true;
}

/* poll(2)'s and epoll's words for these are the same. */
static bool
watch(struct serve *s, struct seat *seat, int how)
{
	short events = peer_events(seat->peer);
	struct epoll_event e = { .events = (uint32_t)events,
		.data.ptr = seat };

	if (how == EPOLL_CTL_MOD && events == seat->events)
		return true;
	seat->events = events;
	return epoll_ctl(s->epoll, how, peer_fd(seat->peer), &e) == 0;
}

static void
note_arrival(struct serve *s, int fd, const struct local_peer *who)
{
	struct endpoint from;
	struct buf name = { 0 };

	if (who && who->pid > 0)
		events_note(s->world.events, s->lanes, "connection from uid %u "
		    "(pid %d)", who->uid, who->pid);
	else if (events_wanted(s->world.events) && sockaddr_peer(fd, &from)) {
		endpoint_put(&name, &from);
		events_note(s->world.events, s->lanes, "connection from %s",
		    buf_str(&name));
	}
	buf_free(&name);
}

/* Somebody who cannot be let in hears why, where he can. */
static void
turn_away(struct serve *s, int fd, const char *reply)
{
	struct buf line = { 0 };

	if (s->n >= s->max)
		events_note(s->world.events, s->lanes,
		    "turned away: %zu connections are enough", s->max);
	else
		events_note(s->world.events, s->lanes, "turned away: %s",
		    reply);
	buf_putf(&line, "%s\r\n", reply);
	if (!s->world.server.implicit_tls &&
	    send(fd, buf_str(&line), line.n, MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
	buf_free(&line);
}

static void
give_seat(struct serve *s, int fd, const struct local_peer *who, int64_t now)
{
	struct seat *seat = mem_alloc(sizeof *seat);
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	seat->peer = peer_new(&s->world, fd, who, s->lanes, now);
	peer_take_seat(seat->peer, seat);
	seat->at = s->n;
	seat->ready = true;	/* to greet */
	s->seat[s->n++] = seat;
	watch(s, seat, EPOLL_CTL_ADD);
	add_busy(s, seat);
}

/* Why not to let it in, or NULL. */
static const char *
refusal(const struct serve *s, const struct local_peer *who)
{
	const struct serve_config *c = s->world.config;

	if (s->n >= s->max)
		return "421 4.3.2 Too many connections, come back later";
	return who && c->owner->admit ? c->owner->admit(c->self, who) : NULL;
}

/* Who it is, where the owner wants to know and that can be known. */
static bool
find_out(const struct serve *s, const struct door *door, int fd,
    struct local_peer *who)
{
	if (door->is_local)
		return local_peer(fd, who);
	if (!s->world.config->owner->admit)
		return false;
	*who = tcp_peer(fd);
	return true;
}

static void
welcome(struct serve *s, const struct door *door, int fd, int64_t now)
{
	struct local_peer him;
	const struct local_peer *who = find_out(s, door, fd, &him) ? &him :
	    NULL;
	const char *no;

	s->lanes++;
	note_arrival(s, fd, who);
	no = refusal(s, who);
	if (no)
		turn_away(s, fd, no);
	else
		give_seat(s, fd, who, now);
}

void
serve_adopt(struct serve *s, int fd, int64_t now)
{
	s->lanes++;
	give_seat(s, fd, NULL, now);
}

/*
 * One that cannot be let in (no descriptor is left) keeps the listener ready:
 * asking at once again would spin.
 */
static void
open_door(struct serve *s, const struct door *door, int64_t now)
{
	int fd;

	for (unsigned i = 0; i < TAKEN; i++) {
		fd = accept4(door->fd, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (limit_is_shortage(errno))
				s->rest = now + REST;
			return;
		}
		welcome(s, door, fd, now);
	}
}

static void
take_arrivals(struct serve *s, int64_t now)
{
	s->rest = 0;
	for (size_t i = 0; i < s->ndoors; i++)
		open_door(s, &s->door[i], now);
}

static void
leave_seat(struct serve *s, struct seat *seat)
{
	peer_free(seat->peer);
	s->seat[seat->at] = s->seat[--s->n];
	s->seat[seat->at]->at = seat->at;
	free(seat);
}

/* Ask the kernel who is ready. */
static void
look(struct serve *s, int64_t now)
{
	struct epoll_event e[TAKEN];
	int n = epoll_wait(s->epoll, e, TAKEN, 0);
	bool knocks = false;

	for (int i = 0; i < n; i++) {
		struct seat *seat = e[i].data.ptr;

		if (!seat) {
			knocks = true;
			continue;
		}
		seat->ready = true;
		add_busy(s, seat);
	}
	if (knocks)
		take_arrivals(s, now);
}

/* Those whose time is over have something to do as well. */
static void
sweep(struct serve *s, int64_t now)
{
	if (now < s->sweep)
		return;
	s->sweep = now + SWEEP;
	for (size_t i = 0; i < s->n; i++)
		if (now >= peer_deadline(s->seat[i]->peer))
			add_busy(s, s->seat[i]);
}

/* Step one; is it to be stepped again in the next turn? */
static bool
step_seat(struct serve *s, struct seat *seat, int64_t now)
{
	enum peer_step step = peer_step(seat->peer, seat->ready, now);

	if (step == PEER_OVER) {
		leave_seat(s, seat);
		return false;
	}
	seat->ready = step == PEER_MORE;
	seat->busy = step == PEER_MORE;
	watch(s, seat, EPOLL_CTL_MOD);
	return seat->busy;
}

/* Those whose owner has answered. */
static void
call_answered(struct serve *s)
{
	struct peer *p;

	while ((p = list_take(&s->world.answered)) != NULL) {
		struct seat *seat = peer_seat(p);

		seat->ready = true;
		add_busy(s, seat);
	}
}

void
serve_step(struct serve *s, const struct wait *w, int64_t now)
{
	size_t n, left = 0;

	if (wait_ready(w, s->slot) || (s->rest != 0 && now >= s->rest))
		look(s, now);
	sweep(s, now);
	call_answered(s);
	n = s->nbusy;
	for (size_t i = 0; i < n; i++)
		if (step_seat(s, s->busy[i], now))
			s->busy[left++] = s->busy[i];
	s->nbusy = left;
}

/* While there is no descriptor for arrivals, epoll is not to tell of them. */
static void
mind_doors(struct serve *s, int64_t now)
{
	struct epoll_event e = { .events = s->rest > now ? 0 : EPOLLIN };

	for (size_t i = 0; s->rest != 0 && i < s->ndoors; i++)
		epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->door[i].fd, &e);
}

void
serve_wait(struct serve *s, struct wait *w, int64_t now)
{
	mind_doors(s, now);
	s->slot = wait_add(w, s->epoll, POLLIN);
	if (s->nbusy > 0 || s->world.answered.n > 0)
		wait_until(w, 0);
	if (s->n > 0)
		wait_until(w, s->sweep);
	if (s->rest > now)
		wait_until(w, s->rest);
}

size_t
serve_peers(const struct serve *s)
{
	return s->n;
}

void
serve_close(struct serve *s, const char *reply, int64_t now)
{
	shut_doors(s);
	s->world.farewell = reply;
	for (size_t i = 0; reply && i < s->n; i++) {
		peer_dismiss(s->seat[i]->peer, reply, now);
		s->seat[i]->ready = true;
		add_busy(s, s->seat[i]);
	}
}
