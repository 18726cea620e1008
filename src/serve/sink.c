/* SPDX-License-Identifier: ISC */
/* sink.c - see sink.h */
#include "serve/sink.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "net/clock.h"
#include "net/sockaddr.h"
#include "net/stop.h"
#include "report/transcript.h"
#include "serve/sink_peer.h"

#define PEERS_MAX 256
#define BACKLOG	  128
#define FAREWELL  SECONDS(2) /* for the peers, once the count is reached */
#define REST	  (SECONDS(1) / 5) /* before the next try to accept */

struct sink {
	const struct sink_config *config;
	struct sink_world world;
	struct transcript transcript;
	struct wait wait;
	struct stop stop;
	int listener;
	size_t listener_slot;
	struct sink_peer *peer[PEERS_MAX];
	size_t npeers;
	unsigned lanes;
	int64_t end;		/* when to stop all the same */
	int64_t rest;		/* until then nobody is let in; 0 = open */
};

static void
complain(const char *what, const char *name)
{
	int error = errno;
	struct buf shown = { 0 };

	text_escape(&shown, slice_of(name));
	fprintf(stderr, "smtpsend: %s %s: %s\n", what, buf_str(&shown),
	    strerror(error));
	buf_free(&shown);
}

static int
open_listener(const struct endpoint *at)
{
	struct sockaddr_storage addr;
	socklen_t n = sockaddr_put(&addr, at);
	int one = 1;
	int fd = socket(addr.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&addr, n) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The one line that tests read the port from. */
static bool
begin_listening(struct sink *s)
{
	struct endpoint at = s->config->at;
	struct buf name = { 0 };
	bool good;

	s->listener = open_listener(&at);
	good = s->listener >= 0 && sockaddr_local(s->listener, &at);
	endpoint_put(&name, &at);
	if (!good)
		complain("cannot listen on", buf_str(&name));
	else
		fprintf(stderr, "listening on %s\n", buf_str(&name));
	if (good && !ip_is_loopback(&at.ip))
		fprintf(stderr, "smtpsend: warning: %s can be reached by "
		    "other machines, and takes mail from all of them\n",
		    buf_str(&name));
	fflush(stderr);
	buf_free(&name);
	return good;
}

static bool
catch_signals(struct sink *s)
{
	if (stop_catch(&s->stop, false))
		return true;
	complain("cannot wait for", "signals");
	return false;
}

static void
note_arrival(struct sink *s, int fd)
{
	struct endpoint from;
	struct buf name = { 0 };

	if (events_wanted(&s->world.events) && sockaddr_peer(fd, &from)) {
		endpoint_put(&name, &from);
		events_note(&s->world.events, s->lanes, "connection from %s",
		    buf_str(&name));
	}
	buf_free(&name);
}

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

/*
 * One that cannot be let in (no descriptor is left) keeps the listener ready:
 * asking at once again would spin.
 */
static void
take_arrivals(struct sink *s, int64_t now)
{
	int one = 1, fd = -1;

	while (s->npeers < PEERS_MAX &&
	    (fd = accept4(s->listener, NULL, NULL,
		 SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		s->lanes++;
		note_arrival(s, fd);
		s->peer[s->npeers++] =
		    sink_peer_new(&s->world, fd, s->lanes, now);
	}
	s->rest = fd < 0 && is_shortage(errno) ? now + REST : 0;
}

static void
step_peers(struct sink *s, int64_t now)
{
	size_t left = 0;

	for (size_t i = 0; i < s->npeers; i++) {
		if (sink_peer_step(s->peer[i], &s->wait, now))
			s->peer[left++] = s->peer[i];
		else
			sink_peer_free(s->peer[i]);
	}
	s->npeers = left;
}

static void
print_events(struct sink *s)
{
	struct event e;

	while (events_take(&s->world.events, &e))
		transcript_event(&s->transcript, &e);
}

static bool
has_enough(const struct sink *s)
{
	return s->config->count && s->world.store.kept >= s->config->count;
}

/* Once there are enough messages, the peers may still say good-bye. */
static bool
is_over(struct sink *s, int64_t now)
{
	if (!has_enough(s))
		return false;
	if (s->end == WAIT_NEVER)
		s->end = now + FAREWELL;
	return s->npeers == 0 || now >= s->end;
}

static void
ask_listener(struct sink *s, int64_t now)
{
	s->listener_slot = SIZE_MAX;
	if (s->npeers == PEERS_MAX || has_enough(s))
		return;
	if (s->rest > now)
		wait_until(&s->wait, s->rest);
	else
		s->listener_slot = wait_add(&s->wait, s->listener, POLLIN);
}

static void
ask(struct sink *s, int64_t now)
{
	wait_clear(&s->wait);
	stop_wait(&s->stop, &s->wait);
	ask_listener(s, now);
	for (size_t i = 0; i < s->npeers; i++)
		sink_peer_wait(s->peer[i], &s->wait);
	wait_until(&s->wait, s->end);
}

static void
serve(struct sink *s)
{
	int64_t now = clock_now();

	while (!is_over(s, now)) {
		ask(s, now);
		wait_poll(&s->wait, now);
		now = s->world.events.now = clock_now();
		if (wait_ready(&s->wait, s->stop.slot) && stop_taken(&s->stop))
			return;
		if (wait_ready(&s->wait, s->listener_slot))
			take_arrivals(s, now);
		step_peers(s, now);
		print_events(s);
	}
}

static void
init(struct sink *s, const struct sink_config *c)
{
	s->config = c;
	s->listener = -1;
	s->stop = STOP_NONE;
	s->end = WAIT_NEVER;
	s->world.server = &c->server;
	s->world.count = c->count;
	s->world.block = mem_alloc(SINK_BLOCK);
	s->world.store = (struct sink_store){ .dir = c->dir, .mbox = c->mbox,
		.to = stdout, .terminal = isatty(STDOUT_FILENO) == 1 };
	s->world.events.wanted = c->verbose;
	s->transcript = (struct transcript){ .to = stderr,
		.start = clock_now() };
}

static void
clean_up(struct sink *s)
{
	for (size_t i = 0; i < s->npeers; i++)
		sink_peer_free(s->peer[i]);
	if (s->listener >= 0)
		close(s->listener);
	stop_free(&s->stop);
	wait_free(&s->wait);
	events_free(&s->world.events);
	if (s->world.tls)
		s->world.net->tls->context_free(s->world.tls);
	free(s->world.block);
}

int
sink_run(const struct sink_config *c)
{
	struct sink s = { 0 };
	int status = EX_OK;

	init(&s, c);
	if (!sink_store_check(&s.world.store)) {
		complain("cannot keep messages in", c->dir ? c->dir : c->mbox);
		status = EX_CANTCREAT;
	} else if (!catch_signals(&s) || !begin_listening(&s)) {
		status = EX_OSERR;
	} else {
		serve(&s);
	}
	clean_up(&s);
	return status;
}
