/* SPDX-License-Identifier: ISC */
/* unix_text.c - see unix_text.h */
#include "mail/unix_text.h"

#include "base/ascii.h"

static const struct slice from_ = { "From ", 5 };

static void
put_escaped(struct slice s, struct buf *out)
{
	struct slice part;

	while (slice_cut(&s, '\t', &part)) {
		text_escape(out, part);
		if (s.p)
			buf_putc(out, '\t');
	}
}

/* The rest of a line, as far as *in has it. */
static void
put_line(struct unix_text *t, struct slice *in, struct buf *out)
{
	size_t at = slice_find(*in, '\n');
	struct slice line = slice_first(*in, at);

	t->open = at == in->n;
	t->mid_line = t->open;
	*in = slice_from(*in, at + 1);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (t->kind == TEXT_TERMINAL)
		put_escaped(line, out);
	else
		buf_put(out, line);
	if (!t->open)
		buf_putc(out, '\n');
}

static void
release(struct unix_text *t, struct buf *out)
{
	buf_put(out, slice_first(from_, t->matched));
	t->matched = 0;
	t->mid_line = true;
}

/*
 * One octet at the beginning of a line.  A '>' more among others is the same
 * wherever it is put, so it goes right before the "From " and nothing but that
 * has to be held back.
 */
static void
match(struct unix_text *t, struct slice *in, struct buf *out)
{
	char c = in->p[0];

	t->open = true;
	if (c == '>' && t->matched == 0) {
		buf_putc(out, c);
	} else if (c == from_.p[t->matched]) {
		t->matched++;
	} else {
		release(t, out);
		return;
	}
	*in = slice_from(*in, 1);
	if (t->matched == from_.n) {
		buf_putc(out, '>');
		release(t, out);
	}
}

void
unix_text_put(struct unix_text *t, struct slice in, struct buf *out)
{
	while (in.n > 0) {
		if (t->kind == TEXT_MBOX && !t->mid_line)
			match(t, &in, out);
		else
			put_line(t, &in, out);
	}
}

void
unix_text_end(struct unix_text *t, struct buf *out)
{
	release(t, out);
	if (t->open)
		buf_putc(out, '\n');
	t->open = t->mid_line = false;
}
