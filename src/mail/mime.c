/* SPDX-License-Identifier: ISC */
/* mime.c - see mime.h */
#include "mail/mime.h"

#include <string.h>

#include "base/ascii.h"
#include "mail/header.h"

#define HOLD_MAX 256 /* longest delimiter line that is known as one */

void
mime_free(struct mime *m)
{
	buf_free(&m->head);
	buf_free(&m->line);
}

static bool
is_type(const struct mimetype *t, const char *type)
{
	return slice_eq_nocase(t->type, slice_of(type));
}

static bool
is_nested_message(const struct mimetype *t, bool typed, bool in_digest)
{
	if (!typed)
		return in_digest;
	return is_type(t, "message") &&
	    (slice_eq_nocase(t->subtype, SLICE("rfc822")) ||
	     slice_eq_nocase(t->subtype, SLICE("global")));
}

/* Encodings under which the parts inside can be seen. */
static bool
is_identity(enum cte cte)
{
	return cte == CTE_7BIT || cte == CTE_8BIT || cte == CTE_BINARY;
}

/* No octet of such a text is a line end by itself. */
static bool
is_wide(const char *charset)
{
	static const char *const names[] = { "utf-16", "utf-32", "ucs-",
		"iso-10646-ucs" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_starts_nocase(slice_of(charset), slice_of(names[i])))
			return true;
	return false;
}

/* What its type makes of it, wherever it is. */
static void
set_type(struct mime_entity *e, const struct mimetype *t)
{
	bool wide = is_type(t, "text") && is_wide(e->charset);

	if (wide && e->cte == CTE_8BIT)
		e->cte = CTE_BINARY; /* whatever it says */
	e->is_text = !e->is_typed || (is_type(t, "text") && !wide) ||
	    is_type(t, "message");
	e->is_piece = is_type(t, "message") && /* RFC 2046 5.2.2, 5.2.3 */
	    (slice_eq_nocase(t->subtype, SLICE("partial")) ||
	     slice_eq_nocase(t->subtype, SLICE("external-body")));
	e->is_binary = !e->is_text && !is_type(t, "multipart") &&
	    is_identity(e->cte);
}

/*
 * A multipart has no other encoding than the identities (RFC 2045 6.4): what
 * else it says is not so, and its parts are looked for all the same.
 */
static void
set_kind(struct mime *m, struct mime_entity *e, const struct mimetype *t)
{
	const struct mime_level *around = mime_around(m);
	bool room = m->depth < MIME_DEPTH;

	e->is_signed = around && around->is_signed;
	if (is_type(t, "multipart")) {
		e->is_opaque = !room || t->boundary[0] == '\0';
		e->kind = e->is_opaque ? MIME_LEAF : MIME_MULTIPART;
	} else if (room && is_identity(e->cte) && m->has_empty_line &&
	    is_nested_message(t, e->is_typed, around && around->is_digest)) {
		e->kind = MIME_MESSAGE;
	}
}

static void
push_level(struct mime *m, const struct mimetype *t)
{
	struct mime_level *l = &m->level[m->depth++];

	*l = (struct mime_level){ .index = m->entity.index,
		.is_signed = m->entity.is_signed };
	if (m->entity.kind == MIME_MESSAGE)
		return;
	l->is_digest = slice_eq_nocase(t->subtype, SLICE("digest"));
	l->is_signed = l->is_signed ||
	    slice_eq_nocase(t->subtype, SLICE("signed"));
	memcpy(l->boundary, t->boundary, sizeof l->boundary);
}

/* Of several fields of a name the first counts. */
static void
read_fields(struct slice head, struct mime_entity *e, struct buf *type)
{
	struct header_field f;
	bool has_cte = false;

	while (header_next(&head, &f)) {
		if (header_is(&f, "Content-Type") && !e->is_typed) {
			e->is_typed = true;
			header_unfold(type, f.value);
		} else if (header_is(&f, "Content-Transfer-Encoding") &&
		    !has_cte) {
			struct buf value = { 0 };

			header_unfold(&value, f.value);
			e->cte = cte_parse(buf_slice(&value));
			has_cte = true;
			buf_free(&value);
		}
	}
}

