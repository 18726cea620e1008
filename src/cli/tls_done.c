/* SPDX-License-Identifier: ISC */
/* tls_done.c - see tls_done.h */
#include "cli/tls_done.h"

#include <stdlib.h>

#include "base/mem.h"
#include "net/random.h"
#include "spool/tls_days.h"

struct line {
	struct table_node node;
	char *text;
};

static void
keep(struct tls_done *d, struct slice text)
{
	struct line *l;

	if (text.n == 0 || table_find(&d->lines, text))
		return;
	l = mem_alloc(sizeof *l);
	l->text = mem_dup(text);
	table_add(&d->lines, &l->node, slice_of(l->text), l);
}

bool
tls_done_open(struct tls_done *d, const char *spool, int64_t day,
    struct outcome *why)
{
	struct buf text = { .max = 2 * TLS_DAYS_OCTETS };
	struct slice rest, line;
	bool ok;

	*d = (struct tls_done){ .spool = spool, .day = day };
	random_draw(&d->lines.seed, sizeof d->lines.seed);
	ok = tls_days_read(spool, day, TLS_DAYS_SENT, &text, why);
	rest = buf_slice(&text);
	while (slice_cut(&rest, '\n', &line) && rest.p)
		keep(d, line);
	buf_free(&text);
	return ok && (tls_done_has(d, "*") ||
	    tls_days_append(spool, day, TLS_DAYS_SENT, SLICE(""), why));
}

static void
drop(void *owner)
{
	struct line *l = owner;

	free(l->text);
	free(l);
}

void
tls_done_free(struct tls_done *d)
{
	table_each(&d->lines, drop);
	table_free(&d->lines);
}

bool
tls_done_has(const struct tls_done *d, const char *line)
{
	return table_find(&d->lines, slice_of(line)) != NULL;
}

bool
tls_done_add(struct tls_done *d, const char *line, struct outcome *why)
{
	struct buf text = { 0 };
	bool ok;

	keep(d, slice_of(line));
	buf_putf(&text, "%s\n", line);
	ok = tls_days_append(d->spool, d->day, TLS_DAYS_SENT,
	    buf_slice(&text), why);
	buf_free(&text);
	return ok;
}
