/* SPDX-License-Identifier: ISC */
/* inlets.c - see inlets.h */
#include "cli/inlets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/names.h"
#include "net/local.h"
#include "queue/control_client.h"

static void
make_folder(const struct queue_settings *q)
{
	struct stat st;

	if (geteuid() != 0 || stat(q->path, &st) != 0 ||
	    mkdir(q->run, 0755) != 0)
		return;
	if (chown(q->run, st.st_uid, st.st_gid) != 0)
		rmdir(q->run); /* opening the sockets says what is wrong */
}

bool
inlets_prepare(struct inlets *x, const struct queue_settings *q,
    struct outcome *why)
{
	make_folder(q);
	return doors_open(&x->doors, q, why);
}

/* A listening socket of this name; -1 with *why. */
static int
listen_at(const struct queue_settings *q, const char *name,
    struct outcome *why)
{
	struct buf path = { 0 };
	int fd;

	buf_putf(&path, "%s/%s", q->run, name);
	fd = local_inherited(buf_str(&path), name);
	if (fd < 0)
		fd = local_listen(buf_str(&path), 0666, why);
	buf_free(&path);
	return fd;
}

/* ---- submit ---- */

static void
note_queued(void *inlets, const char *id, bool try_now)
{
	struct inlets *x = inlets;

	if (try_now)
		runner_add(x->turn->runner, id);
	else
		runner_changed(x->turn->runner, id);
}

static void
tell_usage(void *inlets, unsigned uid, struct submit_usage *out)
{
	struct inlets *x = inlets;

	runner_usage(x->turn->runner, uid, &out->messages, &out->octets);
}

static struct store_config
store_config(const struct inlets *x)
{
	struct store_config c = x->turn->config.store;

	c.path = x->spool;
	return c;
}

static struct submit_config
submit_config(struct inlets *x)
{
	const struct turn *t = x->turn;

	return (struct submit_config){
		.store = store_config(x),
		.queue = &t->s->queue,
		.address = names_options(t->s, &t->reach.self),
		.senders = t->s->message.senders,
		.host = t->config.host,
		.here = t->here,
		.log = t->config.log,
		.self = x,
		.queued = note_queued,
		.usage = tell_usage,
	};
}

static bool
open_submit(struct inlets *x, struct outcome *why)
{
	int fd = listen_at(&x->turn->s->queue, "submit", why);

	if (fd < 0)
		return false;
	x->config = submit_config(x);
	x->submit = submit_new(&x->config, fd, NULL, why);
	return x->submit != NULL;
}

static bool
open_doors(struct inlets *x, struct outcome *why)
{
	while (x->doors.n > 0)
		if (!submit_listen_on(x->submit, x->doors.fd[--x->doors.n]))
			return outcome_fail(why, DEFERRED, STAGE_SYSTEM,
			    ESC(4, 3, 0), "cannot wait for SMTP on loopback: "
			    "%s", strerror(errno));
	return true;
}

/* ---- control ---- */

static bool
open_control(struct inlets *x, struct outcome *why)
{
	struct control_config c = {
		.store = store_config(x),
		.runner = x->turn->runner,
		.log = x->turn->config.log,
		.fd = listen_at(&x->turn->s->queue, CONTROL_SOCKET, why),
	};

	if (c.fd < 0)
		return false;
	if (c.store.recorders > 1)
		c.store.recorders = 1; /* a person asks, now and then */
	x->control = control_new(&c, why);
	return x->control != NULL;
}

static void
begin_chores(struct inlets *x)
{
	const struct queue_settings *q = &x->turn->s->queue;
	const struct chores_config c = {
		.desk = control_desk(x->control),
		.metrics_file = q->metrics_file,
		.held_lifetime = q->held_lifetime,
		.log = x->turn->config.log,
	};

	chores_free(x->chores);
	x->chores = chores_new(&c);
}

/* ---- all of them ---- */

bool
inlets_open(struct inlets *x, struct turn *turn, struct outcome *why)
{
	x->turn = turn;
	x->spool = mem_dup(slice_of(turn->s->queue.path));
	if (!open_control(x, why) || !open_submit(x, why) ||
	    !open_doors(x, why))
		return false;
	begin_chores(x);
	return true;
}

void
inlets_change(struct inlets *x, struct turn *turn)
{
	x->turn = turn;
	x->config = submit_config(x);
	submit_configure(x->submit, &x->config);
	control_set_runner(x->control, turn->runner);
	begin_chores(x);
}

void
inlets_wait(struct inlets *x, struct wait *w, int64_t now)
{
	submit_wait(x->submit, w, now);
	control_wait(x->control, w, now);
	chores_wait(x->chores, w, now);
}

void
inlets_step(struct inlets *x, const struct wait *w, int64_t now)
{
	struct wall_time wall = clock_wall();

	submit_step(x->submit, w, now, wall);
	control_step(x->control, w, now, wall.seconds);
	chores_step(x->chores, now, wall.seconds);
}

void
inlets_close(struct inlets *x, int64_t now)
{
	submit_close(x->submit, now);
}

bool
inlets_are_idle(const struct inlets *x)
{
	return submit_is_idle(x->submit);
}

void
inlets_free(struct inlets *x)
{
	chores_free(x->chores);
	submit_free(x->submit);
	control_free(x->control);
	doors_close(&x->doors);
	free(x->spool);
	*x = (struct inlets){ 0 };
}
