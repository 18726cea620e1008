/* SPDX-License-Identifier: ISC */
/* desk.c - tasks, one message after the other: see desk.h */
#include "queue/desk_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "net/random.h"
#include "queue/wire.h"
#include "report/json.h"

#define LOOKS	   100	    /* messages in one step, at most */
#define OUT_ENOUGH 65536    /* octets said in one step */
#define NOBODY	   65534
#define DYNAMIC	   61184    /* systemd's DynamicUser, up to ... */
#define DYNAMIC_TO 65519

struct viewer
viewer_of(unsigned uid, unsigned owner, bool admin)
{
	bool all = uid == 0 || uid == owner || admin;

	return (struct viewer){
		.uid = uid,
		.all = all,
		.none = !all && (uid == NOBODY ||
		    (uid >= DYNAMIC && uid <= DYNAMIC_TO)),
	};
}

struct desk *
desk_new(const struct store_config *config, struct runner *runner,
    struct outcome *why)
{
	struct store *store = store_open(config, why);
	struct desk *d;

	if (!store)
		return NULL;
	d = mem_alloc(sizeof *d);
	d->store = store;
	d->runner = runner;
	d->config = *config;
	return d;
}

struct store *
desk_store(struct desk *d)
{
	return d->store;
}

void
desk_log(struct desk *d, struct maillog *log)
{
	d->log = log;
}

/* A line of the task's own, which is not one of those that it is asked for. */
void
task_error(struct task *t, struct buf *out, unsigned status, const char *text)
{
	buf_puts(out, "{\"error\":");
	json_put_string(out, slice_of(text));
	buf_putf(out, ",\"status\":%u}\n", status);
	t->over = true;
}

struct task *
desk_begin(struct desk *d, char *line, size_t n, struct viewer viewer)
{
	struct task *t = mem_alloc(sizeof *t);

	t->desk = d;
	t->viewer = viewer;
	t->line = line;
	list_append(&d->tasks, &t->node, t);
	random_draw(&t->health.table.seed, sizeof t->health.table.seed);
	if (!request_read(&t->request, line, n))
		task_error(t, &t->text, EX_USAGE, "this is no request");
	else if (t->request.verb == VERB_NONE)
		task_error(t, &t->text, EX_USAGE, "there is no such verb");
	else if (viewer.none)
		task_error(t, &t->text, EX_NOPERM, "this user may not ask: its "
		    "number is not one person's for long");
	return t;
}

void
task_rows(struct task *t, void (*take)(void *self,
    const struct listing_row *row), void *self)
{
	t->take_row = take;
	t->self = self;
}

/* Nothing of it is under way any more. */
static void
end_task(struct task *t)
{
	list_remove(&t->node);
	if (t->entry)
		store_release(t->desk->store, t->entry);
	free(t->line);
	free(t->marks);
	request_free(&t->request);
	listing_free(&t->row);
	health_free(&t->health);
	buf_free(&t->ids);
	buf_free(&t->told);
	buf_free(&t->text);
	free(t);
}

/* The id that the task is at; "" behind the last. */
static const char *
current(const struct task *t)
{
	return t->at < t->ids.n ? t->ids.base + t->ids.off + t->at : "";
}

/* A plan that was asked for comes no more: the task says so. */
void
desk_set_runner(struct desk *d, struct runner *runner)
{
	struct task *t;

	for (t = list_first(&d->tasks); t; t = list_after(&t->node)) {
		if (t->planned) {
			runner_unplan(d->runner, t);
			t->until = 1;
			t->again = 0;
		}
		t->planned = false;
		if (!t->watching)
			continue;
		runner_unwatch(d->runner, current(t));
		if (runner)
			runner_watch(runner, current(t));
		t->watching = runner != NULL;
		t->answered = !runner;
	}
	d->runner = runner;
}

void
task_free(struct task *t)
{
	struct runner *r;

	if (!t)
		return;
	r = t->desk->runner;
	if (t->watching)
		runner_unwatch(r, current(t));
	if (t->planned)
		runner_unplan(r, t);
	t->watching = t->planned = false;
	t->dropped = true;
	if (t->owed)
		return;
	if (t->cancelled)
		runner_changed(r, current(t));
	end_task(t);
}

static void
take_answers(struct desk *d)
{
	struct store_answer answer;
	struct task *t;

	while (store_answer(d->store, &answer)) {
		t = answer.owner;
		t->answer = answer;
		t->answered = true;
		t->owed = false;
		if (t->dropped)
			task_free(t);
	}
}

static void
take_plans(struct desk *d)
{
	struct buf text = { 0 };
	void *owner;

	while (d->runner && runner_planned(d->runner, &owner, &text)) {
		struct task *t = owner;

		buf_put(&t->text, buf_slice(&text));
		buf_clear(&text);
		t->planned = false;
		t->answered = true;
	}
	buf_free(&text);
}

