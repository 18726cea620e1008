/* SPDX-License-Identifier: ISC */
/* mailback.c - see mailback.h */
#include "cli/mailback.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "cli/become.h"
#include "config/idn.h"
#include "queue/bounce.h"

/* A message that has failed, as a runner would have it. */
struct failed {
	struct entry entry;
	struct envelope envelope;
	struct buf text;
};

/* What was written may be anything; a report has one line for it. */
static void
copy_recipient(struct recipient *to, const struct recipient *from,
    unsigned notify)
{
	struct buf path = { 0 };

	text_escape(&path, slice_of(from->to.path));
	*to = *from;
	to->to.path = mem_dup(buf_slice(&path));
	to->notify = notify;
	buf_free(&path);
}

static void
copy_recipients(struct failed *f, const struct enqueue_call *call)
{
	const struct envelope *e = &call->intake->envelope;
	struct slot *slot;
	struct outcome o;

	f->envelope = *e;
	f->envelope.n = e->nbad;
	f->envelope.nbad = 0;
	f->envelope.rcpts = mem_alloc(size_mul(e->nbad,
	    sizeof f->envelope.rcpts[0]));
	f->entry.slots = mem_alloc(size_mul(e->nbad,
	    sizeof f->entry.slots[0]));
	for (size_t i = 0; i < e->nbad; i++) {
		copy_recipient(&f->envelope.rcpts[i], &e->bad[i],
		    call->settings->message.notify);
		o = recipient_outcome(&e->bad[i]);
		slot = &f->entry.slots[i];
		slot->state = SLOT_FAILED;
		slot->attempts = 1;
		slot->esc = o.esc;
		slot->last_try = call->now.seconds;
	}
}

static void
free_failed(struct failed *f)
{
	for (size_t i = 0; i < f->envelope.n; i++)
		free(f->envelope.rcpts[i].to.path);
	free(f->envelope.rcpts);
	free(f->entry.slots);
	buf_free(&f->text);
}

static bool
keep_text(void *buf, struct slice text, struct outcome *why)
{
	(void)why;
	buf_put(buf, text);
	return true;
}

/* Its text in memory; of a large one that is its header. */
static bool
fill(struct failed *f, const struct enqueue_call *call, const char *id,
    struct outcome *why)
{
	const struct message *m = &call->intake->message;
	struct enqueue_text text = { .put = keep_text, .arg = &f->text };
	struct message head = *m;

	if (!enqueue_facts(call, &f->entry.mail, why))
		return false;
	if (m->size > call->settings->queue.bounce_size)
		head.body = (struct content){ .fd = -1 };
	if (!enqueue_text(&text, &head, why))
		return false;
	memcpy(f->entry.mail.id, id, strlen(id) + 1);
	f->entry.mail.created = call->now.seconds;
	f->entry.mail.head = text.head;
	f->entry.mail.size = f->text.n;
	f->entry.text = (struct content){ .memory = buf_slice(&f->text),
		.fd = -1, .length = f->text.n };
	copy_recipients(f, call);
	f->entry.mail.envelope = f->envelope;
	return true;
}

static bool
commit(struct store *store, struct draft *draft, struct outcome *why)
{
	struct store_answer answer;

	store_commit(store, draft, NULL);
	if (store_answer(store, &answer) && answer.ok)
		return true;
	*why = answer.why;
	return false;
}

static bool
report_to_sender(struct store *store, const struct failed *f,
    const struct bounce_call *c, struct outcome *why)
{
	struct bounce b = { 0 };
	bool ok;

	if (!bounce_plan(&b, &f->entry, c) || b.todo != BOUNCE_WRITE) {
		bounce_free(&b);
		return outcome_fail(why, FAILED, STAGE_SYSTEM, ESC(5, 0, 0),
		    "there is nobody who is to be told by mail");
	}
	ok = bounce_write(store, &f->entry, c, &b, why) &&
	    commit(store, b.draft, why);
	bounce_free(&b);
	return ok;
}

static bool
tell(const struct enqueue_call *call, const struct failed *f,
    struct outcome *why)
{
	const struct queue_settings *q = &call->settings->queue;
	const struct store_config config = { .path = q->path };
	const char *host = call->self->host[0] ? call->self->host :
						 call->self->name;
	const struct bounce_call c = {
		.host = slice_of(host[0] ? host : "localhost"),
		.full_size = q->bounce_size,
		.lifetime = q->lifetime,
		.now = call->now.seconds,
		.offset = call->now.offset,
		.idn = &config_idn,
	};
	struct store *store = store_open(&config, why);
	bool ok = store && report_to_sender(store, f, &c, why);

	if (store)
		store_close(store);
	return ok;
}

bool
mail_back(const struct enqueue_call *call, const char *id, struct outcome *why)
{
	struct failed f = { .envelope.n = 0 };
	bool ok = become_owner_of(call->settings->queue.path, why) &&
	    fill(&f, call, id, why) && tell(call, &f, why);

	free_failed(&f);
	return ok;
}
