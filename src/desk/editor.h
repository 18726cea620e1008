/* SPDX-License-Identifier: ISC */
/*
 * editor.h - editing a line in a terminal, with a history (libedit).
 *
 * The code is a module, smtpsend-desk.so, opened only when somebody sits at a
 * terminal.  Its caller waits for each octet himself, so that he can do other
 * things meanwhile.
 */
#ifndef DESK_EDITOR_H
#define DESK_EDITOR_H

#include "base/buf.h"
#include "net/door.h"

struct editor;

enum editor_key {
	EDITOR_OCTET,		/* *octet is one that was typed */
	EDITOR_END,		/* there is no more */
	EDITOR_GIVE_UP,		/* the line is not wanted any more */
};

/* What the caller does for it. */
struct editor_call {
	enum editor_key (*key)(void *self, char *octet);
	const char *(*prompt)(void *self);
	/*
	 * Line number i, from 0, that begins as typed does; NULL: no more.  It
	 * is good until the next call.
	 */
	const char *(*complete)(void *self, struct slice typed, size_t i);
	void *self;
};

struct editor_module {
	/* On standard input and output; NULL: this terminal cannot do it. */
	struct editor *(*open)(const struct editor_call *call);
	/* Replaces *line, without its end; false: key() has said why. */
	bool (*read)(struct editor *e, struct buf *line);
	/* For the history. */
	void (*remember)(struct editor *e, const char *line);
	/* Something was printed: show prompt and line again, below it. */
	void (*redraw)(struct editor *e);
	/* The terminal is as it was before. */
	void (*close)(struct editor *e);
};

#define EDITOR_DOOR                                                          \
	{                                                                    \
		"smtpsend-desk.so", "desk_module",                           \
		    "it belongs to smtpsend; libedit is in the package "     \
		    "libedit2"                                               \
	}

extern const struct editor_module desk_module; /* within the module */

#endif
