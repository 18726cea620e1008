/* SPDX-License-Identifier: ISC */
/* follow.c - see follow.h */
#include "cli/follow.h"

#include <string.h>

#include "base/slice.h"
#include "net/clock.h"
#include "queue/control_client.h"

#define LONG SECONDS(3600)

/* By his own address, or as the one that an alias stood for. */
static bool
is_meant(const struct recipient *r, struct slice path, struct slice orcpt)
{
	struct slice type;

	if (slice_eq(slice_of(r->to.path), path))
		return true;
	slice_cut(&orcpt, ';', &type);
	return slice_eq(slice_of(r->to.path), orcpt);
}

/* Of many whom an alias stood for the worst verdict counts. */
static bool
is_better(const struct recipient *r, const struct outcome *o)
{
	struct outcome before = recipient_outcome(r);

	return !outcome_is_queued(before.verdict, before.stage) &&
	    outcome_is_worse(&before, o);
}

static void
note(struct follow *f, struct slice path, struct slice orcpt,
    const struct outcome *o)
{
	struct envelope *e = f->envelope;
	struct result *result = result_new(o, o->verdict == DEFERRED ?
	    slice_of(f->id) : SLICE(""));

	for (size_t i = 0; i < e->n; i++) {
		if (!is_meant(&e->rcpts[i], path, orcpt) ||
		    is_better(&e->rcpts[i], o))
			continue;
		recipient_say(&e->rcpts[i], o->verdict, result);
		e->rcpts[i].decided = clock_now();
	}
	result_release(result);
}

void
follow_news(void *follow, const struct runner_news *news)
{
	if (news->kind == NEWS_VERDICT)
		note(follow, slice_of(news->rcpt), slice_of(news->orcpt),
		    &news->outcome);
}

static enum verdict
find_verdict(struct slice word)
{
	static const enum verdict all[] = { DELIVERED, DEFERRED, FAILED };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (slice_eq(word, slice_of(verdict_name(all[i]))))
			return all[i];
	return PENDING;
}

static enum stage
find_stage(struct slice word)
{
	for (int s = 0; s < NSTAGES; s++)
		if (slice_eq(word, slice_of(stage_name((enum stage)s))))
			return (enum stage)s;
	return STAGE_NONE;
}

/* "4.7.1"; none when it is none. */
static struct esc
find_esc(struct slice word)
{
	struct slice part;
	uint64_t n[3] = { 0 };

	for (size_t i = 0; i < 3; i++)
		if (!slice_cut(&word, '.', &part) ||
		    !slice_to_uint(part, 999, &n[i]))
			return ESC(0, 0, 0);
	return ESC((unsigned char)n[0], (unsigned short)n[1],
	    (unsigned short)n[2]);
}

static void
note_watched(struct follow *f, const struct watch *w)
{
	struct outcome o = { .verdict = find_verdict(w->verdict),
		.code = (unsigned short)w->code, .esc = find_esc(w->esc),
		.stage = find_stage(w->stage) };

	outcome_set_host(&o, w->host, NULL);
	outcome_set_text(&o, w->text);
	outcome_set_ours(&o, "%.*s", (int)w->ours.n, w->ours.p);
	if (o.verdict != PENDING)
		note(f, w->rcpt, w->orcpt, &o);
}

/* False at the end of what is to be heard. */
static bool
hear(struct follow *f, char *line, size_t n)
{
	struct watch w;

	if (!watch_read(&w, line, n))
		return true;
	if (w.event == WATCH_VERDICT)
		note_watched(f, &w);
	return w.event != WATCH_END;
}

static int64_t
time_left(const struct follow *f)
{
	int64_t now = clock_now();

	if (f->until == 0)
		return LONG;
	return f->until > now ? f->until - now : 0;
}

static bool
listen(struct follow *f, struct control_client *c)
{
	struct outcome why;
	char *line;
	size_t n;

	for (;;) {
		switch (control_next(c, time_left(f), &line, &n, &why)) {
		case CONTROL_LINE:
			if (!hear(f, line, n))
				return true;
			break;
		case CONTROL_LATE:
			if (f->until != 0 && time_left(f) == 0)
				return true;
			break;
		case CONTROL_DONE:
			return true;
		case CONTROL_LOST:
			return false;
		}
	}
}

bool
follow_daemon(struct follow *f)
{
	const char *run = f->settings->queue.run;
	struct request watch = { .verb = VERB_WATCH };
	struct control_client *c;
	struct outcome why;
	bool nobody, ok;

	c = control_open(run, &nobody, &why);
	if (!c)
		return false;
	request_add(&watch, slice_of(f->id));
	ok = control_ask(c, &watch, &why) &&
	    control_wake(run, f->id) == CONTROL_WOKEN && listen(f, c);
	request_free(&watch);
	control_shut(c);
	return ok;
}
