/* SPDX-License-Identifier: ISC */
/*
 * desk_change.c - what changes messages: hold, release, rm, edit, bounce, now.
 *
 * Whoever changes one has it alone: it is taken away from the process's own
 * runner, and waited for where another one has it.  It counts as changed when
 * the disk has said so.
 */
#include "queue/desk_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "net/clock.h"
#include "queue/told.h"

#define AWAY_PAUSE MILLISECONDS(20)  /* until the runner has let go */
#define AWAY_FOR   SECONDS(15)
#define BUSY_PAUSE MILLISECONDS(100) /* ... another process */
#define BUSY_FOR   SECONDS(5)

/* ---- having it alone ---- */

static enum turn
wait_more(struct task *t, int64_t now, int64_t pause, int64_t patience)
{
	if (t->until == 0)
		t->until = now + patience;
	t->again = now + pause;
	return TURN_WAIT;
}

/* Nobody changes it after all: whoever it was taken from may have it again. */
static enum turn
let_go(struct task *t, const char *id)
{
	if (t->cancelled)
		runner_changed(t->desk->runner, id);
	t->cancelled = false;
	return TURN_NEXT;
}

static bool
is_late(const struct task *t, int64_t now)
{
	return t->until > 0 && now >= t->until;
}

static enum turn
take_it(struct task *t, const char *id, struct buf *out, int64_t now)
{
	struct outcome why = { 0 };

	switch (store_take_at(t->desk->store, t->place, id, &t->entry, &why)) {
	case STORE_TAKEN:
		return TURN_AGAIN;
	case STORE_BUSY:
		if (!is_late(t, now))
			return wait_more(t, now, BUSY_PAUSE, BUSY_FOR);
		task_problem(t, id, EX_TEMPFAIL, out, "it is being delivered "
		    "just now; ask again later");
		break;
	case STORE_GONE:
		task_problem(t, id, EX_NOINPUT, out, "it has just gone from "
		    "the queue");
		break;
	case STORE_CORRUPT:
		task_problem(t, id, EX_DATAERR, out, "%s", why.text);
		break;
	case STORE_UNREADABLE:
	case STORE_REFUSED:
		task_problem(t, id, EX_IOERR, out, "%s", why.text);
		break;
	case STORE_NEWER:
		task_problem(t, id, EX_DATAERR, out, "a later version of "
		    "smtpsend has written it");
		break;
	}
	return let_go(t, id);
}

/* AGAIN: t->entry is ours now. */
static enum turn
have_it(struct task *t, const char *id, struct buf *out, int64_t now)
{
	struct runner *r = t->desk->runner;
	struct entry *e = t->cancelled || t->until > 0 ? NULL :
	    task_look(t, id, out);

	if (!e && !t->cancelled && t->until == 0)
		return TURN_NEXT;
	if (e) {
		t->place = e->place;
		store_release(t->desk->store, e);
	}
	if (r && !t->cancelled)
		t->cancelled = runner_cancel(r, id,
		    verb_name(t->request.verb), now);
	if (!r || !runner_is_active(r, id))
		return take_it(t, id, out, now);
	if (!is_late(t, now))
		return wait_more(t, now, AWAY_PAUSE, AWAY_FOR);
	task_problem(t, id, EX_TEMPFAIL, out, "it is being delivered just "
	    "now, and its last reply is awaited; ask again later");
	return let_go(t, id);
}

/* ---- what is to be changed ---- */

static struct mark *
add_mark(struct task *t, size_t *n, size_t rcpt)
{
	struct mark *m;

	t->marks = mem_resize(t->marks, size_add(*n, 1), sizeof *t->marks);
	m = &t->marks[(*n)++];
	*m = (struct mark){ .rcpt = rcpt };
	if (rcpt == STORE_MAIL)
		m->mail = t->entry->slot;
	else
		m->slot = t->entry->slots[rcpt];
	return m;
}

/* All that are in this state become PENDING, due at once. */
static void
mark_due(struct task *t, size_t *n, enum slot_state from)
{
	struct slot *s;

	for (size_t i = 0; i < t->entry->mail.envelope.n; i++) {
		if (t->entry->slots[i].state != from)
			continue;
		s = &add_mark(t, n, i)->slot;
		s->state = SLOT_PENDING;
		s->next_try = 0;
	}
}

static void
mark_failed(struct task *t, size_t *n)
{
	struct slot *s;

	for (size_t i = 0; i < t->entry->mail.envelope.n; i++) {
		enum slot_state state = t->entry->slots[i].state;

		if (state != SLOT_PENDING && state != SLOT_HELD)
			continue;
		s = &add_mark(t, n, i)->slot;
		s->state = SLOT_FAILED;
		s->code = 0;
		s->esc = ESC(5, 0, 0);
	}
}

/* The marks of the verb; how many. */
static size_t
make_marks(struct task *t)
{
	enum verb verb = t->request.verb;
	size_t n = 0;
	struct mail_slot *m = &add_mark(t, &n, STORE_MAIL)->mail;

	m->held = verb == VERB_HOLD;
	if (verb != VERB_HOLD)
		m->next_try = 0;
	if (verb == VERB_RELEASE)
		mark_due(t, &n, SLOT_HELD);
	if (verb == VERB_NOW)
		mark_due(t, &n, SLOT_PENDING);
	if (verb == VERB_BOUNCE)
		mark_failed(t, &n);
	return n;
}

/* ---- the verbs ---- */

