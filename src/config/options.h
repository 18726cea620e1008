/* SPDX-License-Identifier: ISC */
/*
 * options.h - the command line, from one table to plain values.
 *
 * One table (option_table.c) drives the parser, --help and the check of man
 * page and completions.  Parsing does no I/O and opens nothing.
 *
 * Two grammars share the table.  Under the name smtpsend, long options in GNU
 * syntax and letters; what means nothing is an error that says what to write
 * (option_foreign.h).  Under sendmail's names only sendmail's letters: those
 * are never refused, and no option names a file or a program there, since web
 * applications pass on what strangers wrote.  In both the first recipient ends
 * the options (POSIX order), and one after it is an error.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "config/settings.h"

/* The values of a program of this name before it reads any option. */
void options_init(struct settings *s, const char *argv0);

/* An option as it was met. */
struct option_use {
	const struct option *option;
	const char *value;	/* argv's; NULL = none */
};

struct option_uses {
	struct option_use *v;
	size_t n;
};

/*
 * Read argv over what *s holds already: an option replaces what was there, also
 * where it may be repeated.  uses, when not NULL, gets them all (free its v).
 * Like options_parse(), but settings_settle() is still to come.
 */
int options_read(int argc, char *const argv[], struct settings *s,
    struct option_uses *uses, struct buf *says);

/*
 * Read argv.  Returns 0 when the program may go on, else the exit status 64.
 * says gets whole lines for stderr, safe to show: the error, or warnings when
 * 0.  argv outlives *out.
 */
int options_parse(int argc, char *const argv[], struct settings *out,
    struct buf *says);

enum option_arg {
	ARG_NONE,
	ARG_REQUIRED,
	ARG_GLUED,	/* optional: -d0.1, -q30m; --name=value */
	ARG_OPTIONAL,	/* ... or the next word, unless that begins with '-' */
};

/* Headings of --help, in their order. */
enum option_group {
	GROUP_MESSAGE,
	GROUP_BULK,
	GROUP_MAKE,
	GROUP_ROUTE,
	GROUP_TLS,
	GROUP_SHOW,
	GROUP_DESK,
	GROUP_DSN,
	GROUP_QUEUE,
	GROUP_SINK,
	GROUP_SENDMAIL,
	GROUP_IGNORED,
	NGROUPS
};

/* Under which names an option exists. */
enum option_scope {
	SCOPE_OWN,	/* smtpsend only */
	SCOPE_ALL,	/* a letter of sendmail's; its long name is ours */
	SCOPE_DEAF,	/* the same, but sendmail's names eat the argument and
			   do nothing: it names a file */
	SCOPE_THEIRS,	/* a letter of sendmail's that means nothing as
			   smtpsend, or another thing to those who write it */
};

/* What kind of value it has, and what is at its place. */
enum option_kind {
	KIND_OTHER,	/* what its take() knows; no place */
	KIND_FLAG,	/* bool */
	KIND_COUNT,	/* unsigned: how often it was given */
	KIND_NUMBER,	/* unsigned, from 1 to max */
	KIND_PORT,	/* uint16_t */
	KIND_TEXT,	/* const char * */
	KIND_PATH,	/* const char *: in files ~/ is the home */
	KIND_GIVEN,	/* struct given, a path */
	KIND_LIST,	/* size_t, how many; may be repeated */
};

/* In which struct its place is. */
enum option_part { PART_ALL, PART_WAY };

struct option_call;

struct option {
	const char *name;	/* long, without "--", or NULL */
	char letter;		/* or 0 */
	enum option_scope scope;
	enum option_group group;
	enum option_arg arg;
	const char *arg_name;	/* "FILE" */
	const char *help;
	enum option_kind kind;
	/* Store the value (NULL when none was given); false is an error. */
	bool (*take)(struct option_call *call, const char *value);
	struct {
		enum option_part part;
		size_t offset;
	} at;
	unsigned max;		/* largest number */
	const char *fallback;	/* also a key of the configuration: its value
				   when not given, "" = none; NULL = no key */
	const char *partner;	/* the option whose value goes with this one's:
				   forgotten when this one gets another */
	const char *alias;	/* it is another name of this option */
};

#define OPTIONS_MAX 160 /* more than the table has rows */

/* One option met on the command line, or one key of a configuration. */
struct option_call {
	const struct option *option;
	struct settings *settings; /* NULL for a key of a section */
	struct way *way;	/* the settings' own, or the section's */
	const char *program;	/* for errors of the command line */
	struct buf *says;
	const char *file;	/* of a key, kept; else NULL */
	unsigned line;
	struct option_uses *uses; /* or NULL */
	bool seen[OPTIONS_MAX];	/* rows met here, not in a source before */
	bool own;		/* not under one of sendmail's names */
	char shown[32];		/* "--port", "-N": as it was written */
};

/* For options of the command line, or keys of a file's defaults. */
struct option_call option_call(struct settings *s, struct buf *says);

/* The table; NULL past the last. */
const struct option *option_at(size_t i);

/* Where in the table it stands. */
size_t option_index(const struct option *o);

/* "The message", ... */
const char *option_group_title(enum option_group group);

#endif
