/* SPDX-License-Identifier: ISC */
/* agent_client.c - see agent_client.h */
#include "local/agent_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/list.h"
#include "base/mem.h"
#include "local/packet.h"
#include "net/local.h"

#define AT_ONCE 10
#define HOUR    3600

enum state {
	QUEUED,  /* for its turn */
	ASKED,   /* AT or DONE comes */
	TOLD_AT, /* agent_client_go() comes */
	TOLD,    /* an answer waits to be taken */
};

struct job {
	struct list_node node;
	const struct local_request *request;
	int text;
	void *owner;
	enum state state;
	struct local_answer answer;
	int fd;
	size_t slot;
	int64_t until;
};

struct agent_client {
	const struct agent_client_config *config;
	struct list jobs;
	unsigned active;
};

struct agent_client *
agent_client_new(const struct agent_client_config *config)
{
	struct agent_client *c = mem_alloc(sizeof *c);

	c->config = config;
	return c;
}

static void
drop(struct agent_client *c, struct job *j)
{
	if (j->fd >= 0) {
		close(j->fd);
		c->active--;
	}
	j->fd = -1;
}

static void
forget(struct agent_client *c, struct job *j)
{
	drop(c, j);
	list_remove(&j->node);
	local_answer_free(&j->answer);
	free(j);
}

void
agent_client_free(struct agent_client *c)
{
	struct job *j;

	if (!c)
		return;
	while ((j = list_first(&c->jobs)) != NULL)
		forget(c, j);
	free(c);
}

void
agent_client_ask(struct agent_client *c, const struct local_request *r,
    int text, void *owner)
{
	struct job *j = mem_alloc(sizeof *j);

	*j = (struct job){ .request = r,
		.text = text,
		.owner = owner,
		.fd = -1,
		.slot = WAIT_NO_SLOT,
		.until = WAIT_NEVER };
	list_append(&c->jobs, &j->node, j);
}

/* ---- one of them ---- */

static void
finish(struct agent_client *c, struct job *j, const struct outcome *o)
{
	drop(c, j);
	j->answer = (struct local_answer){ .word = LOCAL_DONE, .outcome = *o };
	j->state = TOLD;
	j->until = WAIT_NEVER;
}

static void
fail(struct agent_client *c, struct job *j, const char *what, int error)
{
	const char *path = c->config->path ? c->config->path : "of our own";
	struct outcome o = outcome_make(DEFERRED, STAGE_LOCAL, ESC(4, 3, 0),
	    "the agent for local delivery (%s) %s%s%s", path, what,
	    error ? ": " : "", error ? strerror(error) : "");

	finish(c, j, &o);
}

/* A pair, the other end of which the agent gets. */
static int
connect_by_feed(int feed)
{
	int pair[2];
	bool ok;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	ok = packet_send(feed, SLICE("c"), pair[1]) &&
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0;
	close(pair[1]);
	if (ok)
		return pair[0];
	close(pair[0]);
	return -1;
}

static void
begin(struct agent_client *c, struct job *j, int64_t now)
{
	const struct agent_client_config *config = c->config;
	struct buf out = { 0 };

	j->fd = config->path ? local_connect_packets(config->path)
			     : connect_by_feed(config->feed);
	if (j->fd < 0) {
		fail(c, j, "cannot be reached", errno);
		return;
	}
	c->active++;
	j->state = ASKED;
	j->until = now + SECONDS(config->seconds ? config->seconds : HOUR);
	local_request_put(&out, j->request);
	if (!packet_send(j->fd, buf_slice(&out), j->text))
		fail(c, j, "took no request", errno);
	buf_free(&out);
}

