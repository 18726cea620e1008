/* SPDX-License-Identifier: ISC */
/* tally.c - see tally.h */
#include "tlsrpt/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/mem.h"

#define FIELD_MAX 500	/* octets of a field, before they are encoded */
#define LIST_MAX  8000	/* ... of one that is a list */
#define COUNT_MAX UINT64_C(1000000000000)

/* The fields of a key, in their order. */
enum field {
	DOMAIN, TYPE, STRINGS, MX,	/* the policy */
	RESULT, LOCAL, PEER, HOST, HELO, REASON, INFO,
	NFIELDS
};

static void
entry_free(struct tlsrpt_tally *t, struct tlsrpt_entry *e)
{
	table_remove(&t->table, &e->node);
	list_remove(&e->row);
	free(e);
}

void
tlsrpt_tally_free(struct tlsrpt_tally *t)
{
	struct tlsrpt_entry *e;

	while ((e = list_first(&t->rows)))
		entry_free(t, e);
	table_free(&t->table);
}

/* ---- an entry ---- */

static void
count(struct tlsrpt_tally *t, struct slice key, uint64_t n)
{
	struct tlsrpt_entry *e = table_find(&t->table, key);
	char *copy;

	if (!e && t->rows.n >= (t->max > 0 ? t->max : TLSRPT_ENTRIES)) {
		t->lost += n;
		return;
	}
	if (!e) {
		e = mem_alloc(size_add(sizeof *e, key.n));
		copy = (char *)(e + 1);
		memcpy(copy, key.p, key.n);
		e->key = (struct slice){ copy, key.n };
		table_add(&t->table, &e->node, e->key, e);
		list_append(&t->rows, &e->row, e);
	}
	e->count += n < COUNT_MAX - e->count ? n : COUNT_MAX - e->count;
}

static void
put_field(struct buf *out, struct slice s, size_t max)
{
	s = slice_first(s, max);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '%')
			buf_putf(out, "%%%02X", (unsigned char)s.p[i]);
		else
			buf_putc(out, s.p[i]);
	buf_putc(out, '\t');
}

/* A list is cut behind a whole item. */
static void
put_list(struct buf *out, struct slice s)
{
	s = slice_first(s, LIST_MAX);
	while (s.n > 0 && s.p[s.n - 1] != '\n')
		s.n--;
	put_field(out, s, LIST_MAX);
}

static void
put_ip(struct buf *out, const struct ip *ip)
{
	struct ip plain = ip_unmap(ip);

	if (plain.version > 0) {
		plain.scope = 0;
		ip_put(out, &plain);
	}
	buf_putc(out, '\t');
}

void
tlsrpt_tally_add(struct tlsrpt_tally *t, const struct tls_result *r, uint64_t n)
{
	const struct tls_policy *p = &r->policy;
	bool ok = r->type == TLS_RESULT_OK;
	struct buf key = { 0 };

	if (p->domain.n == 0 || n == 0)
		return;
	put_field(&key, p->domain, FIELD_MAX);
	put_field(&key, slice_of(tls_policy_type_name(p->type)), FIELD_MAX);
	put_list(&key, p->strings);
	put_list(&key, p->mx);
	put_field(&key, slice_of(tls_result_type_name(r->type)), FIELD_MAX);
	if (!ok) { /* of a success nothing more is reported */
		put_ip(&key, &r->local);
		put_ip(&key, &r->peer);
		put_field(&key, r->host, FIELD_MAX);
		put_field(&key, r->helo, FIELD_MAX);
		put_field(&key, r->reason, FIELD_MAX);
		put_field(&key, r->info, FIELD_MAX);
	}
	count(t, buf_slice(&key), n);
	buf_free(&key);
}

/* ---- reading ---- */

static bool
read_fields(struct slice key, struct buf *text, struct slice out[NFIELDS])
{
	size_t n = 0, from;
	struct slice s;

	buf_clear(text);
	if (!buf_reserve(text, key.n + 1)) /* it stays where it is now */
		return false;
	while (slice_cut(&key, '\t', &s) && key.p && n < NFIELDS) {
		from = text->n;
		if (!percent_decode(text, s))
			return false;
		out[n++] = slice_from(buf_slice(text), from);
	}
	return key.n == 0 && (n == NFIELDS || n == RESULT + 1);
}

