/* SPDX-License-Identifier: ISC */
/*
 * settings.h - what is asked of the program, as plain values.
 *
 * The command line and configuration files fill it (options.h, config.h).
 * Strings point into argv, into what the configuration keeps, or to static
 * text; NULL = not given.  Zero means "not given" everywhere.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/drill.h"
#include "base/inet.h"
#include "base/outcome.h"
#include "base/policy.h"
#include "mail/envelope.h"
#include "mail/senders.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "route/rules.h"
#include "sign/rules.h"

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
	MODE_DELIVER,		/* -bm, the default; --explain, -bv: the way */
	MODE_SINK,		/* --sink */
	MODE_PRINT_CONFIG,	/* --print-config */
	MODE_IMPORT_CONFIG,	/* --import-config */
	MODE_PROBE,		/* --probe, --show-cert, --ehlo-diff */
	MODE_HELP,		/* --help */
	MODE_VERSION,		/* --version, -bV */
	MODE_SMTP,		/* -bs: SMTP on stdin and stdout */
	MODE_BATCH_SMTP,	/* -bS */
	MODE_TEST,		/* -bt */
	MODE_ALIASES,		/* -bi, newaliases */
	MODE_QUEUE_LIST,	/* -bp, mailq */
	MODE_QUEUE_DESK,	/* --queue, mailq with words: queue.verb */
	MODE_QUEUE_COUNT,	/* -bP */
	MODE_QUEUE_RUN,		/* -q, runq */
	MODE_DAEMON,		/* -bd, -bl, -q30m */
	MODE_DAEMON_FOREGROUND, /* -bD, --daemon */
	MODE_LOCAL_AGENT,	/* --local-agent */
	MODE_HOST_STATUS,	/* -bh, hoststat */
	MODE_HOST_PURGE,	/* -bH, purgestat */
	MODE_SHOW_OPTIONS,	/* -bO */
	MODE_CHECK_CONFIG,	/* -bC */
	MODE_DKIM_KEYGEN,	/* --dkim-keygen; rcpt: selector, kind */
	MODE_DKIM_CHECK,	/* --dkim-check */
	MODE_TLS_REPORT,	/* --tls-report: tls_report */
	MODE_TALK,		/* --talk */
	MODE_SCRIPT,		/* --script: rcpt is ${to}, whose MX it is */
	MODE_SCRIPT_FROM,	/* --script-from */
	NMODES
};

/* -odi, -odb, -odq and -odd (or -bq); without: in the background as sendmail,
 * now as smtpsend. */
enum delivery {
	DELIVERY_USUAL,
	DELIVERY_NOW,
	DELIVERY_BACKGROUND,
	DELIVERY_QUEUE,
};

/* -em, -ep (the default), -eq, -ee; -ew is -ep. */
enum error_mode { ERRORS_PRINT, ERRORS_MAIL, ERRORS_QUIET, ERRORS_MAIL_OK };

enum body_type { BODY_UNSET, BODY_7BIT, BODY_8BITMIME };

/* A value as it was written, and where. */
struct given {
	const char *text;	/* NULL = it was not given */
	const char *file;	/* NULL = on the command line */
	unsigned line;
};

/* Append "FILE:LINE", or "--OPTION TEXT", or "the default". */
void given_put(struct buf *out, const struct given *g, const char *option);

struct tls_settings {
	enum tls_level level;	/* --tls */
	struct given given;	/* ... who said so */
	enum sts_use sts;	/* --mta-sts; STS_AS_LEVEL = nothing said */
	const char *ca, *cert, *key, *name;
	struct tls_terms terms;
};

/* How servers are reached: in general, by one relay or for one domain. */
struct way {
	char server[256];	/* --server without scheme and port: A-labels
				   or an IP address without brackets; "" = MX */
	enum link_kind link;	/* ... and its scheme */
	uint16_t port;		/* its port, or --port; 0 = the usual one */
	bool server_port;	/* ... it stood after --server's host */
	const char *proxy;	/* --proxy, for relays */
	const char *helo;	/* --helo: a host name or an address literal */
	struct ip source;	/* --source */
	struct tls_settings tls;
};

/* The message and its envelope. */
struct message_settings {
	const char *file;	/* --file; NULL = stdin */
	bool fill;		/* --fill: it is a template */
	uint64_t max_size;	/* --max-size; 0 = as input.h has it */
	const char *from;	/* -f; "" and "<>" are the null sender */
	const char *full_name;	/* -F */
	bool read_recipients;	/* -t */
	bool as_is;		/* --as-is */
	bool gateway;		/* -G: complete nothing */
	bool ignore_dots;	/* -i: a lone dot is content */
	bool require_eom;	/* --require-eom: a last line of a dot ends it,
				   or it is no message */
	bool smtputf8;		/* -U: a hint */
	bool require_tls;	/* -O requiretls=yes: nothing in clear, nothing
				   to a stranger, whatever tls says */
	enum body_type body;	/* -B */
	unsigned hop_count;	/* -h */
	const char *default_domain; /* for bare names; a host name */
	const struct senders *senders; /* whose addresses are replaced
				   (config.h); NULL = nobody's */
	const struct sign_rules *signing; /* who signs (config.h); NULL =
				   nobody */
	unsigned notify;	/* -N: NOTIFY_ bits */
	enum dsn_ret ret;	/* -R */
	const char *envid;	/* -V */
	const char *orcpt;	/* of the only recipient, for -bs; or NULL */
};

