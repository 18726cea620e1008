/* SPDX-License-Identifier: ISC */
/*
 * file_request.c - what was asked for, until its answer is taken.
 *
 * The requests of one entry are carried out in their order, each when the one
 * before is durable: so the twin of a slot is never written before it is safe.
 */
#include "spool/file_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "spool/recorder.h"

#define DROPS 64  /* on their way: more cannot pile up descriptors */
#define AGAIN 500 /* runs of a job whose key is taken, some ms each */

static void
row_append(struct request_row *row, struct request *r)
{
	r->next = NULL;
	if (row->first)
		row->last->next = r;
	else
		row->first = r;
	row->last = r;
}

static struct request *
row_take(struct request_row *row)
{
	struct request *r = row->first;

	if (r)
		row->first = r->next;
	return r;
}

struct request *
file_request_new(struct store *s, enum job_kind kind, void *owner)
{
	struct request *r = mem_alloc(sizeof *r);

	r->job.spec.kind = kind;
	for (size_t i = 0; i < JOB_FDS; i++)
		r->job.fd[i] = -1;
	r->job.fd[JOB_QUEUE] = s->folder[IN_QUEUE];
	r->job.owner = r;
	r->answer.owner = owner;
	s->owed++;
	return r;
}

static void
say_why(const struct store *s, struct request *r)
{
	const struct job_result *result = &r->job.result;

	file_refuse(s, &r->answer.why, job_step_name(result->step),
	    result->error);
}

static void carry_out(struct store *s, struct request *r);

/* Its job was run: what is the answer, and what comes next? */
static void
finish(struct store *s, struct request *r)
{
	const struct job_result *result = &r->job.result;
	struct file_entry *e = r->entry;

	r->answer.ok = result->ok;
	r->answer.duplicate = result->duplicate;
	snprintf(r->answer.id, sizeof r->answer.id, "%s",
	    result->duplicate ? result->id : r->job.spec.id);
	if (!result->ok)
		say_why(s, r);
	if (e)
		file_marks_done(r);
	if (result->ok && r->job.spec.kind == JOB_REMOVE)
		file_forget_words(s, file_folder_of(e->entry.place),
		    e->entry.mail.id);
	row_append(&s->done, r);
	if (!e)
		return;
	e->running = row_take(&e->waiting);
	if (e->running)
		carry_out(s, e->running);
}

/* Others have their turn meanwhile. */
static bool
is_to_run_again(struct request *r)
{
	return r->job.result.busy && r->again++ < AGAIN;
}

static void
carry_out(struct store *s, struct request *r)
{
	if (s->recorders) {
		recorders_submit(s->recorders, &r->job);
		return;
	}
	do {
		job_run(&r->job);
	} while (is_to_run_again(r));
	finish(s, r);
}

static void
was_run(struct store *s, struct request *r)
{
	if (is_to_run_again(r))
		recorders_submit(s->recorders, &r->job);
	else
		finish(s, r);
}

void
file_request_start(struct store *s, struct request *r)
{
	struct file_entry *e = r->entry;

	if (e && e->running) {
		row_append(&e->waiting, r);
		return;
	}
	if (e)
		e->running = r;
	carry_out(s, r);
}

void
file_request_refuse(struct store *s, struct request *r,
    const struct outcome *why)
{
	r->answer.why = *why;
	row_append(&s->done, r);
	if (s->recorders)
		recorders_remind(s->recorders, true);
}

/* ---- answers ---- */

/* Nobody waits for the answer. */
static struct request *
drop_request(struct store *s, enum job_kind kind)
{
	struct request *r = file_request_new(s, kind, NULL);

	s->owed--;
	s->dropping++;
	return r;
}

static void
dropped(struct store *s, struct request *r)
{
	s->dropping--;
	if (r->gone)
		file_entry_free(r->gone);
	free(r->job.marks);
	free(r);
}

/* It is locked until that is done: who has the same key is told then. */
static void
drop_keyed(struct store *s, struct file_entry *e)
{
	bool here = !s->recorders || s->dropping >= DROPS;
	struct request *r = drop_request(s, JOB_KEY_END);

	file_key_end_into(s, e, r);
	r->entry = NULL;
	r->gone = e;
	if (here) {
		job_run(&r->job);
		dropped(s, r);
	} else {
		recorders_submit(s->recorders, &r->job);
	}
}

void
file_request_drop(struct store *s, struct file_entry *e)
{
	struct request *r;

	if (e->entry.mail.key[0] && !e->removed) {
		drop_keyed(s, e);
		return;
	}
	if (s->recorders && s->dropping < DROPS) {
		r = drop_request(s, JOB_DROP);
		r->job.fd[JOB_QUEUE] = -1;
		r->job.fd[JOB_ENTRY] = e->fd;
		e->fd = -1;
		recorders_submit(s->recorders, &r->job);
	}
	file_entry_free(e);
}

static bool
is_dropped(const struct job *job)
{
	return job->spec.kind == JOB_DROP || job->spec.kind == JOB_KEY_END;
}

/* The next request that is answered; NULL when there is none yet. */
static struct request *
next_answered(struct store *s)
{
	struct request *r = row_take(&s->done);
	struct job *job;

	if (r || !s->recorders)
		return r;
	recorders_remind(s->recorders, false);
	while ((job = recorders_done(s->recorders)) != NULL &&
	    is_dropped(job))
		dropped(s, job->owner);
	if (job)
		was_run(s, job->owner);
	return row_take(&s->done);
}

bool
store_answer(struct store *s, struct store_answer *out)
{
	struct request *r = next_answered(s);

	if (!r)
		return false;
	*out = r->answer;
	if (r->draft)
		store_discard(s, r->draft);
	free(r->job.marks);
	free(r->before);
	free(r);
	s->owed--;
	return true;
}

int
store_fd(const struct store *s)
{
	return s->recorders ? recorders_fd(s->recorders) : -1;
}

size_t
store_owed(const struct store *s)
{
	return s->owed;
}
