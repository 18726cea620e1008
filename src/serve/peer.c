/* SPDX-License-Identifier: ISC */
/* peer.c - see peer.h */
#include "serve/peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/stream.h"

#define LINGER SECONDS(2)
#define TURNS  16	/* blocks for one connection before the others */
#define STRIDE 16384	/* octets of text that are worth more patience */

struct peer {
	struct peer_world *world;
	struct stream stream;
	struct server *server;
	void *draft;		/* the owner's, or NULL */
	/*
	 * LEAVING: all is said; what the client still sends is read and thrown
	 * away, for closing on unread octets would take our last reply with it.
	 */
	enum { PEER_TALKS, PEER_SHAKES, PEER_LEAVES } state;
	unsigned lane;
	int64_t deadline;
	unsigned progress;	/* when it was set: server_progress(), ... */
	uint64_t size;		/* ... and octets of the message */
};

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
peer_new(struct peer_world *world, int fd, unsigned lane, int64_t now)
{
	struct peer *p = mem_alloc(sizeof *p);

	p->world = world;
	p->lane = lane;
	stream_open(&p->stream, fd);
	p->server = server_new(&world->server, world->events, lane);
	be_patient(p, now);
	return p;
}

static const struct serve_owner *
owner_of(const struct peer *p)
{
	return p->world->config->owner;
}

static void
discard(struct peer *p)
{
	if (p->draft)
		owner_of(p)->discard(p->world->config->self, p->draft);
	p->draft = NULL;
}

void
peer_free(struct peer *p)
{
	discard(p);
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
	return p->stream.events ? p->stream.events : POLLIN;
}

int64_t
peer_deadline(const struct peer *p)
{
	return p->deadline;
}

static const char *
tls_in_use(const struct peer *p)
{
	return p->stream.state ? p->world->net->tls->version(&p->stream)
			       : NULL;
}

static struct serve_mail
mail_of(const struct peer *p)
{
	return (struct serve_mail){
		.message = server_message(p->server),
		.tls = tls_in_use(p),
		.login = server_login(p->server),
		.lane = p->lane,
	};
}

static void
begin_draft(struct peer *p)
{
	struct serve_mail mail = mail_of(p);

	if (!p->draft)
		p->draft = owner_of(p)->begin(p->world->config->self, &mail);
}

static void
take_data(struct peer *p)
{
	struct slice data = server_data(p->server);

	if (data.n == 0)
		return;
	begin_draft(p);
	owner_of(p)->write(p->world->config->self, p->draft, data);
	server_data_taken(p->server, data.n);
}

/* An empty message is one as well. */
static void
commit(struct peer *p)
{
	struct serve_mail mail = mail_of(p);
	struct buf answer = { 0 };
	bool kept;

	begin_draft(p);
	kept = owner_of(p)->commit(p->world->config->self, p->draft, &mail,
	    &answer);
	p->draft = NULL;
	server_done(p->server, kept, buf_str(&answer));
	buf_free(&answer);
}

static void
check_rcpt(struct peer *p)
{
	struct serve_mail mail = mail_of(p);
	const struct server_message *m = mail.message;

	server_rcpt(p->server, owner_of(p)->rcpt_check(p->world->config->self,
	    &mail, buf_slice(&m->rcpt[m->nrcpts - 1].to)));
}

/* Do one thing that the engine asks for after input; false: nothing more. */
static bool
serve_need(struct peer *p)
{
	switch (server_need(p->server)) {
	case SERVER_MESSAGE:
		commit(p);
		return true;
	case SERVER_RCPT:
		check_rcpt(p);
		return true;
	case SERVER_DISCARD:
		discard(p);
		server_discarded(p->server);
		return true;
	case SERVER_IO:
	case SERVER_TLS:
	case SERVER_STALL:
	case SERVER_CLOSE:
		break;
	}
	return false;
}

static void
serve(struct peer *p)
{
	do
		take_data(p);
	while (serve_need(p));
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
	serve(p);
	note_progress(p, now);
	return STEP_ON;
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
	events_note(p->world->events, p->lane, "%s", tls_in_use(p));
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
	discard(p);
	p->stream.ops->shutdown(&p->stream);
	shutdown(p->stream.fd, SHUT_WR);
	p->stream.readable = false;
	p->state = PEER_LEAVES;
	p->deadline = now + LINGER;
	return STEP_ON;
}

static enum step
talk(struct peer *p, int64_t now)
{
	enum step step = write_output(p);

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

/* What has come counts before the time does: it may be the progress. */
enum peer_step
peer_step(struct peer *p, bool ready, int64_t now)
{
	enum step step = ready ? STEP_ON : STEP_WAIT;

	for (unsigned i = 0; i < TURNS && step == STEP_ON; i++)
		step = advance(p, now);
	if (step == STEP_OVER)
		return PEER_OVER;
	if (now >= p->deadline)
		return expire(p, now) ? PEER_MORE : PEER_OVER;
	return step == STEP_ON || p->stream.readable ? PEER_MORE : PEER_WAITS;
}
