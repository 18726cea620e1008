/* SPDX-License-Identifier: ISC */
/* probe_table.c - see probe_table.h */
#include "desk/probe_table.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "desk/lines.h"
#include "desk/probe_put.h"

enum column { HOST, ADDRESS, TIME, TLS, DAYS, RESULT, NCOLUMNS };

struct row {
	struct buf cell[NCOLUMNS];
};

void
address_column_put(struct buf *out, const struct endpoint *at)
{
	buf_putc(out, '[');
	ip_put(out, &at->ip);
	buf_putf(out, "]:%u", at->port);
}

static void
fill_tls(struct row *r, const struct visit *v, const struct demands *d)
{
	const struct tls_facts *f = &v->facts;

	buf_puts(&r->cell[TLS], v->secured ? f->version : "-");
	if (v->secured && f->n > 0)
		buf_putf(&r->cell[DAYS], "%lld",
		    (long long)days_until(f->chain[0].to, d->now));
	else
		buf_puts(&r->cell[DAYS], "-");
}

static void
fill(struct row *r, const struct probe_target *t, size_t i,
    const struct demands *d)
{
	const struct visit *v = &t->visit[i];
	struct troubles found = { .n = 0 };

	text_escape(&r->cell[HOST], slice_of(probe_host(t, i)->name));
	address_column_put(&r->cell[ADDRESS], &t->plan->address[i].at);
	if (v->connected != 0)
		buf_putf(&r->cell[TIME], "%lld",
		    (long long)((v->ended - v->begun + 500) / 1000));
	else
		buf_puts(&r->cell[TIME], "-");
	fill_tls(r, v, d);
	troubles_find(&found, t, i, d);
	buf_puts(&r->cell[RESULT], trouble_name(troubles_worst(&found)));
	troubles_free(&found);
}

static void
head(struct row *r)
{
	static const char *const titles[NCOLUMNS] = { "HOST", "ADDRESS", "MS",
		"TLS", "DAYS", "RESULT" };

	for (size_t c = 0; c < NCOLUMNS; c++)
		buf_puts(&r->cell[c], titles[c]);
}

/* How wide each column is, and all of them. */
static size_t
measure(const struct row *row, size_t n, size_t width[NCOLUMNS])
{
	size_t sum = 0;

	for (size_t c = 0; c < NCOLUMNS; c++) {
		width[c] = 0;
		for (size_t i = 0; i < n; i++) {
			size_t k = columns_of(buf_slice(&row[i].cell[c]));

			width[c] = k > width[c] ? k : width[c];
		}
		sum += width[c] + 2;
	}
	return sum - 2;
}

/* The text of the row is used up. */
static void
put_row(struct buf *out, struct row *r, const size_t width[NCOLUMNS],
    bool narrow)
{
	for (size_t c = 0; c < NCOLUMNS; c++) {
		struct slice text = buf_slice(&r->cell[c]);
		size_t gap = width[c] - columns_of(text) + 2;

		buf_put(out, text);
		if (narrow && c <= ADDRESS)
			buf_puts(out, "\n  ");
		else if (c + 1 < NCOLUMNS)
			buf_putf(out, "%*s", (int)gap, "");
		buf_free(&r->cell[c]);
	}
	buf_putc(out, '\n');
}

static size_t
count(const struct probe *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->target[i]->n;
	return n;
}

void
probe_table_put(struct buf *out, const struct probe *p,
    const struct demands *d, size_t columns)
{
	size_t all = count(p), n = 1, width[NCOLUMNS];
	struct row *row;
	bool narrow;

	if (all == 0)
		return;
	row = mem_alloc(size_mul(all + 1, sizeof *row));
	head(&row[0]);
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->target[i]->n; k++)
			fill(&row[n++], p->target[i], k, d);
	narrow = measure(row, n, width) > columns && columns > 0;
	for (size_t i = 0; i < n; i++)
		put_row(out, &row[i], width, narrow);
	free(row);
	buf_putc(out, '\n');
}

/* ---- counting ---- */

static enum trouble_kind
kind_of(const struct probe_target *t, size_t i, const struct demands *d)
{
	struct troubles found = { .n = 0 };
	enum trouble_kind kind;

	troubles_find(&found, t, i, d);
	kind = troubles_worst(&found);
	troubles_free(&found);
	return kind;
}

size_t
probe_count_well(const struct probe *p, const struct demands *d)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->target[i]->n; k++)
			n += kind_of(p->target[i], k, d) == TROUBLE_NONE;
	return n;
}

static enum trouble_kind
worst_of_plan(const struct plan *plan)
{
	struct troubles found = { .n = 0 };
	enum trouble_kind kind;

	for (size_t h = 0; h < plan->nhosts; h++)
		troubles_find_host(&found, &plan->host[h]);
	if (plan->nhosts == 0)
		troubles_find_plan(&found, plan);
	kind = troubles_worst(&found);
	troubles_free(&found);
	return kind;
}

enum trouble_kind
probe_worst(const struct probe *p, const struct demands *d)
{
	enum trouble_kind worst = TROUBLE_NONE, kind;

	for (size_t i = 0; i < p->n; i++) {
		const struct probe_target *t = p->target[i];

		kind = worst_of_plan(t->plan);
		worst = kind > worst ? kind : worst;
		for (size_t k = 0; k < t->n; k++) {
			kind = kind_of(t, k, d);
			worst = kind > worst ? kind : worst;
		}
	}
	return worst;
}
