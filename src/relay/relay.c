/* SPDX-License-Identifier: ISC */
/*
 * relay.c - drives libcurl from our poll loop; see relay.h
 *
 * curl tells by callback which descriptors and which time it waits for; both go
 * into a table here, from which wait and step work.  Every secret that curl
 * copies lies in memory that it gets from us, and is wiped when it gives it
 * back: its options once it has logged in, the connection's own copy of the
 * password when that is closed.
 */
#include "relay/relay_impl.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/clock.h"

#define PATIENCE SECONDS(300)

static void
wiping_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *
wiping_realloc(void *p, size_t n)
{
	size_t old = p ? malloc_usable_size(p) : 0;
	void *to = malloc(n);

	if (to && p) {
		memcpy(to, p, old < n ? old : n);
		wiping_free(p);
	}
	return to;
}

void
relay_wipe_buf(struct buf *b)
{
	if (b->base)
		explicit_bzero(b->base, b->cap);
	buf_free(b);
}

void
relay_wipe_string(char **s)
{
	if (*s)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

static const char *
library(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}

static struct relay_socket *
find_socket(struct relay *r, curl_socket_t fd)
{
	for (size_t i = 0; i < r->nsockets; i++)
		if (r->socket[i].fd == fd)
			return &r->socket[i];
	return NULL;
}

static short
poll_events(int what)
{
	int in = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
	int out = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;

	return (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
}

/* CURLMOPT_SOCKETFUNCTION */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *unused)
{
	struct relay *r = user;
	struct relay_socket *s = find_socket(r, fd);

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		if (s)
			*s = r->socket[--r->nsockets];
		return 0;
	}
	if (!s && r->nsockets == RELAY_SOCKETS)
		return -1;
	if (!s) {
		s = &r->socket[r->nsockets++];
		s->slot = WAIT_NO_SLOT;
	}
	s->fd = fd;
	s->events = poll_events(what);
	return 0;
}

/* CURLMOPT_TIMERFUNCTION */
static int
on_timer(CURLM *multi, long milliseconds, void *user)
{
	struct relay *r = user;

	(void)multi;
	r->due = milliseconds < 0 ? WAIT_NEVER
				  : r->now + MILLISECONDS(milliseconds);
	return 0;
}

void
relay_free(struct relay *r)
{
	if (r->multi && r->easy)
		curl_multi_remove_handle(r->multi, r->easy);
	curl_easy_cleanup(r->easy);
	curl_multi_cleanup(r->multi);
	curl_slist_free_all(r->connect_to);
	curl_slist_free_all(r->resolve);
	curl_global_cleanup();
	relay_wipe_string(&r->secret);
	relay_wipe_string(&r->proxy);
	relay_wipe_buf(&r->credential);
	reply_parser_free(&r->in);
	buf_free(&r->ehlo);
	buf_free(&r->distrust);
	tls_files_free(&r->files);
	free(r->host);
	free(r->user);
	free(r->mechanism);
	free(r);
}

static void
copy_call(struct relay *r, const struct relay_call *call)
{
	r->host = mem_dup(slice_of(call->host));
	r->port = call->port;
	r->user = mem_dup(slice_of(call->user));
	r->secret = mem_dup(slice_of(call->secret));
	r->mechanism = mem_dup(slice_of(call->mechanism));
	r->proxy = mem_dup(slice_of(call->proxy));
	r->implicit_tls = call->implicit_tls && !call->in_clear;
	r->in_clear = call->in_clear;
	r->auth = call->auth;
	r->logs_in = call->auth != RELAY_NO_AUTH || call->mechanism;
	r->timeout = call->timeout > 0 ? call->timeout : PATIENCE;
}

static struct relay *
relay_new(const struct relay_call *call, struct events *events, unsigned lane)
{
	struct relay *r = mem_alloc(sizeof *r);

	curl_global_init_mem(CURL_GLOBAL_ALL, malloc, wiping_free,
	    wiping_realloc, strdup, calloc);
	r->events = events;
	r->lane = lane;
	r->deadline = WAIT_NEVER;
	r->due = WAIT_NEVER;
	r->stage = STAGE_CONNECT;
	copy_call(r, call);
	r->multi = curl_multi_init();
	r->easy = curl_easy_init();
	if (!r->multi || !r->easy)
		mem_exhausted();
	return r;
}

static struct relay *
relay_open(const struct relay_call *call, struct events *events, unsigned lane,
    struct outcome *why)
{
	struct relay *r = relay_new(call, events, lane);

