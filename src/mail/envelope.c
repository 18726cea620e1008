/* SPDX-License-Identifier: ISC */
/* envelope.c - see envelope.h */
#include "mail/envelope.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

#define PATH_MAX_OCTETS 256 /* RFC 5321 4.5.3.1.3 */

struct local_target *
local_target_dup(const struct local_target *t)
{
	struct local_target *copy;

	if (!t)
		return NULL;
	copy = mem_alloc(sizeof *copy);
	*copy = *t;
	copy->name = mem_dup(slice_of(t->name));
	copy->extension = mem_dup(slice_of(t->extension));
	return copy;
}

void
local_target_free(struct local_target *t)
{
	if (!t)
		return;
	free(t->name);
	free(t->extension);
	free(t);
}

static void
clear_recipient(struct recipient *r)
{
	address_free(&r->to);
	local_target_free(r->local);
	free(r->orcpt);
	result_release(r->result);
}

static void
free_recipients(struct recipient *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		clear_recipient(&v[i]);
	free(v);
}

void
envelope_free(struct envelope *e)
{
	free_recipients(e->rcpts, e->n);
	free_recipients(e->bad, e->nbad);
	address_free(&e->from);
	free(e->envid);
	free(e->slots);
	*e = (struct envelope){ 0 };
}

/* Of the whole path, without case: equal mailboxes hash alike. */
static size_t
hash(const struct envelope *e, const struct address *a)
{
	char low[PATH_MAX_OCTETS];
	size_t n = 0;

	for (; n < sizeof low && a->path[n]; n++)
		low[n] = ascii_lower(a->path[n]);
	return (size_t)hash_bytes(&e->key, (struct slice){ low, n });
}

/* An alias has many targets of one address. */
static bool
is_same_target(const struct local_target *a, const struct local_target *b)
{
	if (!a || !b)
		return a == b;
	return a->kind == b->kind && a->index == b->index &&
	    strcmp(a->name, b->name) == 0;
}

static bool
is_same(const struct recipient *r, const struct address *a,
    const struct local_target *local)
{
	return address_eq(&r->to, a) && is_same_target(r->local, local);
}

/* The slot that a's recipient is in, or the free one where it would be. */
static size_t *
find_slot(const struct envelope *e, const struct address *a,
    const struct local_target *local)
{
	size_t at = hash(e, a) & (e->nslots - 1);

	while (e->slots[at] != 0 &&
	    !is_same(&e->rcpts[e->slots[at] - 1], a, local))
		at = (at + 1) & (e->nslots - 1);
	return &e->slots[at];
}

/* Keep the table at most half full; its size is a power of two. */
static void
grow_slots(struct envelope *e)
{
	if (e->nslots > 2 * e->n)
		return;
	e->nslots = e->nslots ? size_mul(e->nslots, 2) : 16;
	free(e->slots);
	e->slots = mem_alloc(size_mul(e->nslots, sizeof *e->slots));
	for (size_t i = 0; i < e->n; i++)
		*find_slot(e, &e->rcpts[i].to, e->rcpts[i].local) = i + 1;
}

/* One more in *v; the array doubles when its length is a power of two. */
static struct recipient *
new_recipient(struct recipient **v, size_t *n)
{
	if ((*n & (*n - 1)) == 0)
		*v = mem_resize(*v, *n ? size_mul(*n, 2) : 1, sizeof **v);
	memset(&(*v)[*n], 0, sizeof **v);
	return &(*v)[(*n)++];
}

void
envelope_add_local(struct envelope *e, struct address *to,
    struct local_target **local)
{
	struct recipient *r;
	size_t *slot;

	grow_slots(e);
	slot = find_slot(e, to, *local);
	if (*slot != 0) {
		address_free(to);
		local_target_free(*local);
	} else {
		r = new_recipient(&e->rcpts, &e->n);
		r->to = *to;
		r->local = *local;
		*slot = e->n;
		*to = (struct address){ 0 };
	}
	*local = NULL;
}

