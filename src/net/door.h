/* SPDX-License-Identifier: ISC */
/*
 * door.h - opens a module: code that is only mapped by a run that needs it.
 *
 * A module is a shared object with one const table of functions.  It is the
 * program's own part and of the same build, which its stamp proves; nothing in
 * it is found by name but these two.
 */
#ifndef NET_DOOR_H
#define NET_DOOR_H

#include "base/outcome.h"

struct door {
	const char *file;	/* "smtpsend-relay.so" */
	const char *symbol;	/* the name of its table */
	const char *package;	/* whose lack could be why, for people: "libcurl
				   is in the package libcurl4" */
};

/*
 * The table of a module, which stays open.  It lies in LIBDIR/smtpsend; beside
 * the program only when that has never been installed, but lies in the folder
 * where it was built.  NULL with *why (file_fail() in net/file.h says when it
 * is FAILED, when DEFERRED), which names the file and the package.
 */
const void *door_open(const struct door *d, struct outcome *why);

/* The same from this path, for tests. */
const void *door_open_at(const char *path, const struct door *d,
    struct outcome *why);

/* The stamp: a name that program and modules each have a copy of. */
extern const char smtpsend_build[];

#endif
