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
 * the options (POSIX order), and one behind it is an error.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/inet.h"
#include "base/outcome.h"
#include "base/policy.h"
#include "mail/envelope.h"
#include "route/rules.h"

/* Whose manners: the last part of argv[0]. */
enum personality {
	AS_SMTPSEND,	/* any name that is not below */
	AS_SENDMAIL,	/* sendmail, send-mail */
	AS_MAILQ,
	AS_NEWALIASES,
	AS_HOSTSTAT,
	AS_PURGESTAT,
	AS_RMAIL,
	AS_RUNQ,
};

/* What to do. */
enum mode {
	MODE_DELIVER,		/* -bm, the default */
	MODE_EXPLAIN,		/* --explain */
	MODE_SINK,		/* --sink */
	MODE_PRINT_CONFIG,	/* --print-config */
	MODE_HELP,		/* --help */
	MODE_VERSION,		/* --version, -bV */
	MODE_SMTP,		/* -bs: SMTP on stdin and stdout */
	MODE_BATCH_SMTP,	/* -bS */
	MODE_VERIFY,		/* -bv */
	MODE_TEST,		/* -bt */
	MODE_ALIASES,		/* -bi, newaliases */
	MODE_QUEUE_LIST,	/* -bp, mailq */
	MODE_QUEUE_COUNT,	/* -bP */
	MODE_QUEUE_RUN,		/* -q, runq */
	MODE_DAEMON,		/* -bd, -bl, -q30m */
	MODE_DAEMON_FOREGROUND, /* -bD */
	MODE_HOST_STATUS,	/* -bh, hoststat */
	MODE_HOST_PURGE,	/* -bH, purgestat */
	MODE_SHOW_OPTIONS,	/* -bO */
	MODE_CHECK_CONFIG,	/* -bC */
	NMODES
};

/* -odi, -odb, -odq and -odd (or -bq). */
enum delivery { DELIVERY_NOW, DELIVERY_BACKGROUND, DELIVERY_QUEUE };

/* -em, -ep (the default), -eq, -ee; -ew is -ep. */
enum error_mode { ERRORS_PRINT, ERRORS_MAIL, ERRORS_QUIET, ERRORS_MAIL_OK };

enum body_type { BODY_UNSET, BODY_7BIT, BODY_8BITMIME };

#define SETTINGS_RESOLVERS  8
#define SETTINGS_REPLIES_MAX 32

/*
 * The result.  Strings point into argv, or to static text; NULL = not given.
 * Zero means "the default" everywhere.
 */
struct settings {
	enum personality personality;
	enum mode mode;
	const char *program;	/* the name for messages: "smtpsend", "mailq" */
	char *const *rcpt;	/* recipient arguments, each an address list */
	size_t nrcpts;

	/* the message */
	const char *file;	/* --file; NULL = stdin */
	const char *from;	/* -f; "" and "<>" are the null sender */
	const char *full_name;	/* -F */
	bool read_recipients;	/* -t */
	bool as_is;		/* --as-is */
	bool gateway;		/* -G: complete nothing */
	bool ignore_dots;	/* -i: a lone dot is content */
	enum body_type body;	/* -B */
	unsigned hop_count;	/* -h */
	const char *default_domain; /* for bare names; a host name */
	bool smtputf8;		/* -U: a hint */
	bool require_tls;	/* -O requiretls=yes: nothing in clear, nothing
				   to a stranger, whatever tls says */

	/* delivery status notifications */
	unsigned notify;	/* -N: NOTIFY_ bits */
	enum dsn_ret ret;	/* -R */
	const char *envid;	/* -V */

	/* where */
	char server[256];	/* --server without scheme and port: A-labels
				   or an IP address without brackets; "" = MX */
	enum link_kind link;	/* ... and its scheme */
	uint16_t port;		/* its port, or --port; 0 = the usual one */
	const char *relay[RELAYS_MAX]; /* --relay: words, URLs or names */
	size_t nrelays;
	const char *proxy;	/* --proxy, for relays */
	const struct rules *rules; /* relays and all (config.h); NULL = none */
	struct endpoint resolver[SETTINGS_RESOLVERS]; /* --resolver */
	size_t nresolvers;	/* 0 = resolv.conf */
	bool only_ipv4, only_ipv6; /* -4, -6; never both */
	struct ip source;	/* --source */
	const char *helo;	/* --helo: a host name or an address literal */
	bool allow_loopback_mx;
	unsigned max_addresses, max_sessions;
	int64_t timeout;	/* --timeout, microseconds; 0 = the RFC's */

