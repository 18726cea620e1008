/* SPDX-License-Identifier: ISC */
/*
 * command.h - a command that takes a message on its standard input.
 *
 * It runs by /bin/sh in a process group of its own, which is ended with it.
 * Its exit status is one of sysexits(3): 0 delivered; 75 and its like, 126,
 * 127, a signal and the end of our patience DEFERRED; all else FAILED.  What it
 * says is kept up to a limit, and the rest read and forgotten.
 */
#ifndef LOCAL_COMMAND_H
#define LOCAL_COMMAND_H

#include "local/mail.h"

#define COMMAND_SAID 300 /* octets of what it says in the outcome */

struct command {
	const char *line; /* for sh -c */
	const char *what; /* "the command of alias \"x\"", for reports */
	char *const *environment;
	unsigned seconds; /* how long it may take */
};

/* False with *why, unless it has taken the message. */
bool command_run(const struct command *c, const struct local_mail *m,
    struct outcome *why);

/* What an exit status, as waitpid(2) has it, means; *esc goes with it. */
enum verdict command_verdict(int status, struct esc *esc);

#endif
