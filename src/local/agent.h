/* SPDX-License-Identifier: ISC */
/*
 * agent.h - who writes to mailboxes and runs commands: a process of its own, as
 * root, and nothing but this.
 *
 * It is asked by packets (request.h), and does only what passwd(5), its own
 * configuration, the aliases file of root and a user's own .forward say: a
 * request has no path, no command and no number of a user in it.  Each one is
 * done by a child, which becomes the user whose mailbox it is, or the one whom
 * aliases' commands and files run as, before it opens or starts anything.
 */
#ifndef LOCAL_AGENT_H
#define LOCAL_AGENT_H

#include <sys/types.h>

#include "local/mail.h"

/* Strings are the caller's. */
struct agent_config {
	const char *aliases;              /* "/etc/aliases" */
	bool alias_commands, alias_files; /* do they count? */
	const char *alias_user;           /* whom they run as: "nobody" */
	bool forward;                     /* is ~/.forward looked at? */
	bool forward_commands;            /* may it have commands and files? */
	const char *mailbox; /* "mbox:/var/mail", "maildir:~/Maildir" */
	const char *command; /* mailbox-command, or NULL */
	unsigned command_seconds;
	bool command_no_new_privs;
	unsigned lock_milliseconds; /* waited for a mailbox's lock */
	const char *host;           /* this machine's name */
	uid_t client;               /* who may ask, beside root */
	unsigned most;              /* children at once; 0 = 20 */
};

/*
 * Serve who connects to a listening socket of AF_UNIX and SOCK_SEQPACKET; or,
 * with is_feed, connections that come over this one, as descriptors.  Returns
 * when the feed ends, or a signal says so (net/stop.h); false with *why when it
 * cannot begin.
 */
bool agent_run(const struct agent_config *c, int fd, bool is_feed,
    struct outcome *why);

/* Where a message begins that is about to be appended; false = do not. */
struct agent_talk {
	bool (*at)(void *self, uint64_t inode, uint64_t at);
	void *self;
};

/*
 * Do what is asked, as who must do it, in this process, which is the same no
 * more.  What became of it, or where it is to go, is *answer, to be freed.
 */
void agent_deliver(const struct agent_config *c, const struct local_mail *m,
    const struct agent_talk *talk, struct local_answer *answer);

#endif
