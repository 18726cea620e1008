/* SPDX-License-Identifier: ISC */
/*
 * desk_list.c - the rows of `list`.
 *
 * A row is read from two files.  Where a runner has an index the line is kept
 * there, with the stamp that the message had before it was read, and is said
 * again while it has that: to ask for it is a tenth of the work.
 */
#include "queue/desk_impl.h"

/* Somebody else's is counted, not shown. */
static bool
may_see(struct task *t, unsigned uid)
{
	if (t->viewer.all || t->viewer.uid == uid)
		return true;
	t->others++;
	return false;
}

/* Can a line that is kept be all that is asked for? */
static bool
wants_lines(const struct task *t)
{
	return t->desk->runner && !t->take_row && t->request.nids == 0 &&
	    !request_filters(&t->request);
}

/* Say again what was said of it. */
static bool
say_again(struct task *t, const char *id, const struct store_stamp *stamp,
    struct buf *out)
{
	unsigned uid = 0;
	struct slice line = runner_said(t->desk->runner, id, stamp, &uid);

	if (line.n == 0)
		return false;
	if (!may_see(t, uid))
		return true;
	t->n++;
	buf_put(out, line);
	return true;
}

static void
say(struct task *t, const struct entry *e, const struct store_stamp *stamp,
    struct buf *out)
{
	size_t before = out->n;

	task_fill_row(t, e);
	if (t->take_row) {
		t->take_row(t->self, &t->row);
		return;
	}
	listing_put_json(out, &t->row);
	if (stamp)
		runner_say(t->desk->runner, e->mail.id, stamp, e->mail.uid,
		    slice_from(buf_slice(out), before));
}

enum turn
list_one(struct task *t, const char *id, struct buf *out)
{
	struct store *s = t->desk->store;
	struct store_stamp stamp;
	struct entry *e;
	bool keeps = wants_lines(t) &&
	    store_stamp(s, STORE_QUEUE, id, &stamp);

	if (keeps && say_again(t, id, &stamp, out))
		return TURN_NEXT;
	e = task_look(t, id, out);
	if (!e)
		return TURN_NEXT;
	t->n++;
	say(t, e, keeps ? &stamp : NULL, out);
	store_release(s, e);
	return TURN_NEXT;
}
