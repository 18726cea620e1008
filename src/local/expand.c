/* SPDX-License-Identifier: ISC */
/* expand.c - see expand.h */
#include "local/expand.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "local/expand_impl.h"

static void expand_address(struct work *w, const struct step *at,
    const struct address *a);
static void expand_all(struct work *w, struct step *at);

/* What it says cannot be used: whoever sends is told. */
static void
add_useless(struct work *w, const struct step *at, const char *text,
    const struct outcome *why)
{
	expand_tell(w, at, text, why->text);
	expand_note(w, why);
	expand_put_alias(w, at);
}

static void
add_address_of(struct work *w, const struct step *at, const char *text)
{
	struct address a;
	struct outcome why;

	if (!address_parse(slice_of(text), &w->config->address, &a, &why)) {
		add_useless(w, at, text, &why);
		return;
	}
	outcome_fail(&why, FAILED, STAGE_LOCAL, ESC(5, 1, 3),
	    "<> is nobody's address");
	if (a.path[0] == '\0')
		add_useless(w, at, text, &why);
	else
		expand_address(w, at, &a);
	address_free(&a);
}

/* ---- mailboxes ---- */

/* Its mail goes elsewhere, but for \name. */
static bool
goes_elsewhere(struct work *w, const struct step *at, const char *login)
{
	const char *to = w->config->users_to;
	struct expanded e = { 0 };

	if (!to ||
	    !address_parse(slice_of(to), &w->config->address, &e.to, &w->why))
		return false;
	expand_tell(w, at, login, "goes where local-users-to says");
	expand_tell(w, at, e.to.path, "by SMTP");
	expand_put(w, at, e);
	return true;
}

/* False: nobody is called so. */
static bool
add_login(struct work *w, const struct step *at, struct slice name,
    bool is_literal)
{
	struct slice extension;
	char *login = expand_login(w->config, name, &extension);

	if (!login)
		return false;
	if (is_literal || !goes_elsewhere(w, at, login))
		expand_put_mailbox(w, at, login, extension, is_literal);
	free(login);
	return true;
}

/* A target that names no user who is here. */
static void
add_nobody(struct work *w, const struct step *at, const char *name)
{
	struct outcome why = outcome_make(FAILED, STAGE_LOCAL, ESC(5, 1, 1),
	    "no user or alias of this host has the name \"%s\"", name);

	expand_tell(w, at, name, "nobody of this host has this name");
	expand_note(w, &why);
	if (at)
		expand_put_alias(w, at);
}

/* ---- aliases ---- */

static bool
is_in(const struct step *at, const struct alias *alias)
{
	for (; at; at = at->before)
		if (at->alias == alias)
			return true;
	return false;
}

static bool
is_in_list(const struct step *at, const char *path)
{
	for (; at; at = at->before)
		if (at->list && strcmp(at->list, path) == 0)
			return true;
	return false;
}

static bool
read_list(struct work *w, const struct step *at, const char *path,
    struct buf *text, struct outcome *why)
{
	const struct expand_world *world = &w->config->world;

	if (at->depth >= EXPAND_DEPTH)
		return outcome_fail(why, FAILED, STAGE_LOCAL, ESC(5, 4, 6),
		    "more than %d aliases and lists lead from one to the other",
		    EXPAND_DEPTH);
	return world->include(world->self, path, text, why);
}

static void
add_include(struct work *w, struct step *at, const char *path)
{
	struct aliases list = { 0 };
	struct buf text = { 0 };
	struct outcome why;

	if (is_in_list(at, path)) {
		expand_tell(w, at, path, "a list that is in itself");
		return;
	}
	if (++w->lists > EXPAND_LISTS) {
		expand_stop(w, ESC(5, 4, 6), EXPAND_LISTS, "lists");
		return;
	}
	expand_tell(w, at, path, "a list");
	if (read_list(w, at, path, &text, &why)) {
		struct step inner = *at;

		aliases_parse_targets(&list, buf_slice(&text));
		inner.before = at;
		inner.alias = &list.v[0];
		inner.list = path;
		inner.depth++;
		expand_all(w, &inner);
	} else {
		expand_tell(w, at, path, why.text);
		expand_note(w, &why);
		expand_put_alias(w, at);
	}
	aliases_free(&list);
	buf_free(&text);
}

/* "5.7.1 Not for you" has a code of its own. */
static void
refuse(struct work *w, const struct step *at, const char *words)
{
	struct outcome why = outcome_make(FAILED, STAGE_LOCAL, ESC(5, 1, 1),
	    "%s", words[0] ? words : "this address takes no mail");

	expand_tell(w, at, "refused", why.text);
	expand_note(w, &why);
	expand_put_alias(w, at);
}

static void
expand_target(struct work *w, struct step *at, const struct alias_target *t)
{
	switch (t->kind) {
	case ALIAS_ADDRESS:
		add_address_of(w, at, t->text);
		break;
	case ALIAS_MAILBOX:
		if (!add_login(w, at, slice_of(t->text), true))
			add_nobody(w, at, t->text);
		break;
	case ALIAS_COMMAND:
		expand_tell(w, at, t->text, "a command");
		expand_put_alias(w, at);
		break;
	case ALIAS_FILE:
		expand_tell(w, at, t->text, "a file");
		expand_put_alias(w, at);
		break;
	case ALIAS_INCLUDE:
		add_include(w, at, t->text);
		break;
	case ALIAS_ERROR:
		refuse(w, at, t->text);
		break;
	}
}

