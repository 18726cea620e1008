/* SPDX-License-Identifier: ISC */
/* mailback.c - see mailback.h */
#include "cli/mailback.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "cli/become.h"
#include "config/idn.h"
#include "mail/scan.h"
#include "queue/bounce.h"
#include "queue/handin.h"

/* A message that has failed, as a runner would have it. */
struct failed {
	struct entry entry;
	struct envelope envelope;
	struct buf text;
};

/* What the daemon of this machine says is said by this machine. */
static struct result *
as_ours(const struct recipient *r)
{
	struct outcome o = recipient_outcome(r);

	if (o.code == 0)
		return result_share(r->result);
	o = outcome_make(FAILED, STAGE_SYSTEM, o.esc, "%s", o.text);
	return result_new(&o, SLICE(""));
}

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
	to->result = as_ours(from);
	buf_free(&path);
}

static void
add_failed(struct failed *f, const struct mail_back *m,
    const struct recipient *r)
{
	size_t n = f->envelope.n++;
	struct outcome o = recipient_outcome(r);
	struct slot *slot;

	f->envelope.rcpts = mem_resize(f->envelope.rcpts, f->envelope.n,
	    sizeof f->envelope.rcpts[0]);
	f->entry.slots = mem_resize(f->entry.slots, f->envelope.n,
	    sizeof f->entry.slots[0]);
	copy_recipient(&f->envelope.rcpts[n], r,
	    m->call->settings->message.notify);
	slot = &f->entry.slots[n];
	*slot = (struct slot){ .state = SLOT_FAILED, .attempts = 1,
		.esc = o.esc,
		.last_try = m->call->now.seconds };
}

static void
copy_recipients(struct failed *f, const struct mail_back *m)
{
	const struct envelope *e = &m->call->intake->envelope;

	f->envelope = *e;
	f->envelope.rcpts = NULL;
	f->envelope.n = 0;
	f->envelope.nbad = 0;
	for (size_t i = 0; i < e->nbad; i++)
		add_failed(f, m, &e->bad[i]);
	for (struct recipient *r = m->refused.first; r; r = r->next)
		add_failed(f, m, r);
}

