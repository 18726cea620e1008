/* SPDX-License-Identifier: ISC */
/* progress.c - see progress.h */
#include "report/progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"

#define BAR_WIDTH 24

void
progress_init(struct progress *p)
{
	const char *term = getenv("TERM");

	*p = (struct progress){ 0 };
	if (isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0)
		p->to = stderr;
}

/* "999", "1.2 kB", "34.5 MB": at most seven columns. */
static void
put_octets(struct buf *out, double n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	size_t i = 0;

	while (n >= 1000 && i < 4) {
		n /= 1000;
		i++;
	}
	buf_putf(out, i > 0 && n < 99.95 ? "%.1f %s" : "%.0f %s", n, units[i]);
}

static void
put_time(struct buf *out, double seconds)
{
	unsigned s = seconds < 359999 ? (unsigned)(seconds + 0.5) : 359999;

	if (s >= 3600)
		buf_putf(out, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	else
		buf_putf(out, "%u:%02u", s / 60, s % 60);
}

void
progress_put(struct buf *out, uint64_t sent, uint64_t size, int64_t elapsed)
{
	double part = size > 0 ? (double)sent / (double)size : 0;
	double rate = elapsed > 0 ? (double)sent * 1e6 / (double)elapsed : 0;
	int full = (int)(part * BAR_WIDTH);

	buf_putf(out, "%3.0f%% [", part * 100);
	for (int i = 0; i < BAR_WIDTH; i++)
		buf_putc(out, i < full ? '#' : '.');
	buf_puts(out, "] ");
	put_octets(out, (double)sent);
	buf_puts(out, " of ");
	put_octets(out, (double)size);
	buf_puts(out, ", ");
	put_octets(out, rate);
	buf_puts(out, "/s");
	if (rate <= 0)
		return;
	buf_puts(out, ", ");
	put_time(out, (double)(size - sent) / rate);
	buf_puts(out, " left");
}

static void
draw(struct progress *p, int64_t now, uint64_t sent, uint64_t size)
{
	struct buf b = { 0 };

	progress_put(&b, sent, size, now - p->began);
	fprintf(p->to, "\r%s\033[K", buf_str(&b));
	fflush(p->to);
	buf_free(&b);
	p->drawn = now;
	p->shown = true;
}

void
progress_update(struct progress *p, int64_t now, uint64_t sent, uint64_t size)
{
	if (!p->to || sent == 0)
		return;
	if (p->began == 0)
		p->began = now;
	if (sent >= size)
		progress_erase(p);
	else if (now - p->began > SECONDS(1) &&
	    now - p->drawn >= MILLISECONDS(100))
		draw(p, now, sent, size);
}

void
progress_erase(struct progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", p->to);
	fflush(p->to);
	p->shown = false;
}
