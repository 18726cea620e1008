/* SPDX-License-Identifier: ISC */
/* source_mbox.c - the messages of an mbox, in the order they lie there. */
#include "bulk/source_impl.h"

static enum mbox_found
split(struct source *s, struct slice *text)
{
	struct slice in = { s->window + s->at, s->end - s->at };
	enum mbox_found found = mbox_split(&s->split, &in, s->ended, text);

	s->at = s->end - in.n;
	return found;
}

/* ---- a message ---- */

static void
begin(struct source *s)
{
	s->open = true;
	s->number++;
	s->input = (struct input){ .content.fd = -1, .spill.fd = -1,
		.fd = -1 };
	s->bad.verdict = PENDING;
}

static void
add(struct source *s, struct slice text)
{
	const struct input_options plain = { .path = NULL };

	if (s->bad.verdict == PENDING &&
	    !input_put(&s->input, &plain, text, &s->bad))
		input_free(&s->input);
}

static enum source_got
give(struct source *s, struct source_item *item, struct outcome *why)
{
	s->open = false;
	item->label = source_label(s, s->number);
	*why = s->bad;
	if (s->bad.verdict != PENDING)
		return SOURCE_BAD;
	item->input = s->input;
	input_put_end(&item->input);
	if (item->input.content.length == 0)
		outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
		    "the message is empty");
	else if (source_sum(item, why))
		return SOURCE_MESSAGE;
	input_free(&item->input);
	return SOURCE_BAD;
}

/* The end of one is the beginning of the next; true when there was one. */
static bool
next_begins(struct source *s, struct source_item *item, enum source_got *got,
    struct outcome *why)
{
	bool was_open = s->open;

	if (was_open)
		*got = give(s, item, why);
	begin(s);
	return was_open;
}

static enum source_got
broken(const struct source *s, struct outcome *why)
{
	outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
	    "%s is no mbox: its first line is not \"From \" with a sender and "
	    "a date", source_name(s));
	return SOURCE_BROKEN;
}

enum source_got
source_mbox_next(struct source *s, struct source_item *item,
    struct outcome *why)
{
	enum source_got got = SOURCE_END;
	struct slice text;

	for (;;) {
		switch (split(s, &text)) {
		case MBOX_TEXT:
			add(s, text);
			break;
		case MBOX_BEGIN:
			if (next_begins(s, item, &got, why))
				return got;
			break;
		case MBOX_NONE:
			return broken(s, why);
		case MBOX_MORE:
			if (s->ended)
				return s->open ? give(s, item, why) : got;
			if (!source_fill(s, &got, why))
				return got;
		}
	}
}
