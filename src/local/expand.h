/* SPDX-License-Identifier: ISC */
/*
 * expand.h - who gets what is for a name of this host.
 *
 * A local address is looked up among the aliases, as a whole and then without
 * its extension, then among the logins; an alias' targets are looked up the
 * same way.  What the world is asked are functions, so this is pure.
 *
 * A command, a file, and what an alias says to refuse, become a target of
 * the alias by name and number: who delivers looks there himself.  So does
 * what cannot be expanded, beside others that can: its sender is told by a
 * bounce, and all others have their mail.
 *
 * An alias that names itself means the mailbox of that name.  What goes round
 * in a circle is followed once, and what branches without end is given up.
 */
#ifndef LOCAL_EXPAND_H
#define LOCAL_EXPAND_H

#include "local/aliases.h"
#include "mail/envelope.h"

#define EXPAND_TARGETS 10000 /* at most, of one address */
#define EXPAND_DEPTH   20    /* aliases of aliases, lists in lists */
#define EXPAND_STEPS   50000 /* targets looked at, whoever is found twice */
#define EXPAND_LISTS   500   /* :include: files read */

/* Each gets self. */
struct expand_world {
	void *self;
	/* Is this domain, lower case, a name of this host? */
	bool (*is_ours)(void *self, const char *domain);
	/* Has somebody this login? */
	bool (*has_login)(void *self, const char *name);
	/* Append an :include: file; false with *why. */
	bool (*include)(void *self, const char *path, struct buf *text,
	    struct outcome *why);
};

/* All is borrowed. */
struct expand_config {
	const struct aliases *aliases; /* NULL = none are to be used */
	const char *file;              /* where they are from, for reports */
	struct address_options address;
	const char *host;     /* local targets are NAME@host */
	const char *users_to; /* in place of the mailboxes, or NULL */
	char delimiter;       /* before an extension; NUL = none */
	bool forward;         /* who delivers looks at ~/.forward */
	const char *lmtp;     /* the server that has the mailboxes, which are
				 LOGIN+EXTENSION@host to it; or NULL */
	struct expand_world world;
};

/* Who gets it in the end. */
struct expanded {
	struct address to;
	struct local_target *local; /* NULL: by SMTP */
	char *owner; /* the reverse-path for him, "owner-list@host";
				   NULL: it stays as it is */
};

struct expansion {
	struct expanded *v;
	size_t n;
	struct buf told; /* how it came to be, a line a step, each step
				   further two blanks further in */
};

void expansion_free(struct expansion *x);

/* Is it for this host: by its domain, or as a bare name that is known here? */
bool expand_is_local(const struct expand_config *c, const struct address *a);

/*
 * Find who gets what is for this address; *x is zero before.  One that is not
 * local is its own only target.  False with *why when there is nobody (FAILED,
 * STAGE_LOCAL: no such user, refused by an alias).
 */
bool expand(const struct expand_config *c, const struct address *a,
    struct expansion *x, struct outcome *why);

#endif
