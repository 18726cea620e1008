/* SPDX-License-Identifier: ISC */
/*
 * format_envelope.c - an envelope as records (format.h).
 *
 * A record is a letter, the length in four octets, and so many octets.  F, the
 * sender, comes first; each R begins a recipient, and what follows is his:
 *
 *	D domain   N display name   U needs SMTPUTF8   O ORCPT   Y NOTIFY
 *	L "KIND INDEX NAME" of somebody of this machine   X his extension
 *
 * and of the sender E ENVID and T RET.
 */
#include "spool/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/octets.h"

#define LONGEST ((uint64_t)1 << 24) /* octets of a record */

static void
put(struct buf *out, char letter, struct slice s)
{
	char length[4];

	octets_put(length, 4, s.n);
	buf_putc(out, letter);
	buf_put(out, (struct slice){ length, sizeof length });
	buf_put(out, s);
}

static void
put_string(struct buf *out, char letter, const char *s)
{
	if (s && s[0])
		put(out, letter, slice_of(s));
}

/* A number of one octet, unless it is 0. */
static void
put_number(struct buf *out, char letter, unsigned v)
{
	char c = (char)v;

	if (v)
		put(out, letter, (struct slice){ &c, 1 });
}

static void
put_address(struct buf *out, char letter, const struct address *a)
{
	put(out, letter, slice_of(a->path));
	put_string(out, 'D', a->domain);
	put_string(out, 'N', a->name);
	put_number(out, 'U', a->utf8);
}

static void
put_local(struct buf *out, const struct local_target *t)
{
	struct buf text = { 0 };

	buf_putf(&text, "%d %u %s", (int)t->kind, t->index, t->name);
	put(out, 'L', buf_slice(&text));
	put_string(out, 'X', t->extension);
	buf_free(&text);
}

void
format_envelope_put(struct buf *out, const struct envelope *e)
{
	put_address(out, 'F', &e->from);
	if (e->envid)
		put(out, 'E', slice_of(e->envid));
	put_number(out, 'T', e->ret);
	for (size_t i = 0; i < e->n; i++) {
		const struct recipient *r = &e->rcpts[i];

		put_address(out, 'R', &r->to);
		put_number(out, 'Y', r->notify);
		if (r->orcpt)
			put(out, 'O', slice_of(r->orcpt));
		if (r->local)
			put_local(out, r->local);
	}
}

/* ---- back again ---- */

static bool
take(struct slice *in, char *letter, struct slice *s)
{
	uint64_t n;

	if (in->n < 5)
		return false;
	*letter = in->p[0];
	n = octets_get(in->p + 1, 4);
	*in = slice_from(*in, 5);
	if (n > LONGEST || n > in->n)
		return false;
	*s = slice_first(*in, (size_t)n);
	*in = slice_from(*in, (size_t)n);
	return slice_find(*s, '\0') == s->n;
}

/* Whose records these are: the sender's, or a recipient's to be added. */
struct reader {
	struct envelope *e;
	struct address a;
	bool is_sender;
	unsigned notify;
	char *orcpt;
	struct local_target *local;
};

/* Once at most. */
static bool
set(char **to, struct slice s)
{
	if (*to)
		return false;
	*to = mem_dup(s);
	return true;
}

static bool
number(struct slice s, unsigned max, unsigned *out)
{
	*out = s.n == 1 ? (unsigned char)s.p[0] : 0;
	return *out > 0 && *out <= max;
}

static bool
read_sender(struct reader *r, char letter, struct slice s)
{
	unsigned v;

	if (letter == 'E')
		return set(&r->e->envid, s);
	if (letter != 'T' || !number(s, RET_HDRS, &v))
		return false;
	r->e->ret = (enum dsn_ret)v;
	return true;
}

static bool
read_local(struct reader *r, struct slice s)
{
	uint64_t kind, index;
	struct slice word;

	if (r->is_sender || r->local || !slice_cut(&s, ' ', &word) ||
	    !slice_to_uint(word, LOCAL_ALIAS, &kind) || kind == 0 ||
	    !slice_cut(&s, ' ', &word) ||
	    !slice_to_uint(word, UINT32_MAX, &index) || s.n == 0)
		return false;
	r->local = mem_alloc(sizeof *r->local);
	r->local->kind = (enum local_kind)kind;
	r->local->index = (unsigned)index;
	r->local->name = mem_dup(s);
	return true;
}

static bool
read_field(struct reader *r, char letter, struct slice s)
{
	unsigned v;

	switch (letter) {
	case 'D':
		return set(&r->a.domain, s);
	case 'N':
		return set(&r->a.name, s);
	case 'U':
		r->a.utf8 = true;
		return number(s, 1, &v);
	case 'Y':
		return !r->is_sender && number(s, 15, &r->notify);
	case 'O':
		return !r->is_sender && set(&r->orcpt, s);
	case 'L':
		return read_local(r, s);
	case 'X':
		return r->local && set(&r->local->extension, s);
	default:
		return r->is_sender && read_sender(r, letter, s);
	}
}

static void
fill(struct address *a)
{
	const struct slice none = { 0 };

	if (!a->domain)
		a->domain = mem_dup(none);
	if (!a->name)
		a->name = mem_dup(none);
}

/* Whose records end here goes into the envelope; twice there is nobody. */
static bool
finish(struct reader *r)
{
	struct envelope *e = r->e;
	size_t before = e->n;

	fill(&r->a);
	if (r->is_sender) {
		e->from = r->a;
		r->a = (struct address){ 0 };
		return true;
	}
	if (!r->a.path[0])
		return false;
	if (r->local && !r->local->extension)
		r->local->extension = mem_dup(SLICE(""));
	envelope_add_local(e, &r->a, &r->local);
	if (e->n == before)
		return false;
	e->rcpts[before].notify = r->notify;
	e->rcpts[before].orcpt = r->orcpt;
	r->notify = 0;
	r->orcpt = NULL;
	return true;
}

static bool
read_all(struct reader *r, struct slice in, size_t n)
{
	struct slice s;
	char letter;

	if (!take(&in, &letter, &s) || letter != 'F')
		return false;
	r->is_sender = true;
	r->a.path = mem_dup(s);
	while (in.n > 0) {
		if (!take(&in, &letter, &s))
			return false;
		if (letter == 'R') {
			if (!finish(r) || r->e->n >= n)
				return false;
			r->is_sender = false;
			r->a.path = mem_dup(s);
		} else if (!read_field(r, letter, s)) {
			return false;
		}
	}
	return finish(r) && r->e->n == n;
}

bool
format_envelope_get(struct slice in, size_t n, struct envelope *e)
{
	struct reader r = { .e = e };
	bool ok = read_all(&r, in, n);

	address_free(&r.a);
	free(r.orcpt);
	local_target_free(r.local);
	return ok;
}
