/* SPDX-License-Identifier: ISC */
/*
 * file_bounce.c - a report and the marks that say that it was made: both or
 * neither, whatever dies.
 *
 * The report's file carries what it changes in its parent (redo).  It is synced
 * and gets a hidden name, .ID.N for the parent's generation N; from then on it
 * will be sent.  Then its parent is marked and synced, then it gets its name in
 * the queue.  Who takes a parent and finds the hidden file does what is left.
 */
#include "spool/file_impl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/octets.h"
#include "spool/name.h"

/* ---- making one ---- */

/* The caller's marks, and the message's own with the next generation. */
static struct mark *
with_generation(const struct file_entry *e, const struct mark *m, size_t n,
    size_t *total)
{
	struct mark *all = mem_alloc(size_mul(size_add(n, 1), sizeof *all));
	struct mark own = { .rcpt = STORE_MAIL, .mail = e->entry.slot };

	*total = 0;
	for (size_t i = 0; i < n; i++) {
		if (m[i].rcpt == STORE_MAIL)
			own = m[i];
		else
			all[(*total)++] = m[i];
	}
	own.mail.bounces = e->entry.slot.bounces + 1;
	all[(*total)++] = own;
	return all;
}

/* The images of the marks, each with its number. */
static void
put_redo(struct buf *out, const struct file_entry *e, const struct job *job)
{
	for (size_t i = 0; i < job->spec.nmarks; i++) {
		const struct job_mark *m = &job->marks[i];
		uint64_t first = m->at < m->other ? m->at : m->other;
		char number[FORMAT_REDO - FORMAT_SLOT] = { 0 };

		octets_put(number, 4,
		    (first - e->layout.bank[0]) / FORMAT_SLOT);
		buf_put(out, (struct slice){ number, sizeof number });
		buf_put(out, (struct slice){ m->image, sizeof m->image });
	}
}

void
store_bounce(struct store *s, struct entry *entry, struct draft *d,
    const struct mark *m, size_t n, void *owner)
{
	struct file_entry *e = (struct file_entry *)entry;
	struct request *r = file_request_new(s, JOB_BOUNCE, owner);
	uint32_t generation = entry->slot.bounces;
	struct buf redo = { 0 };
	struct outcome why;
	struct mark *all = with_generation(e, m, n, &n);

	r->draft = d;
	file_draft_into(s, d, &r->job);
	file_hidden_name(r->job.spec.hidden, entry->mail.id, generation);
	file_marks_into(r, e, all, n, true);
	put_redo(&redo, e, &r->job);
	if (file_draft_finish(d, buf_slice(&redo), n, &why)) {
		file_request_start(s, r);
	} else {
		file_marks_done(r);
		file_request_refuse(s, r, &why);
	}
	buf_free(&redo);
	free(all);
}

/* ---- finishing what somebody left ---- */

/* One image of a redo that is not in its parent yet. */
static void
add_image(struct job *job, const struct file_entry *e, const char *redo)
{
	size_t number = (size_t)octets_get(redo, 4);
	const char *image = redo + (FORMAT_REDO - FORMAT_SLOT);
	const struct where *w;
	struct job_mark *to;
	unsigned bank;

	if (number > e->layout.rcpts)
		return;
	w = &e->where[number];
	bank = w->bank ^ 1;
	if (!format_is_later(format_slot_sequence(image), w->sequence)) {
		if (!e->unfinished)
			return;
		bank = w->bank; /* it was to go there */
	}
	to = &job->marks[job->spec.nmarks++];
	to->at = e->layout.bank[bank] + number * FORMAT_SLOT;
	to->other = e->layout.bank[bank ^ 1] + number * FORMAT_SLOT;
	memcpy(to->image, image, sizeof to->image);
}

/* The redo of a report, whole and of its trailer's sum; or NULL. */
static char *
read_redo(const struct file_entry *report)
{
	const struct layout *l = &report->layout;
	size_t n = l->nredo * FORMAT_REDO;
	char trailer[FORMAT_TRAILER], *redo = mem_alloc(n);
	uint32_t sums, sum;

	if (file_read_at(report->fd, l->trailer, trailer, sizeof trailer) &&
	    format_trailer_get(trailer, l, &sums, &sum) &&
	    file_read_at(report->fd, l->redo, redo, n) &&
	    crc32c(0, (struct slice){ redo, n }) == sum)
		return redo;
	free(redo);
	return NULL;
}

static bool
run_finish(struct store *s, struct file_entry *e, struct job *job,
    struct outcome *why)
{
	job->spec.kind = JOB_FINISH;
	for (size_t i = 0; i < JOB_FDS; i++)
		job->fd[i] = -1;
	job->fd[JOB_ENTRY] = e->fd;
	job->fd[JOB_QUEUE] = s->folder[IN_QUEUE];
	job_run(job);
	return job->result.ok ||
	    file_refuse(s, why, job_step_name(job->result.step),
		job->result.error);
}

/* A damaged one goes where its parent would: a person may look at it. */
static bool
set_apart(struct store *s, const struct file_entry *e, const char *hidden,
    int fd)
{
	struct outcome why;
	int corrupt = file_folder(s, IN_CORRUPT, &why);

	close(fd);
	return corrupt >= 0 &&
	    name_move(s->folder[IN_QUEUE], hidden, corrupt, e->entry.mail.id);
}

/* The report behind fd, which has the hidden name. */
static bool
finish(struct store *s, struct file_entry *e, const char *hidden, int fd,
    struct outcome *why)
{
	struct job job = { 0 };
	struct file_entry *report;
	char *redo = NULL;
	bool ok = false;

	switch (file_load(s, fd, NULL, &report, why)) {
	case STORE_TAKEN:
		break;
	case STORE_CORRUPT:
		return set_apart(s, e, hidden, fd);
	case STORE_BUSY:
	case STORE_GONE:
	case STORE_NEWER:
	case STORE_UNREADABLE:
	case STORE_REFUSED:
		close(fd);
		return false;
	}
	redo = read_redo(report);
	if (redo) {
		job.marks = mem_alloc(
		    size_mul(report->layout.nredo, sizeof *job.marks));
		for (size_t i = 0; i < report->layout.nredo; i++)
			add_image(&job, e, redo + i * FORMAT_REDO);
		memcpy(job.spec.id, report->entry.mail.id,
		    sizeof job.spec.id);
		memcpy(job.spec.hidden, hidden, sizeof job.spec.hidden);
		ok = run_finish(s, e, &job, why);
	} else {
		outcome_fail(why, DEFERRED, STAGE_READ, ESC(4, 3, 0),
		    "the report %s cannot be read", hidden);
	}
	free(job.marks);
	free(redo);
	file_entry_free(report);
	return ok;
}

enum file_left
file_finish_bounce(struct store *s, struct file_entry *e, struct outcome *why)
{
	uint32_t now = e->entry.slot.bounces;
	char hidden[JOB_NAME];

	for (uint32_t n = now > 0 ? now - 1 : 0; n <= now; n++) {
		int fd;

		file_hidden_name(hidden, e->entry.mail.id, n);
		fd = openat(s->folder[IN_QUEUE], hidden,
		    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			return finish(s, e, hidden, fd, why) ?
			    LEFT_FINISHED : LEFT_UNFINISHED;
	}
	return LEFT_NOTHING;
}
