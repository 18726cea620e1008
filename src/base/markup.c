/* SPDX-License-Identifier: ISC */
/* markup.c - see markup.h */
#include "base/markup.h"

static const char *
entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
markup_put(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		const char *entity = entity_of(text.p[i]);

		if (entity)
			buf_puts(out, entity);
		else
			buf_putc(out, text.p[i]);
	}
}
