/* SPDX-License-Identifier: ISC */
/* bounce_write.c - a report, written into the store: see bounce.h */
#include "queue/bounce_impl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "deliver/deliver.h"
#include "net/random.h"
#include "spool/ulid.h"

#define FLUSH 32768 /* octets of a report that are kept in memory */

bool
bounce_flush(struct bounce_writing *w, size_t least, struct outcome *why)
{
	bool ok = true;

	if (w->out.n < least)
		return true;
	scan_feed(&w->scan, buf_slice(&w->out));
	if (w->draft)
		ok = store_write(w->draft, buf_slice(&w->out), why);
	else
		buf_put(w->bounce->text, buf_slice(&w->out));
	buf_clear(&w->out);
	return ok;
}

/* ---- the message that it is ---- */

/* The reverse-path as it is in the original's envelope, or the postmaster. */
static bool
make_address(const struct bounce_writing *w, struct address *to,
    struct outcome *why)
{
	const struct address *from = &w->entry->mail.envelope.from;
	struct address_options options = { .idn = w->call->idn,
		.default_domain = w->call->host, .dash = true };

	if (w->bounce->to.p != from->path)
		return address_parse(w->bounce->to, &options, to, why);
	to->path = mem_dup(slice_of(from->path));
	to->domain = mem_dup(slice_of(from->domain));
	to->name = mem_dup(SLICE(""));
	to->utf8 = from->utf8;
	return true;
}

/* Somebody of this machine; one who is nobody here is tried, and fails. */
static void
find_readers(const struct bounce_writing *w, struct envelope *e)
{
	struct letters l = { .main = envelope_copy(e) };

	if (w->call->here)
		here_expand_letters(w->call->here, &l);
	if (l.main.n > 0 && l.main.nbad == 0) {
		envelope_free(e);
		*e = l.main;
		l.main = (struct envelope){ 0 };
	}
	letters_free(&l);
}

static bool
make_stored(const struct bounce_writing *w, struct stored *m,
    struct outcome *why)
{
	struct address to = { 0 };

	m->class = CLASS_URGENT;
	m->is_bounce = true;
	m->may_fill = true;
	m->created = w->call->now;
	m->uid = geteuid();
	m->envelope.from.path = mem_dup(SLICE(""));
	m->envelope.from.domain = mem_dup(SLICE(""));
	m->envelope.from.name = mem_dup(SLICE(""));
	if (!make_address(w, &to, why))
		return false;
	random_draw(&m->envelope.key, sizeof m->envelope.key);
	envelope_add(&m->envelope, &to);
	find_readers(w, &m->envelope);
	return true;
}

static bool
begin_text(struct bounce_writing *w)
{
	unsigned char random[ULID_RANDOM];

	random_draw(random, sizeof random);
	ulid_make(w->id, (uint64_t)w->call->now * 1000, random);
	buf_clear(w->bounce->text);
	return true;
}

static bool
begin_draft(struct bounce_writing *w, const struct stored *m,
    struct outcome *why)
{
	w->draft = store_begin(w->store, m, why);
	if (w->draft)
		memcpy(w->id, draft_id(w->draft), sizeof w->id);
	return w->draft != NULL;
}

static bool
begin(struct bounce_writing *w, struct outcome *why)
{
	struct stored m = { 0 };
	bool ok = make_stored(w, &m, why);

	w->dsn.global = ok && m.envelope.n == 1 && m.envelope.rcpts[0].to.utf8;
	if (ok)
		ok = w->bounce->text ? begin_text(w) :
		    begin_draft(w, &m, why);
	envelope_free(&m.envelope);
	return ok;
}

static void
finish(struct bounce_writing *w)
{
	struct stored *m;

	w->bounce->head = w->out_head;
	if (!w->draft)
		return;
	m = draft_facts(w->draft);
	scan_finish(&w->scan);
	m->size = w->scan.length;
	m->head = w->out_head;
	m->longest_line = w->scan.longest_line;
	m->eight_bit = w->scan.eight_bit;
	m->utf8_headers = w->dsn.global;
	if (w->dsn.global)
		snprintf(m->utf8_field, sizeof m->utf8_field, "To");
}

/* ---- its text ---- */

static enum dsn_action
action_of(enum bounce_kind kind)
{
	switch (kind) {
	case BOUNCE_FAILURE:
		return DSN_FAILED;
	case BOUNCE_DELAY:
		return DSN_DELAYED;
	case BOUNCE_SUCCESS:
		return DSN_RELAYED;
	}
	return DSN_FAILED;
}

static bool
all_are_here(const struct bounce_writing *w)
{
	const struct envelope *e = &w->entry->mail.envelope;

	for (size_t i = 0; i < w->bounce->n; i++)
		if (bounce_is_about(w->bounce, w->entry, i) &&
		    !e->rcpts[w->bounce->marks[i].rcpt].local)
			return false;
	return true;
}

