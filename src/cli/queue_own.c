/* SPDX-License-Identifier: ISC */
/* queue_own.c - see queue_own.h */
#include "cli/queue_own.h"

#include "cli/become.h"
#include "config/own_queue.h"
#include "queue/control_client.h"
#include "spool/store.h"

/* All that can be named. */
static void
list_own(const struct settings *s, struct buf *list)
{
	static const enum store_place places[] = { STORE_QUEUE, STORE_HELD,
		STORE_BAD };
	const struct store_config config = { .path = s->queue.path };
	struct outcome ignored;
	struct store *store = store_open(&config, &ignored);
	struct buf ids = { 0 };

	for (size_t i = 0; store && i < sizeof places / sizeof *places; i++) {
		buf_clear(&ids);
		if (store_list(store, places[i], &ids, &ignored))
			buf_put(list, buf_slice(&ids));
	}
	buf_free(&ids);
	store_close(store);
}

static bool
has_machine_queue(const struct settings *s)
{
	bool nobody;
	struct outcome ignored;
	struct control_client *c = control_open(s->queue.run, &nobody,
	    &ignored);

	if (c)
		control_shut(c);
	return c || spool_reach(s->queue.path) != SPOOL_ABSENT;
}

/* What is no id at all is told there, too. */
static bool
is_own(const struct buf *list, struct slice given)
{
	char tidy[STORE_ID + 1];
	size_t n = request_tidy_id(given, tidy);
	struct slice rest = buf_slice(list), id;

	if (n < REQUEST_SHORT_ID)
		return true;
	while (rest.n > 0 && slice_cut(&rest, '\0', &id))
		if (request_means((struct slice){ tidy, n }, id))
			return true;
	return false;
}

static void
split_ids(struct queue_own *o, const struct settings *s,
    const struct request *r)
{
	bool alone = !has_machine_queue(s);
	struct buf list = { 0 };

	list_own(&o->settings, &list);
	for (size_t i = 0; i < r->nids; i++)
		request_add(alone || is_own(&list, r->ids[i]) ?
			&o->words.request : &o->machine.request, r->ids[i]);
	buf_free(&list);
	o->asks_own = o->words.request.nids > 0;
	o->asks_machine = o->machine.request.nids > 0;
}

/* hoststat's is known of the machine's daemon alone, and numbers for programs
 * are of one queue. */
static void
split(struct queue_own *o, const struct settings *s)
{
	enum verb verb = o->words.request.verb;
	bool is_machines = verb == VERB_SITES || verb == VERB_FORGET ||
	    o->words.style == QUEUE_METRICS;

	o->asks_machine = has_machine_queue(s);
	o->asks_own = !is_machines || !o->asks_machine;
}

bool
queue_own_open(struct queue_own *o, const struct settings *s,
    const struct queue_words *words)
{
	struct buf why = { 0 };
	bool has;

	*o = (struct queue_own){ .settings = *s, .words = *words,
		.machine = *words };
	has = !s->config &&
	    own_queue_path(&s->queue, false, &o->path, &why);
	buf_free(&why);
	if (!has) {
		buf_free(&o->path);
		return false;
	}
	own_queue_use(&o->settings, buf_str(&o->path));
	o->words.request.ids = o->machine.request.ids = NULL;
	o->words.request.nids = o->machine.request.nids = 0;
	if (words->request.nids > 0)
		split_ids(o, s, &words->request);
	else
		split(o, s);
	return true;
}

void
queue_own_close(struct queue_own *o)
{
	request_free(&o->words.request);
	request_free(&o->machine.request);
	buf_free(&o->path);
}