static void
tell_watchers(struct desk *d, const struct runner_news *news)
{
	struct task *t;

	for (t = list_first(&d->tasks); t; t = list_after(&t->node))
		if (t->watching && strcmp(current(t), news->id) == 0)
			watch_news(t, news);
}

void
desk_step(struct desk *d, const struct wait *w, int64_t now)
{
	struct runner_news news;

	(void)w;
	(void)now;
	take_answers(d);
	take_plans(d);
	while (d->runner && runner_news(d->runner, &news))
		tell_watchers(d, &news);
}

void
desk_wait(struct desk *d, struct wait *w, int64_t now)
{
	struct task *t;
	int fd = store_fd(d->store);

	if (store_owed(d->store) > 0 && fd >= 0)
		wait_add(w, fd, POLLIN);
	else if (store_owed(d->store) > 0)
		wait_until(w, now);
	for (t = list_first(&d->tasks); t; t = list_after(&t->node))
		if (t->again > 0)
			wait_until(w, t->again);
}

void
desk_free(struct desk *d)
{
	struct wait w = { 0 };

	if (!d)
		return;
	take_answers(d);
	while (d->tasks.n > 0 && store_owed(d->store) > 0) {
		wait_clear(&w);
		desk_wait(d, &w, 0);
		wait_poll(&w, 0);
		take_answers(d);
	}
	wait_free(&w);
	store_close(d->store);
	free(d);
}

enum turn
task_problem(struct task *t, const char *id, unsigned status, struct buf *out,
    const char *fmt, ...)
{
	struct buf text = { 0 };
	char line[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	buf_puts(out, "{\"problem\":");
	json_put_string(out, slice_of(line));
	wire_put_text(out, "id", slice_of(id));
	buf_putf(out, ",\"status\":%u}\n", status);
	if (t->status == 0)
		t->status = status;
	buf_free(&text);
	return TURN_NEXT;
}

static enum turn
serve_one(struct task *t, const char *id, struct buf *out, int64_t now,
    int64_t wall)
{
	switch (t->request.verb) {
	case VERB_WHY:
		return why_one(t, id, out, now);
	case VERB_SHOW:
		return show_one(t, id, out);
	case VERB_HOLD:
	case VERB_RELEASE:
	case VERB_RM:
	case VERB_EDIT:
	case VERB_BOUNCE:
		return change_one(t, id, out, now, wall);
	case VERB_NOW:
	case VERB_FLUSH:
	case VERB_WAKE:
		return now_one(t, id, out, now, wall);
	case VERB_WATCH:
		return watch_one(t, id, out);
	case VERB_LIST:
	case VERB_COUNT:
	case VERB_STATUS:
	case VERB_SITES:
	case VERB_FORGET:
	case VERB_NONE:
	case NVERBS:
		break;
	}
	return look_one(t, id, out);
}

/* On to the next message. */
static void
go_on(struct task *t)
{
	t->at += strlen(current(t)) + 1;
	t->cancelled = t->answered = false;
	t->again = t->until = 0;
	t->shown = 0;
}

static void
finish(struct task *t, struct buf *out, int64_t wall)
{
	t->over = true;
	if (t->request.verb == VERB_STATUS)
		status_put(t, out, wall);
	buf_putf(out, "{\"done\":true,\"n\":%zu", t->n);
	if (t->status != 0)
		buf_putf(out, ",\"status\":%u", t->status);
	if (t->request.nids == 0)
		wire_put_number(out, "others", (int64_t)t->others);
	buf_puts(out, "}\n");
}

/* What needs no look at any message. */
static bool
serve_whole(struct task *t, struct buf *out, int64_t now)
{
	const struct request *r = &t->request;

	if (r->verb == VERB_SITES || r->verb == VERB_FORGET ||
	    (r->verb == VERB_FLUSH && t->viewer.all && !request_filters(r) &&
	    r->nids == 0 && t->desk->runner)) {
		whole_put(t, out, now);
		return true;
	}
	return false;
}

enum task_state
task_step(struct task *t, struct buf *out, int64_t now, int64_t wall)
{
	enum turn turn = TURN_NEXT;

	if (t->over) {
		buf_put(out, buf_slice(&t->text));
		buf_clear(&t->text);
		return TASK_OVER;
	}
	if (!t->listed && serve_whole(t, out, now))
		t->listed = true;
	else if (!t->listed)
		task_choose(t, out);
	for (int i = 0; !t->over && t->at < t->ids.n; i++) {
		if (i == LOOKS || out->n >= OUT_ENOUGH)
			return TASK_MORE;
		turn = serve_one(t, current(t), out, now, wall);
		if (turn == TURN_WAIT)
			return t->over ? TASK_OVER : TASK_WAITS;
		if (turn == TURN_NEXT)
			go_on(t);
	}
	if (!t->over)
		finish(t, out, wall);
	return TASK_OVER;
}
