/* SPDX-License-Identifier: ISC */
/*
 * aliases.h - the text of an aliases(5) file as data.
 *
 *	name: target, target, ...
 *
 * A line that begins with a blank goes on with the one before; '#' begins a
 * comment where a line begins.  Names have no case.  A target is an address,
 * a bare name, \name (its mailbox, whatever the file says of it), |command,
 * /file, :include:/file, or error: with words for the sender; quotes keep
 * together what has commas or blanks.  "*" is the name of all without another.
 *
 * What cannot be read is a fault with its line, and all else stands.
 */
#ifndef LOCAL_ALIASES_H
#define LOCAL_ALIASES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum alias_kind {
	ALIAS_ADDRESS, /* or a bare name */
	ALIAS_MAILBOX, /* \name */
	ALIAS_COMMAND, /* |command line */
	ALIAS_FILE,    /* /file */
	ALIAS_INCLUDE, /* :include:/file */
	ALIAS_ERROR,   /* error: words, :fail: words */
};

struct alias_target {
	enum alias_kind kind;
	char *text; /* without what tells its kind, but the '/' */
};

struct alias {
	char *name;     /* lower case */
	unsigned line;  /* where it begins */
	bool is_broken; /* something of it could not be read */
	struct alias_target *v;
	size_t n;
};

struct alias_fault {
	unsigned line;
	char *text; /* what is wrong, shown as it is */
};

/* Zero-initialise. */
struct aliases {
	struct alias *v; /* sorted by name */
	size_t n;
	struct alias_fault *fault;
	size_t nfaults;
	size_t longest, octets; /* as newaliases counts them: the longest list
				   of targets, all names and lists */
};

/* Read a whole file.  *a is zero before. */
void aliases_parse(struct aliases *a, struct slice text);

/*
 * Only targets, as an :include: file and a .forward have them: on lines of
 * their own or between commas.  The faults go to *a, whose only alias has no
 * name.
 */
void aliases_parse_targets(struct aliases *a, struct slice text);

void aliases_free(struct aliases *a);

/* The alias of this name, without case; NULL when there is none.  "*" is only
 * found when it is asked for. */
const struct alias *aliases_find(const struct aliases *a, struct slice name);

#endif
