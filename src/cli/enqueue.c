/* SPDX-License-Identifier: ISC */
/* enqueue.c - see enqueue.h */
#include "cli/enqueue.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "config/when.h"
#include "deliver/deliver.h"
#include "mail/header.h"
#include "mail/received.h"
#include "mail/recode.h"
#include "queue/told.h"

/* ---- what is known of it ---- */

/* Has a field this word, alone or before a parameter? */
static bool
says(struct slice head, const char *name, const char *word)
{
	struct header_field field;

	return header_find(head, name, &field) &&
	    slice_starts_nocase(slice_trim(field.value), slice_of(word));
}

/* What waits longest is bulk; what tells of trouble goes first. */
static enum mail_class
class_of(const struct settings *s, const struct intake *in)
{
	struct slice head = buf_slice(&in->message.head);
	struct slice name = slice_of(s->message.full_name);

	if (in->envelope.from.path[0] == '\0' ||
	    slice_eq(name, SLICE("CronDaemon")) ||
	    slice_eq(name, SLICE("Anacron")))
		return CLASS_URGENT;
	if (says(head, "Precedence", "bulk") ||
	    says(head, "Precedence", "list") ||
	    says(head, "Precedence", "junk"))
		return CLASS_BULK;
	return CLASS_NORMAL;
}

/* What is no word of a header is not believed. */
static bool
is_word(struct slice s, const char *besides)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && !strchr(besides, s.p[i]))
			return false;
	return s.n > 0;
}

/* "uucp" and "host" of -p uucp:host. */
static void
set_origin(struct received *r, const struct settings *s)
{
	struct slice host = slice_of(s->sendmail.protocol), name = { 0 };

	slice_cut(&host, ':', &name);
	r->with = is_word(name, "") ? name : SLICE("local");
	if (is_word(host, ".-_:[]"))
		r->from = host;
}

static struct slice
our_name(const struct self *self)
{
	const char *name = self->host[0] ? self->host : self->name;

	return name[0] ? slice_of(name) : SLICE("localhost");
}

static void
put_received(struct buf *out, const struct enqueue_call *call, const char *id)
{
	const struct envelope *e = &call->intake->envelope;
	struct received r = {
		.by = our_name(call->self),
		.id = slice_of(id),
		.has_uid = true,
		.uid = call->uid,
		.rcpt = e->n == 1 ? slice_of(e->rcpts[0].to.path) : SLICE(""),
		.now = call->now.seconds,
		.offset = call->now.offset,
	};

	set_origin(&r, call->settings);
	if (call->settings->queue.received)
		received_put(out, &r);
}

static void
set_string(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

/* What no server takes as it is. */
static bool
is_recoded(const struct message *m)
{
	return m->recode && !m->recode_bar && recode_is_forced(m);
}

/* What is stored in 7-bit form is clean. */
static void
describe_text(struct stored *out, const struct message *m)
{
	out->utf8_headers = m->utf8_headers;
	out->doubtful_head = m->doubtful_head;
	set_string(out->utf8_field, sizeof out->utf8_field, m->utf8_field);
	set_string(out->recode_bar, sizeof out->recode_bar, m->recode_bar);
	if (is_recoded(m))
		return;
	out->longest_line = m->longest_line;
	out->eight_bit = m->eight_bit;
	out->has_nul = m->has_nul;
	out->is_binary = m->is_binary;
}

static bool
set_times(const struct enqueue_call *call, struct stored *out,
    struct outcome *why)
{
	const struct settings *s = call->settings;

	out->created = call->now.seconds;
	out->expires = s->enqueue.expires ? s->enqueue.expires :
	    s->sendmail.queue_return;
	if (call->tried)
		out->not_before = out->created + s->queue.retry.v[0];
	if (!s->enqueue.at ||
	    when_parse(s->enqueue.at, call->now.seconds, &out->not_before))
		return true;
	return outcome_fail(why, FAILED, STAGE_USAGE, ESC(5, 5, 4),
	    "--at %s: there is no such time", s->enqueue.at);
}

static bool
set_hops(const struct enqueue_call *call, struct stored *out,
    struct outcome *why)
{
	const struct settings *s = call->settings;
	unsigned n = s->message.hop_count +
	    received_count(buf_slice(&call->intake->message.head));

	out->hops = (uint16_t)(n < UINT16_MAX ? n : UINT16_MAX);
	if (s->sendmail.max_hops == 0 || n <= s->sendmail.max_hops)
		return true;
	return outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 4, 6),
	    "the message has been through %u hosts, %u are allowed: it goes "
	    "round in a circle", n, s->sendmail.max_hops);
}