/* Who did what to which message is for the log. */
static void
log_change(const struct task *t, const char *id, int64_t now)
{
	static const char *const done[NVERBS] = {
		[VERB_HOLD] = "held", [VERB_RELEASE] = "released",
		[VERB_RM] = "removed", [VERB_EDIT] = "recipient changed",
		[VERB_BOUNCE] = "given up",
	};
	struct buf line = { 0 };

	if (!t->desk->log || !done[t->request.verb])
		return;
	buf_putf(&line, "%s: %s by uid %u", id, done[t->request.verb],
	    t->viewer.uid);
	maillog_put(t->desk->log, MAILLOG_NOTICE, now, buf_slice(&line));
	buf_free(&line);
}

/* It is done. */
static void
count_change(struct task *t, const char *id, int64_t now)
{
	t->n++;
	log_change(t, id, now);
}

/* What the history says of it. */
static void
tell(struct task *t, const char *id, int64_t wall)
{
	static const char *const done[NVERBS] = {
		[VERB_HOLD] = "held", [VERB_RELEASE] = "released",
		[VERB_EDIT] = "edited", [VERB_BOUNCE] = "failed",
	};
	const struct request *r = &t->request;
	struct buf text = { 0 }, line = { 0 };

	if (!done[r->verb])
		return;
	if (r->verb == VERB_BOUNCE)
		buf_puts(&text, "delivery was given up ");
	if (r->verb == VERB_EDIT)
		buf_putf(&text, "%.*s became %.*s ", (int)r->old.n, r->old.p,
		    (int)r->new.n, r->new.p);
	buf_putf(&text, "by %s%u", t->viewer.uid == 0 ? "root, uid " :
	    "the user with uid ", t->viewer.uid);
	told_put(&line, &(struct told){ .at = wall,
	    .verdict = slice_of(done[r->verb]), .text = buf_slice(&text) });
	store_tell(t->desk->store, id, buf_slice(&line));
	buf_free(&text);
	buf_free(&line);
}

/* It is given back; the runner reads it anew. */
static enum turn
end_change(struct task *t, const char *id)
{
	struct runner *r = t->desk->runner;
	enum verb v = t->request.verb;

	if (t->entry)
		store_release(t->desk->store, t->entry);
	t->entry = NULL;
	t->cancelled = false;
	if (r && (v == VERB_HOLD || v == VERB_RM))
		runner_changed(r, id);
	else if (r)
		runner_add(r, id);
	return TURN_NEXT;
}

/* One that was put aside can only be taken back, or removed. */
static enum turn
change_aside(struct task *t, const char *id, struct buf *out)
{
	struct store *s = t->desk->store;

	if (t->request.verb == VERB_RELEASE) {
		store_put_back(s, t->entry, t);
		t->owed = true;
		return TURN_WAIT;
	}
	store_release(s, t->entry);
	t->entry = NULL;
	return task_problem(t, id, EX_UNAVAILABLE, out, "it was put aside; "
	    "release it first, or remove it");
}

static enum turn
begin_change(struct task *t, const char *id, struct buf *out, int64_t wall)
{
	struct store *s = t->desk->store;

	if (t->request.verb == VERB_RM) {
		store_remove(s, t->entry, t);
		t->owed = true;
		return TURN_WAIT;
	}
	if (t->place != STORE_QUEUE)
		return change_aside(t, id, out);
	if (t->request.verb == VERB_EDIT) {
		if (!task_edit(t, id, out)) {
			store_release(s, t->entry);
			t->entry = NULL;
			return let_go(t, id);
		}
	} else {
		size_t n = make_marks(t);

		store_mark(s, t->entry, t->marks, n, t);
		t->owed = true;
	}
	tell(t, id, wall);
	return TURN_WAIT;
}

enum turn
change_one(struct task *t, const char *id, struct buf *out, int64_t now,
    int64_t wall)
{
	enum turn turn;

	if (t->owed)
		return TURN_WAIT;
	if (t->answered) {
		if (t->answer.ok)
			count_change(t, id, now);
		else
			task_problem(t, id, EX_IOERR, out, "%s",
			    t->answer.why.text);
		return end_change(t, id);
	}
	if (t->again > now)
		return TURN_WAIT;
	turn = have_it(t, id, out, now);
	return turn == TURN_AGAIN ? begin_change(t, id, out, wall) :
	    turn;
}

/* What keeps it from being tried now, or NULL. */
static const char *
bar_of(const struct entry *e, int64_t wall)
{
	if (e->slot.held || e->place != STORE_QUEUE)
		return "it is held; release it first";
	if (e->mail.not_before > wall)
		return "it waits for the time that its sender gave";
	return NULL;
}

/* A runner needs only be told; without one the slots say that it is due. */
enum turn
now_one(struct task *t, const char *id, struct buf *out, int64_t now,
    int64_t wall)
{
	struct entry *e;
	const char *bar;

	if (t->owed || t->answered || t->again > 0)
		return change_one(t, id, out, now, wall);
	e = task_look(t, id, out);
	if (!e)
		return TURN_NEXT;
	bar = bar_of(e, wall);
	store_release(t->desk->store, e);
	if (bar && t->request.verb == VERB_NOW && t->request.nids > 0)
		return task_problem(t, id, EX_UNAVAILABLE, out, "%s", bar);
	if (bar && t->request.verb != VERB_WAKE)
		return TURN_NEXT;
	if (!t->desk->runner)
		return change_one(t, id, out, now, wall);
	runner_add(t->desk->runner, id);
	t->n++;
	return TURN_NEXT;
}
