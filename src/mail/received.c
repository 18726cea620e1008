/* SPDX-License-Identifier: ISC */
/* received.c - see received.h */
#include "mail/received.h"

#include "base/ascii.h"
#include "mail/date.h"
#include "mail/fold.h"
#include "mail/header.h"

#define LINE_WANTED 76

static void
put_clause(struct buf *out, const char *word, struct slice value)
{
	if (value.n == 0)
		return;
	buf_putf(out, " %s ", word);
	buf_put(out, value);
}

void
received_put(struct buf *out, const struct received *r)
{
	struct buf line = { 0 };

	buf_puts(&line, "Received:");
	put_clause(&line, "from", r->from);
	put_clause(&line, "by", r->by);
	if (r->is_unknown)
		buf_puts(&line, " (from an unknown user)");
	else if (r->has_uid)
		buf_putf(&line, " (from userid %lu)", r->uid);
	put_clause(&line, "with", r->with);
	put_clause(&line, "id", r->id);
	if (r->rcpt.n > 0 && !ascii_has_high(r->rcpt)) {
		buf_puts(&line, " for <");
		buf_put(&line, r->rcpt);
		buf_putc(&line, '>');
	}
	buf_puts(&line, "; ");
	date_put(&line, r->now, r->offset);
	fold_put(out, buf_slice(&line), LINE_WANTED);
	buf_free(&line);
}

unsigned
received_count(struct slice head)
{
	struct header_field f;
	unsigned n = 0;

	while (header_next(&head, &f))
		n += header_is(&f, "Received");
	return n;
}

/* "bob@x" of " <bob@x> " */
static struct slice
bare(struct slice value)
{
	value = slice_trim(value);
	if (value.n > 1 && value.p[0] == '<' && value.p[value.n - 1] == '>')
		value = (struct slice){ value.p + 1, value.n - 2 };
	return value;
}

unsigned
received_deliveries(struct slice head, struct slice path)
{
	struct header_field f;
	unsigned n = 0;

	while (header_next(&head, &f))
		n += header_is(&f, "Delivered-To") &&
		    (path.n == 0 || slice_eq_nocase(bare(f.value), path));
	return n;
}

bool
received_is_back(struct slice head, struct slice path)
{
	return received_deliveries(head, path) > 1;
}
