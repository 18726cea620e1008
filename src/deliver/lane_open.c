/* SPDX-License-Identifier: ISC */
/*
 * lane_open.c - from addresses to a conversation: dialling, logging in at a
 * relay, the TLS handshake.
 */
#include "deliver/lane_impl.h"

#include "deliver/site.h"
#include "net/sockaddr.h"

#define HANDSHAKE_MAX 120 /* seconds */

bool
lane_start_tls(struct lane *l, int64_t now)
{
	struct tls_context *c = job_tls(l->job);
	struct outcome why = l->job->tls_why;
	const struct tls_demand demand = {
		.host = l->call.config.host,
		.name = l->job->config->tls_name,
		.level = l->call.config.tls,
		.dane = l->call.dane[l->winner],
		.dane_only = l->site->tls >= TLS_DANE_ONLY,
	};

	if (!c || !l->job->net->tls->start(&l->stream, c, &demand, &why)) {
		if (c && why.esc.detail == 5) /* no record that can be read */
			lane_tell_tls_failure(l, TLS_RESULT_TLSA_INVALID,
			    why.text);
		lane_end(l, &why);
		return false;
	}
	l->state = LANE_HANDSHAKE;
	lane_begin_phase(l, HANDSHAKE_MAX, now);
	return true;
}

/* A server is at the other end: this one. */
static void
met(struct lane *l, const struct dial_target *who, int64_t now)
{
	l->connected = now;
	l->call.config.host = who->host;
	l->call.config.peer = who->at;
	l->state = LANE_TALK;
}

void
lane_begin_talk(struct lane *l, int64_t now)
{
	l->phase = session_phase(l->session);
	lane_begin_phase(l, session_patience(l->session), now);
}

/* A new connection takes so few octets at once; false: it is over. */
static bool
say_proxyline(struct lane *l)
{
	const struct drill *drill = l->call.config.drill;
	struct endpoint local = { 0 };
	struct buf octets = { 0 }, text = { 0 };
	enum io got;
	size_t n = 0;

	if (!drill || drill->proxy.version == 0)
		return true;
	sockaddr_local(l->stream.fd, &local);
	proxyline_put(&octets, &drill->proxy, &local, &l->call.config.peer);
	proxyline_describe(&text, &drill->proxy, &local, &l->call.config.peer);
	events_note(l->job->events, l->number, "said %s", buf_str(&text));
	got = stream_write(&l->stream, buf_slice(&octets), &n);
	if (got != IO_OK || n < octets.n)
		lane_lose(l, STAGE_CONNECT, "cannot send the PROXY header: %s",
		    got == IO_ERROR ? stream_error(&l->stream) : "it is not "
		    "taken");
	buf_free(&octets);
	buf_free(&text);
	return l->state != LANE_OVER;
}

static void
connected(struct lane *l, int64_t now)
{
	l->winner = l->dial.winner;
	l->call.config.tls = l->call.tls[l->winner];
	l->call.config.tls_fixed |= l->call.by_sts[l->winner];
	l->call.config.no_bdat = l->call.no_bdat[l->winner];
	met(l, &l->call.target[l->winner], now);
	stream_open(&l->stream, l->dial.fd);
	l->dial.fd = -1;
	dial_stop(&l->dial);
	if (!say_proxyline(l))
		return;
	l->local = stream_local(&l->stream);
	if (!l->call.config.helo)
		l->call.config.local = l->local;
	l->session = session_new(&l->call.config, l->job->events, l->number);
	lane_begin_talk(l, now);
	if (l->call.config.link == LINK_SMTPS)
		lane_start_tls(l, now);
	else if (l->call.config.tls != TLS_NONE && !job_tls(l->job))
		lane_end(l, &l->job->tls_why); /* never in clear for that */
}

void
lane_step_dial(struct lane *l, const struct wait *w, int64_t now)
{
	switch (dial_step(&l->dial, w, now)) {
	case DIAL_BUSY:
		return;
	case DIAL_CONNECTED:
		connected(l, now);
		return;
	case DIAL_FAILED:
		l->end = l->dial.attempt[l->dial.n - 1].why;
		dial_stop(&l->dial);
		l->state = LANE_OVER;
		return;
	}
}

/* The relay knows us: the session goes on where libcurl stopped. */
static void
logged_in(struct lane *l, int64_t now)
{
	struct dial_target who = l->call.target[0];

	l->module->peer(l->relay, &who.at);
	l->call.config.no_bdat = l->call.no_bdat[0];
	met(l, &who, now);
	l->session = session_resume(&l->call.config, l->job->events, l->number,
	    l->module->ehlo(l->relay), l->module->tls(l->relay));
	l->module->take(l->relay, &l->stream);
	l->relay = NULL;
	lane_begin_talk(l, now);
}

void
lane_step_relay(struct lane *l, const struct wait *w, int64_t now)
{
	struct outcome why;

	l->since = l->since ? l->since : now;
	switch (l->module->step(l->relay, w, now, &why)) {
	case RELAY_BUSY:
		return;
	case RELAY_READY:
		logged_in(l, now);
		return;
	case RELAY_FAILED:
		lane_end(l, &why);
		return;
	}
}

static void
handshake_failed(struct lane *l, enum tls_result_type type,
    struct outcome why)
{
	lane_tell_tls_failure(l, type, why.text);
	l->tls_failed = true;
	lane_end(l, &why);
}

void
lane_step_handshake(struct lane *l, int64_t now)
{
	const struct tls_module *tls = l->job->net->tls;
	enum tls_result_type type;
	struct outcome why;

	switch (tls->step(&l->stream, &why)) {
	case TLS_BUSY:
		if (now < l->deadline)
			return;
		why = outcome_make(DEFERRED, STAGE_TLS, ESC(4, 7, 0),
		    "the TLS handshake timed out");
		why.late = true;
		handshake_failed(l, TLS_RESULT_FAILURE, why);
		return;
	case TLS_FAILED:
		type = TLS_RESULT_FAILURE;
		if (why.esc.detail == 5) { /* a certificate; this one */
			tls->report(&l->stream, l->job->events, l->number);
			type = tls->result(&l->stream);
		}
		handshake_failed(l, type, why);
		return;
	case TLS_DONE:
		tls->report(&l->stream, l->job->events, l->number);
		l->call.config.tls = tls->level(&l->stream);
		session_secured(l->session, tls->version(&l->stream));
		l->tls_result = tls->result(&l->stream);
		l->secured = true;
		l->state = LANE_TALK;
		lane_begin_talk(l, now);
		return;
	}
}
