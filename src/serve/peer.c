/* SPDX-License-Identifier: ISC */
/* peer.c - see peer.h */
#include "serve/peer_impl.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/clock.h"

#define LINGER SECONDS(2)
#define TURNS  16	/* blocks for one connection before the others */
#define STRIDE 16384	/* octets of text that are worth more patience */

enum step { STEP_ON, STEP_WAIT, STEP_OVER };

static void
be_patient(struct peer *p, int64_t now)
{
	p->deadline = now + p->world->patience;
	p->progress = server_progress(p->server);
	p->size = server_message(p->server)->size;
}

/* Whole lines, and text that is worth it; what drips does not count. */
static void
note_progress(struct peer *p, int64_t now)
{
	if (server_progress(p->server) != p->progress ||
	    server_message(p->server)->size >= p->size + STRIDE)
		be_patient(p, now);
}

struct peer *
peer_new(struct peer_world *world, int fd, const struct local_peer *who,
    unsigned lane, int64_t now)
{
	struct peer *p = mem_alloc(sizeof *p);

	p->world = world;
	p->lane = lane;
	p->is_local = who != NULL;
	if (who)
		p->who = *who;
	stream_open(&p->stream, fd);
	p->server = server_new(&world->server, world->events, lane);
	be_patient(p, now);
	return p;
}

void
peer_take_seat(struct peer *p, void *seat)
{
	p->seat = seat;
}

void *
peer_seat(const struct peer *p)
{
	return p->seat;
}

void
peer_free(struct peer *p)
{
	peer_leave(p);
	stream_close(&p->stream);
	server_free(p->server);
	free(p);
}

int
peer_fd(const struct peer *p)
{
	return p->stream.fd;
}

short
peer_events(const struct peer *p)
{
	if (p->stirred)
		return 0;
	return p->stream.events ? p->stream.events : POLLIN;
}

int64_t
peer_deadline(const struct peer *p)
{
	return p->owed ? WAIT_NEVER : p->deadline;
}

const char *
peer_tls_in_use(const struct peer *p)
{
	return p->stream.state ? p->world->net->tls->version(&p->stream)
			       : NULL;
}

static enum step
write_output(struct peer *p)
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
read_input(struct peer *p, int64_t now)
{
	char *block = p->world->block;
	size_t n;
	enum io io = stream_read(&p->stream, block, PEER_BLOCK, &n);

	if (io == IO_AGAIN)
		return STEP_WAIT;
	if (io != IO_OK)
		return STEP_OVER;
	server_input(p->server, (struct slice){ block, n });
	peer_serve(p);
	note_progress(p, now);
	return p->owed ? STEP_WAIT : STEP_ON;
}

static enum step
fail_tls(struct peer *p, const struct outcome *why)
{
	events_note(p->world->events, p->lane, "TLS failed: %s", why->text);
	return STEP_OVER;
}

struct tls_context *
peer_tls(struct peer_world *w, struct outcome *why)
{
	if (!w->net)
		w->net = net_module_open(why);
	if (w->net && !w->tls)
		w->tls = w->net->tls->server(w->server.name, &w->files, why);
	return w->tls;
}

static enum step
begin_tls(struct peer *p, int64_t now)
{
	struct outcome why;
	struct tls_context *c = peer_tls(p->world, &why);

	if (!c || !p->world->net->tls->accept(&p->stream, c, &why))
		return fail_tls(p, &why);
	p->state = PEER_SHAKES;
	be_patient(p, now);
	return STEP_ON;
}

/*
 * After its Finished many a client waits for our TCP's acknowledgement before
 * its EHLO may leave (Nagle): 40 ms, if it is not sent at once.
 */
