/* SPDX-License-Identifier: ISC */
/* queue.c - see queue.h */
#include "cli/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "cli/become.h"
#include "cli/queue_carry.h"
#include "cli/queue_own.h"
#include "cli/queue_print.h"
#include "net/clock.h"
#include "queue/control_client.h"
#include "queue/desk.h"

#define PATIENCE SECONDS(90) /* for the next line of the daemon's */

static int
fail(const struct settings *s, const char *text, int status)
{
	struct buf out = { 0 };

	text_escape(&out, slice_of(text));
	fprintf(stderr, "%s: %s\n", s->program, buf_str(&out));
	buf_free(&out);
	return status;
}

/* ---- by the daemon ---- */

static int
ask_daemon(const struct settings *s, struct control_client *c,
    struct queue_print *p)
{
	struct outcome why;
	char *line;
	size_t n;

	if (!control_ask(c, &p->words->request, &why))
		return fail(s, why.text, EX_TEMPFAIL);
	for (;;) {
		switch (control_next(c, PATIENCE, &line, &n, &why)) {
		case CONTROL_LINE:
			queue_print_line(p, line, n);
			break;
		case CONTROL_DONE:
			return queue_print_end(p, line, n);
		case CONTROL_LATE:
			return fail(s, "the queue's daemon does not answer",
			    EX_TEMPFAIL);
		case CONTROL_LOST:
			return fail(s, why.text, EX_TEMPFAIL);
		}
	}
}

/* ---- in the spool itself ---- */

/* Print whole lines; the last one ends it: its exit status, or -1. */
static int
print_lines(struct queue_print *p, struct buf *out, bool over)
{
	char *end, *line;
	int status = -1;

	while (out->n > 0 && (end = memchr(out->base + out->off, '\n',
	    out->n))) {
		size_t n = (size_t)(end - (out->base + out->off));

		line = mem_dup((struct slice){ out->base + out->off, n });
		buf_consume(out, n + 1);
		if (over && out->n == 0)
			status = queue_print_end(p, line, n);
		else
			queue_print_line(p, line, n);
		free(line);
	}
	return status;
}

static int
turn_desk(struct desk *d, struct task *t, struct queue_print *p)
{
	struct wait w = { 0 };
	struct buf out = { 0 };
	enum task_state state = TASK_MORE;
	int status = -1;

	while (status < 0) {
		wait_clear(&w);
		desk_wait(d, &w, clock_now());
		if (state == TASK_MORE)
			wait_until(&w, 0);
		wait_poll(&w, clock_now());
		desk_step(d, &w, clock_now());
		state = task_step(t, &out, clock_now(), clock_wall().seconds);
		status = print_lines(p, &out, state == TASK_OVER);
	}
	buf_free(&out);
	wait_free(&w);
	return status;
}

static int
ask_spool(const struct settings *s, struct queue_print *p)
{
	struct store_config config = { .path = s->queue.path,
		.reserve = s->queue.reserve };
	unsigned uid = getuid();
	struct outcome why;
	struct buf line = { 0 };
	struct desk *d;
	struct task *t;
	int status;

	if (!become_owner_of(s->queue.path, &why) ||
	    !(d = desk_new(&config, NULL, &why)))
		return fail(s, why.text, outcome_exit(&why));
	p->alone = true;
	request_put(&line, &p->words->request);
	t = desk_begin(d, mem_dup(buf_slice(&line)), line.n - 1,
	    (struct viewer){ .uid = uid, .all = true });
	buf_free(&line);
	task_rows(t, queue_print_row, p);
	status = turn_desk(d, t, p);
	task_free(t);
	desk_free(d);
	return status;
}

/* Where there is no queue, none is the truth. */
static int
answer_without(const struct settings *s, struct queue_print *p)
{
	static char nothing[] = "{\"done\":true,\"n\":0}";
	enum verb verb = p->words->request.verb;

	if (verb == VERB_LIST || verb == VERB_COUNT || verb == VERB_SITES ||
	    verb == VERB_FORGET || verb == VERB_FLUSH)
		return queue_print_end(p, nothing, sizeof nothing - 1);
	return fail(s, "this machine has no queue", EX_UNAVAILABLE);
}

static int
ask(const struct settings *s, struct queue_print *p)
{
	bool nobody;
	struct outcome why;
	struct control_client *c = control_open(s->queue.run, &nobody, &why);
	int status;

	if (c) {
		status = ask_daemon(s, c, p);
		control_shut(c);
		return status;
	}
	if (!nobody)
		return fail(s, why.text, EX_TEMPFAIL);
	switch (spool_reach(s->queue.path)) {
	case SPOOL_OURS:
		return ask_spool(s, p);
	case SPOOL_ABSENT:
		return answer_without(s, p);
	case SPOOL_OTHERS:
		break;
	}
	return fail(s, "no daemon is here that could be asked, and the spool "
	    "is root's to look into", EX_UNAVAILABLE);
}

/* The machine's first: what the user has of his own is said with it. */
static int
ask_both(const struct queue_own *own, const struct settings *s,
    struct queue_print *p)
{
	int first = EX_OK, status = EX_OK;

	p->words = &own->machine;
	p->more = own->asks_own;
	if (own->asks_machine)
		first = ask(s, p);
	p->words = &own->words;
	p->more = false;
	p->own = own->settings.queue.path;
	if (own->asks_own)
		status = ask(&own->settings, p);
	return status ? status : first;
}

static int
serve(const struct settings *s, struct queue_print *p)
{
	struct queue_own own;
	int status;

	if (!queue_own_open(&own, s, p->words))
		return p->words->job == QUEUE_ASK ? ask(s, p) :
		    queue_carry(s, p->words);
	status = p->words->job == QUEUE_ASK ? ask_both(&own, s, p) :
	    queue_carry(&own.settings, p->words);
	queue_own_close(&own);
	return status;
}

int
queue_run(const struct settings *s)
{
	struct queue_words words;
	struct buf says = { 0 };
	struct queue_print p = { .words = &words, .program = s->program,
		.wall = clock_wall().seconds, .tty = isatty(STDOUT_FILENO) };
	int status = queue_words_read(&words, s, &says);

	if (status != 0)
		fputs(buf_str(&says), stderr);
	else
		status = serve(s, &p);
	buf_free(&says);
	queue_print_free(&p);
	request_free(&words.request);
	return status;
}
