/* SPDX-License-Identifier: ISC */
/* runner_news.c - what happens to messages that somebody watches. */
#include "queue/runner_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct news {
	struct list_node node;
	struct runner_news what;
	char *rcpt, *orcpt;
};

static void
drop(struct news *n)
{
	if (!n)
		return;
	free(n->rcpt);
	free(n->orcpt);
	free(n);
}

void
news_put(struct runner *r, const struct item *i, enum runner_news_kind kind,
    const struct recipient *rcpt, int64_t next)
{
	struct news *n;

	if (i->watchers == 0)
		return;
	n = mem_alloc(sizeof *n);
	n->what.kind = kind;
	n->what.next = next;
	memcpy(n->what.id, i->id, sizeof n->what.id);
	if (rcpt) {
		n->rcpt = mem_dup(slice_of(rcpt->to.path));
		n->what.rcpt = n->rcpt;
		if (rcpt->orcpt)
			n->orcpt = mem_dup(slice_of(rcpt->orcpt));
		n->what.orcpt = n->orcpt;
		n->what.outcome = recipient_outcome(rcpt);
	}
	list_append(&r->news, &n->node, n);
}

void
news_free(struct runner *r)
{
	struct news *n;

	while ((n = list_take(&r->news)))
		drop(n);
	drop(r->told);
	r->told = NULL;
}

bool
runner_news(struct runner *r, struct runner_news *out)
{
	drop(r->told);
	r->told = list_take(&r->news);
	if (!r->told)
		return false;
	*out = r->told->what;
	return true;
}

void
runner_watch(struct runner *r, const char *id)
{
	struct item *i = index_get(&r->index, id);

	i->watchers++;
	if (i->state == ITEM_NEW)
		runner_look(r, i);
}

void
runner_unwatch(struct runner *r, const char *id)
{
	struct item *i = index_find(&r->index, id);

	if (i && i->watchers > 0)
		i->watchers--;
}