/* A header is complete: what is it of? */
static void
begin_entity(struct mime *m, struct slice head)
{
	struct mime_entity e = { .index = m->count++ };
	struct buf value = { 0 };
	struct mimetype t;

	e.is_message = e.index == 0 || m->entity.kind == MIME_MESSAGE;
	read_fields(head, &e, &value);
	mimetype_parse(buf_slice(&value), &t);
	memcpy(e.charset, mimetype_charset(&t),
	    strlen(mimetype_charset(&t)) + 1);
	set_type(&e, &t);
	set_kind(m, &e, &t);
	m->entity = e;
	m->is_outside = e.kind != MIME_LEAF;
	m->in_head = e.kind == MIME_MESSAGE;
	if (e.kind != MIME_LEAF)
		push_level(m, &t);
	buf_free(&value);
}

void
mime_start(struct mime *m, struct slice head)
{
	m->has_empty_line = true;
	begin_entity(m, head);
}

/* The next piece of a line, or its end. */
static enum mime_event
take(struct mime *m, struct slice *in, bool last, struct slice *piece)
{
	enum lines_piece got;

	if (in->n > 0)
		lines_feed(&m->lines, *in);
	*in = slice_from(*in, in->n);
	got = lines_next(&m->lines, piece);
	if (got == LINES_NONE && last)
		got = lines_rest(&m->lines, piece);
	switch (got) {
	case LINES_NONE:
		return MIME_NONE;
	case LINES_TEXT:
	case LINES_NUL:
		return MIME_TEXT;
	case LINES_END:
		return MIME_EOL;
	case LINES_CR:
		break;
	}
	if (!m->in_head)
		return MIME_CR;
	*piece = SLICE(" ");
	return MIME_TEXT;
}

static bool
is_blank(struct slice s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = slice_from(s, 1);
	return s.n == 0;
}

/* Which level's delimiter is it?  Depth when of none; *closing for "--b--". */
static size_t
find_delimiter(const struct mime *m, struct slice line, bool *closing)
{
	size_t i = m->depth;

	if (!slice_starts(line, SLICE("--")))
		return m->depth;
	while (i-- > 0) {
		struct slice b = slice_of(m->level[i].boundary);
		struct slice rest = slice_from(line, 2 + b.n);

		if (b.n == 0 || !slice_starts(slice_from(line, 2), b))
			continue;
		*closing = slice_starts(rest, SLICE("--"));
		if (is_blank(slice_from(rest, *closing ? 2 : 0)))
			return i;
	}
	return m->depth;
}

/* May the line that begins so be a delimiter? */
static bool
may_delimit(const struct mime *m, struct slice s)
{
	return m->depth > 0 && s.n <= HOLD_MAX &&
	    slice_starts(SLICE("--"), slice_first(s, 2));
}

static enum mime_event
end_head(struct mime *m, bool empty_line, struct slice *piece)
{
	m->has_empty_line = empty_line;
	m->head_spent = true;
	*piece = buf_slice(&m->head);
	begin_entity(m, *piece);
	return MIME_HEAD;
}

