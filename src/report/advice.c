/* SPDX-License-Identifier: ISC */
/* advice.c - see advice.h */
#include "report/advice.h"

#include "base/ascii.h"
#include "base/port.h"
#include "base/slice.h"

#define ANY	    0xffff
#define ANY_STAGE   STAGE_NONE
#define ANY_VERDICT PENDING
#define LATER	    "nothing was queued: send it again later"
#define CONF	    "in smtpsend.conf"

/* ---- when a row fits ---- */

static bool
mentions(const struct outcome *o, struct slice word)
{
	struct slice rest = slice_of(o->text);

	for (; rest.n >= word.n; rest = slice_from(rest, 1))
		if (slice_starts_nocase(rest, word))
			return true;
	return false;
}

/* It is a server's reply, or it is our own decision. */
static bool
is_said(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->code != 0;
}

static bool
is_ours(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->code == 0;
}

static bool
is_relayed(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->relay;
}

/* To the one server that was named. */
static bool
is_to_server(const struct outcome *o, struct wish w)
{
	return w.server && !o->relay;
}

static bool
may_be_in_clear(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->waiver == WAIVER_TLS;
}

static bool
may_be_untrusted(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->waiver == WAIVER_TRUST;
}

/* Its certificate is a line of the dialogue. */
static bool
may_be_seen(const struct outcome *o, struct wish w)
{
	return may_be_untrusted(o, w) && !w.verbose;
}

/* smtps:// and a server that answered a ClientHello with something else. */
static bool
is_smtps_server(const struct outcome *o, struct wish w)
{
	return is_to_server(o, w) && w.link == LINK_SMTPS && o->esc.detail != 5;
}

static bool
is_smtps_at_clear_port(const struct outcome *o, struct wish w)
{
	return is_smtps_server(o, w) && port_is_clear(o->peer.port);
}

/* Nothing came where a greeting was awaited, and in clear. */
static bool
is_silent_server(const struct outcome *o, struct wish w)
{
	return is_to_server(o, w) && w.link == LINK_SMTP && o->code == 0 &&
	    o->esc.subject == 4 && o->esc.detail == 2 &&
	    !port_is_clear(o->peer.port);
}

static bool
is_silent_at_tls_port(const struct outcome *o, struct wish w)
{
	return is_silent_server(o, w) && port_is_tls(o->peer.port);
}

/* Nobody out there answers on port 25: hardly ever are all of them down. */
static bool
is_walled(const struct outcome *o, struct wish w)
{
	return o->timed_out && !o->relay && advice_port(o, w) == 25 &&
	    !ip_is_private(&o->peer.ip);
}

static bool
is_unanswered(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->timed_out;
}

static bool
is_unanswered_relay(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->timed_out && o->relay;
}

/* "10.0.0.1: no such domain" */
static bool
is_bare_ip(const struct outcome *o, struct wish w)
{
	struct slice text = slice_of(o->text);
	struct ip ip;

	return !w.server && !o->relay &&
	    ip_parse(slice_first(text, slice_find(text, ':')), &ip);
}

/* Postfix: "<box>: Helo command rejected: need fully-qualified hostname". */
static bool
is_helo_refused(const struct outcome *o, struct wish w)
{
	return is_said(o, w) && mentions(o, SLICE("helo command rejected"));
}

static bool
is_sender_incomplete(const struct outcome *o, struct wish w)
{
	return is_said(o, w) && mentions(o, SLICE("fully-qualified")) &&
	    mentions(o, SLICE("sender address rejected"));
}

static bool
is_rcpt_incomplete(const struct outcome *o, struct wish w)
{
	return is_said(o, w) && mentions(o, SLICE("fully-qualified")) &&
	    mentions(o, SLICE("recipient address rejected"));
}

/* It wants a login before anything else (RFC 4954). */
static bool
wants_login(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->code == 530;
}

static bool
wants_login_of_relay(const struct outcome *o, struct wish w)
{
	return wants_login(o, w) && o->relay;
}

static bool
wants_login_or_tls(const struct outcome *o, struct wish w)
{
	return wants_login(o, w) && o->tls[0] == '\0';
}

static bool
is_hidden_dialogue(const struct outcome *o, struct wish w)
{
	return !w.verbose && o->stage >= STAGE_CONNECT;
}

/* A word that is taken for a domain, but may be meant as a host. */
static bool
is_domain_relay(const struct outcome *o, struct wish w)
{
	(void)w;
	return mentions(o, SLICE("has no submission server in DNS"));
}

/* ---- what to do then ---- */

