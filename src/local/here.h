/* SPDX-License-Identifier: ISC */
/*
 * here.h - what this machine knows of its users: the world that expand.h asks.
 *
 * The aliases are read when they are first asked for, and again when the file
 * has changed; without the file there are none.
 */
#ifndef LOCAL_HERE_H
#define LOCAL_HERE_H

#include <sys/stat.h>

#include "local/expand.h"

#define HERE_NAMES 6

/* All is borrowed. */
struct here_config {
	const char *names[HERE_NAMES]; /* of this host, NULL and "" are none */
	const char *domains;  /* more of them, separated by blanks; or NULL */
	const char *host;     /* the one that local addresses get */
	const char *aliases;  /* the file */
	const char *users_to; /* or NULL */
	char delimiter;       /* or NUL */
	bool forward;         /* is a user's ~/.forward looked at? */
	const char *lmtp;     /* who has the mailboxes, by LMTP; or NULL */
	struct address_options address;
};

/* Zero-initialise. */
struct here {
	const struct here_config *config;
	struct aliases aliases;
	struct stat seen; /* of the file that was read */
	struct buf fault; /* why it could not be; empty = it was */
};

void here_init(struct here *h, const struct here_config *config);
void here_free(struct here *h);

/* The aliases as they are now; what is wrong with the file is in h->fault. */
const struct aliases *here_aliases(struct here *h);

/* What an expansion asks; h outlives its use. */
struct expand_config here_expand(struct here *h);

/*
 * What a message becomes by aliases: one with the sender it had, and more for
 * lists that have an owner.  The first may have nobody only when none has.
 */
struct letters {
	struct envelope main;
	struct envelope *part;
	size_t n;
};

/*
 * Put the targets of its local recipients in their places in l->main, which is
 * given, and make the parts.  NOTIFY and ORCPT go along, and who had no ORCPT
 * gets the address that it came to.  Those who cannot have it are FAILED or
 * DEFERRED among l->main.bad.
 */
void here_expand_letters(struct here *h, struct letters *l);

/* Is there anybody of this machine among them, not looked up yet? */
bool here_has_local(struct here *h, const struct envelope *e);
void letters_free(struct letters *l);

/* Is any of them for somebody of this machine? */
bool letters_are_local(const struct letters *l);

#endif
