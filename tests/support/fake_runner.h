/* SPDX-License-Identifier: ISC */
/*
 * fake_runner.h - a runner that does what a test says, for what is beside one:
 * these functions stand in for those of queue/runner.c and deliver.c, in the
 * one file that includes it.
 */
#ifndef SUPPORT_FAKE_RUNNER_H
#define SUPPORT_FAKE_RUNNER_H

#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "queue/runner.h"

#define WALL 1800000000

struct runner {
	char active[STORE_ID + 1];
	bool lets_go;		/* ... when it is asked to */
	struct buf said;	/* "add ID\n" ... */
	void *planner;
	struct outcome blocked;
	struct runner_news news[4];
	size_t nnews;
	struct {
		char id[STORE_ID + 1];
		struct store_stamp stamp;
		unsigned uid;
		char line[600];
	} kept[4];
	size_t nkept;
};

static void
note(struct runner *r, const char *what, const char *id)
{
	buf_putf(&r->said, "%s %s\n", what, id);
}

void
runner_add(struct runner *r, const char *id)
{
	note(r, "add", id);
}

void
runner_changed(struct runner *r, const char *id)
{
	note(r, "changed", id);
}

bool
runner_cancel(struct runner *r, const char *id, const char *verb, int64_t now)
{
	(void)now;
	if (strcmp(r->active, id) != 0)
		return false;
	note(r, verb, id);
	if (r->lets_go)
		r->active[0] = '\0';
	return true;
}

bool
runner_is_active(const struct runner *r, const char *id)
{
	return strcmp(r->active, id) == 0;
}

bool
runner_owner(const struct runner *r, const char *id, unsigned *uid)
{
	(void)r;
	(void)id;
	(void)uid;
	return false;
}

struct slice
runner_said(const struct runner *r, const char *id,
    const struct store_stamp *stamp, unsigned *uid)
{
	for (size_t i = 0; i < r->nkept; i++) {
		if (strcmp(r->kept[i].id, id) != 0 ||
		    memcmp(&r->kept[i].stamp, stamp, sizeof *stamp) != 0)
			continue;
		*uid = r->kept[i].uid;
		return slice_of(r->kept[i].line);
	}
	return (struct slice){ 0 };
}

void
runner_say(struct runner *r, const char *id, const struct store_stamp *stamp,
    unsigned uid, struct slice line)
{
	size_t i = r->nkept;

	if (i == 4 || line.n >= sizeof r->kept[0].line)
		abort();
	r->nkept++;
	memcpy(r->kept[i].id, id, sizeof r->kept[i].id);
	r->kept[i].stamp = *stamp;
	r->kept[i].uid = uid;
	memcpy(r->kept[i].line, line.p, line.n);
	r->kept[i].line[line.n] = '\0';
}

enum runner_state
runner_next(const struct runner *r, const char *id, int64_t *when)
{
	(void)r;
	(void)id;
	*when = WALL + 100;
	return RUNNER_WAITS;
}

size_t
runner_flush(struct runner *r, const struct runner_filter *f)
{
	if (f->by)
		abort();
	note(r, "flush", "all");
	return 7;
}

const struct outcome *
runner_blocked(const struct runner *r)
{
	return r->blocked.text[0] ? &r->blocked : NULL;
}

struct here *
runner_here(const struct runner *r)
{
	(void)r;
	return NULL;
}

struct deliver *
runner_deliver(struct runner *r)
{
	(void)r;
	return NULL;
}

bool
deliver_sites(const struct deliver *d, const void **at,
    struct site_report *out)
{
	(void)d;
	if (*at)
		return false;
	*at = out;
	*out = (struct site_report){ .hosts = SLICE("10 mx.test:25"),
		.lanes = 1, .most = 10, .next = SECONDS(5) };
	return true;
}

void
deliver_wake_sites(struct deliver *d)
{
	(void)d;
}

void
runner_watch(struct runner *r, const char *id)
{
	note(r, "watch", id);
}

void
runner_unwatch(struct runner *r, const char *id)
{
	note(r, "unwatch", id);
}

bool
runner_news(struct runner *r, struct runner_news *out)
{
	if (r->nnews == 0)
		return false;
	*out = r->news[0];
	r->nnews--;
	memmove(r->news, r->news + 1, r->nnews * sizeof r->news[0]);
	return true;
}

bool
runner_plan(struct runner *r, const char *id, void *owner, struct outcome *why)
{
	(void)why;
	note(r, "plan", id);
	r->planner = owner;
	return true;
}

bool
runner_planned(struct runner *r, void **owner, struct buf *out)
{
	if (!r->planner)
		return false;
	*owner = r->planner;
	r->planner = NULL;
	buf_puts(out, "the plan");
	return true;
}

void
runner_unplan(struct runner *r, void *owner)
{
	if (r->planner == owner)
		r->planner = NULL;
}

#endif