char *
recipient_orcpt(const struct recipient *r)
{
	struct buf b = { 0 };
	char *text;

	if (r->orcpt)
		return mem_dup(slice_of(r->orcpt));
	buf_putf(&b, "%s;%s", r->to.utf8 ? "utf-8" : "rfc822", r->to.path);
	text = mem_dup(buf_slice(&b));
	buf_free(&b);
	return text;
}

void
envelope_add(struct envelope *e, struct address *to)
{
	struct local_target *none = NULL;

	envelope_add_local(e, to, &none);
}

static void
add_bad(struct envelope *e, struct bad_address *bad)
{
	struct recipient *r = new_recipient(&e->bad, &e->nbad);
	struct slice none = { 0 };

	r->to = (struct address){ bad->text, mem_dup(none), mem_dup(none),
		false, false };
	bad->text = NULL;
	recipient_say(r, bad->why->verdict, bad->why);
}

static struct address
address_copy(const struct address *a)
{
	return (struct address){ mem_dup(slice_of(a->path)),
		mem_dup(slice_of(a->domain)), mem_dup(slice_of(a->name)),
		a->utf8, a->bare };
}

struct envelope
envelope_copy(const struct envelope *e)
{
	struct envelope copy = { .from = address_copy(&e->from),
		.ret = e->ret,
		.envid = e->envid ? mem_dup(slice_of(e->envid)) : NULL,
		.key = e->key };

	for (size_t i = 0; i < e->n; i++) {
		const struct recipient *r = &e->rcpts[i];
		struct address to = address_copy(&r->to);
		struct local_target *local = local_target_dup(r->local);

		envelope_add_local(&copy, &to, &local);
		copy.rcpts[i].notify = r->notify;
		copy.rcpts[i].orcpt = r->orcpt ? mem_dup(slice_of(r->orcpt))
					       : NULL;
	}
	return copy;
}

void
envelope_take_all(struct envelope *e, struct envelope *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct recipient *r = &from->rcpts[i];
		size_t n = e->n;

		envelope_add_local(e, &r->to, &r->local);
		if (e->n > n) {
			e->rcpts[n].notify = r->notify;
			e->rcpts[n].orcpt = r->orcpt;
			r->orcpt = NULL;
		}
		r->to = (struct address){ 0 };
	}
	free_recipients(from->rcpts, from->n);
	from->rcpts = NULL;
	from->n = 0;
}

void
envelope_add_bad(struct envelope *e, const struct recipient *r,
    struct result *why)
{
	struct recipient *bad = new_recipient(&e->bad, &e->nbad);

	bad->to = address_copy(&r->to);
	bad->notify = r->notify;
	bad->orcpt = r->orcpt ? mem_dup(slice_of(r->orcpt)) : NULL;
	recipient_say(bad, why->verdict, why);
}

void
envelope_move_bad(struct envelope *e, struct envelope *from)
{
	for (size_t i = 0; i < from->nbad; i++)
		*new_recipient(&e->bad, &e->nbad) = from->bad[i];
	free(from->bad);
	from->bad = NULL;
	from->nbad = 0;
}

void
envelope_add_list(struct envelope *e, struct address_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		envelope_add(e, &list->v[i]);
	for (size_t i = 0; i < list->nbad; i++)
		add_bad(e, &list->bad[i]);
	address_list_free(list);
}

/* Who is where has changed. */
static void
renew_slots(struct envelope *e)
{
	free(e->slots);
	e->nslots = 16;
	while (e->nslots <= 2 * e->n)
		e->nslots = size_mul(e->nslots, 2);
	e->slots = mem_alloc(size_mul(e->nslots, sizeof *e->slots));
	for (size_t i = 0; i < e->n; i++)
		*find_slot(e, &e->rcpts[i].to, e->rcpts[i].local) = i + 1;
}

