/* SPDX-License-Identifier: ISC */
/* expand_put.c - what an expansion finds. */
#include "local/expand_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

struct expand_key {
	struct table_node node;
	char *text;
};

void
expand_tell(struct work *w, const struct step *at, const char *what,
    const char *how)
{
	struct buf *out = &w->x->told;

	for (unsigned i = 0; at && i < at->depth; i++)
		buf_puts(out, "  ");
	text_escape(out, slice_of(what));
	buf_puts(out, ": ");
	text_escape(out, slice_of(how));
	buf_putc(out, '\n');
}

void
expand_note(struct work *w, const struct outcome *why)
{
	if (w->why.verdict == PENDING)
		w->why = *why;
}

void
expand_stop(struct work *w, struct esc esc, unsigned n, const char *these)
{
	outcome_fail(&w->stop, FAILED, STAGE_LOCAL, esc,
	    "it leads to more than %u %s", n, these);
}

bool
expand_is_stopped(const struct work *w)
{
	return w->stop.verdict != PENDING;
}

/* Was somebody like that there before?  If not, he is now. */
static bool
is_new(struct work *w, const struct expanded *e)
{
	struct buf text = { 0 };
	struct expand_key *key;

	buf_puts(&text, e->to.path);
	if (e->local)
		buf_putf(&text, " %d %u", e->local->kind, e->local->index);
	if (table_find(&w->seen, buf_slice(&text))) {
		buf_free(&text);
		return false;
	}
	key = mem_alloc(sizeof *key);
	key->text = mem_dup(buf_slice(&text));
	buf_free(&text);
	w->keys = mem_resize(w->keys, w->x->n + 1, sizeof *w->keys);
	w->keys[w->x->n] = key;
	table_add(&w->seen, &key->node, slice_of(key->text), key);
	return true;
}

void
expand_put(struct work *w, const struct step *at, struct expanded e)
{
	struct expansion *x = w->x;

	if (x->n >= EXPAND_TARGETS)
		expand_stop(w, ESC(5, 5, 3), EXPAND_TARGETS, "recipients");
	if (expand_is_stopped(w) || !is_new(w, &e)) {
		address_free(&e.to);
		local_target_free(e.local);
		return;
	}
	e.owner = at && at->owner ? mem_dup(slice_of(at->owner)) : NULL;
	x->v = mem_resize(x->v, x->n + 1, sizeof *x->v);
	x->v[x->n++] = e;
}

static struct local_target *
target(enum local_kind kind, const char *name, unsigned index,
    struct slice extension)
{
	struct local_target *t = mem_alloc(sizeof *t);

	*t = (struct local_target){ kind, index, mem_dup(slice_of(name)),
		mem_dup(extension) };
	return t;
}

bool
expand_local_address(struct work *w, const char *name, struct address *out)
{
	struct address_options o = w->config->address;
	struct buf text = { 0 };
	bool ok;

	o.dash = true;
	buf_putc(&text, '"');
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			buf_putc(&text, '\\');
		buf_putc(&text, *name);
	}
	buf_putf(&text, "\"@%s", w->config->host);
	ok = address_parse(buf_slice(&text), &o, out, &w->why);
	buf_free(&text);
	return ok;
}

/* What a mailbox is, to people. */
static void
tell_mailbox(struct work *w, const struct step *at, const char *name,
    bool forwards)
{
	struct buf how = { 0 };

	buf_puts(&how, "the mailbox of this user");
	if (w->config->lmtp)
		buf_putf(&how, ", by LMTP to %s", w->config->lmtp);
	if (forwards)
		buf_puts(&how, ", unless his ~/.forward says more on delivery");
	expand_tell(w, at, name, buf_str(&how));
	buf_free(&how);
}

void
expand_put_mailbox(struct work *w, const struct step *at, const char *login,
    struct slice extension, bool is_literal)
{
	const struct expand_config *c = w->config;
	struct expanded e = { 0 };
	struct buf name = { 0 };

	buf_puts(&name, login);
	if (c->lmtp && extension.n > 0) {
		buf_putc(&name, c->delimiter);
		buf_put(&name, extension);
	}
	if (expand_local_address(w, buf_str(&name), &e.to)) {
		e.local = target(LOCAL_MAILBOX, login,
		    c->forward && is_literal ? LOCAL_ITSELF : 0, extension);
		tell_mailbox(w, at, buf_str(&name), c->forward && !is_literal);
		expand_put(w, at, e);
	}
	buf_free(&name);
}

void
expand_put_alias(struct work *w, const struct step *at)
{
	struct expanded e = { 0 };

	if (!expand_local_address(w, at->top->name, &e.to))
		return;
	e.local = target(LOCAL_ALIAS, at->top->name, at->index, SLICE(""));
	expand_put(w, at, e);
}

void
expand_forget(struct work *w)
{
	table_free(&w->seen);
	for (size_t i = 0; i < w->x->n; i++) {
		free(w->keys[i]->text);
		free(w->keys[i]);
	}
	free(w->keys);
}
