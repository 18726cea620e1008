/* SPDX-License-Identifier: ISC */
/* agent_user.c - one request: who does it. */
#include "local/agent_impl.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MAIL_GROUP "mail"

bool
agent_defer(struct work *w, const char *what, const char *of,
    const char *reason)
{
	return outcome_fail(&w->why, DEFERRED, STAGE_LOCAL, ESC(4, 3, 0),
	    "%s %s: %s", what, of, reason);
}

bool
agent_refuse(struct work *w, struct esc esc, const char *what, const char *of)
{
	return outcome_fail(&w->why, FAILED, STAGE_LOCAL, esc, "%s: \"%s\"",
	    what, of);
}

/* Passwd may be out of reach for a while: only a clear no is one. */
bool
agent_find_user(struct work *w, const char *login)
{
	errno = 0;
	w->user = getpwnam(login);
	if (w->user)
		return true;
	if (errno != 0 && errno != ENOENT && errno != ESRCH)
		return agent_defer(w, "look for user", login, strerror(errno));
	return agent_refuse(w, ESC(5, 1, 1), "this host has no such user",
	    login);
}

/* The group that may write to the folder of all mailboxes. */
static gid_t
mail_group(const struct passwd *user)
{
	const struct group *g = getgrnam(MAIL_GROUP);

	return g ? g->gr_gid : user->pw_gid;
}

bool
agent_become(struct work *w, bool for_mail_folder)
{
	const struct passwd *p = w->user;
	gid_t group = for_mail_folder ? mail_group(p) : p->pw_gid;

	if (geteuid() != 0)
		return geteuid() == p->pw_uid ||
		    agent_defer(w, "become", p->pw_name,
			"the agent for local delivery is not root");
	if (initgroups(p->pw_name, p->pw_gid) != 0 ||
	    setresgid(p->pw_gid, group, p->pw_gid) != 0 ||
	    setresuid(p->pw_uid, p->pw_uid, p->pw_uid) != 0)
		return agent_defer(w, "become", p->pw_name, strerror(errno));
	if (p->pw_uid != 0 && setuid(0) == 0)
		return agent_defer(w, "become", p->pw_name, "still root");
	return true;
}

/*
 * The real and saved ids stay root's: nobody but root can do anything to this
 * process, and it comes back.
 */
bool
agent_lend(struct work *w)
{
	const struct passwd *p = w->user;

	if (geteuid() != 0)
		return agent_become(w, false);
	return (initgroups(p->pw_name, p->pw_gid) == 0 &&
		   setresgid((gid_t)-1, p->pw_gid, (gid_t)-1) == 0 &&
		   setresuid((uid_t)-1, p->pw_uid, (uid_t)-1) == 0) ||
	    agent_defer(w, "act as", p->pw_name, strerror(errno));
}

bool
agent_reclaim(struct work *w)
{
	if (getuid() != 0)
		return true;
	return (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 &&
		   setresgid((gid_t)-1, 0, (gid_t)-1) == 0 &&
		   setgroups(0, NULL) == 0) ||
	    agent_defer(w, "be root after", w->user->pw_name, strerror(errno));
}

bool
agent_bar_privileges(struct work *w)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ||
	    agent_defer(w, "give up", "privileges", strerror(errno));
}
