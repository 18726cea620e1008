/* SPDX-License-Identifier: ISC */
/* submit.c - see submit.h */
#include "queue/submit_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/random.h"
#include "report/logline.h"

#define PEERS_MAX  1000
#define PEERS_ROOT 50 /* ... of them are for root alone */
#define FAREWELL  "421 4.3.2 The queue is shutting down"

/* ---- what the serve asks ---- */

static const char *
admit(void *self, const struct local_peer *who)
{
	struct submit *s = self;
	struct tally *t = tally_of(&s->tallies, who->uid);

	if (who->uid != 0 &&
	    serve_peers(s->serve) >= PEERS_MAX - PEERS_ROOT) {
		tally_drop(&s->tallies, t);
		return "421 4.3.2 Too many connections, come back later";
	}
	if (who->uid != 0 &&
	    t->connections >= s->config.queue->uid_connections)
		return "421 4.3.2 Too many connections of yours";
	t->connections++;
	return NULL;
}

static void
leave(void *self, const struct local_peer *who)
{
	struct submit *s = self;
	struct tally *t = tally_of(&s->tallies, who->uid);

	t->connections--;
	tally_drop(&s->tallies, t);
}

static void *
begin(void *self, const struct serve_mail *mail)
{
	return submission_new(self, mail);
}

static void
write_text(void *self, void *draft, struct slice text)
{
	(void)self;
	submission_write(draft, text);
}

static void
discard(void *self, void *draft)
{
	(void)self;
	submission_free(draft);
}

static void
commit_all(struct submit *s, struct submission *m)
{
	struct draft *whole = m->draft;
	size_t n = m->nparts;

	m->draft = NULL;
	m->nparts = 0;
	m->owed_answers = n + 1;
	snprintf(m->id, sizeof m->id, "%s", draft_id(whole));
	store_commit(s->store, whole, m);
	for (size_t i = 0; i < n; i++)
		store_commit(s->store, m->parts[i], m);
}

static enum serve_commit
commit(void *self, void *draft, const struct serve_mail *mail,
    struct buf *answer)
{
	struct submit *s = self;
	struct submission *m = draft;

	submission_finish(m);
	if (!m->draft) {
		submit_put_reply(answer, &m->why);
		submission_free(m);
		return SERVE_REFUSED;
	}
	m->owed = serve_owe(mail);
	commit_all(s, m);
	return SERVE_LATER;
}

static const struct serve_owner owner = { .admit = admit, .leave = leave,
	.mail_check = submit_check_mail, .rcpt_check = submit_check_rcpt,
	.begin = begin, .write = write_text, .commit = commit,
	.discard = discard };

/* ---- what the store answers ---- */

static void
log_queued(const struct submit *s, struct submission *m, const char *id)
{
	const struct logline_queued q = { m->tally->uid, id,
		buf_str(&m->from), m->octets, m->nrcpts, m->is_unknown };
	struct buf line = { 0 };

	if (!s->config.log || !maillog_is_wanted(s->config.log))
		return;
	logline_put_queued(&line, &q);
	maillog_put(s->config.log, MAILLOG_INFO, s->now, buf_slice(&line));
	buf_free(&line);
}

/* Of all parts: one that is not safe makes the whole be tried again. */
static void
answer(struct submit *s, struct submission *m)
{
	struct outcome why = m->why;

	why.verdict = DEFERRED; /* what ails a disk is mended */
	if (m->is_lost)
		serve_answer(m->owed, false, submit_refuse(s, &why));
	else
		serve_answer(m->owed, true, m->id);
	submission_free(m);
}

/* The same key means that it is there already. */
static void
take_answer(struct submit *s, const struct store_answer *a)
{
	struct submission *m = a->owner;

	if (a->ok && !a->duplicate) {
		log_queued(s, m, a->id);
		if (m->told.n > 0)
			store_tell(s->store, a->id, buf_slice(&m->told));
		s->taken++;
		if (s->config.queued)
			s->config.queued(s->config.self, a->id, m->may_try);
	}
	if (a->duplicate)
		memcpy(m->id, a->id, sizeof m->id);
	if (!a->ok && !a->duplicate) {
		m->is_lost = true;
		m->why = a->why;
	}
	if (--m->owed_answers == 0)
		answer(s, m);
}

