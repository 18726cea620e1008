/* SPDX-License-Identifier: ISC */
/* param.c - see param.h */
#include "mail/param.h"

#include "base/ascii.h"
#include "mail/mimetype.h"

#define SECTION	     54	 /* encoded octets of a value in one line */
#define VALUE_OCTETS 900 /* more may be too long for a line as it is */

/* RFC 2231 7 attribute-char, or less. */
static bool
is_plain(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

static void
put_octet(struct buf *out, char c)
{
	if (is_plain(c))
		buf_putc(out, c);
	else
		buf_putf(out, "%%%02X", (unsigned char)c);
}

static bool
is_short(struct slice value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++)
		n += is_plain(value.p[i]) ? 1 : 3;
	return n <= SECTION;
}

/* "; name*=utf-8''..." or "; name*0*=utf-8''...; name*1*=..." (RFC 2231 4). */
static void
put_encoded(struct buf *out, struct slice name, struct slice value,
    const char *charset)
{
	bool whole = is_short(value);

	for (unsigned section = 0; section == 0 || value.n > 0; section++) {
		size_t end = out->n + SECTION;

		buf_puts(out, "; ");
		buf_put(out, name);
		if (!whole)
			buf_putf(out, "*%u", section);
		buf_puts(out, "*=");
		if (section == 0)
			buf_putf(out, "%s''", charset);
		do {
			put_octet(out, value.p[0]);
			value = slice_from(value, 1);
		} while (value.n > 0 && (whole || out->n < end));
	}
}

/* Must the value be encoded, and may it? */
static bool
is_unfit(struct slice name, struct slice value)
{
	return name.n > 0 && slice_find(name, '*') == name.n &&
	    !ascii_has_high(name) &&
	    (ascii_has_high(value) || value.n > VALUE_OCTETS);
}

void
param_put_all(struct buf *out, struct slice value, const char *charset)
{
	struct slice rest = slice_from(value, slice_find(value, ';'));
	struct slice before = rest, name;
	struct buf text = { 0 };

	buf_put(out, slice_first(value, slice_find(value, ';')));
	while (mimetype_next(&rest, &name, &text)) {
		struct slice raw = slice_first(before, before.n - rest.n);

		if (is_unfit(name, buf_slice(&text)))
			put_encoded(out, name, buf_slice(&text), charset);
		else
			buf_put(out, raw);
		before = rest;
	}
	buf_put(out, before);
	buf_free(&text);
}
