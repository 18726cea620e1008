/* SPDX-License-Identifier: ISC */
/* sink_peer.c - see sink_peer.h */
#include "serve/sink_peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/stream.h"

#define IDLE	SECONDS(300) /* RFC 5321 4.5.3.2.7 */
#define LINGER	SECONDS(2)
#define TURNS	16	 /* blocks for one connection before the others */

struct sink_peer {
	struct sink_world *world;
	struct stream stream;
	struct server *server;
	struct draft draft;
	/*
	 * LEAVING: all is said; what the client still sends is read and thrown
	 * away, for closing on unread octets would take our last reply with it.
	 */
	enum { PEER_TALKS, PEER_SHAKES, PEER_LEAVES } state;
	unsigned lane;
	size_t slot;
	bool more;		/* could go on at once: step it, don't wait */
	int64_t deadline;
};

enum step { STEP_ON, STEP_WAIT, STEP_OVER };

struct sink_peer *
sink_peer_new(struct sink_world *world, int fd, unsigned lane, int64_t now)
{
	struct sink_peer *p = mem_alloc(sizeof *p);

	p->world = world;
	p->lane = lane;
	p->more = true;
	p->deadline = now + IDLE;
	p->draft = DRAFT_NONE;
	stream_open(&p->stream, fd);
	p->server = server_new(world->server, &world->events, lane);
	return p;
}

void
sink_peer_free(struct sink_peer *p)
{
	draft_discard(&p->draft);
	stream_close(&p->stream);
	server_free(p->server);
	free(p);
}

static const char *
tls_in_use(const struct sink_peer *p)
{
	return p->stream.state ? p->world->net->tls->version(&p->stream)
			       : NULL;
}

static bool
has_draft(const struct sink_peer *p)
{
	return p->draft.fd >= 0 || p->draft.error != 0;
}

static void
take_data(struct sink_peer *p)
{
	struct slice data = server_data(p->server);

	if (data.n == 0)
		return;
	if (!has_draft(p))
		draft_open(&p->draft, &p->world->store,
		    server_message(p->server));
	draft_write(&p->draft, data);
	server_data_taken(p->server, data.n);
}

static void
keep(struct sink_peer *p)
{
	struct sink_world *w = p->world;
	const struct server_message *m = server_message(p->server);

	if (!has_draft(p))	/* an empty message is one as well */
		draft_open(&p->draft, &w->store, m);
	if (w->count && w->store.kept >= w->count) {
		draft_discard(&p->draft);
		server_done(p->server, false, "421 4.3.2 That was enough");
	} else if (draft_keep(&p->draft, &w->store, m, tls_in_use(p))) {
		events_note(&w->events, p->lane, "message %s, %llu octets",
		    p->draft.id, (unsigned long long)m->size);
		server_done(p->server, true, p->draft.id);
	} else {
		server_done(p->server, false, draft_refusal(&p->draft));
	}
	p->draft = DRAFT_NONE;
}

/* Do what the engine asks for after input. */
static void
serve(struct sink_peer *p)
{
	for (;;) {
		take_data(p);
		if (server_need(p->server) == SERVER_MESSAGE) {
			keep(p);
		} else if (server_need(p->server) == SERVER_DISCARD) {
			draft_discard(&p->draft);
			p->draft = DRAFT_NONE;
			server_discarded(p->server);
		} else {
			return;
		}
	}
}

static enum step
write_output(struct sink_peer *p)
{
	struct slice out;
	enum io io = IO_OK;
	size_t n;

	while (io == IO_OK && (out = server_output(p->server)).n > 0) {
		io = stream_write(&p->stream, out, &n);
		server_sent(p->server, n);
	}
	if (io == IO_OK)
		io = stream_flush(&p->stream);
	return io == IO_OK ? STEP_ON : io == IO_AGAIN ? STEP_WAIT : STEP_OVER;
}

static enum step
read_input(struct sink_peer *p, int64_t now)
{
	char *block = p->world->block;
	size_t n;
	enum io io = stream_read(&p->stream, block, SINK_BLOCK, &n);

	if (io == IO_AGAIN)
		return STEP_WAIT;
	if (io != IO_OK)
		return STEP_OVER;
	p->deadline = now + IDLE;
	server_input(p->server, (struct slice){ block, n });
	serve(p);
	return STEP_ON;
}