/* The first row that fits is taken. */
static const struct {
	enum verdict verdict;
	enum stage stage;
	unsigned short subject, detail;
	bool (*when)(const struct outcome *o, struct wish w); /* NULL: always */
	const char *options, *keys; /* keys NULL: the same under all names */
} rows[] = {
	{ ANY_VERDICT, ANY_STAGE, ANY, ANY, is_helo_refused,
	    "the server wants a better name from us: --helo NAME",
	    "the server wants a better name from us: helo = NAME " CONF },
	{ ANY_VERDICT, ANY_STAGE, ANY, ANY, is_sender_incomplete,
	    "give the sender with its domain: -f USER@DOMAIN", NULL },
	{ ANY_VERDICT, ANY_STAGE, ANY, ANY, is_rcpt_incomplete,
	    "write the recipient with the whole of its domain", NULL },

	{ FAILED, STAGE_USAGE, ANY, ANY, NULL, "see smtpsend --help",
	    "see man smtpsend" },
	{ FAILED, STAGE_OPEN, ANY, ANY, NULL, NULL, NULL },
	{ FAILED, STAGE_CONFIG, ANY, ANY, NULL, NULL, NULL },
	{ FAILED, STAGE_READ, ANY, ANY, NULL, "nothing was sent", NULL },
	{ FAILED, STAGE_DNS, ANY, ANY, is_to_server,
	    "check the name after --server", "check the key server " CONF },
	{ FAILED, STAGE_DNS, ANY, ANY, is_bare_ip,
	    "an IP address stands in brackets: user@[192.0.2.1]", NULL },
	{ FAILED, ANY_STAGE, 1, 1, NULL, "check the part before the @", NULL },
	{ FAILED, ANY_STAGE, 1, 6, NULL,
	    "ask the recipient for the new address", NULL },
	{ FAILED, ANY_STAGE, 1, 2, NULL, "check the part after the @", NULL },
	{ FAILED, ANY_STAGE, 1, 3, NULL, "check how the address is written",
	    NULL },
	{ FAILED, ANY_STAGE, 1, 7, NULL, "check the sender's address (-f)",
	    NULL },
	{ FAILED, ANY_STAGE, 1, 8, NULL, "check the sender's domain (-f)",
	    NULL },
	{ FAILED, ANY_STAGE, 1, 10, is_ours, "this domain takes no mail at all",
	    NULL },
	{ FAILED, ANY_STAGE, 2, 2, is_said,
	    "the mailbox is full: tell the recipient", NULL },
	{ FAILED, STAGE_MESSAGE, 3, 4, NULL, "nothing was sent", NULL },
	{ FAILED, ANY_STAGE, 3, 4, NULL, "the message is too large for it",
	    NULL },
	{ FAILED, STAGE_DNS, 4, 4, NULL, "the domain exists, but DNS leads no "
	    "mail to it: check how it is written, or tell its owner", NULL },
	{ FAILED, STAGE_ROUTE, 4, 4, NULL, NULL, NULL },
	{ FAILED, ANY_STAGE, 4, 4, NULL, "check the part after the @", NULL },
	{ FAILED, ANY_STAGE, 4, 6, is_ours, "its MX is this machine: --server "
	    "HOST sends elsewhere, --allow-loopback-mx sends here",
	    "its MX is this machine: server = HOST " CONF " sends elsewhere, "
	    "allow-loopback-mx = yes sends here" },
	{ FAILED, ANY_STAGE, 6, 7, is_ours,
	    "this server takes ASCII only", NULL },
	{ FAILED, ANY_STAGE, ANY, ANY, wants_login_of_relay, "the relay wants "
	    "a login: it needs a user and a password, see man smtpsend.conf",
	    NULL },
	{ FAILED, ANY_STAGE, ANY, ANY, wants_login_or_tls,
	    "the server wants a login or TLS: send by a relay (see man "
	    "smtpsend.conf), or use TLS (--tls encrypt)", "the server wants a "
	    "login or TLS: send by a relay, or use tls = encrypt " CONF },
	{ FAILED, ANY_STAGE, ANY, ANY, wants_login, "the server wants a login: "
	    "send by a relay, see man smtpsend.conf", NULL },
	{ FAILED, ANY_STAGE, 7, ANY, is_said, "the server's policy refuses "
	    "this mail: its own words say why", NULL },
	{ FAILED, STAGE_MESSAGE, ANY, ANY, NULL, "nothing was sent", NULL },
	{ FAILED, ANY_STAGE, ANY, ANY, is_hidden_dialogue,
	    "-v shows the whole dialogue", NULL },

	{ DEFERRED, ANY_STAGE, ANY, ANY, is_walled, "nothing answered on port "
	    "25: outbound port 25 is probably blocked on this network; use "
	    "your provider's submission relay (--relay smtps://HOST, see man "
	    "smtpsend.conf) or --server HOST --port 587",
	    "nothing answered on port 25: outbound port 25 is probably blocked "
	    "on this network; use your provider's submission relay: relay = "
	    "smtps://HOST " CONF },
	{ DEFERRED, ANY_STAGE, ANY, ANY, is_unanswered_relay,
	    "nothing was queued: is the relay's host and port right?", NULL },
	{ DEFERRED, ANY_STAGE, ANY, ANY, is_unanswered,
	    "nothing was queued: is the host right, and no firewall between?",
	    NULL },
	{ DEFERRED, STAGE_READ, ANY, ANY, NULL, "nothing was sent", NULL },
	{ DEFERRED, STAGE_CONFIG, ANY, ANY, NULL, "nothing was queued: mend "
	    "this, then send it again", NULL },
	{ DEFERRED, STAGE_AUTH, ANY, ANY, NULL, "nothing was queued: check "
	    "user and password, or where the password comes from", NULL },
	{ DEFERRED, STAGE_GREETING, ANY, ANY, is_silent_at_tls_port, "port "
	    "{port} is for TLS from the first byte: write --server {smtps}",
	    "port {port} is for TLS from the first byte: write server = "
	    "{smtps} " CONF },
	{ DEFERRED, STAGE_GREETING, ANY, ANY, is_silent_server, "nothing was "
	    "queued: if port {port} speaks TLS from the first byte, write "
	    "--server {smtps}", "nothing was queued: if port {port} speaks TLS "
	    "from the first byte, write server = {smtps} " CONF },
	{ DEFERRED, STAGE_STARTTLS, ANY, ANY, is_relayed,
	    "nothing was queued: a relay is never used without TLS", NULL },
	{ DEFERRED, STAGE_TLS, ANY, ANY, is_smtps_at_clear_port,
	    "port {port} begins in clear: write --server {smtp}",
	    "port {port} begins in clear: write server = {smtp} " CONF },
	{ DEFERRED, STAGE_TLS, ANY, ANY, is_smtps_server, "nothing was queued: "
	    "if port {port} begins in clear, write --server {smtp}",
	    "nothing was queued: if port {port} begins in clear, write "
	    "server = {smtp} " CONF },
	{ DEFERRED, STAGE_TLS, 7, 5, is_relayed, "nothing was queued: "
	    "ca = PATH " CONF " trusts another CA", NULL },
	{ DEFERRED, ANY_STAGE, ANY, ANY, may_be_seen, "nothing was queued: -v "
	    "shows the certificate; --ca PATH trusts another CA, --tls encrypt "
	    "takes any", "nothing was queued: -v shows the certificate; ca = "
	    "PATH " CONF " trusts another CA, tls = encrypt takes any" },
	{ DEFERRED, ANY_STAGE, ANY, ANY, may_be_untrusted, "nothing was "
	    "queued: --ca PATH trusts another CA, --tls encrypt takes any",
	    "nothing was queued: ca = PATH " CONF " trusts another CA, tls = "
	    "encrypt takes any" },
	{ DEFERRED, STAGE_TLS, 7, 5, NULL,
	    "nothing was queued: --ca PATH trusts another CA",
	    "nothing was queued: ca = PATH " CONF " trusts another CA" },
	{ DEFERRED, ANY_STAGE, ANY, ANY, may_be_in_clear,
	    LATER "; --tls may would send without TLS",
	    LATER "; tls = may " CONF " would send without TLS" },
	{ DEFERRED, STAGE_DNS, ANY, ANY, is_domain_relay, "nothing was queued: "
	    "if this is a host and no domain, write smtps://HOST", NULL },
	{ DEFERRED, STAGE_DNS, ANY, ANY, NULL,
	    LATER ", or ask another DNS server with --resolver ADDR",
	    LATER ", or ask another DNS server with resolver = ADDR " CONF },
	{ DEFERRED, ANY_STAGE, 1, 8, is_said, "nothing was queued: the server "
	    "cannot find the sender's domain: check it (-f), or send it again "
	    "later", NULL },
	{ DEFERRED, STAGE_RCPT, ANY, ANY, is_said, "nothing was queued: send "
	    "it again in some minutes", NULL },
	{ DEFERRED, ANY_STAGE, ANY, ANY, NULL, LATER, NULL },
};

