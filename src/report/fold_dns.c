/* SPDX-License-Identifier: ISC */
/* fold_dns.c - see fold_dns.h */
#include "report/fold_dns.h"

#include <stdlib.h>

#include "base/mem.h"

/* octets; another answer begins another line */
#define LONG 300

/* An answer that is kept. */
struct kept {
	struct list_node node;
	int64_t at;
	struct buf name, line;	/* "example.org", "A example.org: 192.0.2.1" */
	bool nothing;		/* ... or only "AAAA example.org" */
};

static void
drop(struct kept *k)
{
	list_remove(&k->node);
	buf_free(&k->name);
	buf_free(&k->line);
	free(k);
}

static void
keep(struct fold_dns *f, const struct event *e, bool nothing)
{
	struct kept *k = mem_alloc(sizeof *k);
	struct slice canonical = event_get(e, "canonical");

	k->at = e->at;
	k->nothing = nothing;
	buf_put(&k->name, event_get(e, "name"));
	buf_put(&k->line, event_get(e, "type"));
	buf_putc(&k->line, ' ');
	buf_put(&k->line, event_get(e, "name"));
	if (!nothing) {
		buf_puts(&k->line, ": ");
		buf_put(&k->line, event_get(e, "answer"));
	}
	if (!nothing && canonical.n > 0) {
		buf_puts(&k->line, ", by CNAME ");
		buf_put(&k->line, canonical);
	}
	if (!nothing && event_get_number(e, "validated") == 1)
		buf_puts(&k->line, " (DNSSEC)");
	list_append(&f->kept, &k->node, k);
}

bool
fold_dns_keep(struct fold_dns *f, const struct event *e)
{
	struct slice type = event_get(e, "type");
	struct slice status = event_get(e, "status");
	bool found = slice_eq(status, SLICE("found"));

	if (slice_eq(type, SLICE("MX")) && found) {
		buf_put(&f->routed, event_get(e, "name"));
		buf_putc(&f->routed, '\n');
		return false;
	}
	if (!found && !slice_eq(status, SLICE("nodata")))
		return false;
	keep(f, e, !found);
	return true;
}

static bool
has_route(const struct fold_dns *f, struct slice name)
{
	struct slice all = buf_slice(&f->routed), one;

	while (slice_cut(&all, '\n', &one))
		if (one.n > 0 && slice_eq(one, name))
			return true;
	return false;
}

/* Its own addresses do not matter where a name has MX records. */
static bool
matters(const struct fold_dns *f, const struct kept *k)
{
	return slice_starts(buf_slice(&k->line), SLICE("MX ")) ||
	    !has_route(f, buf_slice(&k->name));
}

/* Either what is there, or what is not; a part of a line. */
static void
take(struct fold_dns *f, bool nothing, const char *sep, struct buf *line,
    int64_t *at)
{
	struct kept *k, *next;

	for (k = list_first(&f->kept); k && line->n < LONG; k = next) {
		next = list_after(&k->node);
		if (matters(f, k) && k->nothing != nothing)
			continue;
		if (matters(f, k)) {
			buf_puts(line, line->n > 0 ? sep : "");
			buf_puts(line, nothing && sep[0] == ';' ? "no " : "");
			buf_put(line, buf_slice(&k->line));
			if (nothing)
				sep = ", ";
			*at = k->at;
		}
		drop(k);
	}
}

/* "A mx1.x: 192.0.2.1; A mx2.x: 192.0.2.2; no AAAA mx1.x, AAAA mx2.x" */
bool
fold_dns_take(struct fold_dns *f, struct buf *line, int64_t *at)
{
	take(f, false, "; ", line, at);
	take(f, true, "; ", line, at);
	if (f->kept.n == 0)
		buf_clear(&f->routed);
	return line->n > 0;
}

int64_t
fold_dns_since(const struct fold_dns *f)
{
	const struct kept *k = list_first(&f->kept);

	return k ? k->at : INT64_MAX;
}

void
fold_dns_free(struct fold_dns *f)
{
	struct kept *k;

	while ((k = list_first(&f->kept)))
		drop(k);
	buf_free(&f->routed);
}
