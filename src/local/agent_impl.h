/* SPDX-License-Identifier: ISC */
/* agent_impl.h - what the files of the agent share. */
#ifndef LOCAL_AGENT_IMPL_H
#define LOCAL_AGENT_IMPL_H

#include <pwd.h>

#include "local/agent.h"

/* A delivery under way. */
struct work {
	const struct agent_config *config;
	const struct local_mail *mail;
	const struct agent_talk *talk;
	struct outcome why;
	struct passwd *user; /* who does it */
	const char *login;   /* whose mailbox; "" = an alias' own */
	struct buf remark;   /* why his .forward was not used; or empty */
};

/* w->why, DEFERRED or FAILED; false. */
bool agent_defer(struct work *w, const char *what, const char *of,
    const char *reason);
bool agent_refuse(struct work *w, struct esc esc, const char *what,
    const char *of);

/* ---- agent_user.c: who does it ---- */

/* w->user; false with w->why. */
bool agent_find_user(struct work *w, const char *login);

/*
 * Be w->user for good, and nothing is left of who we were; in the group of the
 * mail folder, if that is wanted.  False with w->why.
 */
bool agent_become(struct work *w, bool for_mail_folder);

/* Be w->user to open his files, and root again.  Nothing of his is run. */
bool agent_lend(struct work *w);
bool agent_reclaim(struct work *w);

/* What is started gets no privileges by its file's bits. */
bool agent_bar_privileges(struct work *w);

#endif