void
envelope_sort_out(struct envelope *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n; i++) {
		struct recipient r = e->rcpts[i];

		if (r.verdict == PENDING)
			e->rcpts[kept++] = r;
		else
			*new_recipient(&e->bad, &e->nbad) = r;
	}
	e->n = kept;
	renew_slots(e);
}

void
envelope_drop_settled(struct envelope *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == PENDING)
			e->rcpts[kept++] = e->rcpts[i];
		else
			clear_recipient(&e->rcpts[i]);
	e->n = kept;
	renew_slots(e);
}

void
envelope_replace(struct envelope *e, struct address *to)
{
	struct recipient first = { 0 };

	if (e->n > 0) {
		first.notify = e->rcpts[0].notify;
		first.orcpt = e->n == 1 ? e->rcpts[0].orcpt : NULL;
		if (first.orcpt)
			e->rcpts[0].orcpt = NULL;
	}
	free_recipients(e->rcpts, e->n);
	e->rcpts = NULL;
	e->n = 0;
	renew_slots(e);
	envelope_add(e, to);
	e->rcpts[0].notify = first.notify;
	e->rcpts[0].orcpt = first.orcpt;
}

static bool
notify_word(struct slice s, unsigned *bit)
{
	static const struct {
		struct slice word;
		unsigned bit;
	} words[] = {
		{ SLICE("never"), NOTIFY_NEVER },
		{ SLICE("success"), NOTIFY_SUCCESS },
		{ SLICE("failure"), NOTIFY_FAILURE },
		{ SLICE("delay"), NOTIFY_DELAY },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_eq_nocase(s, words[i].word)) {
			*bit = words[i].bit;
			return true;
		}
	return false;
}

bool
notify_parse(struct slice s, unsigned *out)
{
	unsigned all = 0, bit = 0;
	struct slice word;

	while (slice_cut(&s, ',', &word)) {
		if (!notify_word(slice_trim(word), &bit))
			return false;
		all |= bit;
	}
	if (all == 0 || ((all & NOTIFY_NEVER) && all != NOTIFY_NEVER))
		return false; /* RFC 3461 4.1: NEVER stands alone */
	*out = all;
	return true;
}

void
recipient_append(struct recipient_list *l, struct recipient *r)
{
	r->next = NULL;
	if (l->first)
		l->last->next = r;
	else
		l->first = r;
	l->last = r;
}

struct recipient *
recipient_take(struct recipient_list *l)
{
	struct recipient *r = l->first;

	if (r)
		l->first = r->next;
	return r;
}

void
recipient_prepend_all(struct recipient_list *l, struct recipient_list *from)
{
	if (!from->first)
		return;
	from->last->next = l->first;
	if (!l->first)
		l->last = from->last;
	l->first = from->first;
	from->first = NULL;
}

void
recipient_say(struct recipient *r, enum verdict verdict, struct result *result)
{
	struct result *old = r->result;

	r->verdict = verdict;
	r->result = result_share(result);
	result_release(old);
}

struct outcome
recipient_outcome(const struct recipient *r)
{
	struct outcome o = result_outcome(r->result);

	o.verdict = r->verdict;
	return o;
}

static void
settle(struct envelope *e, const struct outcome *o, int64_t now,
    bool only_local)
{
	struct result *result = result_new(o, SLICE(""));

	for (size_t i = 0; i < e->n; i++) {
		struct recipient *r = &e->rcpts[i];

		if (r->verdict != PENDING || (only_local && !r->local))
			continue;
		recipient_say(r, o->verdict, result);
		r->decided = now;
	}
	result_release(result);
}

void
envelope_settle(struct envelope *e, const struct outcome *o, int64_t now)
{
	settle(e, o, now, false);
}

void
envelope_settle_local(struct envelope *e, const struct outcome *o, int64_t now)
{
	settle(e, o, now, true);
}
