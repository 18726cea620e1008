/* SPDX-License-Identifier: ISC */
/* desk_edit.c - the same message for another recipient. */
#include "queue/desk_impl.h"

#include <stdlib.h>
#include <sysexits.h>

#include "base/mem.h"
#include "config/idn.h"

static void
copy_rcpt(struct envelope *to, const struct recipient *r,
    struct address *other)
{
	struct address a = {
		.path = mem_dup(slice_of(r->to.path)),
		.domain = mem_dup(slice_of(r->to.domain)),
		.name = mem_dup(slice_of(r->to.name)),
		.utf8 = r->to.utf8,
	};
	struct local_target *local = other ? NULL : local_target_dup(r->local);
	size_t n = to->n;
	struct buf orcpt = { 0 };
	struct recipient *made;

	if (other) {
		buf_putf(&orcpt, "rfc822;%s", a.path);
		address_free(&a);
		a = *other;
		*other = (struct address){ 0 };
	}
	envelope_add_local(to, &a, &local);
	if (to->n == n) {
		buf_free(&orcpt); /* he is there already */
		return;
	}
	made = &to->rcpts[n];
	made->notify = r->notify;
	if (r->orcpt)
		made->orcpt = mem_dup(slice_of(r->orcpt));
	else if (orcpt.n > 0)
		made->orcpt = mem_dup(buf_slice(&orcpt));
	buf_free(&orcpt);
}

static void
copy_envelope(struct envelope *to, const struct envelope *from, size_t at,
    struct address *other)
{
	*to = (struct envelope){ .ret = from->ret, .key = from->key };
	to->from = (struct address){
		.path = mem_dup(slice_of(from->from.path)),
		.domain = mem_dup(slice_of(from->from.domain)),
		.name = mem_dup(slice_of(from->from.name)),
		.utf8 = from->from.utf8,
	};
	to->envid = from->envid ? mem_dup(slice_of(from->envid)) : NULL;
	for (size_t i = 0; i < from->n; i++)
		copy_rcpt(to, &from->rcpts[i], i == at ? other : NULL);
}

/* Whom does the request call OLD?  n: nobody who waits. */
static size_t
find_old(const struct task *t, const struct address *old)
{
	const struct entry *e = t->entry;
	size_t i = 0;

	while (i < e->mail.envelope.n &&
	    (e->slots[i].state == SLOT_DELIVERED ||
	    e->slots[i].state == SLOT_BOUNCED ||
	    !address_eq(&e->mail.envelope.rcpts[i].to, old)))
		i++;
	return i;
}

/*
 * A name of this machine is looked up, as when a message is queued.  Lists
 * with owners keep the sender that it has.
 */
static void
expand_new(struct task *t, struct envelope *made)
{
	struct runner *r = t->desk->runner;
	struct here *here = r ? runner_here(r) : NULL;
	struct letters l = { .main = *made };

	if (!here)
		return;
	here_expand_letters(here, &l);
	for (size_t i = 0; i < l.n; i++)
		envelope_take_all(&l.main, &l.part[i]);
	*made = l.main;
	l.main = (struct envelope){ 0 };
	letters_free(&l);
}

bool
task_edit(struct task *t, const char *id, struct buf *out)
{
	struct address_options o = { .idn = &config_idn };
	struct address old = { 0 }, new = { 0 };
	struct envelope made;
	struct outcome why = { 0 };
	size_t at = 0;
	bool ok = address_parse(t->request.old, &o, &old, &why) &&
	    address_parse(t->request.new, &o, &new, &why);

	if (ok)
		at = find_old(t, &old);
	if (!ok || new.path[0] == '\0') {
		task_problem(t, id, EX_USAGE, out, "%s", ok ?
		    "a recipient cannot be empty" : why.text);
	} else if (at == t->entry->mail.envelope.n) {
		task_problem(t, id, EX_NOUSER, out, "nobody of that address "
		    "waits for it");
	} else {
		copy_envelope(&made, &t->entry->mail.envelope, at, &new);
		expand_new(t, &made);
		store_edit(t->desk->store, t->entry, &made, t);
		t->owed = true;
	}
	address_free(&old);
	address_free(&new);
	return t->owed;
}