	/* TLS */
	bool tls_given;
	bool tls_by_file;	/* ... by a configuration file */
	enum tls_level tls;	/* --tls; TLS_MAY when not given */
	const char *tls_why;	/* "--tls verify", "the default" */
	const char *ca, *cert, *key, *tls_name;

	/* what is shown */
	unsigned verbose;	/* -v: 1, -vv: 2 */
	bool json;
	const char *transcript;	/* -X, --transcript; never as sendmail */
	bool transcript_kept;	/* ... a configuration file says so */
	const char *log;	/* --log: settings_log() knows the default */
	enum stage quit_after;	/* GREETING, EHLO, TLS, MAIL or RCPT */
	bool show_build;	/* -d0.1 and its kin: print the version first */

	/* where settings come from */
	const char *config;	/* -C; never as sendmail */
	bool no_config;

	/* the sink */
	struct endpoint sink;	/* 127.0.0.1:2525; port 0 = any free one */
	const char *sink_dir, *sink_mbox, *sink_name;
	const char *sink_reply[SETTINGS_REPLIES_MAX]; /* "VERB=CODE text" ... */
	size_t nsink_replies;
	unsigned sink_count;	/* stop after so many messages; 0 = go on */
	bool sink_tls, sink_lmtp;

	/* sendmail's, with a meaning later */
	enum error_mode errors;	/* -e */
	enum delivery delivery;	/* -od */
	bool no_aliases;	/* -n */
	const char *protocol;	/* -p */
	const char *log_tag;	/* -L */
	bool hold;		/* -Q */
	const char *hold_reason;
	bool queue_run;		/* -q in any form */
	bool queue_foreground;	/* -qf */
	unsigned queue_interval; /* -q30m, seconds; 0 = once */
	char queue_by;		/* -qI, -qR, -qS: 'I', 'R', 'S'; 0 = all */
	bool queue_not;		/* -q!I ... */
	const char *queue_match;
	unsigned queue_return;	/* -O Timeout.queuereturn, seconds */
	unsigned max_hops;	/* -O MaxHopCount */
};

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
 * Where results are logged: "syslog", "journal", "none" or a path.  Under
 * sendmail's names syslog unless something is said: their callers throw stderr
 * away.
 */
const char *settings_log(const struct settings *s);

/* Settle what follows from the options together: 0, or 64, said in says. */
int settings_settle(struct settings *s, struct buf *says);

/*
 * Read argv.  Returns 0 when the program may go on, else the exit status 64.
 * says gets whole lines for stderr, safe to show: the error, or warnings when
 * 0.  argv outlives *out.
 */
int options_parse(int argc, char *const argv[], struct settings *out,
    struct buf *says);

/* "speak SMTP on stdin and stdout (-bs)", ...: behind "cannot". */
const char *mode_name(enum mode mode);

enum option_arg {
	ARG_NONE,
	ARG_REQUIRED,
	ARG_GLUED,	/* optional: -d0.1, -q30m; --name=value */
	ARG_OPTIONAL,	/* ... or the next word, unless that begins with '-' */
};

/* Headings of --help, in their order. */
enum option_group {
	GROUP_MESSAGE,
	GROUP_ROUTE,
	GROUP_TLS,
	GROUP_SHOW,
	GROUP_DSN,
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

struct option_call;

struct option {
	const char *name;	/* long, without "--", or NULL */
	char letter;		/* or 0 */
	enum option_scope scope;
	enum option_group group;
	enum option_arg arg;
	const char *arg_name;	/* "FILE" */
	const char *help;
	/* Store the value (NULL when none was given); false is an error. */
	bool (*take)(struct option_call *call, const char *value);
	size_t at;		/* offset in struct settings, for plain kinds */
	unsigned max;		/* largest number, for take_number */
	const char *fallback;	/* also a key of the configuration: its value
				   when not given, "" = none; NULL = no key */
};

#define OPTIONS_MAX 96 /* more than the table has rows */

/* One option met on the command line, or one key of a configuration. */
struct option_call {
	const struct option *option;
	struct settings *settings;
	struct buf *says;
	const char *where;	/* "FILE:LINE" of a key; else NULL */
	struct option_uses *uses; /* or NULL */
	bool seen[OPTIONS_MAX];	/* rows met here, not in a source before */
	bool own;		/* not under one of sendmail's names */
	char shown[32];		/* "--port", "-N": as it was written */
};

/* The table; NULL past the last. */
const struct option *option_at(size_t i);

/* "The message", ... */
const char *option_group_title(enum option_group group);

#endif
