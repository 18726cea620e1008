/* SPDX-License-Identifier: ISC */
/*
 * option_table.c - all options, in the order of --help and the man page.
 *
 * A new option is a row here, a field in struct settings, and a line in man
 * page and completions; scripts/lint-options finds what was forgotten.
 */
#include "config/option_take.h"

/* Where a value lives: anywhere in the settings, or in a way, as it may be a
 * key of a section too. */
#define ALL(field) .at = { PART_ALL, offsetof(struct settings, field) }
#define WAY(field) .at = { PART_WAY, offsetof(struct way, field) }

/* The kind of value, who reads it, where it lives. */
#define ROW(k, t, ...) .kind = (k), .take = (t), __VA_ARGS__
#define FLAG(...)      ROW(KIND_FLAG, take_flag, __VA_ARGS__)
#define COUNT(...)     ROW(KIND_COUNT, take_count, __VA_ARGS__)
#define NUMBER(...)    ROW(KIND_NUMBER, take_number, __VA_ARGS__)
#define PORT(...)      ROW(KIND_PORT, take_port, __VA_ARGS__)
#define TEXT(...)      ROW(KIND_TEXT, take_text, __VA_ARGS__)
#define PATH(...)      ROW(KIND_PATH, take_text, __VA_ARGS__)
#define GIVEN(...)     ROW(KIND_GIVEN, take_given, __VA_ARGS__)
#define OTHER(t)       .kind = KIND_OTHER, .take = (t)

