/* SPDX-License-Identifier: ISC */
/*
 * deadletter.h - ~/dead.letter: where sendmail -oem and -oee keep what could be
 * neither delivered nor mailed back.
 *
 * Only for people (uids from 1000 on that are given to nobody else in turn),
 * and only in a home that is theirs and no others can write to.  The file is
 * theirs too, of mode 0600, and no link; it has mboxrd form.
 */
#ifndef CLI_DEADLETTER_H
#define CLI_DEADLETTER_H

#include "cli/intake.h"

struct dead_letter {
	const struct intake *intake;
	unsigned uid;
	int64_t now;		/* seconds since 1970 */
};

/*
 * Append the message, with those who did not get it; path gets the file's name.
 * False with *why: nothing was changed.
 */
bool dead_letter_save(const struct dead_letter *d, struct buf *path,
    struct outcome *why);

/* Might somebody of this uid have one? */
bool dead_letter_is_for(unsigned uid);

#endif