	curl_multi_setopt(r->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(r->multi, CURLMOPT_SOCKETDATA, r);
	curl_multi_setopt(r->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(r->multi, CURLMOPT_TIMERDATA, r);
	if (!relay_setup(r, call, why)) {
		relay_free(r);
		return NULL;
	}
	relay_talk_setup(r);
	r->due = 0; /* at once: curl begins when it is called for the timer */
	curl_multi_add_handle(r->multi, r->easy);
	return r;
}

static void
relay_wait(struct relay *r, struct wait *w)
{
	if (r->state != RELAY_BUSY) {
		wait_until(w, 0);
		return;
	}
	for (size_t i = 0; i < r->nsockets; i++)
		r->socket[i].slot =
		    wait_add(w, r->socket[i].fd, r->socket[i].events);
	wait_until(w, r->due);
	wait_until(w, r->deadline);
}

static int
select_bits(short revents)
{
	int bits = 0;

	if (revents & (POLLIN | POLLHUP))
		bits |= CURL_CSELECT_IN;
	if (revents & POLLOUT)
		bits |= CURL_CSELECT_OUT;
	if (revents & (POLLERR | POLLNVAL))
		bits |= CURL_CSELECT_ERR;
	return bits;
}

/* Tell curl about every descriptor that is ready; it may change the table. */
static void
tell_ready(struct relay *r, const struct wait *w)
{
	struct relay_socket all[RELAY_SOCKETS];
	size_t n = r->nsockets;
	int running;

	memcpy(all, r->socket, sizeof all);
	for (size_t i = 0; i < n; i++) {
		short ready = wait_ready(w, all[i].slot);

		if (ready != 0 && find_socket(r, all[i].fd))
			curl_multi_socket_action(r->multi, all[i].fd,
			    select_bits(ready), &running);
	}
	for (size_t i = 0; i < r->nsockets; i++)
		r->socket[i].slot = WAIT_NO_SLOT; /* of that turn only */
}

static void
tell_time(struct relay *r)
{
	int running;

	if (r->due > r->now)
		return;
	r->due = WAIT_NEVER;
	curl_multi_socket_action(r->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

/* It is over with curl: for good or ill? */
static void
end(struct relay *r, CURLcode code)
{
	if (code != CURLE_OK)
		relay_failure(r, code, &r->why);
	else if (relay_failure_check(r, &r->why))
		r->state = RELAY_READY;
	relay_wipe_string(&r->secret);
	relay_wipe_buf(&r->credential);
	curl_easy_setopt(r->easy, CURLOPT_PASSWORD, NULL);
	curl_easy_setopt(r->easy, CURLOPT_XOAUTH2_BEARER, NULL);
}

static void
look_for_end(struct relay *r)
{
	int left;
	CURLMsg *m = curl_multi_info_read(r->multi, &left);

	if (r->garbled)
		r->state = RELAY_FAILED;
	else if (m && m->msg == CURLMSG_DONE)
		end(r, m->data.result);
	else if (r->now >= r->deadline)
		relay_failure_timeout(r, &r->why);
	if (r->why.verdict == DEFERRED)
		r->state = RELAY_FAILED;
}

static enum relay_state
relay_step(struct relay *r, const struct wait *w, int64_t now,
    struct outcome *why)
{
	if (r->state == RELAY_BUSY) {
		r->now = now;
		if (r->deadline == WAIT_NEVER)
			r->deadline = now + r->timeout;
		tell_ready(r, w);
		tell_time(r);
		relay_talk_notice(r);
		look_for_end(r);
	}
	if (r->state == RELAY_FAILED)
		*why = r->why;
	return r->state;
}

static struct slice
relay_ehlo(const struct relay *r)
{
	return buf_slice(&r->ehlo);
}

static const char *
relay_tls(const struct relay *r)
{
	return r->tls;
}

static void
relay_peer(const struct relay *r, struct endpoint *at)
{
	*at = r->peer;
}

static void
relay_take(struct relay *r, struct stream *s)
{
	curl_socket_t fd = -1;

	curl_easy_getinfo(r->easy, CURLINFO_ACTIVESOCKET, &fd);
	*s = (struct stream){
		.ops = &relay_stream_ops,
		.fd = fd,
		.state = r,
		.events = POLLIN,
	};
}

const struct relay_module relay_module = {
	.library = library,
	.open = relay_open,
	.wait = relay_wait,
	.step = relay_step,
	.ehlo = relay_ehlo,
	.tls = relay_tls,
	.peer = relay_peer,
	.take = relay_take,
	.close = relay_free,
	.post = https_post,
};
