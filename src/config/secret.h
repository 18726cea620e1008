/* SPDX-License-Identifier: ISC */
/*
 * secret.h - the password or token of a relay, from where its user keeps it.
 *
 * It lies in pages of its own: locked if the limits let us, in no core file,
 * not copied to children, and wiped at the end.  Never in an argument or in
 * the environment.  While secrets are read and from then on the process is not
 * dumpable (prctl(2)): nobody attaches to it, and it leaves no core; that
 * stays so, as the relay module and libcurl have copies of their own.
 *
 *	file		its first line; mode 0600 or 0640 or stricter, and the
 *			way to it is ours (own.h)
 *	command		its first output line; words are split as a shell does,
 *			with quotes and backslashes, and nothing else of a
 *			shell; or all of it given to sh -c
 *	credential	the file of this name in $CREDENTIALS_DIRECTORY
 *	netrc		the entry of the relay's host (and user), or default
 *	token command	a token alone in the first line, or a JSON object with
 *			access_token and perhaps expires_in (RFC 6749 5.1)
 *
 * A token whose end is known is kept until then, less a minute, in
 * $XDG_RUNTIME_DIR/smtpsend/, when that variable is set and the folder is ours.
 *
 * Reading one is a job of the program's loop: a command may take 30 seconds,
 * and nobody else waits for it; then it is killed with all of its process
 * group.  It reads nothing, and what it says on stderr is shown to nobody: it
 * may be the secret.
 */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/outcome.h"
#include "net/wait.h"
#include "route/rules.h"

#define SECRET_SECONDS 30    /* for a command */
#define SECRET_ROOM    65536 /* all that is read; tokens of 12 KB are real */

/* Zero-initialise. */
struct secret {
	const char *text; /* NUL-terminated, in room; NULL = there is none */
	size_t n;
	char user[256];	  /* netrc's login, when the relay has no user; or "" */
	bool kept;	  /* a token from before, which may be refused */
	char *room;	  /* SECRET_ROOM octets of our own pages */
};

enum secret_state { SECRET_BUSY, SECRET_READY, SECRET_REFUSED };

struct secret_job;

/*
 * Begin to read what r->secret names; r outlives the job.  SECRET_NONE is ready
 * at once with nothing read.  fresh: a token that is kept will not do.
 */
struct secret_job *secret_start(const struct relay_spec *r, bool fresh,
    int64_t now);
void secret_wait(struct secret_job *j, int64_t now, struct wait *w);

/*
 * Go on; SECRET_REFUSED fills *why.  Any failure is DEFERRED at STAGE_CONFIG,
 * status 78: a lost or forbidden file is mended by a person, and until then no
 * mail may bounce (FAULTS row 86).
 * Only our own shortage, of descriptors say, is one at STAGE_SYSTEM, status 75.
 * The text says which file or command, never what was read.  NUL, CR and LF
 * inside of a secret or user are refused (libcurl 7.88.1 passes them on).
 */
enum secret_state secret_step(struct secret_job *j, const struct wait *w,
    int64_t now, struct outcome *why);

/* What was read, when SECRET_READY; the job's. */
const struct secret *secret_of(const struct secret_job *j);

/* End it: a command that still runs is killed, and what was read is wiped. */
void secret_free(struct secret_job *j);

/*
 * All of that at once, and wait for it.  *out is wiped first, and must be wiped
 * in the end also after false.
 */
bool secret_read(const struct relay_spec *r, struct secret *out,
    struct outcome *why);

/*
 * A user without a password would go on as nobody, and in silence: true with
 * *why when the login of this relay needs a secret and text is NULL.
 */
bool secret_is_lacking(const struct relay_spec *r, const char *text,
    struct outcome *why);

/*
 * As far as it can be seen without running a command, and without being the
 * service whose credential it is: would the secret be found?
 */
bool secret_check(const struct relay_spec *r, struct outcome *why);

/* Forget the token that is kept for this relay: it was refused. */
void secret_forget(const struct relay_spec *r);

void secret_wipe(struct secret *s);

#endif