static void
hear(struct agent_client *c, struct job *j)
{
	char octets[LOCAL_PACKET];
	struct slice in;

	if (!packet_take(j->fd, octets, &in, NULL)) {
		if (errno != EAGAIN)
			fail(c, j, "went away", errno);
	} else if (!local_answer_get(in, &j->answer)) {
		fail(c, j, "gave no answer that makes sense", 0);
	} else if (j->answer.word == LOCAL_AT) {
		j->state = TOLD;
	} else if (j->answer.word == LOCAL_FORWARD) {
		drop(c, j);
		j->state = TOLD;
		j->until = WAIT_NEVER;
	} else {
		struct outcome o = j->answer.outcome;

		finish(c, j, &o);
	}
}

static struct job *
find(struct agent_client *c, const void *owner, enum state state)
{
	struct job *j = list_first(&c->jobs);

	while (j && (j->owner != owner || j->state != state))
		j = list_after(&j->node);
	return j;
}

void
agent_client_go(struct agent_client *c, const void *owner,
    const struct outcome *why)
{
	const struct local_answer go = { .word = LOCAL_GO };
	struct job *j = find(c, owner, TOLD_AT);
	struct buf out = { 0 };

	if (j && why)
		finish(c, j, why);
	if (!j || why)
		return;
	local_answer_put(&out, &go);
	j->state = ASKED;
	if (!packet_send(j->fd, buf_slice(&out), -1))
		fail(c, j, "went away", errno);
	buf_free(&out);
}

void
agent_client_cancel(struct agent_client *c, const void *owner,
    const struct outcome *why)
{
	struct job *j = find(c, owner, QUEUED);

	if (j)
		finish(c, j, why);
}

void
agent_client_stop(struct agent_client *c, const struct outcome *why)
{
	for (struct job *j = list_first(&c->jobs); j; j = list_after(&j->node))
		if (j->state != TOLD || j->answer.word == LOCAL_AT)
			finish(c, j, why);
}

/* ---- all of them ---- */

static bool
is_same_target(const struct job *a, const struct job *b)
{
	const struct local_target *x = &a->request->target;
	const struct local_target *y = &b->request->target;

	return x->kind == y->kind && strcmp(x->name, y->name) == 0;
}

/* Two at one mailbox would only wait for each other's lock. */
static bool
is_free(const struct agent_client *c, const struct job *j)
{
	unsigned most = c->config->most ? c->config->most : AT_ONCE;

	if (c->active >= most)
		return false;
	for (const struct job *o = list_first(&c->jobs); o;
	     o = list_after(&o->node))
		if (o->fd >= 0 && is_same_target(o, j))
			return false;
	return true;
}

void
agent_client_wait(struct agent_client *c, struct wait *w)
{
	for (struct job *j = list_first(&c->jobs); j;
	     j = list_after(&j->node)) {
		j->slot = WAIT_NO_SLOT;
		if (j->state == ASKED)
			j->slot = wait_add(w, j->fd, POLLIN);
		if (j->state == TOLD || (j->state == QUEUED && is_free(c, j)))
			wait_until(w, 0);
		wait_until(w, j->until);
	}
}

void
agent_client_step(struct agent_client *c, const struct wait *w, int64_t now)
{
	for (struct job *j = list_first(&c->jobs); j;
	     j = list_after(&j->node)) {
		if (j->state == QUEUED && is_free(c, j))
			begin(c, j, now);
		else if (j->state == ASKED && wait_ready(w, j->slot))
			hear(c, j);
		if (j->until <= now && j->state != TOLD)
			fail(c, j, "took too long", 0);
	}
}

bool
agent_client_answer(struct agent_client *c, void **owner,
    struct local_answer *out)
{
	for (struct job *j = list_first(&c->jobs); j;
	     j = list_after(&j->node)) {
		if (j->state != TOLD)
			continue;
		*owner = j->owner;
		*out = j->answer;
		j->answer = (struct local_answer){ .word = out->word };
		if (out->word == LOCAL_AT)
			j->state = TOLD_AT;
		else
			forget(c, j);
		return true;
	}
	return false;
}

size_t
agent_client_owed(const struct agent_client *c)
{
	return c->jobs.n;
}