/* Many messages out of one place. */
struct bulk_settings {
	const char *source;	/* --mbox; NULL = one message, as it comes */
	const char *resume;	/* --resume: a file of bulk/done.h, or NULL */
	struct rate rate;	/* --rate; n 0 = as fast as it goes */
	bool verp;		/* --verp: bulk/verp.h */
};

/* What a message is made of, where none comes in. */
enum made {
	MADE_TO,
	MADE_CC,
	MADE_BCC,
	MADE_REPLY_TO,
	MADE_SUBJECT,
	MADE_DATE,
	MADE_HEADER,	/* "X-Name: value" */
	MADE_BODY,	/* the text itself */
	MADE_BODY_FILE,	/* "-" = standard input */
	MADE_HTML_FILE,
	MADE_INLINE,	/* a file */
	MADE_ATTACH,	/* likewise */
	MADE_TEST	/* --test-message; no text */
};

#define SETTINGS_MADE 256

/* In the order in which they were given; n = 0: none is made. */
struct make_settings {
	struct made_word {
		enum made what;
		const char *text;
	} word[SETTINGS_MADE];
	size_t n;
};

/* The first that was given of a kind; NULL = none. */
const char *make_find(const struct make_settings *m, enum made what);

/* Does the message that is made name recipients? */
bool make_has_recipients(const struct make_settings *m);

#define SETTINGS_RESOLVERS 8

/* Where it goes. */
struct route_settings {
	struct given relay[RELAYS_MAX]; /* --relay: words, URLs or names */
	size_t nrelays;
	const struct rules *rules; /* relays and all (config.h); NULL = none */
	struct endpoint resolver[SETTINGS_RESOLVERS]; /* --resolver */
	size_t nresolvers;	/* 0 = resolv.conf */
	enum resolver_dnssec dnssec; /* --dnssec */
	const char *trust_anchor; /* a file, or NULL */
	bool only_ipv4, only_ipv6; /* -4, -6; never both */
	bool allow_loopback_mx;
	unsigned max_addresses, max_sessions, max_connections;
	int64_t timeout;	/* --timeout, microseconds; 0 = the RFC's */
};

/* What is shown, and how far to go. */
struct show_settings {
	unsigned verbose;	/* -v: 1, -vv: 2 */
	bool json;
	bool brief;		/* --brief: a line for each recipient */
	bool timing;		/* --timing: a waterfall ... */
	const char *timing_file; /* ... in this SVG file; NULL = as text */
	const char *page;	/* --html-report: the file; NULL = none */
	bool build;		/* -d0.1 and its kin: print the version first */
	struct given transcript; /* -X, --transcript; never as sendmail */
	bool print;		/* --print: the message, and send nothing */
	const char *import;	/* --import-config: [FORMAT:]FILE */
	const char *log;	/* --log: settings_log() knows the default */
	enum stage stop_after;	/* STAGE_NONE = send; ROUTE = only the way
				   there (--explain); GREETING, EHLO, TLS,
				   AUTH, MAIL, RCPT or DATA of --quit-after and
				   its kin */
	bool swaks_exits;	/* --exit-codes swaks */
	struct drill drill;	/* --drop-after, --reset-after, --stall */
};

/* --talk and --script: the desk, where a person talks with a server. */
struct talk_settings {
	char host[256];		/* a domain in A-labels, whose MX is asked, or
				   ""; way.server goes before */
	const char *script;	/* --script, --script-from */
	bool tap;		/* --tap */
	const char *junit;	/* --junit */
	const char *password_command; /* --password-command */
	bool quiet;		/* --quiet */
};

#define SETTINGS_REPLIES_MAX 32

/* --sink */
struct sink_settings {
	struct endpoint at;	/* 127.0.0.1:2525; port 0 = any free one */
	const char *dir, *maildir, *mbox, *name;
	const char *reply[SETTINGS_REPLIES_MAX]; /* "VERB=CODE text" ... */
	size_t nreplies;
	unsigned count;		/* stop after so many messages; 0 = go on */
	bool tls, lmtp;
	const char *auth;	/* "user:password"; NULL: any, or none */
	unsigned peers;		/* connections at once; 0 = 1000 */
	struct endpoint web;	/* of its pages; version 0 = none */
	bool web_any;		/* they may be for other machines */
};

