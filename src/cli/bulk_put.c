/* SPDX-License-Identifier: ISC */
/* bulk_put.c - see bulk_put.h */
#include "cli/bulk_put.h"

#include <stdio.h>
#include <unistd.h>

#include "base/ascii.h"
#include "report/json.h"

/* ---- text ---- */

static void
put_count(struct buf *out, uint64_t n, const char *one, const char *many)
{
	buf_putf(out, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

static void
put_time(struct buf *out, int64_t microseconds)
{
	double ms = (double)microseconds / 1000;

	if (ms < 1000)
		buf_putf(out, ms < 10 ? "%.1f ms" : "%.0f ms", ms);
	else
		buf_putf(out, ms < 100000 ? "%.1f s" : "%.0f s", ms / 1000);
}

static void
put_sums(struct buf *out, const struct tally *t, int64_t took)
{
	put_count(out, t->messages, "message in ", "messages in ");
	put_time(out, took);
	if (took > 0 && t->messages > 1)
		buf_putf(out, " (%.0f/s)",
		    (double)t->messages * 1e6 / (double)took);
	buf_puts(out, ", ");
	put_count(out, t->delivered + t->deferred + t->failed,
	    "recipient: ", "recipients: ");
	buf_putf(out, "%llu delivered, %llu deferred, %llu failed",
	    (unsigned long long)t->delivered, (unsigned long long)t->deferred,
	    (unsigned long long)t->failed);
	if (t->unsent > 0) {
		buf_puts(out, "; ");
		put_count(out, t->unsent, "message", "messages");
		buf_puts(out, " not sent at all");
	}
	if (t->before > 0)
		buf_putf(out, "; %llu done before",
		    (unsigned long long)t->before);
}

static void
put_codes(struct buf *out, const struct tally *t)
{
	const char *between = "";

	for (unsigned code = 0; code < TALLY_CODES; code++) {
		if (t->code[code] == 0)
			continue;
		buf_puts(out, between);
		if (code > 0)
			buf_putf(out, "%u", code);
		else
			buf_puts(out, "without a reply");
		buf_putf(out, " %llu times", (unsigned long long)t->code[code]);
		between = ", ";
	}
}

static void
put_times(struct buf *out, const struct tally *t)
{
	static const unsigned percent[] = { 50, 90, 99 };

	if (t->messages == 0)
		return;
	for (size_t i = 0; i < sizeof percent / sizeof *percent; i++) {
		buf_putf(out, "%s%u%% within ", i > 0 ? ", " : "", percent[i]);
		put_time(out, tally_time(t, percent[i]));
	}
	buf_puts(out, ", the last after ");
	put_time(out, t->longest);
}

static void
put_slowest(struct buf *out, const struct tally *t)
{
	const struct tally_domain *slow[TALLY_SLOW];
	size_t n = t->domains.n > 1 ? tally_slowest(t, slow) : 0;

	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i > 0 ? ", " : "slowest on average: ");
		text_escape(out, slice_of(slow[i]->name));
		buf_putc(out, ' ');
		put_time(out, slow[i]->total / (int64_t)slow[i]->n);
	}
}

static void
put_line(struct report *r, struct buf *line)
{
	if (line->n > 0)
		fprintf(r->err, "%s: %s\n", r->program, buf_str(line));
	buf_clear(line);
}

static void
put_text(struct report *r, const struct tally *t, int64_t took)
{
	struct buf line = { 0 };

	put_sums(&line, t, took);
	put_line(r, &line);
	put_codes(&line, t);
	put_line(r, &line);
	put_times(&line, t);
	put_line(r, &line);
	put_slowest(&line, t);
	put_line(r, &line);
	buf_free(&line);
}

/* ---- JSON ---- */

static void
put_number(struct buf *out, const char *key, uint64_t n)
{
	json_put_key(out, key);
	buf_putu(out, n);
}

static void
put_seconds(struct buf *out, const char *key, int64_t microseconds)
{
	json_put_key(out, key);
	buf_putf(out, "%lld.%06lld", (long long)(microseconds / 1000000),
	    (long long)(microseconds % 1000000));
}

static void
put_json_codes(struct buf *out, const struct tally *t)
{
	const char *between = "";

	json_put_key(out, "codes");
	buf_putc(out, '{');
	for (unsigned code = 0; code < TALLY_CODES; code++) {
		if (t->code[code] == 0)
			continue;
		buf_putf(out, "%s\"%u\":%llu", between, code,
		    (unsigned long long)t->code[code]);
		between = ",";
	}
	buf_putc(out, '}');
}

static void
put_json_slowest(struct buf *out, const struct tally *t)
{
	const struct tally_domain *slow[TALLY_SLOW];
	size_t n = tally_slowest(t, slow);

	json_put_key(out, "slowest");
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i > 0 ? ",{\"domain\":" : "[{\"domain\":");
		json_put_string(out, slice_of(slow[i]->name));
		put_number(out, "recipients", slow[i]->n);
		put_seconds(out, "seconds",
		    slow[i]->total / (int64_t)slow[i]->n);
		buf_putc(out, '}');
	}
	buf_puts(out, n > 0 ? "]" : "[]");
}

static void
put_json(struct report *r, const struct tally *t, int64_t took)
{
	struct buf out = { 0 };

	buf_puts(&out, "{\"event\":\"summary\"");
	put_seconds(&out, "seconds", took);
	put_number(&out, "messages", t->messages);
	put_number(&out, "unsent", t->unsent);
	put_number(&out, "delivered", t->delivered);
	put_number(&out, "deferred", t->deferred);
	put_number(&out, "failed", t->failed);
	put_number(&out, "before", t->before);
	put_json_codes(&out, t);
	put_seconds(&out, "half", tally_time(t, 50));
	put_seconds(&out, "p90", tally_time(t, 90));
	put_seconds(&out, "p99", tally_time(t, 99));
	put_seconds(&out, "longest", t->longest);
	put_json_slowest(&out, t);
	buf_puts(&out, "}\n");
	fputs(buf_str(&out), r->out);
	buf_free(&out);
}

void
bulk_put(struct report *r, const struct tally *t, const struct settings *s,
    int64_t took)
{
	bool all_well = t->deferred + t->failed + t->unsent == 0;

	if (r->style == REPORT_JSON)
		put_json(r, t, took);
	else if (!r->quiet && (!all_well || s->show.verbose > 0 ||
	    s->show.brief || isatty(STDERR_FILENO) == 1))
		put_text(r, t, took);
}
