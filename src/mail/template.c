/* SPDX-License-Identifier: ISC */
/* template.c - see template.h */
#include "mail/template.h"

#include "base/ascii.h"

static const char *const names[NVALUES] = {
	[VALUE_TO] = "to",
	[VALUE_DATE] = "date",
	[VALUE_MESSAGE_ID] = "message-id",
};

static bool
refuse(const struct template *t, const char *text, struct outcome *why)
{
	return outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
	    "%s:%zu: %%{%.*s%s", t->file, t->line + 1, (int)t->n, t->name,
	    text);
}

static bool
refuse_unknown(const struct template *t, const char *end, struct outcome *why)
{
	struct buf text = { 0 };

	buf_putf(&text, "%s is not known: %s%%{to}, %%{date} and "
	    "%%{message-id} are, and %%%% is a percent sign", end,
	    t->nmore > 0 ? "the columns of the list, " : "");
	refuse(t, buf_str(&text), why);
	buf_free(&text);
	return false;
}

static void
put_value(struct buf *out, struct slice value)
{
	for (size_t i = 0; i < value.n; i++)
		buf_putc(out, ascii_is_control(value.p[i]) ? ' ' :
							     value.p[i]);
}

/* Is it one of the caller's? */
static bool
put_more(const struct template *t, struct slice name, struct buf *out)
{
	for (size_t i = 0; i < t->nmore; i++)
		if (slice_eq_nocase(name, t->more[i].name)) {
			put_value(out, t->more[i].value);
			return true;
		}
	return false;
}

static bool
end_name(struct template *t, struct buf *out, struct outcome *why)
{
	struct slice name = { t->name, t->n };
	size_t i = 0;

	t->at = TEMPLATE_TEXT;
	if (put_more(t, name, out))
		return true;
	while (i < NVALUES && !slice_eq(name, slice_of(names[i])))
		i++;
	if (i == NVALUES)
		return refuse_unknown(t, "}", why);
	if (t->value[i].n == 0)
		return refuse(t, "} has no value here: it stands for the "
		    "recipients that are named beside the message", why);
	put_value(out, t->value[i]);
	return true;
}

static bool
take_name(struct template *t, char c, struct buf *out, struct outcome *why)
{
	if (c == '}')
		return end_name(t, out, why);
	if (c == '\r' || c == '\n')
		return refuse(t, " has no } on its line", why);
	if (t->n == sizeof t->name)
		return refuse_unknown(t, "...", why);
	t->name[t->n++] = c;
	return true;
}

/* Behind a percent sign. */
static void
take_sign(struct template *t, char c, struct buf *out)
{
	t->n = 0;
	t->at = c == '{' ? TEMPLATE_NAME : TEMPLATE_TEXT;
	if (c == '{')
		return;
	buf_putc(out, '%');
	if (c != '%')
		buf_putc(out, c);
}

static bool
take(struct template *t, char c, struct buf *out, struct outcome *why)
{
	switch (t->at) {
	case TEMPLATE_TEXT:
		t->at = TEMPLATE_SIGN;
		break;
	case TEMPLATE_SIGN:
		take_sign(t, c, out);
		break;
	case TEMPLATE_NAME:
		if (!take_name(t, c, out, why))
			return false;
		break;
	}
	t->line += c == '\n';
	return true;
}

/* Up to the next percent sign nothing happens. */
static size_t
take_text(struct template *t, struct slice piece, struct buf *out)
{
	struct slice text = slice_first(piece, slice_find(piece, '%'));

	for (size_t i = 0; i < text.n; i++)
		t->line += text.p[i] == '\n';
	buf_put(out, text);
	return text.n;
}

bool
template_feed(struct template *t, struct slice piece, struct buf *out,
    struct outcome *why)
{
	while (piece.n > 0) {
		if (t->at == TEMPLATE_TEXT)
			piece = slice_from(piece, take_text(t, piece, out));
		if (piece.n == 0)
			break;
		if (!take(t, piece.p[0], out, why))
			return false;
		piece = slice_from(piece, 1);
	}
	return true;
}

bool
template_finish(struct template *t, struct buf *out, struct outcome *why)
{
	if (t->at == TEMPLATE_NAME)
		return refuse(t, " has no } on its line", why);
	if (t->at == TEMPLATE_SIGN)
		buf_putc(out, '%');
	t->at = TEMPLATE_TEXT;
	return true;
}
