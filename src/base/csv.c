/* SPDX-License-Identifier: ISC */
/* csv.c - see csv.h */
#include "base/csv.h"

#include <string.h>

void
csv_row_free(struct csv_row *row)
{
	buf_free(&row->text);
}

struct slice
csv_field(const struct csv_row *row, size_t i)
{
	size_t begin = i > 0 ? row->end[i - 1] : 0;

	return slice_first(slice_from(buf_slice(&row->text), begin),
	    row->end[i] - begin);
}

char
csv_delimiter(struct slice first)
{
	static const char known[] = { ',', ';', '\t' };
	size_t most = 0, n;
	char best = ',';

	first = slice_first(first, slice_find(first, '\n'));
	for (size_t k = 0; k < sizeof known; k++) {
		n = 0;
		for (size_t i = 0; i < first.n; i++)
			n += first.p[i] == known[k];
		if (n > most) {
			most = n;
			best = known[k];
		}
	}
	return best;
}

/*
 * The octets of the row at the front, with its line end; 0: it is not whole.
 * Quotes count only where a field begins with one.
 */
static size_t
row_length(const struct csv *c, struct slice in, bool at_end)
{
	bool quoted = false, begins = true;

	for (size_t i = 0; i < in.n; i++) {
		char ch = in.p[i];

		if (ch == '"' && (begins || quoted))
			quoted = !quoted;
		else if (ch == '\n' && !quoted)
			return i + 1;
		/* behind a closed quote another one opens it again: "" */
		begins = (!quoted && ch == c->delimiter) ||
		    (ch == '"' && !quoted);
	}
	return at_end && !quoted ? in.n : 0;
}

/* One field off the front of *in; false: there is text behind its quotes. */
static bool
take_field(const struct csv *c, struct slice *in, struct buf *out)
{
	bool quoted = in->n > 0 && in->p[0] == '"';
	size_t i = quoted;

	for (; i < in->n; i++) {
		bool is_quote = quoted && in->p[i] == '"';

		if (!quoted && in->p[i] == c->delimiter)
			break;
		if (is_quote && (i + 1 == in->n || in->p[i + 1] != '"')) {
			i++;
			break;
		}
		i += is_quote;
		buf_putc(out, in->p[i]);
	}
	*in = slice_from(*in, i);
	return in->n == 0 || in->p[0] == c->delimiter;
}

static bool
take_row(const struct csv *c, struct slice line, struct csv_row *row)
{
	buf_clear(&row->text);
	row->n = 0;
	for (;;) {
		if (row->n == CSV_FIELDS || !take_field(c, &line, &row->text))
			return false;
		row->end[row->n++] = row->text.n;
		if (line.n == 0)
			return true;
		line = slice_from(line, 1);
	}
}

static struct slice
without_end(struct slice line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

enum csv_found
csv_next(struct csv *c, struct slice *in, bool at_end, struct csv_row *row)
{
	struct slice line;
	size_t n;

	while ((n = row_length(c, *in, at_end)) > 0) {
		line = slice_first(*in, n);
		*in = slice_from(*in, n);
		row->line = c->line + 1;
		for (size_t i = 0; i < n; i++)
			c->line += line.p[i] == '\n';
		line = without_end(line);
		if (line.n > 0)
			return take_row(c, line, row) ? CSV_ROW : CSV_BAD;
	}
	return CSV_MORE;
}