bool
enqueue_facts(const struct enqueue_call *call, struct stored *out,
    struct outcome *why)
{
	const struct settings *s = call->settings;
	const struct intake *in = call->intake;

	*out = (struct stored){
		.uid = call->uid,
		.class = (uint8_t)class_of(s, in),
		.hold = s->sendmail.hold,
		.queue_only = s->sendmail.delivery == DELIVERY_QUEUE,
		.require_tls = s->message.require_tls,
		.is_bounce = in->envelope.from.path[0] == '\0',
		.envelope = in->envelope,
		.head = in->message.head.n,
	};
	set_string(out->host, sizeof out->host, call->self->host[0] ?
	    call->self->host : call->self->name);
	set_string(out->tag, sizeof out->tag, s->sendmail.log_tag);
	set_string(out->key, sizeof out->key, s->enqueue.key);
	describe_text(out, &in->message);
	return set_times(call, out, why) && set_hops(call, out, why);
}

bool
enqueue_text(struct form_sink *sink, const struct message *m,
    struct outcome *why)
{
	return form_put(sink, m, is_recoded(m), why);
}

/* ---- into the store ---- */

static bool
write_block(void *draft, struct slice text, struct outcome *why)
{
	return store_write(draft, text, why);
}

/* Without recorders the answer lies ready. */
bool
enqueue_commit(struct store *store, struct draft *draft, struct enqueued *out,
    struct outcome *why)
{
	struct store_answer answer;

	store_commit(store, draft, NULL);
	if (!store_answer(store, &answer))
		return outcome_fail(why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "the queue gave no answer");
	*why = answer.why;
	out->duplicate = answer.duplicate;
	memcpy(out->id, answer.id, sizeof answer.id);
	return answer.ok || answer.duplicate;
}

/* For mailq why. */
static void
tell_hold(const struct enqueue_call *call, struct store *store, const char *id)
{
	const char *reason = call->settings->sendmail.hold_reason;
	struct buf line = { 0 };

	if (!reason || !reason[0])
		return;
	told_put_hold(&line, slice_of(reason), call->now.seconds);
	store_tell(store, id, buf_slice(&line));
	buf_free(&line);
}

static bool
add(const struct enqueue_call *call, struct store *store,
    struct enqueued *out, struct outcome *why)
{
	struct form_sink text = { .put = write_block };
	struct buf trace = { 0 };
	struct stored facts;
	struct draft *draft;
	bool ok;

	if (!enqueue_facts(call, &facts, why))
		return false;
	draft = store_begin(store, &facts, why);
	if (!draft)
		return false;
	text.arg = draft;
	put_received(&trace, call, draft_id(draft));
	ok = store_write(draft, buf_slice(&trace), why) &&
	    enqueue_text(&text, &call->intake->message, why);
	draft_facts(draft)->head = trace.n + text.head;
	buf_free(&trace);
	if (!ok) {
		store_discard(store, draft);
		return false;
	}
	if (!enqueue_commit(store, draft, out, why))
		return false;
	if (!out->duplicate)
		tell_hold(call, store, out->id);
	return true;
}

bool
enqueue(const struct enqueue_call *call, struct enqueued *out,
    struct outcome *why)
{
	const struct queue_settings *q = &call->settings->queue;
	const struct store_config config = { .path = q->path,
		.reserve = q->reserve };
	struct store *store = store_open(&config, why);
	bool ok = store && add(call, store, out, why);

	if (store)
		store_close(store);
	return ok;
}
