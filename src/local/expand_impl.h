/* SPDX-License-Identifier: ISC */
/* expand_impl.h - what the files of expand share. */
#ifndef LOCAL_EXPAND_IMPL_H
#define LOCAL_EXPAND_IMPL_H

#include "base/table.h"
#include "local/expand.h"

/* An alias that is being expanded, and what led to it. */
struct step {
	const struct step *before;
	const struct alias *alias;
	const char *owner;
	const char *list; /* the :include: file that is read, or NULL */
	unsigned depth;
	const struct alias *top; /* the target in the aliases that all this */
	unsigned index;          /* ... comes from */
};

/* One address at work. */
struct work {
	const struct expand_config *config;
	struct expansion *x;
	struct table seen;
	struct expand_key **keys; /* what seen points to; as many as x->n */
	struct outcome why;       /* the first thing that went wrong */
	unsigned steps, lists;    /* taken and read until now */
	struct outcome stop;      /* a limit that is reached, or PENDING */
};

/* ---- expand_name.c: names, and who has them ---- */

/* Append the local part as it was meant: without quotes and backslashes. */
void expand_put_local(struct buf *out, const struct address *a);

/* What is before the delimiter, and behind it. */
struct slice expand_base(const struct expand_config *c, struct slice name,
    struct slice *extension);

/* The alias of a name, with its extension or without; or NULL. */
const struct alias *expand_find(const struct expand_config *c,
    struct slice name);

/* The login that a name stands for, as passwd has it: on the heap, or NULL. */
char *expand_login(const struct expand_config *c, struct slice name,
    struct slice *extension);

/* ---- expand_put.c: what is found ---- */

void expand_tell(struct work *w, const struct step *at, const char *what,
    const char *how);

/* Keep the first reason that there is. */
void expand_note(struct work *w, const struct outcome *why);

/* No more: it leads to more than n of these. */
void expand_stop(struct work *w, struct esc esc, unsigned n,
    const char *these);
bool expand_is_stopped(const struct work *w);

/* Add e, all of which but its owner is taken over, unless it is there. */
void expand_put(struct work *w, const struct step *at, struct expanded e);

/* A literal one (\name) is that mailbox, whatever a .forward says. */
void expand_put_mailbox(struct work *w, const struct step *at,
    const char *login, struct slice extension, bool is_literal);

/* What is to be found in the aliases, by who delivers. */
void expand_put_alias(struct work *w, const struct step *at);

/* NAME@host, whatever the name; false with w->why. */
bool expand_local_address(struct work *w, const char *name,
    struct address *out);

/* What was kept to know who is there. */
void expand_forget(struct work *w);

#endif
