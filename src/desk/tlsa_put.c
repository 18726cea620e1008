/* SPDX-License-Identifier: ISC */
/* tlsa_put.c - see tlsa_put.h */
#include "desk/tlsa_put.h"

#include <string.h>

#include "base/ascii.h"
#include "desk/probe_table.h"

static void
put_who(struct buf *out, const struct probe_target *t, size_t i)
{
	buf_puts(out, "; ");
	text_escape(out, slice_of(probe_host(t, i)->name));
	buf_putc(out, ' ');
	address_column_put(out, &t->plan->address[i].at);
}

/* "_25._tcp.mx1.example.org. IN TLSA 3 1 1 0123..." and an LF */
static void
put_record(struct buf *out, const struct probe_target *t, size_t i, size_t k)
{
	const struct tls_link *l = &t->visit[i].facts.chain[k];
	struct slice digest = buf_slice(&l->key_digest);

	buf_putf(out, "_%u._tcp.%s. IN TLSA %s %.*s\n",
	    t->plan->address[i].at.port, probe_host(t, i)->name,
	    k == 0 ? "3 1 1" : "2 1 1", (int)digest.n, digest.p);
}

static void
put_link(struct buf *out, const struct probe_target *t, size_t i, size_t k)
{
	const struct tls_facts *f = &t->visit[i].facts;
	struct buf record = { 0 };

	put_record(&record, t, i, k);
	if (memmem(buf_slice(out).p, out->n, buf_slice(&record).p,
		record.n) == NULL) {
		put_who(out, t, i);
		buf_putf(out, ", %zu of %zu: ", k + 1, f->n);
		text_escape(out, buf_slice(&f->chain[k].subject));
		buf_putc(out, '\n');
		buf_put(out, buf_slice(&record));
	}
	buf_free(&record);
}

static void
put_visit(struct buf *out, const struct probe_target *t, size_t i)
{
	const struct tls_facts *f = &t->visit[i].facts;
	const char *lacks = NULL;
	struct ip ip;

	if (!t->visit[i].secured || f->n == 0)
		lacks = "no certificate was seen";
	else if (ip_parse(slice_of(probe_host(t, i)->name), &ip))
		lacks = "an address has no TLSA record, the name of its "
			"server has";
	if (lacks) {
		put_who(out, t, i);
		buf_putf(out, ": %s\n", lacks);
		return;
	}
	for (size_t k = 0; k < f->n; k++)
		put_link(out, t, i, k);
}

void
tlsa_put(struct buf *out, const struct probe *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct probe_target *t = p->target[i];

		for (size_t k = 0; k < t->n; k++)
			put_visit(out, t, k);
	}
}