static const struct option table[] = {
	{ "file", 0, SCOPE_OWN, GROUP_MESSAGE, ARG_REQUIRED, "FILE",
	    "read the message from FILE, not from stdin",
	    ROW(KIND_PATH, take_file, ALL(message.file)) },
	{ "max-size", 0, SCOPE_OWN, GROUP_MESSAGE, ARG_REQUIRED, "SIZE",
	    "refuse a larger message: 500k, 50M, 2G (default 1G by a pipe)",
	    OTHER(take_max_size), .fallback = "" },
	{ "from", 'f', SCOPE_ALL, GROUP_MESSAGE, ARG_REQUIRED, "ADDR",
	    "envelope sender; '<>' for none (default: user@host)",
	    TEXT(ALL(message.from)), .fallback = "" },
	{ "name", 'F', SCOPE_ALL, GROUP_MESSAGE, ARG_REQUIRED, "NAME",
	    "full name for a From: header that is added",
	    TEXT(ALL(message.full_name)), .fallback = "" },
	{ "read-recipients", 't', SCOPE_ALL, GROUP_MESSAGE, ARG_NONE, NULL,
	    "add the recipients in To:, Cc: and Bcc:",
	    FLAG(ALL(message.read_recipients)) },
	{ "as-is", 0, SCOPE_OWN, GROUP_MESSAGE, ARG_NONE, NULL,
	    "add and change nothing, refuse what cannot be sent so",
	    FLAG(ALL(message.as_is)), .fallback = "no" },
	{ "default-domain", 0, SCOPE_OWN, GROUP_MESSAGE, ARG_REQUIRED, "DOMAIN",
	    "complete bare names like root with it (default: this host)",
	    ROW(KIND_TEXT, take_domain, ALL(message.default_domain)),
	    .fallback = "" },
	{ "ignore-dots", 'i', SCOPE_ALL, GROUP_MESSAGE, ARG_NONE, NULL,
	    "a line with only a dot does not end the message",
	    FLAG(ALL(message.ignore_dots)), .fallback = "no" },

	{ "server", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "HOST[:PORT]",
	    "send there, no MX; also smtps://HOST, lmtp://HOST",
	    OTHER(take_server), .fallback = "", .partner = "port" },
	{ "relay", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "URL|NAME",
	    "send by this submission server; several: in turn",
	    ROW(KIND_LIST, take_relay, ALL(route.nrelays)), .fallback = "" },
	{ "proxy", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "URL",
	    "reach relays by socks5h://HOST:PORT or http://HOST:PORT",
	    ROW(KIND_TEXT, take_proxy, WAY(proxy)), .fallback = "" },
	{ "port", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "N",
	    "connect to port N (default 25; smtps 465, lmtp 24)",
	    PORT(WAY(port)), .fallback = "" },
	{ "resolver", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "IP[:PORT]",
	    "ask this DNS server; may be repeated",
	    ROW(KIND_LIST, take_resolver, ALL(route.nresolvers)),
	    .fallback = "" },
	{ "ipv4", '4', SCOPE_OWN, GROUP_ROUTE, ARG_NONE, NULL,
	    "use IPv4 only",
	    FLAG(ALL(route.only_ipv4)), .fallback = "no", .partner = "ipv6" },
	{ "ipv6", '6', SCOPE_OWN, GROUP_ROUTE, ARG_NONE, NULL,
	    "use IPv6 only",
	    FLAG(ALL(route.only_ipv6)), .fallback = "no", .partner = "ipv4" },
	{ "source", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "ADDR",
	    "connect from this address of this machine",
	    OTHER(take_source), .fallback = "" },
	{ "helo", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "NAME",
	    "our name in EHLO (default: this host's)",
	    ROW(KIND_TEXT, take_host_name, WAY(helo)), .fallback = "" },
	{ "timeout", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "TIME",
	    "give up any step after TIME: 30, 30s, 5m",
	    OTHER(take_timeout), .fallback = "" },
	{ "max-addresses", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "N",
	    "try at most N addresses per domain (default 5)",
	    NUMBER(ALL(route.max_addresses)), .max = 100, .fallback = "5" },
	{ "max-sessions", 0, SCOPE_OWN, GROUP_ROUTE, ARG_REQUIRED, "N",
	    "talk with at most N servers per domain (default 2)",
	    NUMBER(ALL(route.max_sessions)), .max = 100, .fallback = "2" },
	{ "allow-loopback-mx", 0, SCOPE_OWN, GROUP_ROUTE, ARG_NONE, NULL,
	    "send even if MX records point to this machine",
	    FLAG(ALL(route.allow_loopback_mx)), .fallback = "no" },

	{ "tls", 0, SCOPE_OWN, GROUP_TLS, ARG_REQUIRED, "LEVEL",
	    "none, may (default), encrypt or verify",
	    OTHER(take_tls), .fallback = "may" },
	{ "ca", 0, SCOPE_OWN, GROUP_TLS, ARG_REQUIRED, "PATH",
	    "trust these CAs: a PEM file or a hashed directory",
	    PATH(WAY(tls.ca)), .fallback = "" },
	{ "cert", 0, SCOPE_OWN, GROUP_TLS, ARG_REQUIRED, "FILE",
	    "client certificate (PEM)",
	    PATH(WAY(tls.cert)), .fallback = "", .partner = "key" },
	{ "key", 0, SCOPE_OWN, GROUP_TLS, ARG_REQUIRED, "FILE",
	    "its key (default: in the --cert file)",
	    PATH(WAY(tls.key)), .fallback = "" },
	{ "tls-name", 0, SCOPE_OWN, GROUP_TLS, ARG_REQUIRED, "NAME",
	    "name for SNI and for the certificate check",
	    ROW(KIND_TEXT, take_host_name, WAY(tls.name)), .fallback = "" },

	{ "verbose", 'v', SCOPE_ALL, GROUP_SHOW, ARG_NONE, NULL,
	    "print the whole dialogue; -vv: the message too",
	    COUNT(ALL(show.verbose)), .fallback = "no" },
	{ "json", 0, SCOPE_OWN, GROUP_SHOW, ARG_NONE, NULL,
	    "print the same as JSON, one object a line",
	    FLAG(ALL(show.json)), .fallback = "no" },
	{ "transcript", 'X', SCOPE_DEAF, GROUP_SHOW, ARG_REQUIRED, "FILE",
	    "append the dialogue to FILE",
	    GIVEN(ALL(show.transcript)), .fallback = "" },
	{ "log", 0, SCOPE_OWN, GROUP_SHOW, ARG_REQUIRED, "WHERE",
	    "log each result: syslog, journal, a FILE with a / or none",
	    ROW(KIND_PATH, take_log, ALL(show.log)), .fallback = "" },
	{ "explain", 0, SCOPE_OWN, GROUP_SHOW, ARG_NONE, NULL,
	    "show where mail would go and why; send nothing",
	    OTHER(take_explain) },
	{ "quit-after", 0, SCOPE_OWN, GROUP_SHOW, ARG_REQUIRED, "STEP",
	    "stop after connect, ehlo, tls, mail or rcpt",
	    OTHER(take_quit_after) },
	{ "config", 'C', SCOPE_DEAF, GROUP_SHOW, ARG_REQUIRED, "FILE",
	    "read this configuration and no other",
	    PATH(ALL(config)) },
	{ "no-config", 0, SCOPE_OWN, GROUP_SHOW, ARG_NONE, NULL,
	    "read no configuration",
	    FLAG(ALL(no_config)) },
	{ "print-config", 0, SCOPE_OWN, GROUP_SHOW, ARG_NONE, NULL,
	    "show what is configured and where; send nothing",
	    OTHER(take_print_config) },
	{ "help", 0, SCOPE_OWN, GROUP_SHOW, ARG_NONE, NULL,
	    "print this; man smtpsend has all of it",
	    OTHER(take_help) },
	{ "version", 0, SCOPE_OWN, GROUP_SHOW, ARG_NONE, NULL,
	    "print the versions of smtpsend and its libraries",
	    OTHER(take_version) },

	{ "notify", 'N', SCOPE_ALL, GROUP_DSN, ARG_REQUIRED, "LIST",
	    "never, or some of success,failure,delay",
	    OTHER(take_notify), .fallback = "" },
	{ "return", 'R', SCOPE_ALL, GROUP_DSN, ARG_REQUIRED, "full|hdrs",
	    "how much of the message a report returns",
	    OTHER(take_return), .fallback = "" },
	{ "envid", 'V', SCOPE_ALL, GROUP_DSN, ARG_REQUIRED, "ID",
	    "an id that reports will show",
	    ROW(KIND_TEXT, take_envid, ALL(message.envid)) },

	{ "sink", 0, SCOPE_OWN, GROUP_SINK, ARG_OPTIONAL, "ADDR:PORT",
	    "receive and print mail (default 127.0.0.1:2525)",
	    OTHER(take_sink) },
	{ "sink-dir", 0, SCOPE_OWN, GROUP_SINK, ARG_REQUIRED, "DIR",
	    "save each message as a .eml file in DIR",
	    PATH(ALL(sink.dir)) },
	{ "sink-mbox", 0, SCOPE_OWN, GROUP_SINK, ARG_REQUIRED, "FILE",
	    "append messages to FILE in mbox format",
	    PATH(ALL(sink.mbox)) },
	{ "sink-reply", 0, SCOPE_OWN, GROUP_SINK, ARG_REQUIRED, "VERB=REPLY",
	    "as RCPT=450, DATA=stall, .=drop; may be repeated",
	    OTHER(take_sink_reply) },
	{ "sink-count", 0, SCOPE_OWN, GROUP_SINK, ARG_REQUIRED, "N",
	    "end after N messages",
	    NUMBER(ALL(sink.count)), .max = 1000000000 },
	{ "sink-tls", 0, SCOPE_OWN, GROUP_SINK, ARG_NONE, NULL,
	    "TLS from the first byte, as on port 465",
	    FLAG(ALL(sink.tls)) },
	{ "sink-lmtp", 0, SCOPE_OWN, GROUP_SINK, ARG_NONE, NULL,
	    "speak LMTP",
	    FLAG(ALL(sink.lmtp)) },
	{ "sink-name", 0, SCOPE_OWN, GROUP_SINK, ARG_REQUIRED, "NAME",
	    "its name in greeting and certificate",
	    ROW(KIND_TEXT, take_host_name, ALL(sink.name)) },

	{ NULL, 'b', SCOPE_ALL, GROUP_SENDMAIL, ARG_REQUIRED, "MODE", NULL,
	    OTHER(take_mode) },
	{ NULL, 'B', SCOPE_ALL, GROUP_SENDMAIL, ARG_REQUIRED, "TYPE", NULL,
	    OTHER(take_body_type) },
	{ NULL, 'd', SCOPE_ALL, GROUP_SENDMAIL, ARG_GLUED, "SPEC", NULL,
	    OTHER(take_debug) },
	{ NULL, 'e', SCOPE_ALL, GROUP_SENDMAIL, ARG_REQUIRED, "MODE", NULL,
	    OTHER(take_errors) },
	{ NULL, 'G', SCOPE_ALL, GROUP_SENDMAIL, ARG_NONE, NULL, NULL,
	    FLAG(ALL(message.gateway)) },
	{ NULL, 'h', SCOPE_THEIRS, GROUP_SENDMAIL, ARG_REQUIRED, "N", NULL,
	    NUMBER(ALL(message.hop_count)), .max = 1000 },
	{ NULL, 'I', SCOPE_ALL, GROUP_SENDMAIL, ARG_NONE, NULL, NULL,
	    OTHER(take_aliases) },
	{ NULL, 'L', SCOPE_ALL, GROUP_SENDMAIL, ARG_REQUIRED, "TAG", NULL,
	    TEXT(ALL(sendmail.log_tag)) },
	{ NULL, 'n', SCOPE_THEIRS, GROUP_SENDMAIL, ARG_NONE, NULL, NULL,
	    FLAG(ALL(sendmail.no_aliases)) },
	{ NULL, 'O', SCOPE_ALL, GROUP_SENDMAIL, ARG_REQUIRED, "NAME=VALUE",
	    NULL,
	    OTHER(take_long) },
	{ NULL, 'o', SCOPE_ALL, GROUP_SENDMAIL, ARG_REQUIRED, "XVALUE", NULL,
	    OTHER(take_short) },
	{ NULL, 'p', SCOPE_THEIRS, GROUP_SENDMAIL, ARG_REQUIRED, "PROTO", NULL,
	    TEXT(ALL(sendmail.protocol)) },
	{ NULL, 'Q', SCOPE_THEIRS, GROUP_SENDMAIL, ARG_GLUED, "REASON", NULL,
	    OTHER(take_hold) },
	{ NULL, 'q', SCOPE_THEIRS, GROUP_SENDMAIL, ARG_GLUED, "TIME", NULL,
	    OTHER(take_queue) },
	{ NULL, 'r', SCOPE_ALL, GROUP_SENDMAIL, ARG_REQUIRED, "ADDR", NULL,
	    TEXT(ALL(message.from)), .alias = "from" },
	{ NULL, 'U', SCOPE_ALL, GROUP_SENDMAIL, ARG_NONE, NULL, NULL,
	    FLAG(ALL(message.smtputf8)) },

	{ NULL, 'A', SCOPE_THEIRS, GROUP_IGNORED, ARG_REQUIRED, "c|m", NULL,
	    OTHER(take_nothing) },
	{ NULL, 'c', SCOPE_THEIRS, GROUP_IGNORED, ARG_NONE, NULL, NULL,
	    OTHER(take_nothing) },
	{ NULL, 'D', SCOPE_THEIRS, GROUP_IGNORED, ARG_REQUIRED, "FILE", NULL,
	    OTHER(take_nothing) },
	{ NULL, 'E', SCOPE_THEIRS, GROUP_IGNORED, ARG_NONE, NULL, NULL,
	    OTHER(take_nothing) },
	{ NULL, 'J', SCOPE_THEIRS, GROUP_IGNORED, ARG_NONE, NULL, NULL,
	    OTHER(take_nothing) },
	{ NULL, 'M', SCOPE_THEIRS, GROUP_IGNORED, ARG_REQUIRED, "XVALUE", NULL,
	    OTHER(take_nothing) },
	{ NULL, 'm', SCOPE_THEIRS, GROUP_IGNORED, ARG_NONE, NULL, NULL,
	    OTHER(take_nothing) },
	{ NULL, 's', SCOPE_THEIRS, GROUP_IGNORED, ARG_NONE, NULL, NULL,
	    OTHER(take_nothing) },
	{ NULL, 'T', SCOPE_THEIRS, GROUP_IGNORED, ARG_NONE, NULL, NULL,
	    OTHER(take_nothing) },
	{ NULL, 'x', SCOPE_THEIRS, GROUP_IGNORED, ARG_NONE, NULL, NULL,
	    OTHER(take_nothing) },
};

_Static_assert(sizeof table / sizeof table[0] <= OPTIONS_MAX,
    "more rows than option_call.seen has");

const struct option *
option_at(size_t i)
{
	return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}

const char *
option_group_title(enum option_group group)
{
	static const char *const titles[NGROUPS] = {
		[GROUP_MESSAGE] = "The message",
		[GROUP_ROUTE] = "Where it goes",
		[GROUP_TLS] = "TLS",
		[GROUP_SHOW] = "What is shown",
		[GROUP_DSN] = "Delivery reports",
		[GROUP_SINK] = "A server that receives mail, for tests",
		[GROUP_SENDMAIL] = "Letters of sendmail(1), see the manual",
		[GROUP_IGNORED] = "Ignored",
	};

	return titles[group];
}
