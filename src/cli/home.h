/* SPDX-License-Identifier: ISC */
/*
 * home.h - mail for this machine itself: whose names are its own, and who
 * delivers to mailboxes and commands.
 */
#ifndef CLI_HOME_H
#define CLI_HOME_H

#include "config/settings.h"
#include "local/agent_client.h"
#include "local/here.h"
#include "net/self.h"

/* What a struct here made of it points to; zero-initialise. */
struct home {
	struct here_config config;
	struct here here;
	char short_name[DNS_NAME_SIZE];
	bool is_open;
};

/* Settings and self outlive it; NULL when nothing is delivered here. */
struct here *home_open(struct home *h, const struct settings *s,
    const struct self *self);
void home_free(struct home *h);

/*
 * Is it mail for this machine itself?  Only the queue delivers to mailboxes;
 * where there is none, mail for a name of this machine goes by DNS.
 */
bool home_is_for(const struct settings *s, const struct self *self,
    const struct envelope *e);

/*
 * Where there is no queue: put who gets it by aliases in their places in *e, if
 * mailboxes are reached by LMTP, which needs none.  Commands and files of
 * aliases FAIL.
 */
void home_expand(const struct settings *s, const struct self *self,
    struct envelope *e);

/*
 * -bv, --explain: print who gets it by aliases, and leave those in *e whose
 * mail goes out, the others being VERIFIED.
 */
void home_explain(const struct settings *s, const struct self *self,
    struct envelope *e);

/* The agent that is asked: that of the service, or one that is started. */
struct home_agent {
	struct agent_client_config client;
	char path[128];
	int feed; /* of the one that is started; -1 */
	int pid;
};

#define HOME_NO_AGENT ((struct home_agent){ .feed = -1 })

/*
 * Where to find it.  Of a root process that is not to stay root one is started
 * here, unless that of the service listens; it ends with us.
 */
void home_find_agent(struct home_agent *a, const struct settings *s);
void home_leave_agent(struct home_agent *a);

/* --local-agent: be it, at the socket of the service; the exit status. */
int home_agent_run(const struct settings *s);

/* newaliases, -bi: read the aliases, say what is wrong, count them. */
int home_check_aliases(const struct settings *s);

#endif