#define ROWS (sizeof rows / sizeof rows[0])

static bool
fits(size_t i, const struct outcome *o, struct wish w)
{
	return (rows[i].verdict == o->verdict ||
		(rows[i].verdict == ANY_VERDICT &&
		    (o->verdict == FAILED || o->verdict == DEFERRED))) &&
	    (rows[i].stage == ANY_STAGE || rows[i].stage == o->stage) &&
	    (rows[i].subject == ANY || (o->esc.cls != 0 &&
	     rows[i].subject == o->esc.subject)) &&
	    (rows[i].detail == ANY || rows[i].detail == o->esc.detail) &&
	    (!rows[i].when || rows[i].when(o, w));
}

bool
advice_at(size_t row, bool keys, const char **sentence)
{
	if (row >= ROWS)
		return false;
	*sentence = keys && rows[row].keys ? rows[row].keys :
					     rows[row].options;
	return true;
}

const char *
advice_for(const struct outcome *o, struct wish wish)
{
	const char *sentence = NULL;

	if (o->maybe_sent)
		return "it may have arrived all the same: sending it again "
		       "makes a possible duplicate";
	for (size_t i = 0; i < ROWS; i++)
		if (fits(i, o, wish)) {
			advice_at(i, wish.keys, &sentence);
			return sentence;
		}
	return NULL;
}