static void
set_dsn(struct bounce_writing *w)
{
	const struct stored *m = &w->entry->mail;
	struct dsn *d = &w->dsn;
	size_t n = 0;

	d->action = action_of(w->bounce->kind);
	if (d->action == DSN_RELAYED && all_are_here(w))
		d->action = DSN_DELIVERED;
	d->host = w->call->host;
	d->to = w->bounce->to;
	d->is_orphan = m->envelope.from.path[0] == '\0';
	d->queue_id = slice_of(m->id);
	d->envid = slice_of(m->envelope.envid);
	d->arrival = m->created;
	d->now = w->call->now;
	d->offset = w->call->offset;
	d->lifetime = m->expires > 0 ? m->expires : w->call->lifetime;
	d->will_fail = true;
	for (size_t i = 0; i < w->bounce->n; i++) {
		if (!bounce_is_about(w->bounce, w->entry, i))
			continue;
		const struct recipient *r =
		    &m->envelope.rcpts[w->bounce->marks[i].rcpt];

		d->only = n++ == 0 ? &r->to : NULL;
		d->will_fail = d->will_fail && bounce_tells_failure(r);
	}
}

/* The recipient of a mark; false when he is none of the report's. */
static bool
set_recipient(const struct bounce_writing *w, size_t mark,
    struct outcome *said, struct dsn_recipient *r)
{
	size_t i = w->bounce->marks[mark].rcpt;
	int64_t until = w->dsn.arrival + w->dsn.lifetime;

	if (!bounce_is_about(w->bounce, w->entry, mark))
		return false;
	*said = result_outcome(w->said[mark]);
	*r = (struct dsn_recipient){
		.to = &w->entry->mail.envelope.rcpts[i].to,
		.orcpt = w->entry->mail.envelope.rcpts[i].orcpt,
		.said = said,
		.is_here = w->entry->mail.envelope.rcpts[i].local != NULL,
		.expired = bounce_is_expired(&w->entry->slots[i]),
		.last_try = w->entry->slots[i].last_try,
		.retry_until = until > w->dsn.now ? until : 0,
	};
	return true;
}

static void
notice_all(struct bounce_writing *w)
{
	struct dsn_recipient r;
	struct outcome said;

	for (size_t i = 0; i < w->bounce->n && !w->dsn.encode; i++)
		if (set_recipient(w, i, &said, &r))
			dsn_notice(&w->dsn, &r);
}

static bool
put_all(struct bounce_writing *w, void (*put)(struct dsn *d,
    const struct dsn_recipient *r, struct buf *out), struct outcome *why)
{
	struct dsn_recipient r;
	struct outcome said;

	for (size_t i = 0; i < w->bounce->n; i++) {
		if (!set_recipient(w, i, &said, &r))
			continue;
		put(&w->dsn, &r, &w->out);
		if (!bounce_flush(w, FLUSH, why))
			return false;
	}
	return true;
}

/* Where the empty line is, in what has been put out so far. */
static uint64_t
head_length(struct slice text)
{
	size_t n = 0;

	while (n < text.n && !slice_starts(slice_from(text, n),
	    SLICE("\r\n\r\n")))
		n++;
	return n + 4;
}

static bool
put_report(struct bounce_writing *w, struct outcome *why)
{
	notice_all(w);
	dsn_open(&w->dsn, &w->out);
	w->out_head = head_length(buf_slice(&w->out));
	if (!put_all(w, dsn_words, why))
		return false;
	dsn_status_open(&w->dsn, &w->out);
	if (!put_all(w, dsn_status, why))
		return false;
	dsn_original_open(&w->dsn, &w->out);
	if (!bounce_put_original(w, why))
		return false;
	dsn_close(&w->dsn, &w->out);
	return bounce_flush(w, 0, why);
}

/* Once, with the whole original if that may be; *w is made up before. */
static bool
write_once(struct bounce_writing *w, bool whole, struct outcome *why)
{
	w->is_damaged = false;
	w->dsn = (struct dsn){ 0 };
	w->scan = (struct scan){ 0 };
	set_dsn(w);
	if (!begin(w, why))
		return false;
	w->dsn.id = slice_of(w->id);
	w->dsn.head = buf_slice(&w->head);
	w->dsn.whole = whole;
	if (put_report(w, why)) {
		finish(w);
		return true;
	}
	if (w->draft)
		store_discard(w->store, w->draft);
	w->draft = NULL;
	buf_clear(&w->out);
	return false;
}

/* What a disk refuses once it may give the next time (FAULTS 64). */
static bool
read_original(struct bounce_writing *w)
{
	bool whole = bounce_read_original(w);

	return w->is_damaged ? bounce_read_original(w) : whole;
}

/* ... and what it refuses twice is left out. */
static bool
write_report(struct bounce_writing *w, bool whole, struct outcome *why)
{
	bool ok = write_once(w, whole, why);

	for (int again = 1; !ok && w->is_damaged && whole; again--) {
		whole = again > 0;
		ok = write_once(w, whole, why);
	}
	return ok;
}

bool
bounce_write(struct store *s, const struct entry *e,
    const struct bounce_call *call, struct bounce *b, struct outcome *why)
{
	struct bounce_writing w = { .store = s, .entry = e, .bounce = b,
		.call = call };
	bool whole = read_original(&w), ok;

	w.said = bounce_said(s, e, b);
	ok = write_report(&w, whole, why);
	b->draft = w.draft;
	bounce_said_free(w.said, b->n);
	recode_plan_free(w.recode);
	buf_free(&w.head);
	buf_free(&w.out);
	return ok;
}