static enum step
fail_tls(struct sink_peer *p, const struct outcome *why)
{
	events_note(&p->world->events, p->lane, "TLS failed: %s", why->text);
	return STEP_OVER;
}

static enum step
begin_tls(struct sink_peer *p)
{
	struct sink_world *w = p->world;
	struct outcome why;

	if (!w->net)
		w->net = net_module_open(&why);
	if (w->net && !w->tls)
		w->tls = w->net->tls->server(w->server->name, &why);
	if (!w->tls || !w->net->tls->accept(&p->stream, w->tls, &why))
		return fail_tls(p, &why);
	p->state = PEER_SHAKES;
	return STEP_ON;
}

/*
 * After its Finished many a client waits for our TCP's acknowledgement before
 * its EHLO may leave (Nagle): 40 ms, if it is not sent at once.
 */
static void
acknowledge(struct sink_peer *p)
{
	int one = 1;

	setsockopt(p->stream.fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

static enum step
shake_hands(struct sink_peer *p)
{
	struct outcome why;

	switch (p->world->net->tls->step(&p->stream, &why)) {
	case TLS_BUSY:
		return STEP_WAIT;
	case TLS_DONE:
		break;
	case TLS_FAILED:
		return fail_tls(p, &why);
	}
	events_note(&p->world->events, p->lane, "%s", tls_in_use(p));
	acknowledge(p);
	p->state = PEER_TALKS;
	server_secured(p->server);
	return STEP_ON;
}

/* All is said. */
static enum step
begin_leaving(struct sink_peer *p, int64_t now)
{
	draft_discard(&p->draft);
	p->stream.ops->shutdown(&p->stream);
	shutdown(p->stream.fd, SHUT_WR);
	p->stream.readable = false;
	p->state = PEER_LEAVES;
	p->deadline = now + LINGER;
	return STEP_ON;
}

static enum step
talk(struct sink_peer *p, int64_t now)
{
	enum step step = write_output(p);

	if (step != STEP_ON)
		return step;
	switch (server_need(p->server)) {
	case SERVER_TLS:
		return begin_tls(p);
	case SERVER_CLOSE:
		return begin_leaving(p, now);
	case SERVER_STALL:
		step = read_input(p, now);
		p->deadline = WAIT_NEVER;
		return step;
	case SERVER_IO:
	case SERVER_MESSAGE:
	case SERVER_DISCARD:
		break;
	}
	return read_input(p, now);
}

static enum step
leave(struct sink_peer *p)
{
	size_t n;
	enum io io = stream_recv(&p->stream, p->world->block, SINK_BLOCK, &n);

	return io == IO_OK ? STEP_ON : io == IO_AGAIN ? STEP_WAIT : STEP_OVER;
}

static enum step
advance(struct sink_peer *p, int64_t now)
{
	switch (p->state) {
	case PEER_TALKS:
		return talk(p, now);
	case PEER_SHAKES:
		return shake_hands(p);
	case PEER_LEAVES:
		return leave(p);
	}
	return STEP_OVER;
}

void
sink_peer_wait(struct sink_peer *p, struct wait *w)
{
	p->slot = wait_add(w, p->stream.fd, p->stream.events);
	wait_until(w, p->more || p->stream.readable ? 0 : p->deadline);
}

/* Silent for too long: say so once, and give it a moment to be heard. */
static bool
expire(struct sink_peer *p, int64_t now)
{
	if (p->state != PEER_TALKS || server_need(p->server) != SERVER_IO ||
	    server_output(p->server).n > 0)
		return false;
	server_expire(p->server);
	p->deadline = now + LINGER;
	p->more = true;
	return true;
}

bool
sink_peer_step(struct sink_peer *p, const struct wait *w, int64_t now)
{
	enum step step = STEP_ON;

	if (now >= p->deadline && !expire(p, now))
		return false;
	if (!p->more && !p->stream.readable && !wait_ready(w, p->slot))
		return true;
	for (unsigned i = 0; i < TURNS && step == STEP_ON; i++)
		step = advance(p, now);
	p->more = step == STEP_ON;
	return step != STEP_OVER;
}
