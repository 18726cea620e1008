/* SPDX-License-Identifier: ISC */
/*
 * encode.c - see encode.h
 *
 * Three memchr cursors run ahead of the copy, one for each octet that needs
 * care; each is moved only when it was passed, so that no octet is looked at
 * more than four times whatever the text is like.
 */
#include "mail/encode.h"

#include <assert.h>
#include <string.h>

struct run {
	const char *p, *end;	       /* what is left of the input */
	const char *lf, *cr, *nul;     /* the next of each, or end */
	char *to;		       /* where output goes */
};

static const char *
find(const char *p, const char *end, char c)
{
	const char *hit = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;

	return hit ? hit : end;
}

static const char *
nearest(const struct run *r)
{
	const char *p = r->lf < r->cr ? r->lf : r->cr;

	return p < r->nul ? p : r->nul;
}

static void
copy_text(struct encoder *e, struct run *r, const char *stop)
{
	size_t n = (size_t)(stop - r->p);

	if (n == 0)
		return;
	if (e->dots && !e->mid_line && *r->p == '.')
		*r->to++ = '.';
	memcpy(r->to, r->p, n);
	r->to += n;
	r->p = stop;
	e->mid_line = true;
}

static void
end_line(struct encoder *e, struct run *r)
{
	*r->to++ = '\r';
	*r->to++ = '\n';
	e->mid_line = false;
	e->after_cr = false;
}

/* The octet at hand is a CR, an LF or a NUL: write what it stands for. */
static void
take_special(struct encoder *e, struct run *r)
{
	char c = *r->p++;

	if (c == '\0') {
		r->nul = find(r->p, r->end, '\0');
		return;
	}
	if (c == '\r') {
		r->cr = find(r->p, r->end, '\r');
		if (r->p == r->end) {
			e->after_cr = true;
			return;
		}
		if (*r->p == '\n')
			r->p++;
	}
	end_line(e, r);
	if (r->lf < r->p)
		r->lf = find(r->p, r->end, '\n');
}

void
encode(struct encoder *e, struct slice in, struct buf *out)
{
	char *base = buf_reserve(out, 2 * in.n + 2);
	struct run r = { .p = in.p, .end = in.p + in.n, .to = base };

	assert(base);
	if (in.n == 0)
		return;
	if (e->after_cr) {
		if (*r.p == '\n')
			r.p++;
		end_line(e, &r);
	}
	r.lf = find(r.p, r.end, '\n');
	r.cr = find(r.p, r.end, '\r');
	r.nul = find(r.p, r.end, '\0');
	while (r.p < r.end) {
		copy_text(e, &r, nearest(&r));
		if (r.p < r.end)
			take_special(e, &r);
	}
	buf_grow(out, (size_t)(r.to - base));
}

void
encode_finish(struct encoder *e, struct buf *out)
{
	if (e->after_cr || e->mid_line)
		buf_put(out, SLICE("\r\n"));
	e->after_cr = e->mid_line = false;
}
