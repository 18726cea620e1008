/* SPDX-License-Identifier: ISC */
/* secret_parts.h - the inside of secret.c: one file for each kind of source. */
#ifndef CONFIG_SECRET_PARTS_H
#define CONFIG_SECRET_PARTS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/slice.h"
#include "config/secret.h"

#define REFUSE(why, ...) \
	outcome_fail((why), DEFERRED, STAGE_CONFIG, ESC(4, 3, 5), __VA_ARGS__)

/*
 * Read the file into s->room and end it with a NUL: *got is all of it.  what
 * and path are for the words of *why.  secret_load() closes fd.
 */
bool secret_load(int fd, struct secret *s, struct slice *got);
bool secret_load_file(const char *what, const char *path, struct secret *s,
    struct slice *got, struct outcome *why);

/*
 * All of a file, for who reads more than a line: *got lies in s, which is to be
 * wiped also after false.
 */
bool secret_read_whole(const char *what, const char *path, struct secret *s,
    struct slice *got, struct outcome *why);

/* Where systemd has put the credential of this name. */
bool secret_credential(const char *what, const char *name, char path[4096],
    struct outcome *why);

/*
 * Set s->text to the first line of got, which lies in s->room; from says whose
 * line it is.  False for an empty line, or NUL or CR in it.
 */
bool secret_take_line(struct secret *s, struct slice got, const char *from,
    struct outcome *why);

/* A command that runs: itself and its output.  Zero-initialise. */
struct command {
	pid_t pid;		/* 0 = none */
	int out;		/* the reading end of its output; -1 = ended */
	int self;		/* a pidfd, or -1 on old kernels */
	size_t out_slot, self_slot;
	size_t n;		/* octets that it has printed */
	int error;		/* errno of reading them, or 0 */
	int64_t deadline;
	char name[128];		/* for words */
};

/* Start r's; its output comes to s->room.  False with *why. */
bool command_start(struct command *c, const struct relay_spec *r, int64_t now,
    struct outcome *why);
void command_wait(struct command *c, int64_t now, struct wait *w);

/* SECRET_READY: *got is all that it printed. */
enum secret_state command_step(struct command *c, struct secret *s,
    const struct wait *w, struct slice *got, struct outcome *why);

/* Is it late at this time?  Then it is killed, and *why says so. */
bool command_is_late(struct command *c, int64_t now, struct outcome *why);

/* Kill it if it still runs, with all of its process group. */
void command_stop(struct command *c);

/* "password-command pass", "token-command oama": its first word only. */
void secret_name_command(const struct relay_spec *r, char out[128]);

/*
 * The words of a command, in argv, which gets a NULL at the end; they lie in
 * *space, to be freed.  False when there is none, there are more than max, or a
 * quote does not end.
 */
bool secret_split(const char *command, char **argv, size_t max, char **space);

/* SECRET_NETRC: s->text and, if the relay has none, s->user. */
bool secret_from_netrc(const struct relay_spec *r, struct secret *s,
    struct outcome *why);

/* SECRET_TOKEN: s->text, from what is kept; or from what a command printed. */
bool secret_from_kept(const struct relay_spec *r, struct secret *s);
bool secret_from_output(const struct relay_spec *r, struct secret *s,
    struct slice got, struct outcome *why);

/* What a token command printed. */
struct token {
	struct slice text;
	int64_t expires; /* seconds since 1970; 0 = not known */
};

/*
 * Read the output, which is changed, at the time now; text points into it.
 * False when there is no usable token: visible ASCII without blanks (RFC 6750
 * 2.1).
 */
bool token_parse(char *out, size_t n, int64_t now, struct token *t);

#endif
