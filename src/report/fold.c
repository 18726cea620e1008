/* SPDX-License-Identifier: ISC */
/* fold.c - see fold.h */
#include "report/fold.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"

/* What is known of a connection; texts are parts that end in LF. */
struct talk {
	struct table_node node;
	unsigned lane;
	struct buf owed;	/* commands without a reply, oldest first */
	size_t nowed;
	bool flight;		/* several were out at once */
	bool by_bdat;		/* the body that goes is a chunk's */
	bool lmtp;
	struct buf taken;	/* LMTP: who was taken, each owed a reply */
	struct buf hello;	/* the EHLO reply that comes in */
	struct buf offer;	/* the one before */
	bool plain;		/* the rest of this reply as it is */
};

static struct slice
key_of(const unsigned *lane)
{
	return (struct slice){ (const char *)lane, sizeof *lane };
}

static struct talk *
talk_of(struct fold *f, unsigned lane)
{
	struct talk *t = table_find(&f->talks, key_of(&lane));

	if (t)
		return t;
	t = mem_alloc(sizeof *t);
	t->lane = lane;
	table_add(&f->talks, &t->node, key_of(&t->lane), t);
	return t;
}

static void
talk_free(void *owner)
{
	struct talk *t = owner;

	buf_free(&t->owed);
	buf_free(&t->taken);
	buf_free(&t->hello);
	buf_free(&t->offer);
	free(t);
}

static void
forget(struct fold *f, struct talk *t)
{
	table_remove(&f->talks, &t->node);
	talk_free(t);
}

/* ---- commands that wait for a reply ---- */

static struct slice
front(const struct buf *parts)
{
	struct slice all = buf_slice(parts);

	return slice_first(all, slice_find(all, '\n'));
}

static void
owe(struct talk *t, struct slice what)
{
	buf_put(&t->owed, what);
	buf_putc(&t->owed, '\n');
	t->nowed++;
	if (t->nowed > 1)
		t->flight = true;
}

static void
paid(struct talk *t)
{
	buf_consume(&t->owed, front(&t->owed).n + 1);
	if (--t->nowed == 0)
		t->flight = false;
}

/* What stands in the angle brackets: bob@example.org. */
static struct slice
path_in(struct slice line)
{
	struct slice path = slice_from(line, slice_find(line, '<') + 1);
	size_t end = slice_find(path, '>');

	while (end + 1 < path.n && path.p[end + 1] != ' ')
		end += 1 + slice_find(slice_from(path, end + 1), '>');
	return slice_first(path, end);
}

static bool
is_hello(struct slice command)
{
	return slice_starts_nocase(command, SLICE("EHLO")) ||
	    slice_starts_nocase(command, SLICE("LHLO"));
}

/* LMTP answers a text once for each who was taken (RFC 2033 4.2). */
static void
owe_text(struct talk *t)
{
	struct slice all = buf_slice(&t->taken), one;

	if (!t->lmtp) {
		owe(t, SLICE("the message"));
		return;
	}
	while (slice_cut(&all, '\n', &one))
		if (one.n > 0)
			owe(t, one);
	t->flight = t->nowed > 0;
	buf_clear(&t->taken);
}

static void
sent(struct talk *t, struct slice line)
{
	struct slice verb = slice_first(line, slice_find(line, ' '));
	struct buf name = { 0 };

	if (slice_eq(line, SLICE("."))) {
		owe_text(t);
		return;
	}
	t->by_bdat = slice_eq_nocase(verb, SLICE("BDAT"));
	if (is_hello(line))
		t->lmtp = slice_starts_nocase(line, SLICE("L"));
	if (slice_eq_nocase(verb, SLICE("MAIL")))
		buf_clear(&t->taken);
	if (t->by_bdat && t->lmtp &&
	    slice_ends_nocase(line, SLICE(" LAST"))) {
		owe_text(t);
		return;
	}
	buf_put(&name, verb);
	if (slice_eq_nocase(verb, SLICE("RCPT"))) {
		buf_putc(&name, ' ');
		buf_put(&name, path_in(line));
	}
	owe(t, buf_slice(&name));
	buf_free(&name);
}

/* The text of a chunk needs no line: BDAT has said how long it is. */
static enum folded
body(struct talk *t, const struct event *e)
{
	if (event_get_number(e, "done") != 1)
		return FOLD_HIDE;
	return t->by_bdat ? FOLD_HIDE : FOLD_SHOW;
}

