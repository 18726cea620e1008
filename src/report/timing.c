/* SPDX-License-Identifier: ISC */
/* timing.c - see timing.h */
#include "report/timing.h"

#include "base/ascii.h"
#include "base/markup.h"

enum {
	NUMBERS = 20,	/* columns before the bar */
	LEAST = 60,
};

/* When the last one ended, at least a microsecond after start. */
static int64_t
end_of(const struct phases *p, int64_t start)
{
	int64_t end = start + 1;

	for (size_t i = 0; i < p->n; i++)
		if (p->phase[i].to > end)
			end = p->phase[i].to;
	return end;
}

static unsigned
lanes_of(const struct phases *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->phase[i].lane > n)
			n = p->phase[i].lane;
	return n;
}

static void
repeat(struct buf *out, char c, unsigned n)
{
	while (n-- > 0)
		buf_putc(out, c);
}

static unsigned
column(int64_t at, int64_t whole, unsigned width)
{
	return at <= 0 ? 0 : (unsigned)(at * width / whole);
}

/* A bar: where it begins and how wide it is, at least one column. */
static void
put_bar(struct buf *out, const struct phase *ph, int64_t start, int64_t end,
    unsigned width)
{
	int64_t whole = end - start;
	unsigned from = column(ph->from - start, whole, width);
	unsigned to = column(ph->to - start, whole, width);

	if (from >= width)
		from = width - 1;
	if (to <= from)
		to = from + 1;
	repeat(out, ' ', from);
	repeat(out, ph->failed ? 'x' : '#', to - from);
	repeat(out, ' ', width - to);
}

/* "2 TLS TLSv1.3 (trusted)", cut where the line must end. */
static void
put_name(struct buf *out, const struct phase *ph, bool lanes, unsigned room)
{
	struct buf name = { 0 };

	if (lanes && ph->lane > 0)
		buf_putf(&name, "%u ", ph->lane);
	else if (lanes)
		buf_puts(&name, "  ");
	buf_puts(&name, phase_name(ph->kind));
	if (ph->failed)
		buf_puts(&name, " failed:");
	if (ph->detail[0]) {
		buf_putc(&name, ' ');
		text_escape(&name, slice_of(ph->detail));
	}
	buf_put(out, slice_first(buf_slice(&name), room));
	buf_free(&name);
}

void
timing_put_text(struct buf *out, const struct phases *p, int64_t start,
    unsigned columns)
{
	int64_t end = end_of(p, start);
	bool lanes = lanes_of(p) > 1;
	unsigned width;

	if (columns < LEAST)
		columns = LEAST;
	width = (columns - NUMBERS) / 2;
	if (p->n > 0)
		buf_puts(out, "   from ms    lasted\n");
	for (size_t i = 0; i < p->n; i++) {
		const struct phase *ph = &p->phase[i];

		buf_putf(out, "%10.1f%10.1f|",
		    (double)(ph->from - start) / 1e3,
		    (double)(ph->to - ph->from) / 1e3);
		put_bar(out, ph, start, end, width);
		buf_puts(out, "| ");
		put_name(out, ph, lanes, columns - NUMBERS - width - 3);
		buf_putc(out, '\n');
	}
}

/* ---- SVG ---- */

enum { ROW = 20, BAR_LEFT = 330, BAR_WIDTH = 560, SVG_WIDTH = 960 };

static void
put_svg_row(struct buf *out, const struct phase *ph, size_t row, bool lanes,
    int64_t start, int64_t end)
{
	double scale = (double)BAR_WIDTH / (double)(end - start);
	double x = BAR_LEFT + (double)(ph->from - start) * scale;
	double w = (double)(ph->to - ph->from) * scale;
	unsigned y = (unsigned)(row + 1) * ROW;
	struct buf name = { 0 };

	put_name(&name, ph, lanes, 44);
	buf_putf(out, "<text x=\"10\" y=\"%u\">", y + 14);
	markup_put(out, buf_slice(&name));
	buf_putf(out, "</text><rect class=\"%s\" x=\"%.1f\" y=\"%u\" "
	    "width=\"%.1f\" height=\"14\"/><text x=\"%.1f\" y=\"%u\">"
	    "%.1f ms</text>\n", ph->failed ? "failed" : "bar", x, y + 3,
	    w < 1 ? 1 : w, x + w + 4, y + 14,
	    (double)(ph->to - ph->from) / 1e3);
	buf_free(&name);
}

void
timing_put_svg(struct buf *out, const struct phases *p, int64_t start)
{
	int64_t end = end_of(p, start);
	bool lanes = lanes_of(p) > 1;

	buf_putf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	    "viewBox=\"0 0 %d %zu\" role=\"img\" "
	    "aria-label=\"What the time went into\">\n"
	    "<style>svg{background:#fff;font:12px sans-serif}"
	    "text{fill:#222}.bar{fill:#2a7}.failed{fill:#c33}"
	    "@media(prefers-color-scheme:dark){svg{background:#181818}"
	    "text{fill:#ddd}}</style>\n", SVG_WIDTH, (p->n + 2) * ROW);
	buf_putf(out, "<text x=\"10\" y=\"14\">0 to %.1f ms</text>\n",
	    (double)(end - start) / 1e3);
	for (size_t i = 0; i < p->n; i++)
		put_svg_row(out, &p->phase[i], i, lanes, start, end);
	buf_puts(out, "</svg>\n");
}
