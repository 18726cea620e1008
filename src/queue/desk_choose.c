/* SPDX-License-Identifier: ISC */
/* desk_choose.c - which messages a request means: ids, whole or shortened. */
#include "queue/desk_impl.h"

#include <sysexits.h>

/* What was put aside is there too: behind what is still to be sent. */
static bool
add_listed(struct task *t, struct buf *list, struct buf *out)
{
	struct store *s = t->desk->store;
	struct outcome why = { 0 };
	struct buf aside = { 0 };
	bool ok = store_list(s, STORE_QUEUE, list, &why) &&
	    store_list(s, STORE_HELD, &aside, &why);

	if (!ok)
		task_error(t, out, (unsigned)outcome_exit(&why), why.text);
	buf_put(list, buf_slice(&aside));
	buf_free(&aside);
	return ok;
}

/*
 * How many of the ids begin or end so; *found is the last of them.  What is
 * somebody else's is not there.
 */
static size_t
count_like(struct task *t, const struct buf *list, struct slice part,
    struct slice *found)
{
	struct slice rest = buf_slice(list), id;
	size_t n = 0;

	while (rest.n > 0 && slice_cut(&rest, '\0', &id))
		if (request_means(part, id) && task_owns(t, id.p)) {
			*found = id;
			n++;
		}
	return n;
}

/* All that a full id is looked for among. */
static bool
list_all(struct task *t, struct buf *list, struct buf *out)
{
	struct outcome ignored;

	if (list->n > 0)
		return true;
	if (!add_listed(t, list, out))
		return false;
	store_list(t->desk->store, STORE_BAD, list, &ignored);
	return true;
}

static void
choose_one(struct task *t, struct slice given, struct buf *list,
    struct buf *out)
{
	char id[STORE_ID + 1];
	size_t n = request_tidy_id(given, id), like = 1;
	struct slice found = { id, n };

	if (n < REQUEST_SHORT_ID) {
		task_problem(t, "", EX_USAGE, out, "\"%.*s\" is no id of a "
		    "message", (int)slice_first(given, 60).n, given.p);
		return;
	}
	if (n < STORE_ID) {
		if (!list_all(t, list, out))
			return;
		like = count_like(t, list, (struct slice){ id, n }, &found);
	}
	if (like == 1) {
		buf_put(&t->ids, found);
		buf_putc(&t->ids, '\0');
	} else if (like == 0) {
		task_absent(t, id, STORE_GONE, NULL, out);
	} else {
		task_problem(t, id, EX_USAGE, out, "%zu messages have ids that "
		    "begin or end so", like);
	}
}

void
task_choose(struct task *t, struct buf *out)
{
	struct request *r = &t->request;
	struct buf list = { 0 };

	t->listed = true;
	if (verb_wants_some(r->verb) && r->nids == 0 && !r->all &&
	    !request_filters(r))
		task_error(t, out, EX_USAGE, "which messages?");
	for (size_t i = 0; i < r->nids && !t->over; i++)
		choose_one(t, r->ids[i], &list, out);
	if (r->nids == 0 && !t->over)
		add_listed(t, &t->ids, out);
	buf_free(&list);
}
