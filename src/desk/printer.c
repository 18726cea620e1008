/* SPDX-License-Identifier: ISC */
/* printer.c - see printer.h */
#include "desk/printer.h"

#include "desk/lines.h"

void
printer_line(const struct printer *p, const char *label, struct buf *text)
{
	if (text->n > 0)
		line_put(p->out, label, buf_slice(text), p->columns);
	buf_free(text);
}
