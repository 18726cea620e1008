/* SPDX-License-Identifier: ISC */
/* record.c - see record.h */
#include "desk/record.h"

#include "base/ascii.h"

/* As a script has it: "${" would be a variable there. */
static void
put(struct buf *out, struct slice s)
{
	struct slice head, rest = s;
	bool first = true;

	while (slice_cut(&rest, '$', &head)) {
		if (!first)
			buf_puts(out, "\\x24");
		text_escape(out, head);
		first = false;
	}
}

void
record_said(struct buf *out, struct slice shown, bool whole)
{
	if (whole)
		buf_puts(out, "> ");
	else
		buf_puts(out, "# a secret was said here; @ auth USER says it "
			      "again: ");
	put(out, shown);
	buf_putc(out, '\n');
}

void
record_raw(struct buf *out, struct slice octets)
{
	record_act(out, "raw", octets);
}

void
record_heard(struct buf *out, struct slice line)
{
	buf_puts(out, "#   ");
	text_escape(out, line);
	buf_putc(out, '\n');
}

void
record_reply(struct buf *out, unsigned code)
{
	buf_putf(out, "< %u\n", code);
}

void
record_end(struct buf *out)
{
	buf_puts(out, "< closed\n");
}

void
record_tls(struct buf *out)
{
	buf_puts(out, "@ handshake\n");
}

void
record_act(struct buf *out, const char *act, struct slice argument)
{
	buf_putf(out, "@ %s", act);
	if (argument.n > 0) {
		buf_putc(out, ' ');
		put(out, argument);
	}
	buf_putc(out, '\n');
}