/* All targets of an alias; in a list they are that of the list. */
static void
expand_all(struct work *w, struct step *at)
{
	bool is_list = at->alias->name[0] == '\0';

	for (unsigned i = 0; i < at->alias->n && !expand_is_stopped(w); i++) {
		if (!is_list)
			at->index = i;
		if (++w->steps > EXPAND_STEPS)
			expand_stop(w, ESC(5, 4, 6), EXPAND_STEPS, "names");
		else
			expand_target(w, at, &at->alias->v[i]);
	}
}

/* owner-NAME@host if there is such an alias; on the heap. */
static char *
owner_of(struct work *w, const struct alias *alias)
{
	struct buf name = { 0 };
	struct address a = { 0 };
	char *owner = NULL;

	buf_putf(&name, "owner-%s", alias->name);
	if (strncmp(alias->name, "owner-", 6) != 0 &&
	    aliases_find(w->config->aliases, buf_slice(&name)) &&
	    expand_local_address(w, buf_str(&name), &a))
		owner = mem_dup(slice_of(a.path));
	address_free(&a);
	buf_free(&name);
	return owner;
}

static void
enter(struct work *w, const struct step *at, const struct alias *alias,
    const char *name)
{
	struct step inner = { .before = at,
		.alias = alias,
		.top = alias,
		.depth = at ? at->depth + 1 : 1 };
	char *owner = owner_of(w, alias);
	struct buf how = { 0 };

	buf_putf(&how, "%s:%u", w->config->file, alias->line);
	if (owner)
		buf_putf(&how, ", from %s", owner);
	expand_tell(w, at, name, buf_str(&how));
	inner.owner = owner ? owner : at ? at->owner : NULL;
	expand_all(w, &inner);
	buf_free(&how);
	free(owner);
}

/* False: it has no alias that can be read, or is in its own. */
static bool
expand_alias(struct work *w, const struct step *at, struct slice name)
{
	const struct alias *alias = expand_find(w->config, name);
	struct outcome why;
	char *text;

	if (!alias || alias->n == 0 || is_in(at, alias))
		return false;
	text = mem_dup(name);
	if (!at || at->depth < EXPAND_DEPTH)
		enter(w, at, alias, text);
	else {
		outcome_fail(&why, FAILED, STAGE_LOCAL, ESC(5, 4, 6),
		    "more than %d aliases lead from one to the other",
		    EXPAND_DEPTH);
		expand_tell(w, at, text, why.text);
		expand_note(w, &why);
		expand_put_alias(w, at);
	}
	free(text);
	return true;
}

static bool
expand_any(struct work *w, const struct step *at)
{
	const struct aliases *a = w->config->aliases;
	const struct alias *any = a ? aliases_find(a, SLICE("*")) : NULL;

	if (!any || any->n == 0 || is_in(at, any))
		return false;
	enter(w, at, any, "*");
	return true;
}

/* It leads to nobody. */
static void
note_useless(struct work *w, const struct step *at, const struct alias *alias)
{
	struct outcome why;

	if (alias->n > 0)
		outcome_fail(&why, FAILED, STAGE_LOCAL, ESC(5, 4, 6),
		    "the alias \"%s\" leads to itself", alias->name);
	else
		outcome_fail(&why, DEFERRED, STAGE_LOCAL, ESC(4, 3, 5),
		    "the alias \"%s\" in line %u of %s cannot be read",
		    alias->name, alias->line, w->config->file);
	expand_tell(w, at, alias->name, why.text);
	expand_note(w, &why);
	if (at && alias->n == 0)
		expand_put_alias(w, at);
}

static void
expand_name(struct work *w, const struct step *at, struct slice name)
{
	struct slice extension;
	const struct alias *alias = expand_find(w->config, name);
	char *text;

	if (expand_alias(w, at, name) || add_login(w, at, name, false) ||
	    (!alias && expand_any(w, at)))
		return;
	text = mem_dup(expand_base(w->config, name, &extension));
	if (alias)
		note_useless(w, at, alias);
	else
		add_nobody(w, at, text);
	free(text);
}

static void
expand_address(struct work *w, const struct step *at, const struct address *a)
{
	struct expanded e = { 0 };
	struct buf name = { 0 };

	expand_put_local(&name, a);
	if (expand_is_local(w->config, a)) {
		expand_name(w, at, buf_slice(&name));
	} else {
		e.to = (struct address){ mem_dup(slice_of(a->path)),
			mem_dup(slice_of(a->domain)),
			mem_dup(slice_of(a->name)), a->utf8, false };
		expand_tell(w, at, a->path, "by SMTP");
		expand_put(w, at, e);
	}
	buf_free(&name);
}

/* ---- all ---- */

/* Of nothing but refusals the sender hears at once. */
static bool
is_refused(const struct work *w)
{
	const struct expand_config *c = w->config;

	for (size_t i = 0; i < w->x->n; i++) {
		const struct local_target *t = w->x->v[i].local;
		const struct alias *a = t && t->kind == LOCAL_ALIAS
		    ? aliases_find(c->aliases, slice_of(t->name))
		    : NULL;

		if (!a || a->v[t->index].kind == ALIAS_COMMAND ||
		    a->v[t->index].kind == ALIAS_FILE)
			return false;
	}
	return true;
}

bool
expand(const struct expand_config *c, const struct address *a,
    struct expansion *x, struct outcome *why)
{
	struct work w = { .config = c, .x = x };

	expand_address(&w, NULL, a);
	expand_forget(&w);
	*why = expand_is_stopped(&w) ? w.stop : w.why;
	return !expand_is_stopped(&w) && !is_refused(&w);
}

void
expansion_free(struct expansion *x)
{
	for (size_t i = 0; i < x->n; i++) {
		address_free(&x->v[i].to);
		local_target_free(x->v[i].local);
		free(x->v[i].owner);
	}
	free(x->v);
	buf_free(&x->told);
	*x = (struct expansion){ 0 };
}
