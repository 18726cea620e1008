/* SPDX-License-Identifier: ISC */
/*
 * spans.c - see spans.h
 *
 * Looser than address.c, which says afterwards whether what was found is an
 * address: here only quotes, comments, brackets and separators count.
 */
#include "mail/spans.h"

#include <stddef.h>

/* A mailbox being read: offsets into the text. */
struct scan {
	struct slice text;
	size_t at;
	size_t from, to; /* the address so far; to 0: none yet */
	bool angle;	 /* ... it stood in <> */
};

/* Past the quoted string, domain literal or comment that begins here. */
static size_t
skip_closed(struct slice s, size_t at, char close)
{
	unsigned depth = 1;

	for (at++; at < s.n && depth > 0; at++) {
		if (s.p[at] == '\\' && at + 1 < s.n)
			at++;
		else if (s.p[at] == close)
			depth--;
		else if (close == ')' && s.p[at] == '(')
			depth++;
	}
	return at;
}

/* Past one octet, or what belongs together with it. */
static size_t
skip_piece(struct slice s, size_t at)
{
	switch (s.p[at]) {
	case '"':
		return skip_closed(s, at, '"');
	case '[':
		return skip_closed(s, at, ']');
	case '(':
		return skip_closed(s, at, ')');
	default:
		return at + 1;
	}
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '(';
}

/* "<@relay:bob@x>": the route goes before the address. */
static void
take_angle(struct scan *k)
{
	struct slice s = k->text;

	k->angle = true;
	k->from = ++k->at;
	k->to = k->at;
	while (k->at < s.n && s.p[k->at] != '>') {
		char c = s.p[k->at];

		if (is_white(c) && k->to == k->from)
			k->from = k->to = skip_piece(s, k->at);
		else if (c == ':')
			k->from = k->to = k->at + 1;
		else if (!is_white(c))
			k->to = skip_piece(s, k->at);
		k->at = skip_piece(s, k->at);
	}
}

/* Words of a name, or of an address without brackets. */
static void
take_word(struct scan *k)
{
	size_t end = skip_piece(k->text, k->at);

	if (!is_white(k->text.p[k->at]) && !k->angle) {
		if (k->to == 0)
			k->from = k->at;
		k->to = end;
	}
	k->at = end;
}

/* Up to the separator after a mailbox, or to the end. */
static void
scan(struct scan *k)
{
	for (; k->at < k->text.n; ) {
		char c = k->text.p[k->at];

		if ((c == ',' || c == ';') && k->to > 0)
			return;
		if (c == '<' && !k->angle) {
			take_angle(k);
		} else if (c == ',' || c == ';' || (c == ':' && !k->angle)) {
			k->to = 0;
			k->at++;
		} else {
			take_word(k);
		}
	}
}

/* Nothing but a comma stands in front, and more of the text before that. */
static bool
begins_with_comma(struct slice s)
{
	size_t i = 1;

	if (s.n == 0 || s.p[0] != ',')
		return false;
	while (i < s.n && s.p[i] != ':' && s.p[i] != ';' && s.p[i] != '<')
		i = skip_piece(s, i);
	return i >= s.n || s.p[i] == '<';
}

bool
spans_next(struct slice *rest, bool *is_first, struct span *out)
{
	struct scan k = { .text = *rest };

	scan(&k);
	if (k.to == 0)
		return false;
	*out = (struct span){
		.before = slice_first(k.text, k.from),
		.address = slice_first(slice_from(k.text, k.from),
		    k.to - k.from),
		.after = slice_first(slice_from(k.text, k.to), k.at - k.to),
		.is_next = !*is_first &&
		    begins_with_comma(slice_first(k.text, k.from)),
	};
	*is_first = false;
	*rest = slice_from(k.text, k.at);
	return true;
}
