/* SPDX-License-Identifier: ISC */
/* header.c - see header.h */
#include "mail/header.h"

#include "base/ascii.h"

#define LINE_OCTETS 998 /* RFC 5322 2.1.1 */

/*
 * Take a line off *rest: text without its end.  False when the end of the line
 * may lie behind what is there: at a CR, or without any end.
 */
static bool
take_line(struct slice *rest, struct slice *text)
{
	size_t end = 0;
	bool whole;

	while (end < rest->n && rest->p[end] != '\n' && rest->p[end] != '\r')
		end++;
	*text = slice_first(*rest, end);
	whole = end + 1 < rest->n || (end < rest->n && rest->p[end] == '\n');
	if (end + 1 < rest->n && rest->p[end] == '\r' &&
	    rest->p[end + 1] == '\n')
		end++;
	*rest = slice_from(*rest, end + 1);
	return whole;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The first octet that is no NUL; NUL when there is none. */
static char
first_octet(struct slice s)
{
	while (s.n > 0 && s.p[0] == '\0')
		s = slice_from(s, 1);
	return s.n > 0 ? s.p[0] : '\0';
}

/* Does a field begin in this line?  NULs count as not there. */
static bool
begins_field(struct slice line)
{
	bool any = false, blank = false;

	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

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

static bool
is_mbox_line(struct slice line)
{
	if (slice_starts(line, SLICE(">")))
		line = slice_from(line, 1);
	return slice_starts(line, SLICE("From ")) && !begins_field(line);
}

enum parse
header_split(struct slice raw, bool all, struct slice *head, size_t *body_at)
{
	struct slice rest = raw, line, before;
	bool whole, any = false;

	*head = slice_first(raw, 0);
	while (rest.n > 0) {
		before = rest;
		whole = take_line(&rest, &line);
		if (!whole && !all)
			return PARSE_MORE;
		if (before.p == raw.p && is_mbox_line(line)) {
			*head = slice_first(rest, 0);
			continue;
		}
		if (first_octet(line) == '\0') {
			*body_at = raw.n - rest.n;
			return PARSE_OK;
		}
		if (!begins_field(line) &&
		    !(any && is_blank(first_octet(line)))) {
			*body_at = raw.n - before.n;
			return PARSE_OK;
		}
		any = true;
		head->n = (size_t)(rest.p - head->p);
	}
	*body_at = raw.n;
	return all ? PARSE_OK : PARSE_MORE;
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

/* Where the last run of blanks that may end a line of limit octets begins. */
static size_t
find_fold(struct slice text, size_t limit)
{
	size_t i = limit < text.n ? limit : text.n - 1;

	/* not before the first word, or the line would be of blanks only */
	while (i > 0 && !(is_blank(text.p[i]) && !is_blank(text.p[i - 1])))
		i--;
	return i;
}

/* The first such run behind at: for words that are too long for a line. */
static size_t
find_later_fold(struct slice text, size_t at)
{
	while (at < text.n && !(is_blank(text.p[at]) && at > 0 &&
	    !is_blank(text.p[at - 1])))
		at++;
	return at;
}

/* Where to fold text that is longer than limit; its end for nowhere. */
static size_t
fold_at(struct slice text, size_t limit)
{
	size_t at = find_fold(text, limit);

	return at > 0 ? at : find_later_fold(text, limit);
}

/* The front of a word that no line can hold; no letter is cut (UTF-8). */
static struct slice
break_word(struct slice text)
{
	size_t n = LINE_OCTETS - 1; /* the blank before the next one counts */

	while (n > LINE_OCTETS - 4 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	return slice_first(text, n);
}

void
header_fold(struct buf *out, struct slice text, size_t limit)
{
	while (text.n > 0 && is_blank(text.p[text.n - 1]))
		text.n--;
	while (text.n > limit) {
		size_t at = fold_at(text, limit);
		struct slice line = slice_first(text, at);

		if (at >= LINE_OCTETS)
			line = break_word(text);
		else if (at == text.n)
			break;
		buf_put(out, line);
		buf_puts(out, at >= LINE_OCTETS ? "\r\n " : "\r\n");
		text = slice_from(text, line.n);
	}
	buf_put(out, text);
	buf_put(out, SLICE("\r\n"));
}