/* Does a header field begin or go on in this line? */
static bool
is_header_line(const struct mime *m, struct slice line)
{
	struct header_field f;

	if (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		return m->head.n > 0;
	return header_next(&line, &f);
}

/* Keep a line of a header; NULs are dropped here already. */
static void
keep_line(struct mime *m)
{
	buf_put(&m->head, buf_slice(&m->line));
	buf_puts(&m->head, "\r\n");
	m->line_spent = true;
}

/* A delimiter is told of: from here on another part, or none. */
static void
delimit(struct mime *m)
{
	m->depth = m->depth_after;
	m->in_head = !m->is_closing;
	m->is_outside = true;
	m->entity.kind = MIME_LEAF; /* a part's header comes, no message's */
}

/* The line that is held is whole; MIME_NONE when nothing is to be told yet. */
static enum mime_event
end_line(struct mime *m, struct slice *piece)
{
	struct slice line = buf_slice(&m->line);
	bool closing = false, was_head = m->in_head;
	size_t level = find_delimiter(m, line, &closing);

	if (level < m->depth) {
		if (was_head)
			end_head(m, false, piece);
		m->is_closing = closing;
		m->depth_after = closing ? level : level + 1;
		m->owed = MIME_DELIMITER;
		return was_head ? MIME_HEAD : MIME_NONE;
	}
	if (was_head && line.n == 0) {
		m->owed_eol = 0;
		return end_head(m, true, piece);
	}
	if (was_head && is_header_line(m, line)) {
		m->owed_eol = 0;
		keep_line(m);
		return MIME_NONE;
	}
	if (line.n > 0)
		m->owed = MIME_TEXT;
	return was_head ? end_head(m, false, piece) : MIME_NONE;
}

/* Add to the line that is held; in a header without NULs. */
static void
hold(struct mime *m, struct slice s)
{
	struct slice part;

	if (!m->in_head) {
		buf_put(&m->line, s);
		return;
	}
	while (slice_cut(&s, '\0', &part))
		buf_put(&m->line, part);
}

/* A piece of a line came: hold it, or let it and all that is held go. */
static enum mime_event
take_text(struct mime *m, struct slice *piece)
{
	if (m->line_open)
		return MIME_TEXT;
	if (!m->in_head && m->line.n == 0 && !may_delimit(m, *piece)) {
		m->line_open = true;
		return MIME_TEXT;
	}
	hold(m, *piece);
	if (may_delimit(m, buf_slice(&m->line)))
		return MIME_NONE;
	if (m->in_head && m->head.n + m->line.n <= MIME_HEAD_MAX)
		return MIME_NONE;
	m->line_open = true;
	m->owed = MIME_TEXT;
	return m->in_head ? end_head(m, false, piece) : MIME_NONE;
}

static enum mime_event
take_eol(struct mime *m, enum mime_event eol, struct slice *piece)
{
	if (m->line_open) {
		m->line_open = false;
		return eol;
	}
	memcpy(m->eol, piece->p, piece->n);
	m->owed_eol = piece->n;
	m->eol_is = eol;
	return end_line(m, piece);
}

/* All is read: what was held for want of a line end? */
static enum mime_event
take_rest(struct mime *m, struct slice *piece)
{
	enum mime_event e = MIME_NONE;

	if (!m->line_open && m->line.n > 0)
		e = end_line(m, piece);
	else if (m->in_head)
		e = end_head(m, false, piece);
	return e;
}

static void
drop_spent(struct mime *m)
{
	if (m->line_spent)
		buf_clear(&m->line);
	if (m->head_spent)
		buf_clear(&m->head);
	m->line_spent = m->head_spent = false;
}

static enum mime_event
pay(struct mime *m, struct slice *piece)
{
	enum mime_event e = m->owed;

	if (e == MIME_DELIMITER)
		delimit(m);
	if (e != MIME_NONE) {
		*piece = buf_slice(&m->line);
		m->owed = MIME_NONE;
		m->line_spent = true;
	} else if (m->owed_eol > 0) {
		*piece = (struct slice){ m->eol, m->owed_eol };
		m->owed_eol = 0;
		e = m->eol_is;
	}
	return e;
}

static enum mime_event
read_on(struct mime *m, struct slice *in, bool last, struct slice *piece,
    bool *more)
{
	enum mime_event e = take(m, in, last, piece);

	*more = true;
	if (e == MIME_TEXT)
		return take_text(m, piece);
	if (e == MIME_EOL || e == MIME_CR)
		return take_eol(m, e, piece);
	*more = last && ((!m->line_open && m->line.n > 0) || m->in_head);
	return *more ? take_rest(m, piece) : MIME_NONE;
}

enum mime_event
mime_next(struct mime *m, struct slice *in, bool last, struct slice *piece)
{
	enum mime_event e = MIME_NONE;
	bool more = true;

	while (e == MIME_NONE && more) {
		drop_spent(m);
		e = pay(m, piece);
		if (e == MIME_NONE)
			e = read_on(m, in, last, piece, &more);
	}
	return e;
}
