/* SPDX-License-Identifier: ISC */
/* dane.c - see dane.h */
#include "route/dane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
dane_free(struct dane *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++)
		free(d->tlsa[i].data);
	for (size_t i = 0; i < d->nnames; i++)
		free(d->name[i]);
	free(d->tlsa);
	free(d->base);
	free(d);
}

static void
add(struct dane *d, const struct dns_tlsa *tlsa)
{
	struct dns_tlsa *to;

	d->tlsa = mem_resize(d->tlsa, size_add(d->n, 1), sizeof *d->tlsa);
	to = &d->tlsa[d->n++];
	*to = *tlsa;
	to->data = (unsigned char *)mem_dup((struct slice){
	    (const char *)tlsa->data, tlsa->n });
}

void
dane_add_name(struct dane *d, const char *name)
{
	if (!name || d->nnames == DANE_NAMES_MAX)
		return;
	for (size_t i = 0; i < d->nnames; i++)
		if (strcmp(d->name[i], name) == 0)
			return;
	d->name[d->nnames++] = mem_dup(slice_of(name));
}

struct dane *
dane_copy(const struct dane *from)
{
	struct dane *d;

	if (!from)
		return NULL;
	d = mem_alloc(sizeof *d);
	d->base = mem_dup(slice_of(from->base));
	d->port = from->port;
	d->total = from->total;
	for (size_t i = 0; i < from->n; i++)
		add(d, &from->tlsa[i]);
	for (size_t i = 0; i < from->nnames; i++)
		dane_add_name(d, from->name[i]);
	return d;
}

/* RFC 6698 2.1: a digest has its length, and the whole thing any. */
static bool
is_usable(const struct dns_tlsa *t)
{
	static const size_t length[] = { 0, 32, 64 };

	if (t->usage != DANE_TA && t->usage != DANE_EE)
		return false;
	if (t->selector > 1 || t->matching > 2)
		return false;
	return t->matching == 0 || t->n == length[t->matching];
}

bool
dane_take(struct dane *d, const struct dns_answer *a)
{
	d->total = a->total;
	for (size_t i = 0; i < a->n; i++)
		if (is_usable(&a->tlsa[i]))
			add(d, &a->tlsa[i]);
	return d->n > 0;
}

bool
dane_has_authority(const struct dane *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->tlsa[i].usage == DANE_TA)
			return true;
	return false;
}

static int
compare(const void *pa, const void *pb)
{
	const struct dns_tlsa *const *a = pa, *const *b = pb;
	const unsigned char x[] = { (*a)->usage, (*a)->selector,
		(*a)->matching };
	const unsigned char y[] = { (*b)->usage, (*b)->selector,
		(*b)->matching };
	int order = memcmp(x, y, sizeof x);

	if (order != 0)
		return order;
	if ((*a)->n != (*b)->n)
		return (*a)->n < (*b)->n ? -1 : 1;
	return memcmp((*a)->data, (*b)->data, (*a)->n);
}

static void
put_tlsa(struct buf *out, const struct dns_tlsa *t)
{
	buf_putf(out, " %u %u %u %zu ", t->usage, t->selector, t->matching,
	    t->n);
	buf_put(out, (struct slice){ (const char *)t->data, t->n });
}

/* Records come in any order.  Only authorities have names checked. */
void
dane_put_key(struct buf *out, const struct dane *d)
{
	const struct dns_tlsa **v = mem_resize(NULL, d->n,
	    sizeof(struct dns_tlsa *));
	bool named = dane_has_authority(d);

	for (size_t i = 0; i < d->n; i++)
		v[i] = &d->tlsa[i];
	if (d->n > 1)
		qsort(v, d->n, sizeof(struct dns_tlsa *), compare);
	buf_putf(out, "%s %zu", d->base, d->n);
	for (size_t i = 0; i < d->n; i++)
		put_tlsa(out, v[i]);
	for (size_t i = 0; named && i < d->nnames; i++)
		buf_putf(out, " %s", d->name[i]);
	free(v);
}

void
dane_put_records(struct buf *out, const struct dane *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct dns_tlsa *t = &d->tlsa[i];

		buf_putf(out, "%u %u %u ", t->usage, t->selector,
		    t->matching);
		for (size_t k = 0; k < t->n; k++)
			buf_putf(out, "%02x", t->data[k]);
		buf_putc(out, '\n');
	}
}

bool
dane_owner(const char *base, uint16_t port, char out[DNS_NAME_SIZE])
{
	char text[DNS_NAME_SIZE + 16];

	snprintf(text, sizeof text, "_%u._tcp.%s", port, base);
	return dns_name_parse(slice_of(text), out);
}
