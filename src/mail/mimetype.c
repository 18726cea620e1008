/* SPDX-License-Identifier: ISC */
/* mimetype.c - see mimetype.h */
#include "mail/mimetype.h"

#include <string.h>

#include "base/ascii.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Past white space and comments; a comment without end goes to the end. */
static struct slice
skip_cfws(struct slice s)
{
	unsigned depth = 0;

	for (; s.n > 0; s = slice_from(s, 1)) {
		if (s.p[0] == '(')
			depth++;
		else if (depth == 0 && !is_space(s.p[0]))
			break;
		else if (depth > 0 && s.p[0] == ')')
			depth--;
		else if (depth > 0 && s.p[0] == '\\')
			s = slice_from(s, 1);
	}
	return s;
}

static bool
is_token(char c)
{
	return !ascii_is_control(c) && c != ' ' &&
	    !strchr("()<>@,;:\\\"/[]?=", c);
}

static struct slice
take_token(struct slice *rest)
{
	struct slice token;

	*rest = skip_cfws(*rest);
	token = *rest;
	while (rest->n > 0 && is_token(rest->p[0]))
		*rest = slice_from(*rest, 1);
	token.n -= rest->n;
	*rest = skip_cfws(*rest);
	return token;
}

static bool
eat(struct slice *rest, char c)
{
	if (rest->n == 0 || rest->p[0] != c)
		return false;
	*rest = slice_from(*rest, 1);
	return true;
}

static void
take_quoted(struct slice *rest, struct buf *value)
{
	while (rest->n > 0 && !eat(rest, '"')) {
		eat(rest, '\\');
		buf_put(value, slice_first(*rest, 1));
		*rest = slice_from(*rest, 1);
	}
}

/*
 * A value in quotes, or a token; the name of a file whose author forgot the
 * quotes goes to the semicolon.
 */
static void
take_value(struct slice *rest, bool is_name, struct buf *value)
{
	struct slice raw, token;

	*rest = skip_cfws(*rest);
	raw = slice_first(*rest, slice_find(*rest, ';'));
	if (eat(rest, '"')) {
		take_quoted(rest, value);
		return;
	}
	token = take_token(rest);
	if (is_name && rest->n > 0 && rest->p[0] != ';') {
		token = slice_trim(raw);
		*rest = slice_from(*rest, slice_find(*rest, ';'));
	}
	buf_put(value, token);
}

bool
mimetype_next(struct slice *rest, struct slice *name, struct buf *value)
{
	buf_clear(value);
	*rest = slice_from(*rest, slice_find(*rest, ';'));
	if (!eat(rest, ';'))
		return false;
	*name = take_token(rest);
	if (name->n > 0 && eat(rest, '='))
		take_value(rest, slice_ends_nocase(*name, SLICE("name")),
		    value);
	else
		*name = (struct slice){ 0 };
	return true;
}

/* Printable, and no blank at the end. */
static bool
is_boundary(struct slice s)
{
	if (s.n == 0 || s.n > BOUNDARY_MAX || is_space(s.p[s.n - 1]))
		return false;
	return !ascii_has_control(s) && !ascii_has_high(s);
}

/* What can stand in an encoded word (RFC 2047 2). */
static bool
is_charset(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && !strchr("-_.:+", s.p[i]))
			return false;
	return s.n > 0 && s.n <= CHARSET_MAX;
}

/* Of several parameters of a name the first one that can be used counts. */
static void
take_parameter(struct mimetype *t, struct slice name, struct slice value)
{
	if (slice_eq_nocase(name, SLICE("boundary")) && !t->boundary[0] &&
	    is_boundary(value))
		memcpy(t->boundary, value.p, value.n);
	else if (slice_eq_nocase(name, SLICE("charset")) && !t->charset[0] &&
	    is_charset(value))
		memcpy(t->charset, value.p, value.n);
}

void
mimetype_parse(struct slice value, struct mimetype *out)
{
	struct slice rest = value, name;
	struct buf text = { 0 };

	*out = (struct mimetype){ .type = take_token(&rest) };
	if (eat(&rest, '/'))
		out->subtype = take_token(&rest);
	while (mimetype_next(&rest, &name, &text))
		take_parameter(out, name, buf_slice(&text));
	buf_free(&text);
}

const char *
mimetype_charset(const struct mimetype *t)
{
	struct slice s = slice_of(t->charset);

	if (s.n == 0 || slice_eq_nocase(s, SLICE("utf-8")) ||
	    slice_eq_nocase(s, SLICE("utf8")) ||
	    slice_eq_nocase(s, SLICE("us-ascii")))
		return "unknown-8bit";
	return t->charset;
}

enum cte
cte_parse(struct slice value)
{
	static const struct {
		struct slice name;
		enum cte cte;
	} names[] = {
		{ SLICE("7bit"), CTE_7BIT },
		{ SLICE("8bit"), CTE_8BIT },
		{ SLICE("binary"), CTE_BINARY },
		{ SLICE("quoted-printable"), CTE_QP },
		{ SLICE("base64"), CTE_BASE64 },
	};
	struct slice token = take_token(&value);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_eq_nocase(token, names[i].name))
			return names[i].cte;
	return CTE_OTHER;
}
