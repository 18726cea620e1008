/* SPDX-License-Identifier: ISC */
/*
 * bounce_original.c - the original in a report.
 *
 * It is read twice when it must become 7-bit: first for its plan (recode.h).
 * One that cannot become so, or that its sums say is damaged, is given back as
 * its header only.
 */
#include "queue/bounce_impl.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mail/complete.h"
#include "net/content.h"

#define FLUSH 32768 /* octets of a report that are kept in memory */

/* Each block of what lies between to f, until it says no. */
static bool
read_text(struct bounce_writing *w, uint64_t from, uint64_t to,
    bool (*f)(struct bounce_writing *w, struct slice text,
	struct outcome *why), struct outcome *why)
{
	char *block = mem_alloc(CONTENT_BLOCK);
	struct slice piece;
	bool ok = true;

	while (ok && from < to) {
		ok = content_read(&w->entry->text, from, block, &piece, why) &&
		    piece.n > 0;
		w->is_damaged = !ok;
		if (!ok)
			break;
		if (piece.n > to - from)
			piece.n = (size_t)(to - from);
		from += piece.n;
		ok = f(w, piece, why);
	}
	free(block);
	return ok;
}

/* ---- what it is ---- */

static bool
keep_head(struct bounce_writing *w, struct slice text, struct outcome *why)
{
	(void)why;
	return buf_put(&w->head, text);
}

static bool
plan_text(struct bounce_writing *w, struct slice text, struct outcome *why)
{
	(void)why;
	recode_plan_feed(w->recode, text);
	return true;
}

static bool
is_clean(const struct stored *m)
{
	return !m->eight_bit && !m->has_nul && !m->is_binary &&
	    m->longest_line <= LINES_OCTETS;
}

/* Make the plan for what is not; false when there is no way. */
static bool
plan_recode(struct bounce_writing *w)
{
	const struct stored *m = &w->entry->mail;
	struct outcome why;

	w->recode = recode_plan_new(buf_slice(&w->head), false, w->call->idn);
	if (!read_text(w, m->head, w->entry->text.length, plan_text, &why))
		return false;
	recode_plan_finish(w->recode);
	return recode_plan_bar(w->recode) == NULL;
}

/*
 * RFC 3461 6.2: all of it when it failed, unless the sender wants no more than
 * the header.  RFC 8689 5: the way back of what needs TLS may have none.
 */
static bool
may_be_whole(const struct bounce_writing *w)
{
	const struct stored *m = &w->entry->mail;

	return w->bounce->kind == BOUNCE_FAILURE &&
	    m->envelope.ret != RET_HDRS && !m->require_tls &&
	    m->size <= w->call->full_size;
}

bool
bounce_read_original(struct bounce_writing *w)
{
	uint64_t head = w->entry->mail.head;
	struct outcome why;

	if (head > w->entry->text.length)
		head = w->entry->text.length;
	if (head > HEADER_MAX)
		head = HEADER_MAX;
	w->is_damaged = false;
	buf_clear(&w->head);
	recode_plan_free(w->recode);
	w->recode = NULL;
	if (!read_text(w, 0, head, keep_head, &why))
		buf_clear(&w->head); /* a part of it could be misread */
	return may_be_whole(w) && !w->is_damaged &&
	    (is_clean(&w->entry->mail) || plan_recode(w));
}

/* ---- giving it back ---- */

static bool
put_text(struct bounce_writing *w, struct slice text, struct outcome *why)
{
	dsn_original(&w->dsn, text, &w->out);
	return bounce_flush(w, FLUSH, why);
}

static bool
put_recoded(struct bounce_writing *w, struct outcome *why)
{
	bool ok = put_text(w, buf_slice(&w->recoded), why);

	buf_clear(&w->recoded);
	return ok;
}

static bool
recode_text(struct bounce_writing *w, struct slice text, struct outcome *why)
{
	recode_feed(w->recoder, text, &w->recoded);
	return put_recoded(w, why);
}

static bool
put_in_seven_bit(struct bounce_writing *w, struct outcome *why)
{
	bool ok;

	w->recoder = recode_new(w->recode, buf_slice(&w->head), &w->recoded);
	ok = read_text(w, w->entry->mail.head, w->entry->text.length,
	    recode_text, why);
	recode_finish(w->recoder, &w->recoded);
	ok = ok && put_recoded(w, why);
	recode_free(w->recoder);
	buf_free(&w->recoded);
	return ok;
}

bool
bounce_put_original(struct bounce_writing *w, struct outcome *why)
{
	if (!dsn_is_whole(&w->dsn))
		return put_text(w, buf_slice(&w->head), why);
	if (w->recode && !w->dsn.pack)
		return put_in_seven_bit(w, why);
	return read_text(w, 0, w->entry->text.length, put_text, why);
}