static void
free_failed(struct failed *f)
{
	for (size_t i = 0; i < f->envelope.n; i++) {
		free(f->envelope.rcpts[i].to.path);
		result_release(f->envelope.rcpts[i].result);
	}
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
fill(struct failed *f, const struct mail_back *b, struct outcome *why)
{
	const struct enqueue_call *call = b->call;
	const struct message *m = &call->intake->message;
	struct form_sink text = { .put = keep_text, .arg = &f->text };
	struct message head = *m;

	if (!enqueue_facts(call, &f->entry.mail, why))
		return false;
	if (m->size > call->settings->queue.bounce_size)
		head.body = (struct content){ .fd = -1 };
	if (!enqueue_text(&text, &head, why))
		return false;
	memcpy(f->entry.mail.id, b->id, strlen(b->id) + 1);
	f->entry.mail.created = call->now.seconds;
	f->entry.mail.head = text.head;
	f->entry.mail.size = f->text.n;
	f->entry.text = (struct content){ .memory = buf_slice(&f->text),
		.fd = -1, .length = f->text.n };
	copy_recipients(f, b);
	f->entry.mail.envelope = f->envelope;
	return true;
}

static struct slice
host_of(const struct enqueue_call *call)
{
	const char *host = call->self->host[0] ? call->self->host :
						 call->self->name;

	return slice_of(host[0] ? host : "localhost");
}

static struct bounce_call
bounce_call(const struct enqueue_call *call)
{
	const struct queue_settings *q = &call->settings->queue;

	return (struct bounce_call){
		.host = host_of(call),
		.full_size = q->bounce_size,
		.lifetime = q->lifetime,
		.now = call->now.seconds,
		.offset = call->now.offset,
		.idn = &config_idn,
	};
}

static bool
plan(struct bounce *b, const struct failed *f, const struct bounce_call *c,
    struct outcome *why)
{
	if (bounce_plan(b, &f->entry, c) && b->todo == BOUNCE_WRITE)
		return true;
	return outcome_fail(why, FAILED, STAGE_SYSTEM, ESC(5, 0, 0),
	    "there is nobody who is to be told by mail");
}

/* ---- into the spool ---- */

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
store_report(const struct enqueue_call *call, const struct failed *f,
    struct outcome *why)
{
	const struct store_config config = {
		.path = call->settings->queue.path };
	const struct bounce_call c = bounce_call(call);
	struct store *store = store_open(&config, why);
	struct bounce b = { 0 };
	bool ok = store && plan(&b, f, &c, why) &&
	    bounce_write(store, &f->entry, &c, &b, why) &&
	    commit(store, b.draft, why);

	bounce_free(&b);
	if (store)
		store_close(store);
	return ok;
}

/* ---- over the socket ---- */

/* The message that the text of a report is. */
static void
make_message(struct message *m, const struct failed *f,
    const struct buf *text, size_t head)
{
	struct scan scan = { 0 };
	struct slice all = buf_slice(text), body = slice_from(all, head);

	*m = (struct message){ .body = { .memory = body, .fd = -1,
		.length = body.n } };
	buf_put(&m->head, slice_first(all, head));
	scan_feed(&scan, body);
	scan_finish(&scan);
	scan_message(&scan, m);
	m->utf8_headers = f->envelope.from.utf8;
	m->size = all.n;
}

/* From <> to whom the message is from. */
static void
make_envelope(struct envelope *e, const struct failed *f)
{
	struct address to = {
		.path = mem_dup(slice_of(f->envelope.from.path)),
		.domain = mem_dup(slice_of(f->envelope.from.domain)),
		.name = mem_dup(SLICE("")),
		.utf8 = f->envelope.from.utf8,
	};

	*e = (struct envelope){ .key = f->envelope.key };
	e->from.path = mem_dup(SLICE(""));
	e->from.domain = mem_dup(SLICE(""));
	e->from.name = mem_dup(SLICE(""));
	envelope_add(e, &to);
}

static bool
hand_in(const struct mail_back *m, const struct failed *f,
    const struct buf *text, size_t head, struct outcome *why)
{
	struct envelope to;
	struct message message;
	struct events none = { 0 };
	const struct handin h = { .path = m->socket, .envelope = &to,
		.message = &message,
		.extras = { .form = FORM_FINISHED, .priority = 4 } };
	bool ok;

	make_envelope(&to, f);
	make_message(&message, f, text, head);
	ok = handin_run(&h, &none, why);
	if (ok) {
		*why = recipient_outcome(&to.rcpts[0]);
		ok = why->verdict == DELIVERED;
	}
	events_free(&none);
	envelope_free(&to);
	buf_free(&message.head);
	return ok;
}

static bool
hand_in_report(const struct mail_back *m, const struct failed *f,
    struct outcome *why)
{
	const struct bounce_call c = bounce_call(m->call);
	struct buf text = { 0 };
	struct bounce b = { 0 };
	bool ok = plan(&b, f, &c, why);

	b.text = &text;
	ok = ok && bounce_write(NULL, &f->entry, &c, &b, why) &&
	    hand_in(m, f, &text, (size_t)b.head, why);
	bounce_free(&b);
	buf_free(&text);
	return ok;
}

bool
mail_back(const struct mail_back *m, struct outcome *why)
{
	const char *path = m->call->settings->queue.path;
	struct failed f = { .envelope.n = 0 };
	bool ok = (m->socket || become_owner_of(path, why)) &&
	    fill(&f, m, why);

	if (ok)
		ok = m->socket ? hand_in_report(m, &f, why) :
		    store_report(m->call, &f, why);
	free_failed(&f);
	return ok;
}
