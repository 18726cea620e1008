/* SPDX-License-Identifier: ISC */
/* file_mark.c - what changes of a message: its slots, and its bounces. */
#include "spool/file_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static size_t
number_of(const struct mark *m)
{
	return m->rcpt == STORE_MAIL ? 0 : m->rcpt + 1;
}

/* ---- from marks to octets ---- */

/* Where the next image of a slot goes; twice in a request to the same place. */
static struct job_mark *
place_mark(struct job *job, struct file_entry *e, size_t number)
{
	struct where *w = &e->where[number];
	struct job_mark *to;

	if (w->mark > 0)
		return &job->marks[w->mark - 1];
	w->sequence++;
	w->bank ^= 1;
	w->mark = ++job->spec.nmarks;
	to = &job->marks[w->mark - 1];
	to->at = e->layout.bank[w->bank] + number * FORMAT_SLOT;
	to->other = e->layout.bank[w->bank ^ 1] + number * FORMAT_SLOT;
	return to;
}

static void
put_mark(struct job *job, struct file_entry *e, const struct mark *m)
{
	size_t number = number_of(m);
	struct job_mark *to = place_mark(job, e, number);
	struct slot_key key = { e->seed, (uint32_t)number,
		e->where[number].sequence };

	if (number == 0) {
		e->entry.slot = m->mail;
		format_mail_slot_put(to->image, key, &m->mail);
	} else {
		e->entry.slots[m->rcpt] = m->slot;
		format_slot_put(to->image, key, &m->slot);
	}
}

static struct mark
mark_now(const struct file_entry *e, size_t rcpt)
{
	struct mark m = { .rcpt = rcpt };

	if (rcpt == STORE_MAIL)
		m.mail = e->entry.slot;
	else
		m.slot = e->entry.slots[rcpt];
	return m;
}

void
file_marks_into(struct request *r, struct file_entry *e, const struct mark *m,
    size_t n, bool keep)
{
	struct job *job = &r->job;

	assert(e->taken);
	r->entry = e;
	job->fd[JOB_ENTRY] = e->fd;
	job->marks = mem_alloc(size_mul(n, sizeof *job->marks));
	if (keep)
		r->before = mem_alloc(size_mul(n, sizeof *r->before));
	for (size_t i = 0; i < n; i++) {
		assert(number_of(&m[i]) <= e->layout.rcpts);
		if (keep)
			r->before[i] = mark_now(e, m[i].rcpt);
		put_mark(job, e, &m[i]);
	}
	for (size_t i = 0; i < n; i++)
		e->where[number_of(&m[i])].mark = 0;
}

/* ---- when it was done ---- */

/* Which slot a mark was for, by where it went. */
static size_t
number_at(const struct file_entry *e, const struct job_mark *m)
{
	uint64_t first = m->at < m->other ? m->at : m->other;

	return (size_t)((first - e->layout.bank[0]) / FORMAT_SLOT);
}

/* The image is in the other bank, or in none: so the other one counts. */
static void
turn_back(struct file_entry *e, const struct job_mark *m)
{
	struct where *w = &e->where[number_at(e, m)];

	if (w->sequence == format_slot_sequence(m->image))
		w->bank ^= 1;
}

/* A bounce that was never made: all is as it was. */
static void
undo(struct request *r)
{
	struct file_entry *e = r->entry;

	for (size_t i = r->job.spec.nmarks; i > 0; i--) {
		const struct mark *m = &r->before[i - 1];

		if (m->rcpt == STORE_MAIL)
			e->entry.slot = m->mail;
		else
			e->entry.slots[m->rcpt] = m->slot;
	}
}

void
file_marks_done(struct request *r)
{
	const struct job_result *result = &r->job.result;
	bool undone = !result->ok && !result->committed && r->before;

	if (undone)
		undo(r);
	if (!result->ok && result->committed)
		r->entry->unfinished = true;
	for (size_t i = 0; (undone || result->other) && i < r->job.spec.nmarks;
	    i++)
		turn_back(r->entry, &r->job.marks[i]);
}

/* ---- the requests ---- */

void
store_mark(struct store *s, struct entry *entry, const struct mark *m,
    size_t n, void *owner)
{
	struct file_entry *e = (struct file_entry *)entry;
	struct request *r = file_request_new(s, JOB_MARK, owner);

	file_marks_into(r, e, m, n, false);
	memcpy(r->job.spec.id, entry->mail.id, sizeof r->job.spec.id);
	r->job.fd[JOB_QUEUE] = -1; /* it is in place */
	file_request_start(s, r);
}
