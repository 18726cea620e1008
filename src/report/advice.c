/* SPDX-License-Identifier: ISC */
/* advice.c - see advice.h */
#include "report/advice.h"

#include "base/ascii.h"
#include "report/advice_rows.h"

/* ---- when a row fits ---- */

bool
advice_mentions(const struct outcome *o, struct slice word)
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

/* To the one server that was named. */
bool
advice_is_to_server(const struct outcome *o, struct wish w)
{
	return w.server && !o->relay;
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
	return is_said(o, w) &&
	    advice_mentions(o, SLICE("helo command rejected"));
}

static bool
is_sender_incomplete(const struct outcome *o, struct wish w)
{
	return is_said(o, w) && advice_mentions(o, SLICE("fully-qualified")) &&
	    advice_mentions(o, SLICE("sender address rejected"));
}

static bool
is_rcpt_incomplete(const struct outcome *o, struct wish w)
{
	return is_said(o, w) && advice_mentions(o, SLICE("fully-qualified")) &&
	    advice_mentions(o, SLICE("recipient address rejected"));
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

/* A word that is taken for a domain; what is said of it has the advice. */
static bool
is_domain_relay(const struct outcome *o, struct wish w)
{
	(void)w;
	return advice_mentions(o, SLICE("names no submission server in DNS"));
}

/* ---- what to do then ---- */

static const struct advice_row rows[] = {
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
	{ FAILED, STAGE_DNS, ANY, ANY, advice_is_to_server,
	    "check the name after --server", "check the key server " CONF },
	{ FAILED, STAGE_ROUTE, 1, 2, advice_is_to_server,
	    "check the name after --server", "check the key server " CONF },
	{ FAILED, STAGE_ROUTE, 1, 2, NULL, "check the key server " CONF, NULL },
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
	{ FAILED, ANY_STAGE, 4, 6, is_ours, "it leads to this machine: "
	    "--server HOST sends elsewhere, --allow-loopback-mx sends here",
	    "it leads to this machine: server = HOST " CONF " sends elsewhere, "
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

	{ DEFERRED, STAGE_READ, ANY, ANY, NULL, "nothing was sent", NULL },
	{ DEFERRED, STAGE_CONFIG, ANY, ANY, NULL, "nothing was queued: mend "
	    "this, then send it again", NULL },
	{ DEFERRED, STAGE_DNS, ANY, ANY, is_domain_relay,
	    "nothing was queued: check the relay's name", NULL },
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

static const struct advice_row *
row_at(size_t i)
{
	return i < advice_link_count ? &advice_link_rows[i] :
				       &rows[i - advice_link_count];
}

static bool
fits(const struct advice_row *row, const struct outcome *o, struct wish w)
{
	return (row->verdict == o->verdict ||
		(row->verdict == ANY_VERDICT &&
		    (o->verdict == FAILED || o->verdict == DEFERRED))) &&
	    (row->stage == ANY_STAGE || row->stage == o->stage) &&
	    (row->subject == ANY || (o->esc.cls != 0 &&
	     row->subject == o->esc.subject)) &&
	    (row->detail == ANY || row->detail == o->esc.detail) &&
	    (!row->when || row->when(o, w));
}

bool
advice_at(size_t i, bool keys, const char **sentence)
{
	const struct advice_row *row;

	if (i >= advice_link_count + ROWS)
		return false;
	row = row_at(i);
	*sentence = keys && row->keys ? row->keys : row->options;
	return true;
}

const char *
advice_for(const struct outcome *o, struct wish wish)
{
	const char *sentence = NULL;

	if (wish.queued && o->verdict == DEFERRED)
		return NULL;
	if (o->maybe_sent)
		return "it may have arrived all the same: sending it again "
		       "makes a possible duplicate";
	for (size_t i = 0; i < advice_link_count + ROWS; i++)
		if (fits(row_at(i), o, wish)) {
			advice_at(i, wish.keys, &sentence);
			return sentence;
		}
	return NULL;
}