/* Sendmail's, most with a meaning later. */
struct sendmail_settings {
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

/* What smtpsend asks of the queue. */
struct enqueue_settings {
	const char *verb;	/* of --queue or mailq; rcpt are the words
				   behind it, as they were written */
	bool on_defer;		/* --queue-on-defer */
	bool wait;		/* --wait */
	unsigned wait_seconds;	/* ... at most; 0 = as long as it takes */
	const char *at;		/* --at, which when_parse() can read */
	unsigned expires;	/* --expire, seconds; 0 = as [queue] says */
	const char *key;	/* --dedupe */
};

/* What is shown of servers that are looked at. */
enum look {
	LOOK_ALL,	/* --probe */
	LOOK_CERT,	/* --show-cert */
	LOOK_PEM,	/* --show-cert=pem */
	LOOK_TLSA,	/* --show-cert=tlsa */
	LOOK_EHLO_DIFF	/* --ehlo-diff: of two */
};

/* Of MODE_PROBE; its words are rcpt, domains and hosts among them. */
struct probe_settings {
	enum look look;
	unsigned warn_days;	/* --warn-days; 0 = never */
};

#define QUEUE_STEPS 16

/* Pauses one after the other, seconds; the last one is repeated. */
struct steps {
	unsigned v[QUEUE_STEPS];
	size_t n;
};

/*
 * [queue]: the keys of the same names, with their defaults filled in.  Only the
 * configuration of the machine and the file of --config have this section.
 * Times are seconds, sizes octets.
 */
struct queue_settings {
	const char *path;	/* the spool */
	const char *run;	/* the folder of the sockets */
	const char *listen;	/* config/listen.h, or NULL */
	unsigned lifetime, bounce_lifetime;
	unsigned warn_after;	/* 0 = never */
	unsigned held_lifetime;
	struct steps retry, host_retry;
	unsigned greylist_retry;
	unsigned max_lanes, site_lanes, site_lanes_start, address_lanes;
	unsigned mails_per_lane;
	unsigned idle;
	struct rate rate;	/* of each site; n 0 = as fast as it goes */
	unsigned recorders;	/* 0 = sync in the runner itself */
	uint64_t reserve;
	uint64_t max_size;	/* 0 = no limit of the queue's own */
	const char *postmaster;	/* a path, or NULL */
	uint64_t bounce_size;
	unsigned bounces_per_minute; /* about one uid's messages; 0 = any */
	bool received;
	bool restrict_from;
	unsigned uid_messages, uid_connections;
	uint64_t uid_size;
	const char *send_all_to, *bcc_all; /* paths, or NULL */
	const char *allow_recipients; /* patterns, separated by blanks */
	const char *metrics_file;
	const char *tls_reports; /* the contact that they name; NULL = none are
				   made */
	bool user_queue;	/* own_queue.h */
};

/* As it is where no [queue] says anything. */
void queue_settings_init(struct queue_settings *q);

/* [local], in the same way: mail for this machine itself. */
struct local_settings {
	bool deliver;		/* is there any? */
	const char *domains;	/* local-domains: more names of this host,
				   separated by blanks; or NULL */
	const char *users_to;	/* local-users-to: a path, or NULL */
	const char *aliases;	/* the file */
	bool alias_commands, alias_files;
	const char *alias_user;
	bool forward;		/* is ~/.forward looked at? */
	bool forward_commands;	/* may it have commands and files? */
	const char *delimiter;	/* before an extension: an octet, or "none" */
	const char *mailbox, *mailbox_command;
	unsigned command_timeout;
	bool pipe_no_new_privs;
};

void local_settings_init(struct local_settings *l);

/* --dkim-keygen, --dkim-check */
struct dkim_settings {
	const char *domain;	/* as it was given */
};

struct settings {
	enum personality personality;
	enum mode mode;
	const char *program;	/* the name for messages: "smtpsend", "mailq" */
	char *const *rcpt;	/* recipient arguments, each an address list */
	size_t nrcpts;
	bool rcpt_dashes;	/* they stand behind "--" */
	const char *config;	/* -C; never as sendmail */
	bool no_config;
	const char *config_fault; /* what is wrong with this machine's: a line;
				   only its queue's place is known then */
	bool own_way;		/* the user's own configuration has to do with
				   where his mail goes, and how */
	bool given_way;		/* ... or his command line has */
	struct message_settings message;
	struct bulk_settings bulk;
	struct make_settings make;
	struct route_settings route;
	struct way way;
	struct show_settings show;
	struct sink_settings sink;
	struct talk_settings talk;
	struct sendmail_settings sendmail;
	struct enqueue_settings enqueue;
	struct probe_settings probe;
	struct dkim_settings dkim;
	const char *tls_report;	/* --tls-report: "today", "send" or a date */
	struct queue_settings queue;
	struct local_settings local;
};

/* The --log in effect: "none", "syslog", "journal" or a file. */
const char *settings_log(const struct settings *s);

/* Is there something that only the TLS library can tell to be wrong? */
bool settings_name_tls(const struct settings *s);

/*
 * What cannot be together in these settings, as text about options; or NULL.
 * settings_put_clash() appends such a text; unless own, about keys: sendmail's
 * names have no long options, and files none at all.
 */
const char *settings_clash(const struct settings *s);
void settings_put_clash(struct buf *out, const char *text, bool own);

/* Which job it is, as far as more than one option says so. */
void settings_settle_mode(struct settings *s);

/* Settle what follows from the options together: 0, or 64, said in says. */
int settings_settle(struct settings *s, struct buf *says);

/* "speak SMTP on stdin and stdout (-bs)", ...: after "cannot". */
const char *mode_name(enum mode mode);

#endif