static bool
read_ip(struct slice s, struct ip *out)
{
	return s.n == 0 || ip_parse(s, out);
}

static bool
read_key(struct slice key, struct buf *text, struct tls_result *r)
{
	struct slice f[NFIELDS] = { { 0 } };

	*r = (struct tls_result){ 0 };
	if (!read_fields(key, text, f) ||
	    !tls_policy_type_parse(f[TYPE], &r->policy.type) ||
	    !tls_result_type_parse(f[RESULT], &r->type) ||
	    !read_ip(f[LOCAL], &r->local) || !read_ip(f[PEER], &r->peer))
		return false;
	r->policy.domain = f[DOMAIN];
	r->policy.strings = f[STRINGS];
	r->policy.mx = f[MX];
	r->host = f[HOST];
	r->helo = f[HELO];
	r->reason = f[REASON];
	r->info = f[INFO];
	return true;
}

bool
tlsrpt_entry_read(const struct tlsrpt_entry *e, struct buf *text,
    struct tls_result *r)
{
	return read_key(e->key, text, r);
}

void
tlsrpt_tally_read(struct tlsrpt_tally *t, struct slice lines)
{
	struct slice line, number;
	struct buf text = { 0 };
	struct tls_result r;
	uint64_t n;

	while (slice_cut(&lines, '\n', &line)) {
		if (!lines.p)
			break; /* cut off: its end is still to come */
		if (slice_cut(&line, '\t', &number) && line.p &&
		    slice_to_uint(number, COUNT_MAX, &n) &&
		    read_key(line, &text, &r))
			tlsrpt_tally_add(t, &r, n);
	}
	buf_free(&text);
}

void
tlsrpt_tally_drain(struct tlsrpt_tally *t, struct buf *out)
{
	struct tlsrpt_entry *e;

	while ((e = list_first(&t->rows))) {
		buf_putu(out, e->count);
		buf_putc(out, '\t');
		buf_put(out, e->key);
		buf_putc(out, '\n');
		entry_free(t, e);
	}
}

/* ---- in order ---- */

static int
compare(const void *a, const void *b)
{
	const struct tlsrpt_entry *const *x = a, *const *y = b;
	struct slice s = (*x)->key, u = (*y)->key;
	int c = memcmp(s.p, u.p, s.n < u.n ? s.n : u.n);

	return c != 0 ? c : s.n < u.n ? -1 : s.n > u.n;
}

const struct tlsrpt_entry **
tlsrpt_tally_sorted(const struct tlsrpt_tally *t)
{
	const struct tlsrpt_entry **v = mem_resize(NULL, t->rows.n + 1,
	    sizeof *v);
	const struct tlsrpt_entry *e;
	size_t n = 0;

	for (e = list_first(&t->rows); e; e = list_after(&e->row))
		v[n++] = e;
	if (n > 1)
		qsort(v, n, sizeof *v, compare);
	return v;
}

/* The first so many fields of a key. */
static struct slice
head_of(struct slice key, size_t fields)
{
	size_t n = 0;

	while (fields > 0 && n < key.n)
		fields -= key.p[n++] == '\t';
	return slice_first(key, n);
}

static size_t
same(const struct tlsrpt_entry *const *e, size_t n, size_t fields)
{
	struct slice head = head_of(e[0]->key, fields);
	size_t i = 1;

	while (i < n && slice_starts(e[i]->key, head))
		i++;
	return i;
}

struct slice
tlsrpt_entry_domain(const struct tlsrpt_entry *e)
{
	return slice_first(e->key, slice_find(e->key, '\t'));
}

size_t
tlsrpt_same_domain(const struct tlsrpt_entry *const *e, size_t n)
{
	return same(e, n, DOMAIN + 1);
}

size_t
tlsrpt_same_policy(const struct tlsrpt_entry *const *e, size_t n)
{
	return same(e, n, MX + 1);
}