static void
take_answers(struct submit *s)
{
	struct store_answer a;

	while (store_answer(s->store, &a))
		take_answer(s, &a);
}

/* ---- its life ---- */

static bool
open_all(struct submit *s, int fd, struct events *events, struct outcome *why)
{
	s->store = store_open(&s->config.store, why);
	if (!s->store) {
		close(fd);
		return false;
	}
	s->serve = serve_new(&s->serve_config, events);
	if (s->serve && serve_listen_on(s->serve, fd))
		return true;
	outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
	    "cannot wait for messages to be handed in: %s", strerror(errno));
	if (!s->serve)
		close(fd);
	return false;
}

static void
configure(struct submit *s, const struct submit_config *config)
{
	s->config = *config;
	s->serve_config = (struct serve_config){
		.server = { .name = config->host, .handin = true,
		    .max_size = config->queue->max_size },
		.owner = &owner,
		.self = s,
		.max_peers = PEERS_MAX,
	};
}

void
submit_configure(struct submit *s, const struct submit_config *config)
{
	configure(s, config);
	serve_configure(s->serve, &s->serve_config.server);
}

struct submit *
submit_new(const struct submit_config *config, int fd, struct events *events,
    struct outcome *why)
{
	struct submit *s = mem_alloc(sizeof *s);

	configure(s, config);
	s->slot = WAIT_NO_SLOT;
	random_draw(&s->tallies.table.seed, sizeof s->tallies.table.seed);
	if (open_all(s, fd, events, why))
		return s;
	submit_free(s);
	return NULL;
}

bool
submit_listen_on(struct submit *s, int fd)
{
	return serve_listen_on(s->serve, fd);
}

/* What was asked of the store is done, though nobody hears of it. */
static void
finish_owed(struct submit *s)
{
	struct store_answer a;

	while (store_answer(s->store, &a)) {
		struct submission *m = a.owner;

		m->is_lost = m->is_lost || !(a.ok || a.duplicate);
		if (--m->owed_answers > 0)
			continue;
		serve_answer(m->owed, !m->is_lost, m->id);
		submission_free(m);
	}
}

void
submit_free(struct submit *s)
{
	if (!s)
		return;
	serve_free(s->serve);
	if (s->store) {
		finish_owed(s);
		store_close(s->store);
	}
	tallies_free(&s->tallies);
	buf_free(&s->reply);
	free(s);
}

/* Without recorders an answer lies ready as soon as something is asked. */
void
submit_wait(struct submit *s, struct wait *w, int64_t now)
{
	int fd = store_fd(s->store);

	serve_wait(s->serve, w, now);
	s->slot = fd >= 0 ? wait_add(w, fd, POLLIN) : WAIT_NO_SLOT;
	if (fd < 0 && store_owed(s->store) > 0)
		wait_until(w, 0);
}

void
submit_step(struct submit *s, const struct wait *w, int64_t now,
    struct wall_time wall)
{
	s->now = now;
	s->wall = wall;
	if (store_fd(s->store) < 0 || wait_ready(w, s->slot))
		take_answers(s);
	serve_step(s->serve, w, now);
	if (store_fd(s->store) < 0)
		take_answers(s);
}

void
submit_close(struct submit *s, int64_t now)
{
	s->closed = true;
	serve_close(s->serve, FAREWELL, now);
}

bool
submit_is_idle(const struct submit *s)
{
	return s->closed && serve_peers(s->serve) == 0 &&
	    store_owed(s->store) == 0;
}

size_t
submit_peers(const struct submit *s)
{
	return serve_peers(s->serve);
}

uint64_t
submit_taken(const struct submit *s)
{
	return s->taken;
}
