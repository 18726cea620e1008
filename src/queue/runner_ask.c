/* SPDX-License-Identifier: ISC */
/* runner_ask.c - what others ask of the runner, and tell it. */
#include "queue/runner_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
runner_add(struct runner *r, const char *id)
{
	struct item *i = index_get(&r->index, id);

	i->busy = 0;
	if (i->state == ITEM_ACTIVE) {
		i->dirty = true;
		return;
	}
	i->woken = i->forced = true;
	if (index_site(i) != 0) /* what is remembered of it is no try */
		deliver_wake_site(r->deliver, index_site(i));
	index_ready(&r->index, i);
}

void
runner_changed(struct runner *r, const char *id)
{
	struct item *i = index_get(&r->index, id);

	if (i->state == ITEM_ACTIVE)
		i->dirty = true;
	else
		runner_look(r, i);
}

bool
runner_cancel(struct runner *r, const char *id, const char *verb, int64_t now)
{
	struct item *i = index_find(&r->index, id);
	struct outcome why;

	if (!i || i->state != ITEM_ACTIVE || !i->run)
		return false;
	r->now = now;
	why = outcome_make(DEFERRED, STAGE_SYSTEM, ESC(4, 3, 2),
	    "stopped by hand: %s", verb);
	run_cancel(i->run, &why);
	return true;
}

bool
runner_is_active(const struct runner *r, const char *id)
{
	const struct item *i = index_find(&r->index, id);

	return i && i->state == ITEM_ACTIVE;
}

bool
runner_owner(const struct runner *r, const char *id, unsigned *uid)
{
	const struct item *i = index_find(&r->index, id);

	return i && index_owner(i, uid);
}

struct slice
runner_said(const struct runner *r, const char *id,
    const struct store_stamp *stamp, unsigned *uid)
{
	const struct item *i = index_find(&r->index, id);

	if (!i || i->state == ITEM_ACTIVE || !i->said ||
	    memcmp(&i->said->stamp, stamp, sizeof *stamp) != 0)
		return (struct slice){ 0 };
	*uid = i->said->uid;
	return (struct slice){ i->said->line, i->said->n };
}

void
runner_say(struct runner *r, const char *id, const struct store_stamp *stamp,
    unsigned uid, struct slice line)
{
	struct item *i = index_find(&r->index, id);

	if (i && i->state != ITEM_ACTIVE)
		index_say(&r->index, i, stamp, uid, line);
}

enum runner_state
runner_next(const struct runner *r, const char *id, int64_t *when)
{
	const struct item *i = index_find(&r->index, id);

	*when = 0;
	if (!i)
		return RUNNER_UNKNOWN;
	switch ((enum item_state)i->state) {
	case ITEM_WAITS:
		*when = r->wall + (i->due - r->now) / 1000000;
		return RUNNER_WAITS;
	case ITEM_DUE:
		return RUNNER_DUE;
	case ITEM_ACTIVE:
		return RUNNER_IS_ACTIVE;
	case ITEM_HELD:
	case ITEM_KEPT:
		return RUNNER_HELD;
	case ITEM_NEW:
		break;
	}
	return RUNNER_UNKNOWN;
}

struct runner_counts
runner_counts(const struct runner *r)
{
	return (struct runner_counts){
		.known = r->index.items.n,
		.due = r->index.ndue,
		.active = r->index.active,
		.held = r->index.nheld,
		.scanning = !r->begun || runner_is_scanning(r),
	};
}

void
runner_usage(const struct runner *r, unsigned uid, uint64_t *messages,
    uint64_t *octets)
{
	index_owned(&r->index, uid, messages, octets);
}

void
runner_take_over(struct runner *r, const struct runner *before)
{
	const struct table *items = &before->index.items;
	const struct table_node *node;
	const struct item *i;

	for (size_t at = 0; at < items->nslots; at++)
		for (node = items->slot[at]; node; node = node->chain) {
			i = node->owner;
			if (i->state == ITEM_DUE)
				runner_add(r, i->id);
		}
}

/* ---- all now ---- */

/* Those that wait, collected before any is moved. */
static size_t
collect(struct runner *r, struct item ***out)
{
	size_t n = r->index.waits.n;

	*out = mem_alloc(size_mul(n + 1, sizeof(struct item *)));
	for (size_t k = 0; k < n; k++)
		(*out)[k] = r->index.waits.v[k]->owner;
	return n;
}

/* Is it one of these?  Only its message knows, but for its id. */
static bool
is_chosen(struct runner *r, const struct item *i,
    const struct runner_filter *f)
{
	struct outcome why;
	struct entry *e;
	bool wanted;

	if (f->by == 0)
		return true;
	if (store_look(r->store, i->id, &e, &why) != STORE_TAKEN)
		return false;
	wanted = runner_is_wanted(f, e);
	store_release(r->store, e);
	return wanted;
}

size_t
runner_flush(struct runner *r, const struct runner_filter *f)
{
	struct item **all;
	size_t n = collect(r, &all), chosen = 0;

	deliver_wake_sites(r->deliver);
	for (size_t k = 0; k < n; k++) {
		if (!is_chosen(r, all[k], f))
			continue;
		all[k]->forced = true;
		index_ready(&r->index, all[k]);
		chosen++;
	}
	free(all);
	if (!r->config->once && f->by == 0) {
		r->is_flushing = true; /* those that are not known yet, too */
		runner_scan_begin(r);
	}
	return chosen;
}