/* ---- what a server offers ---- */

/* "SIZE 1000" of "250-SIZE 1000" */
static struct slice
text_of(struct slice line)
{
	return slice_from(line, 4);
}

static bool
offers(const struct buf *offer, struct slice what)
{
	struct slice all = buf_slice(offer), one;

	slice_cut(&all, '\n', &one); /* who it is */
	while (slice_cut(&all, '\n', &one))
		if (one.n > 4 && slice_eq_nocase(text_of(one), text_of(what)))
			return true;
	return false;
}

/* "A, B, C": what `these` offers and `those` does not. */
static void
put_offer(struct buf *out, const struct buf *these, const struct buf *those,
    const char *before)
{
	struct slice all = buf_slice(these), one;

	slice_cut(&all, '\n', &one);
	while (slice_cut(&all, '\n', &one)) {
		if (one.n <= 4 || (those && offers(those, one)))
			continue;
		buf_puts(out, before);
		buf_put(out, text_of(one));
		before = ", ";
	}
}

static void
put_hello(struct talk *t, struct buf *out)
{
	size_t before;

	buf_puts(out, "250 ");
	buf_put(out, text_of(front(&t->hello)));
	if (t->offer.n == 0) {
		put_offer(out, &t->hello, NULL, ": ");
	} else {
		buf_puts(out, ": as before");
		before = out->n;
		put_offer(out, &t->hello, &t->offer, ", and ");
		put_offer(out, &t->offer, &t->hello,
		    out->n > before ? "; without " : ", without ");
	}
	buf_free(&t->offer);
	t->offer = t->hello;
	t->hello = (struct buf){ 0 };
}

/* A line of the reply to EHLO, while all of it is as it should be. */
static enum folded
gather(struct fold *f, struct talk *t, struct slice line, bool last,
    struct buf *text)
{
	buf_put(&t->hello, line);
	buf_putc(&t->hello, '\n');
	if (!last) {
		f->gathering = t->lane;
		return FOLD_HIDE;
	}
	f->gathering = 0;
	put_hello(t, text);
	return FOLD_INSTEAD;
}

/* ---- replies ---- */

static enum folded
tag(struct talk *t, struct slice line, struct buf *text)
{
	struct slice what = front(&t->owed);
	bool many = t->flight;

	if (slice_starts_nocase(what, SLICE("RCPT ")) && line.p[0] == '2') {
		buf_put(&t->taken, slice_from(what, 5));
		buf_putc(&t->taken, '\n');
	}
	if (many)
		buf_put(text, what);
	paid(t);
	return many ? FOLD_TAG : FOLD_SHOW;
}

static enum folded
received(struct fold *f, struct talk *t, struct slice line, struct buf *text)
{
	bool last = line.n < 4 || line.p[3] != '-';
	bool hello = t->nowed == 1 && is_hello(front(&t->owed));

	if (t->nowed == 0 || line.n < 3)
		return FOLD_SHOW;
	if (hello && !t->plain && line.n > 4 &&
	    slice_starts(line, SLICE("250"))) {
		if (last)
			paid(t);
		return gather(f, t, line, last, text);
	}
	if (!last)
		return FOLD_SHOW;
	t->plain = false;
	return tag(t, line, text);
}

enum folded
fold_event(struct fold *f, const struct event *e, struct buf *text)
{
	struct talk *t = talk_of(f, e->lane);
	struct slice line = event_get(e, "line");
	enum folded how;

	if (e->kind == EVENT_BODY)
		return body(t, e);
	if (e->kind == EVENT_SENT) {
		sent(t, line);
		return FOLD_SHOW;
	}
	bool over = t->nowed == 1 &&
	    slice_eq_nocase(front(&t->owed), SLICE("QUIT"));
	how = received(f, t, line, text);
	if (over && t->nowed == 0)
		forget(f, t);
	return how;
}

void
fold_release(struct fold *f, struct buf *lines)
{
	struct talk *t;

	if (f->gathering == 0)
		return;
	t = talk_of(f, f->gathering);
	buf_put(lines, buf_slice(&t->hello));
	buf_clear(&t->hello);
	t->plain = true;
	f->gathering = 0;
}

void
fold_free(struct fold *f)
{
	table_each(&f->talks, talk_free);
	table_free(&f->talks);
}
