/* SPDX-License-Identifier: ISC */
/*
 * own.h - whose files are believed.
 *
 * Who writes a configuration has commands run, and who writes a password file
 * chooses what a server is told.  So a file counts only when nobody but the
 * effective user and root can have written it or put it there: it and each
 * folder on the way, from the home on, belong to one of the two, and neither
 * their group nor others may write to them.  Outside of the home the way begins
 * at /, and a sticky folder such as /tmp will do.  The same holds for a link,
 * and for the way on which its target is.
 *
 * For root only root's own counts, and its home is passwd's: sudo and su keep
 * the HOME of somebody else.
 */
#ifndef CONFIG_OWN_H
#define CONFIG_OWN_H

#include <stdbool.h>

#include "base/buf.h"

/* The folders of the XDG base directory specification. */
enum own_base { OWN_CONFIG, OWN_STATE, OWN_CACHE, OWN_RUNTIME };

/* Why a file was not opened. */
struct own_refusal {
	int error;	/* errno; 0 = it is not to be believed */
	char text[400];	/* after "PATH: "; may be cut, is not escaped */
};

/*
 * Is it a person's, who has a home that stays his?  Not root's and system
 * users', nor those of systemd's DynamicUser= and nobody, which many have in
 * turn.
 */
bool own_is_person(unsigned uid);

/* Append the home of the effective user; false when none is known. */
bool own_home(struct buf *path);

/*
 * Append the folder that the environment names, or the usual one below the
 * home; there is none for OWN_RUNTIME.  False when none is known.
 */
bool own_folder(enum own_base base, struct buf *path);

/*
 * Open a regular file, or with O_DIRECTORY in flags a folder, for reading.
 * Never blocks.  Returns a descriptor, or -1 with *why.
 */
int own_open(const char *path, int flags, struct own_refusal *why);

/* There is no such file, it cannot be reached, or it is not to be believed. */
bool own_is_absent(const struct own_refusal *why);

#endif