static void
acknowledge(struct peer *p)
{
	int one = 1;

	setsockopt(p->stream.fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

static enum step
shake_hands(struct peer *p, int64_t now)
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
	events_note(p->world->events, p->lane, "%s", peer_tls_in_use(p));
	acknowledge(p);
	p->state = PEER_TALKS;
	server_secured(p->server);
	be_patient(p, now);
	return STEP_ON;
}

/* All is said. */
static enum step
begin_leaving(struct peer *p, int64_t now)
{
	peer_discard(p);
	p->stream.ops->shutdown(&p->stream);
	shutdown(p->stream.fd, SHUT_WR);
	p->stream.readable = false;
	p->state = PEER_LEAVES;
	p->deadline = now + LINGER;
	return STEP_ON;
}

/*
 * It waits for its owner.  What we have said so far goes out with the answer;
 * what it says now is read after that, so that only its end is of interest.
 */
static enum step
await(struct peer *p)
{
	struct pollfd fd = { .fd = p->stream.fd };

	p->stirred = true;
	return poll(&fd, 1, 0) > 0 ? STEP_OVER : STEP_WAIT;
}

static enum step
talk(struct peer *p, int64_t now)
{
	enum step step;

	if (p->owed)
		return await(p);
	step = write_output(p);
	if (step != STEP_ON)
		return step;
	switch (server_need(p->server)) {
	case SERVER_TLS:
		return begin_tls(p, now);
	case SERVER_CLOSE:
		return begin_leaving(p, now);
	case SERVER_STALL:
		step = read_input(p, now);
		p->deadline = WAIT_NEVER;
		return step;
	case SERVER_IO:
	case SERVER_MAIL:
	case SERVER_RCPT:
	case SERVER_MESSAGE:
	case SERVER_DISCARD:
		break;
	}
	return read_input(p, now);
}

static enum step
leave(struct peer *p)
{
	size_t n;
	enum io io = stream_recv(&p->stream, p->world->block, PEER_BLOCK, &n);

	return io == IO_OK ? STEP_ON : io == IO_AGAIN ? STEP_WAIT : STEP_OVER;
}

static enum step
advance(struct peer *p, int64_t now)
{
	switch (p->state) {
	case PEER_TALKS:
		return talk(p, now);
	case PEER_SHAKES:
		return shake_hands(p, now);
	case PEER_LEAVES:
		return leave(p);
	}
	return STEP_OVER;
}

static bool
is_talking(const struct peer *p)
{
	return p->state == PEER_TALKS && server_need(p->server) == SERVER_IO &&
	    server_output(p->server).n == 0;
}

/* Silent for too long: say so once, and give it a moment to be heard. */
static bool
expire(struct peer *p, int64_t now)
{
	if (!is_talking(p))
		return false;
	server_expire(p->server);
	p->deadline = now + LINGER;
	return true;
}

void
peer_dismiss(struct peer *p, const char *reply, int64_t now)
{
	if (!is_talking(p))
		return;
	server_dismiss(p->server, reply);
	p->deadline = now + LINGER;
}

/* Its answer has come: on with what it has said in the meantime. */
static void
go_on(struct peer *p, int64_t now)
{
	p->answered = false;
	peer_serve(p);
	note_progress(p, now);
	if (p->owed)	/* again: that is no reason to keep this one back */
		write_output(p);
	if (!p->world->farewell || p->owed || p->draft ||
	    server_need(p->server) != SERVER_IO)
		return;
	server_dismiss(p->server, p->world->farewell);
	p->deadline = now + LINGER;
}

/* What has come counts before the time does: it may be the progress. */
enum peer_step
peer_step(struct peer *p, bool ready, int64_t now)
{
	enum step step = ready ? STEP_ON : STEP_WAIT;

	if (p->answered)
		go_on(p, now);
	for (unsigned i = 0; i < TURNS && step == STEP_ON; i++)
		step = advance(p, now);
	if (step == STEP_OVER)
		return PEER_OVER;
	if (p->owed)
		return PEER_WAITS;
	if (now >= p->deadline)
		return expire(p, now) ? PEER_MORE : PEER_OVER;
	return step == STEP_ON || p->stream.readable ? PEER_MORE : PEER_WAITS;
}
