/* SPDX-License-Identifier: ISC */
/* source_list.c - a message for each row of a list. */
#include "bulk/source_impl.h"

/* A mark that some editors put before UTF-8. */
#define MARK SLICE("\357\273\277")

static enum csv_found
next_row(struct source *s, struct csv_row *row)
{
	struct slice in = { s->window + s->at, s->end - s->at };
	enum csv_found found = csv_next(&s->csv, &in, s->ended, row);

	s->at = s->end - in.n;
	return found;
}

static enum source_got
broken(struct source *s, struct outcome *why, const char *text)
{
	outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0), "%s:%zu: %s",
	    source_name(s), s->csv.line + 1, text);
	return SOURCE_BROKEN;
}

/* Wait for a row; SOURCE_MESSAGE: there it is, or a bad one. */
static enum source_got
await_row(struct source *s, struct csv_row *row, enum csv_found *found,
    struct outcome *why)
{
	enum source_got got = SOURCE_END;

	while ((*found = next_row(s, row)) == CSV_MORE) {
		if (s->ended)
			return s->at == s->end ? SOURCE_END :
			    broken(s, why, "a quote is not closed");
		if (s->at == 0 && s->end == SOURCE_WINDOW)
			return broken(s, why, "the row is too long, or a quote "
			    "is not closed");
		if (!source_fill(s, &got, why))
			return got;
	}
	return SOURCE_MESSAGE;
}

/* ---- the first row ---- */

static bool
is_recipient(struct slice name)
{
	static const char *const names[] = { "email", "e-mail", "mail",
		"address", "recipient", "to" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_eq_nocase(name, slice_of(names[i])))
			return true;
	return false;
}

static bool
find_recipient(struct source *s)
{
	for (size_t i = 0; i < s->names.n; i++) {
		s->field[i].name = slice_trim(csv_field(&s->names, i));
		s->recipient = i;
		if (is_recipient(s->field[i].name))
			break;
	}
	for (size_t i = 0; i < s->names.n; i++)
		s->field[i].name = slice_trim(csv_field(&s->names, i));
	return is_recipient(s->field[s->recipient].name);
}

/* What delimits is seen in the whole of it. */
static enum source_got
begin(struct source *s, struct outcome *why)
{
	enum source_got got = SOURCE_END;
	enum csv_found found;
	struct slice first = { 0 };

	while (!s->csv.delimiter) {
		first = (struct slice){ s->window + s->at, s->end - s->at };
		if (s->ended || first.n == SOURCE_WINDOW ||
		    slice_find(first, '\n') < first.n)
			s->csv.delimiter = csv_delimiter(first);
		else if (!source_fill(s, &got, why))
			return got;
	}
	if (slice_starts(first, MARK))
		s->at += MARK.n;
	got = await_row(s, &s->names, &found, why);
	if (got != SOURCE_MESSAGE)
		return got;
	if (found == CSV_BAD || !find_recipient(s))
		return broken(s, why, "no column of its first row is called "
		    "email, mail, address, recipient or to");
	return SOURCE_MESSAGE;
}

/* ---- a row ---- */

static enum source_got
give(struct source *s, struct source_item *item, struct outcome *why)
{
	for (size_t i = 0; i < s->row.n; i++)
		s->field[i].value = csv_field(&s->row, i);
	item->to = slice_trim(s->field[s->recipient].value);
	if (item->to.n == 0) {
		outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 1, 3),
		    "the row has no address");
		return SOURCE_BAD;
	}
	item->field = s->field;
	item->nfields = s->row.n;
	item->input.content.memory = buf_slice(&s->row.text);
	item->input.content.length = s->row.text.n;
	if (!source_sum(item, why))
		return SOURCE_BAD;
	item->input.content = s->template->content;
	item->input.cr_ends = s->template->cr_ends;
	return SOURCE_MESSAGE;
}

enum source_got
source_list_next(struct source *s, struct source_item *item,
    struct outcome *why)
{
	enum csv_found found = CSV_ROW;
	enum source_got got = s->names.n > 0 ? SOURCE_MESSAGE : begin(s, why);

	if (got == SOURCE_MESSAGE)
		got = await_row(s, &s->row, &found, why);
	if (got != SOURCE_MESSAGE)
		return got;
	item->label = source_label(s, s->row.line);
	if (found == CSV_ROW && s->row.n == s->names.n)
		return give(s, item, why);
	outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
	    found == CSV_BAD ? "the row cannot be read: text follows a quoted "
	    "field" : "the row has %zu fields, and the first row %zu",
	    s->row.n, s->names.n);
	return SOURCE_BAD;
}
