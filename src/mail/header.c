/* SPDX-License-Identifier: ISC */
/* header.c - see header.h */
#include "mail/header.h"

#include "base/ascii.h"
#include "mail/lines.h"
#include "mail/mbox.h"

#define FIRST_OCTETS 900 /* where a colon must be for a first field */

/*
 * The next line, without its end.  False when it ends, or may end, after what
 * was fed.
 */
static bool
take_line(struct lines *l, struct slice *line)
{
	enum lines_piece got;
	struct slice piece;

	line->p = l->p;
	do
		got = lines_next(l, &piece);
	while (got != LINES_NONE && got != LINES_END);
	if (got == LINES_NONE)
		got = lines_rest(l, &piece);
	line->n = (size_t)(l->p - line->p);
	if (got == LINES_NONE)
		return false;
	line->n -= piece.n;
	return got == LINES_END;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What a raw octet of a header counts as: a stray CR (lines.h) is a blank. */
static char
seen_as(char c)
{
	return c == '\r' ? ' ' : c;
}

/* NULs and stray CRs only. */
static bool
is_empty(struct slice line)
{
	while (line.n > 0 && (line.p[0] == '\0' || line.p[0] == '\r'))
		line = slice_from(line, 1);
	return line.n == 0;
}

/* The first octet that is no NUL; NUL when there is none. */
static char
first_octet(struct slice s)
{
	while (s.n > 0 && s.p[0] == '\0')
		s = slice_from(s, 1);
	return s.n > 0 ? seen_as(s.p[0]) : '\0';
}

/* Does a field begin in this line?  NULs count as not there. */
static bool
begins_field(struct slice line)
{
	bool any = false, blank = false;

	for (size_t i = 0; i < line.n; i++) {
		char c = seen_as(line.p[i]);

		if (c == '\0')
			continue;
		if (c == ':')
			return any;
		if (is_blank(c)) {
			blank = true;
			continue;
		}
		if (blank || ascii_is_control(c) || ascii_is_high(c))
			return false;
		any = true;
	}
	return false;
}

/* Does the line belong to a header that has fields already, or none yet? */
static bool
is_header_line(struct slice line, bool any)
{
	if (any)
		return begins_field(line) || is_blank(first_octet(line));
	return begins_field(slice_first(line, FIRST_OCTETS));
}

/* May the line, of which this is only the beginning, belong to a header? */
static bool
may_go_on(struct slice line, bool any)
{
	return any || line.n <= FIRST_OCTETS || is_header_line(line, any);
}

enum parse
header_split(struct slice raw, bool all, bool cr_ends, struct slice *head,
    size_t *body_at)
{
	struct lines lines = { .cr_ends = cr_ends };
	struct slice line;
	bool any = false;

	lines_feed(&lines, raw);
	*head = (struct slice){ lines.p, 0 };
	while (lines.p < lines.end) {
		if (!take_line(&lines, &line) && !all &&
		    may_go_on(line, any))
			return PARSE_MORE;
		if (is_empty(line)) {
			*body_at = raw.n - (size_t)(lines.end - lines.p);
			return PARSE_OK;
		}
		if (line.p == head->p && !begins_field(line) &&
		    mbox_is_from(line, line.p == lines.end - raw.n)) {
			head->p = lines.p;
			continue;
		}
		if (!is_header_line(line, any)) {
			*body_at = raw.n - (size_t)(lines.end - line.p);
			return PARSE_OK;
		}
		any = true;
		head->n = (size_t)(lines.p - head->p);
	}
	*body_at = raw.n;
	return all ? PARSE_OK : PARSE_MORE;
}

void
header_canonical(struct slice raw, bool cr_ends, struct buf *out)
{
	struct lines lines = { .cr_ends = cr_ends };
	enum lines_piece got;
	struct slice text;

	lines_feed(&lines, raw);
	while ((got = lines_next(&lines, &text)) != LINES_NONE)
		if (got == LINES_TEXT)
			buf_put(out, text);
		else if (got == LINES_END)
			buf_puts(out, "\r\n");
		else if (got == LINES_CR)
			buf_putc(out, ' ');
	if (out->n > 0 && !slice_ends_nocase(buf_slice(out), SLICE("\n")))
		buf_puts(out, "\r\n");
}

bool
header_is_whole(struct slice front)
{
	bool cr_ends = slice_find(front, '\n') == front.n;
	struct slice head;
	size_t at;

	return header_split(front, false, cr_ends, &head, &at) == PARSE_OK;
}

/* Length of the first line with its CRLF. */
static size_t
line_length(struct slice s)
{
	size_t n = slice_find(s, '\n');

	return n < s.n ? n + 1 : n;
}

bool
header_next(struct slice *head, struct header_field *field)
{
	size_t n = line_length(*head);
	size_t colon = slice_find(slice_first(*head, n), ':');
	struct slice rest;

	if (!begins_field(slice_first(*head, n)))
		return false;
	for (rest = slice_from(*head, n); rest.n > 0 && is_blank(rest.p[0]);
	     rest = slice_from(*head, n))
		n += line_length(rest);
	field->raw = slice_first(*head, n);
	field->name = slice_trim(slice_first(*head, colon));
	field->value = slice_from(field->raw, colon + 1);
	*head = rest;
	return true;
}

void
header_unfold(struct buf *out, struct slice value)
{
	value = slice_trim(value);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] != '\r' && value.p[i] != '\n')
			buf_putc(out, value.p[i]);
}

bool
header_find(struct slice head, const char *name, struct header_field *field)
{
	while (header_next(&head, field))
		if (header_is(field, name))
			return true;
	return false;
}

bool
header_has(struct slice head, const char *name)
{
	struct header_field field;

	return header_find(head, name, &field);
}

bool
header_waives_tls(struct slice head)
{
	struct header_field field;
	struct buf value = { 0 };
	bool waives;

	if (!header_find(head, "TLS-Required", &field))
		return false;
	header_unfold(&value, field.value);
	waives = slice_eq_nocase(slice_trim(buf_slice(&value)), SLICE("No"));
	buf_free(&value);
	return waives;
}
