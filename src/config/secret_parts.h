/* SPDX-License-Identifier: ISC */
/* secret_parts.h - the inside of secret.c: one file for each kind of source. */
#ifndef CONFIG_SECRET_PARTS_H
#define CONFIG_SECRET_PARTS_H

#include <stdint.h>

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
 * Set s->text to the first line of got, which lies in s->room; from says whose
 * line it is.  False for an empty line, or NUL or CR in it.
 */
bool secret_take_line(struct secret *s, struct slice got, const char *from,
    struct outcome *why);

/* The output of a command, in s->room. */
bool secret_run(const struct relay_spec *r, struct secret *s,
    struct slice *got, struct outcome *why);

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

/* SECRET_TOKEN: s->text, from what is kept or from the command. */
bool secret_from_token(const struct relay_spec *r, struct secret *s,
    struct outcome *why);

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
