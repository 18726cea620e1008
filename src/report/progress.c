/* SPDX-License-Identifier: ISC */
/* progress.c - see progress.h */
#include "report/progress.h"

#include "base/ascii.h"
#include "base/duration.h"

#define BAR_WIDTH 24
#define PATIENCE  SECONDS(2) /* before it is said what is waited for */
#define HINT	  SECONDS(5)

void
progress_init(struct progress *p, int64_t now)
{
	*p = (struct progress){ .start = now };
	lastline_init(&p->line);
}

/* "999", "1.2 kB", "34.5 MB": at most seven columns. */
static void
put_octets(struct buf *out, double n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB",
		"PB", "EB" };
	size_t i = 0;

	n = n < 9e20 ? n : 9e20;
	while (n >= 999.5 && i < 6) {
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

/* "[####....] " */
static void
put_bar(struct buf *out, double part)
{
	int full = (int)(part * BAR_WIDTH);

	buf_putc(out, '[');
	for (int i = 0; i < BAR_WIDTH; i++)
		buf_putc(out, i < full ? '#' : '.');
	buf_puts(out, "] ");
}

/* ", 3.2 MB/s, 0:12 left" */
static void
put_rate(struct buf *out, double rate, uint64_t left, bool time)
{
	buf_puts(out, ", ");
	put_octets(out, rate);
	buf_puts(out, "/s");
	if (!time || rate <= 0)
		return;
	buf_puts(out, ", ");
	put_time(out, (double)left / rate);
	buf_puts(out, " left");
}

void
progress_put(struct buf *out, uint64_t sent, uint64_t size, int64_t elapsed,
    size_t columns)
{
	double part = size > 0 ? (double)sent / (double)size : 0;
	double rate = elapsed > 0 ? (double)sent * 1e6 / (double)elapsed : 0;

	buf_putf(out, "%3.0f%% ", part * 100);
	if (columns >= 76)
		put_bar(out, part);
	if (columns >= 23) {
		put_octets(out, (double)sent);
		buf_puts(out, " of ");
		put_octets(out, (double)size);
	}
	if (columns >= 34)
		put_rate(out, rate, size - sent, columns >= 50);
}

/* Of a dialogue it is a reply that is waited for. */
static const char *const activities[NSTAGES] = {
	[STAGE_DNS] = "asking DNS for ",
	[STAGE_CONNECT] = "connecting to ",
	[STAGE_TLS] = "TLS handshake with ",
	[STAGE_AUTH] = "logging in at ",
};

void
progress_put_awaited(struct buf *out, const struct awaited *a, int64_t seconds)
{
	if (activities[a->stage])
		buf_puts(out, activities[a->stage]);
	else
		buf_putf(out, "waiting for %s from ", a->what);
	text_escape(out, slice_of(a->host));
	if (a->port != 0)
		buf_putf(out, " (port %u)", a->port);
	buf_putf(out, ", %lld s", (long long)seconds);
}

bool
progress_is_seen(const struct progress *p)
{
	return p->line.to != NULL;
}

void
progress_update(struct progress *p, int64_t now, uint64_t sent, uint64_t size)
{
	struct buf b = { 0 };

	if (!p->line.to || sent == 0)
		return;
	if (p->began == 0)
		p->began = now;
	if (p->moving && sent >= size)
		progress_erase(p);
	p->moving = sent < size;
	if (!p->moving || now - p->began <= SECONDS(1) ||
	    now - p->drawn < MILLISECONDS(100))
		return;
	progress_put(&b, sent, size, now - p->began,
	    lastline_columns(&p->line));
	lastline_paint(&p->line, buf_str(&b));
	buf_free(&b);
	p->drawn = now;
}

bool
progress_is_due(const struct progress *p, int64_t now)
{
	return p->line.to && !p->moving && now - p->start >= PATIENCE &&
	    (!p->line.shown || now - p->drawn >= MILLISECONDS(900));
}

static void
give_hint(struct progress *p, const struct awaited *a, const char *hint)
{
	if (!hint || p->hinted || a->stage != STAGE_GREETING)
		return;
	lastline_erase(&p->line);
	fprintf(p->line.to, "%s\n", hint);
	p->hinted = true;
}

void
progress_await(struct progress *p, int64_t now, const struct awaited *a,
    const char *hint)
{
	int64_t since = now - (a->since ? a->since : p->start);
	struct buf b = { 0 };

	if (a->stage == STAGE_NONE || since < PATIENCE) {
		lastline_erase(&p->line);
		return;
	}
	if (since >= HINT)
		give_hint(p, a, hint);
	progress_put_awaited(&b, a, since / SECONDS(1));
	lastline_paint(&p->line, buf_str(&b));
	buf_free(&b);
	p->drawn = now;
}

void
progress_erase(struct progress *p)
{
	lastline_erase(&p->line);
}
