/* SPDX-License-Identifier: ISC */
/*
 * relay.c - drives libcurl from our poll loop; see relay.h
 *
 * Every secret that curl copies lies in memory that it gets from us, and is
 * wiped when it gives it back: its options once it has logged in, the
 * connection's own copy of the password when that is closed.
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
relay_curl_init(void)
{
	curl_global_init_mem(CURL_GLOBAL_ALL, malloc, wiping_free,
	    wiping_realloc, strdup, calloc);
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

void
relay_free(struct relay *r)
{
	drive_remove(&r->drive, r->easy);
	curl_easy_cleanup(r->easy);
	drive_free(&r->drive);
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

	relay_curl_init();
	r->events = events;
	r->lane = lane;
	r->deadline = WAIT_NEVER;
	r->stage = STAGE_CONNECT;
	copy_call(r, call);
	drive_init(&r->drive);
	r->easy = curl_easy_init();
	if (!r->easy)
		mem_exhausted();
	return r;
}

static struct relay *
relay_open(const struct relay_call *call, struct events *events, unsigned lane,
    struct outcome *why)
{
	struct relay *r = relay_new(call, events, lane);

	if (!relay_setup(r, call, why)) {
		relay_free(r);
		return NULL;
	}
	relay_talk_setup(r);
	drive_add(&r->drive, r->easy);
	return r;
}

static void
relay_wait(struct relay *r, struct wait *w)
{
	if (r->state != RELAY_BUSY) {
		wait_until(w, 0);
		return;
	}
	drive_wait(&r->drive, w);
	wait_until(w, r->deadline);
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
	CURLcode code;

	if (r->garbled)
		r->state = RELAY_FAILED;
	else if (drive_is_over(&r->drive, &code))
		end(r, code);
	else if (r->drive.now >= r->deadline)
		relay_failure_timeout(r, &r->why);
	if (r->why.verdict == DEFERRED)
		r->state = RELAY_FAILED;
}

static enum relay_state
relay_step(struct relay *r, const struct wait *w, int64_t now,
    struct outcome *why)
{
	if (r->state == RELAY_BUSY) {
		if (r->deadline == WAIT_NEVER)
			r->deadline = now + r->timeout;
		drive_step(&r->drive, w, now);
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
	.fetch = &fetch_ops,
};
