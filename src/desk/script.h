/* SPDX-License-Identifier: ISC */
/*
 * script.h - a dialogue written down: what is said, and what must come back.
 *
 *	> MAIL FROM:<a@b>	say a line
 *	< 250			expect a reply
 *	? 5xx			it is over, and well, if that came
 *	! drop			close the connection
 *	@ tls			do what takes more than a line
 *	$ name = value		a variable, used as ${name}
 *	* 3 ... end		three times
 *	# a comment
 *
 * smtpsend-script(5) says it all.  This part is pure: text into steps, and a
 * machine that says which step is next.  script_play.h does them.
 */
#ifndef DESK_SCRIPT_H
#define DESK_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define SCRIPT_LOOPS_MAX  8	 /* one inside the other */
#define SCRIPT_TIMES_MAX  10000	 /* of one loop */
#define SCRIPT_STEPS_MAX  100000 /* in all, that a run does */

enum script_act {
	ACT_SAY,		/* text: the line */
	ACT_EXPECT,		/* text: see script_wants() */
	ACT_DONE,		/* text: codes; the end, if they were got */
	ACT_NOTHING,		/* nothing may come for text seconds */
	ACT_DROP,
	ACT_RESET,
	ACT_TLS,
	ACT_HANDSHAKE,
	ACT_CONNECT,
	ACT_AUTH,		/* text: "[MECHANISM] USER" */
	ACT_SLEEP,		/* text: a time */
	ACT_DATA,		/* text: a file */
	ACT_BDAT,
	ACT_RAW,		/* text: octets */
	ACT_SET,		/* name, text */
	ACT_LOOP,		/* times */
	ACT_END,		/* back to the loop at `other` */
};

struct script_step {
	enum script_act act;
	unsigned line;		/* of the file, from 1 */
	char *text;		/* as written, with ${names} and escapes; or
				   NULL */
	char *name;		/* of a variable */
	unsigned times;
	size_t other;		/* the step of the loop's other end */
};

/* Zero-initialise. */
struct script {
	struct script_step *v;
	size_t n;
};

struct script_fault {
	unsigned line;
	char text[200];
};

/* False with *fault; *s is to be freed either way. */
bool script_parse(struct script *s, struct slice text,
    struct script_fault *fault);
void script_free(struct script *s);

/* A variable and what it stands for; both are the run's. */
struct script_name {
	char *name, *value;
};

/* Zero-initialise, then set the script; it is only read. */
struct script_run {
	const struct script *script;
	size_t at;		/* the step that is next */
	size_t done;		/* steps so far */
	struct script_name *name;
	size_t nnames;
	struct {
		size_t step;
		unsigned left, turn;
	} loop[SCRIPT_LOOPS_MAX];
	size_t nloops;
};

void script_run_free(struct script_run *r);
void script_set(struct script_run *r, const char *name, struct slice value);

/*
 * The next step that does something outside, its variables put in and its
 * escapes read into *text; NULL at the end, or with fault->line set when a name
 * is unknown or it goes on for too long.
 */
const struct script_step *script_next(struct script_run *r, struct buf *text,
    struct script_fault *fault);

/*
 * Does an expectation want this reply?  want: "250", "2xx", "421|4xx|closed",
 * then perhaps a blank or a hyphen and a pattern with * and ?.  A blank: the
 * last line must match; a hyphen: any line.  lines: as they came, without
 * CRLF, joined by LF; closed: the server has hung up instead.
 */
bool script_wants(struct slice want, struct slice lines, bool closed);

#endif
