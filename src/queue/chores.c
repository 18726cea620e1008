/* SPDX-License-Identifier: ISC */
/* chores.c - see chores.h */
#include "queue/chores.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/clock.h"
#include "net/file.h"
#include "queue/health.h"

#define METRICS_EVERY SECONDS(60)
#define SWEEP_EVERY   SECONDS(3600)
#define BELIEVED      10 /* lifetimes: what seems older is a clock's error */

static const char question[] = "{\"verb\":\"status\"}";

struct chores {
	struct chores_config config;
	struct task *task;	/* that asks for the health, or NULL */
	enum task_state state;
	struct buf out;
	int64_t metrics, sweep;	/* when they are due, on the loop's clock */
	int error;		/* of the last try to write; told once */
};

struct chores *
chores_new(const struct chores_config *config)
{
	struct chores *c = mem_alloc(sizeof *c);

	c->config = *config;
	return c;
}

void
chores_free(struct chores *c)
{
	if (!c)
		return;
	task_free(c->task);
	buf_free(&c->out);
	free(c);
}

void
chores_wait(struct chores *c, struct wait *w, int64_t now)
{
	if (c->config.metrics_file)
		wait_until(w, c->task && c->state == TASK_MORE ? now :
		    c->metrics);
	if (c->config.held_lifetime > 0)
		wait_until(w, c->sweep);
}

static void
say(struct chores *c, enum maillog_level level, int64_t now,
    const struct buf *line)
{
	if (c->config.log)
		maillog_put(c->config.log, level, now, buf_slice(line));
}

/* ---- metrics ---- */

/* Under another name, then in its place: nobody reads half of it. */
static bool
write_whole(const char *path, struct slice text)
{
	struct buf other = { 0 };
	bool ok;
	int fd;

	buf_putf(&other, "%s.new", path);
	unlink(buf_str(&other));
	fd = open(buf_str(&other), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0644);
	ok = fd >= 0 && fchmod(fd, 0644) == 0 && file_write(fd, text);
	if (fd >= 0 && close(fd) != 0)
		ok = false;
	ok = ok && rename(buf_str(&other), path) == 0;
	buf_free(&other);
	return ok;
}

static void
write_metrics(struct chores *c, int64_t now)
{
	const char *path = c->config.metrics_file;
	struct health h;
	struct buf text = { 0 }, line = { 0 };
	int error = 0;

	if (c->out.n > 0 && health_read(&h, c->out.base + c->out.off,
	    c->out.n)) {
		health_put_metrics(&text, &h);
		if (!write_whole(path, buf_slice(&text)))
			error = errno;
		health_free(&h);
	}
	if (error != 0 && error != c->error) {
		buf_putf(&line, "metrics-file %s: %s", path, strerror(error));
		say(c, MAILLOG_WARNING, now, &line);
	}
	c->error = error;
	buf_free(&text);
	buf_free(&line);
}

/* The first line of the answer alone is wanted. */
static void
keep_first_line(struct buf *out)
{
	const char *end = out->n ? memchr(out->base + out->off, '\n', out->n) :
	    NULL;

	buf_cut(out, end ? (size_t)(end - (out->base + out->off)) : 0);
}

static void
turn_metrics(struct chores *c, int64_t now, int64_t wall)
{
	if (!c->task && now < c->metrics)
		return;
	if (!c->task)
		c->task = desk_begin(c->config.desk, mem_dup(
		    slice_of(question)), sizeof question - 1,
		    (struct viewer){ .all = true });
	c->state = task_step(c->task, &c->out, now, wall);
	if (c->state != TASK_OVER)
		return;
	task_free(c->task);
	c->task = NULL;
	c->metrics = now + METRICS_EVERY;
	keep_first_line(&c->out);
	write_metrics(c, now);
	buf_clear(&c->out);
}

/* ---- what was put aside ---- */

static bool
is_old(const struct chores *c, const struct stored *m, int64_t wall)
{
	int64_t age = wall - m->created;

	return m->is_bounce && age > c->config.held_lifetime &&
	    age / BELIEVED < c->config.held_lifetime;
}

static void
sweep_one(struct chores *c, const char *id, int64_t now, int64_t wall)
{
	struct store *s = desk_store(c->config.desk);
	struct buf line = { 0 };
	struct outcome why;
	struct entry *e;

	if (store_take_at(s, STORE_HELD, id, &e, &why) != STORE_TAKEN)
		return;
	if (!is_old(c, &e->mail, wall)) {
		store_release(s, e);
		return;
	}
	if (!store_settle(s, e))
		return;
	buf_putf(&line, "%s: removed: a report that nobody could be told of, "
	    "and held-lifetime is over", id);
	say(c, MAILLOG_NOTICE, now, &line);
	buf_free(&line);
}

static void
sweep(struct chores *c, int64_t now, int64_t wall)
{
	struct outcome why;
	struct buf ids = { 0 };
	struct slice rest, id;

	if (c->config.held_lifetime == 0 || now < c->sweep)
		return;
	c->sweep = now + SWEEP_EVERY;
	if (store_list(desk_store(c->config.desk), STORE_HELD, &ids, &why)) {
		rest = buf_slice(&ids);
		while (rest.n > 0 && slice_cut(&rest, '\0', &id))
			sweep_one(c, id.p, now, wall);
	}
	buf_free(&ids);
}

void
chores_step(struct chores *c, int64_t now, int64_t wall)
{
	if (c->config.metrics_file)
		turn_metrics(c, now, wall);
	sweep(c, now, wall);
}
