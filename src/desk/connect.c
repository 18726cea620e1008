/* SPDX-License-Identifier: ISC */
/* connect.c - see connect.h; the way to the server is in connect_way.c */
#include "desk/connect_impl.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/clock.h"
#include "route/dane.h"

#define HANDSHAKE_MAX SECONDS(120)
#define UNHEARD_MAX   1048576 /* octets that are kept while we write */
#define BLOCK	      16384

bool
connection_sleep(struct connection *c, const struct connect_call *call,
    struct outcome *why)
{
	unsigned signal = 0;

	stop_wait(call->stop, &c->wait);
	wait_poll(&c->wait, clock_now());
	if (wait_ready(&c->wait, call->stop->slot) != 0)
		signal = stop_taken(call->stop);
	if (signal != 0)
		*why = stop_outcome(c->signal = signal);
	return signal == 0;
}

bool
connection_wait(struct connection *c, int64_t until)
{
	struct outcome why;

	wait_clear(&c->wait);
	if (c->is_open)
		wait_add(&c->wait, c->stream.fd, POLLIN);
	wait_until(&c->wait, until);
	return connection_has_more(c) ||
	    connection_sleep(c, c->call, &why);
}

bool
connection_has_more(const struct connection *c)
{
	struct slice in = buf_slice(&c->in);

	return c->is_open && (c->stream.readable ||
	    slice_find(in, '\n') < in.n);
}

/* ---- TLS ---- */

static bool
prepare_tls(struct connection *c, struct outcome *why)
{
	if (!c->net && !(c->net = net_module_open(why)))
		return false;
	if (!c->context)
		c->context = c->net->tls->client(&c->call->config->tls, why);
	return c->context != NULL;
}

static bool
shake_hands(struct connection *c, struct outcome *why)
{
	int64_t end = clock_now() + HANDSHAKE_MAX;
	enum tls_step step;

	while ((step = c->net->tls->step(&c->stream, why)) == TLS_BUSY) {
		if (clock_now() >= end)
			return outcome_fail(why, DEFERRED, STAGE_TLS,
			    ESC(4, 7, 0), "the TLS handshake timed out");
		wait_clear(&c->wait);
		wait_add(&c->wait, c->stream.fd, c->stream.events);
		wait_until(&c->wait, end);
		if (!connection_sleep(c, c->call, why))
			return false;
	}
	c->call->events->now = clock_now();
	if (step == TLS_DONE || why->esc.detail == 5)
		c->net->tls->report(&c->stream, c->call->events, 1);
	return step == TLS_DONE;
}

bool
connection_secure(struct connection *c, struct outcome *why)
{
	const struct tls_demand demand = {
		.host = c->host,
		.name = c->call->config->tls_name,
		.level = c->tls,
		.dane = c->dane,
		.dane_only = c->dane_only,
	};

	if (c->in.n > 0 || c->parser.line.n > 0) {
		*why = outcome_from_injection();
		connection_close(c, false);
		return false;
	}
	if (!prepare_tls(c, why) ||
	    !c->net->tls->start(&c->stream, c->context, &demand, why) ||
	    !shake_hands(c, why)) {
		connection_close(c, false);
		return false;
	}
	c->secure = true;
	while (stream_flush(&c->stream) == IO_AGAIN) {
		wait_clear(&c->wait);
		wait_add(&c->wait, c->stream.fd, c->stream.events);
		if (!connection_sleep(c, c->call, why))
			return false;
	}
	return true;
}

/* ---- octets ---- */

/* Read once; IO_AGAIN too when enough of it waits to be heard. */
static enum io
take_input(struct connection *c)
{
	char block[BLOCK];
	size_t n;
	enum io got;

	if (c->in.n >= UNHEARD_MAX)
		return IO_AGAIN;
	got = stream_read(&c->stream, block, sizeof block, &n);
	if (got == IO_OK)
		buf_put(&c->in, (struct slice){ block, n });
	return got;
}

static bool
lost(struct connection *c, struct outcome *why)
{
	outcome_fail(why, DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "lost the connection while sending: %s",
	    stream_error(&c->stream));
	outcome_set_host(why, slice_of(c->host), &c->peer);
	return false;
}

/* Until the stream can be written or read. */
static bool
sleep_writing(struct connection *c, struct outcome *why)
{
	short more = c->in.n < UNHEARD_MAX ? POLLIN : 0;

	wait_clear(&c->wait);
	wait_add(&c->wait, c->stream.fd, (short)(c->stream.events | more));
	if (!connection_sleep(c, c->call, why))
		return false;
	take_input(c);
	return true;
}

bool
connection_write(struct connection *c, struct slice octets,
    struct outcome *why)
{
	enum io got = IO_OK;
	size_t n;

	if (!c->is_open)
		return outcome_fail(why, DEFERRED, STAGE_NONE, ESC(4, 4, 2),
		    "there is no connection");
	while (octets.n > 0 || got == IO_AGAIN) {
		n = 0;
		got = octets.n > 0 ? stream_write(&c->stream, octets, &n) :
				     stream_flush(&c->stream);
		octets = slice_from(octets, n);
		if (got == IO_ERROR || got == IO_END)
			return lost(c, why);
		if (got == IO_AGAIN && !sleep_writing(c, why))
			return false;
		if (octets.n == 0 && c->stream.unsent)
			got = IO_AGAIN;
	}
	return true;
}

/* The next line, if one has come; what is no reply begins anew behind it. */
static enum heard
take_line(struct connection *c, struct slice *line)
{
	struct slice in = buf_slice(&c->in);
	size_t before = in.n;
	enum parse got = reply_parse(&c->parser, &in, line);

	buf_consume(&c->in, before - in.n);
	switch (got) {
	case PARSE_OK:
		return HEARD_REPLY;
	case PARSE_MORE:
		return line->p ? HEARD_LINE : HEARD_NOTHING;
	case PARSE_BAD:
		break;
	}
	c->parser.begun = false;
	if (line->n > 0 && line->p == buf_slice(&c->parser.line).p)
		buf_clear(&c->parser.line); /* an overlong one */
	return HEARD_RUBBISH;
}

enum heard
connection_hear(struct connection *c, struct slice *line)
{
	enum heard got = HEARD_NOTHING;
	enum io io;

	*line = (struct slice){ 0 };
	do {
		if (c->in.n > 0)
			got = take_line(c, line);
		if (got != HEARD_NOTHING)
			return got;
		if (!c->is_open)
			return HEARD_END;
		io = take_input(c);
	} while (io == IO_OK);
	return io == IO_AGAIN ? HEARD_NOTHING : HEARD_END;
}

struct slice
connection_rest(const struct connection *c)
{
	return buf_slice(&c->parser.line);
}

void
connection_close(struct connection *c, bool reset)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (reset && c->is_open)
		setsockopt(c->stream.fd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof now);
	stream_close(&c->stream);
	c->is_open = c->secure = false;
	dane_free(c->dane);
	c->dane = NULL;
	buf_clear(&c->parser.line); /* the last reply stays */
	c->parser.begun = false;
	buf_free(&c->in);
}

void
connection_free(struct connection *c)
{
	connection_close(c, false);
	reply_parser_free(&c->parser);
	if (c->context)
		c->net->tls->context_free(c->context);
	wait_free(&c->wait);
	*c = CONNECTION_NONE;
}
