/* SPDX-License-Identifier: ISC */
/* advice_link.c - what to do about a failure on the way to a server. */
#include "report/advice_rows.h"

#include "base/port.h"

#define SMTPS_OR_SMTP \
	"nothing was queued: is the relay's port right, and is it smtps:// " \
	"or smtp://?"

#define TLSA_OWNER "nothing was queued: tell the server's owner"

/* ---- when a row fits ---- */

static bool
is_relayed(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->relay;
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

/* It answered a ClientHello with something else, or left; no alert, that is. */
static bool
is_deaf_to_tls(const struct outcome *o)
{
	return advice_mentions(o, SLICE("does not speak TLS here")) ||
	    advice_mentions(o, SLICE("closed the connection"));
}

static bool
is_smtps_server(const struct outcome *o, struct wish w)
{
	return advice_is_to_server(o, w) && w.link == LINK_SMTPS &&
	    is_deaf_to_tls(o);
}

static bool
is_relay_deaf_to_tls(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->relay && is_deaf_to_tls(o);
}

/* Of a certificate: another CA, or another name, would make it good. */
static bool
is_of_unknown_issuer(const struct outcome *o, struct wish w)
{
	(void)w;
	return advice_mentions(o, SLICE("unknown authority")) ||
	    advice_mentions(o, SLICE("self-signed certificate"));
}

static bool
is_for_another_name(const struct outcome *o, struct wish w)
{
	(void)w;
	return advice_mentions(o, SLICE("name mismatch: "));
}

static bool
is_of_unknown_issuer_here(const struct outcome *o, struct wish w)
{
	return may_be_untrusted(o, w) && is_of_unknown_issuer(o, w);
}

static bool
is_for_another_name_here(const struct outcome *o, struct wish w)
{
	return may_be_untrusted(o, w) && is_for_another_name(o, w);
}

/* Neither another CA nor another name makes that good. */
static bool
is_by_tlsa(const struct outcome *o, struct wish w)
{
	(void)w;
	return advice_mentions(o, SLICE("TLSA record"));
}

static bool
is_by_tlsa_here(const struct outcome *o, struct wish w)
{
	return may_be_untrusted(o, w) && is_by_tlsa(o, w);
}

static bool
is_relay_of_unknown_issuer(const struct outcome *o, struct wish w)
{
	return o->relay && is_of_unknown_issuer(o, w);
}

static bool
is_relay_for_another_name(const struct outcome *o, struct wish w)
{
	return o->relay && is_for_another_name(o, w);
}

/* Only a TLS alert says so. */
static bool
wants_certificate(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->code == 0 &&
	    advice_mentions(o, SLICE("demands one of the client"));
}

static bool
wants_certificate_of_relay(const struct outcome *o, struct wish w)
{
	return o->relay && wants_certificate(o, w);
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
	return advice_is_to_server(o, w) && w.link == LINK_SMTP &&
	    o->code == 0 && o->esc.subject == 4 && o->esc.detail == 2 &&
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

/* Nothing came in clear from one that is smtp://. */
static bool
is_silent_relay(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->relay && o->timed_out && o->tls[0] == '\0' &&
	    !port_is_clear(o->peer.port);
}

static bool
is_unanswered_proxy(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->timed_out && advice_mentions(o, SLICE("through the proxy"));
}

static bool
is_unanswered_relay(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->timed_out && o->relay;
}

/* curl does not say which of the two it is. */
static bool
is_relay_without_address(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->relay && advice_mentions(o, SLICE("could not resolve host"));
}

/* RFC 4954 6: 432 wants another mechanism once, others only patience. */
static bool
is_login_put_off(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->code / 100 == 4 && o->code != 432;
}

/* It has none, or none for us, or not this one. */
static bool
is_login_unknown(const struct outcome *o, struct wish w)
{
	(void)w;
	return o->code == 0 && advice_mentions(o, SLICE("offers no AUTH")) &&
	    !advice_mentions(o, SLICE("mechanism"));
}

static bool
is_mechanism_refused(const struct outcome *o, struct wish w)
{
	(void)w;
	return (o->code == 0 && o->esc.detail == 4) || o->code == 432 ||
	    o->code == 504 || o->code == 534 || o->code == 538;
}

/* ---- what to do then ---- */

const struct advice_row advice_link_rows[] = {
	{ DEFERRED, ANY_STAGE, ANY, ANY, is_walled, "nothing answered on port "
	    "25: outbound port 25 is probably blocked on this network; use "
	    "your provider's submission relay (--relay smtps://HOST, see man "
	    "smtpsend.conf) or --server HOST --port 587",
	    "nothing answered on port 25: outbound port 25 is probably blocked "
	    "on this network; use your provider's submission relay: relay = "
	    "smtps://HOST " CONF },
	{ DEFERRED, ANY_STAGE, ANY, ANY, is_unanswered_proxy, "nothing was "
	    "queued: are the hosts and ports of proxy and relay right?", NULL },
	{ DEFERRED, STAGE_GREETING, ANY, ANY, is_silent_relay,
	    SMTPS_OR_SMTP, NULL },
	{ DEFERRED, STAGE_CONNECT, ANY, ANY, is_relay_without_address,
	    "nothing was queued: is the relay's name right, and does DNS "
	    "answer?", NULL },
	{ DEFERRED, ANY_STAGE, ANY, ANY, wants_certificate_of_relay,
	    "nothing was queued: cert = FILE " CONF " shows it one", NULL },
	{ DEFERRED, ANY_STAGE, ANY, ANY, wants_certificate,
	    "nothing was queued: --cert FILE shows it one",
	    "nothing was queued: cert = FILE " CONF " shows it one" },
	{ DEFERRED, ANY_STAGE, ANY, ANY, is_unanswered_relay,
	    "nothing was queued: is the relay's host and port right?", NULL },
	{ DEFERRED, ANY_STAGE, ANY, ANY, is_unanswered,
	    "nothing was queued: is the host right, and no firewall between?",
	    NULL },
	{ DEFERRED, STAGE_AUTH, ANY, ANY, is_login_put_off, LATER, NULL },
	{ DEFERRED, STAGE_AUTH, ANY, ANY, is_login_unknown, "nothing was "
	    "queued: is the relay's port right? Without a user it is used "
	    "without a login", NULL },
	{ DEFERRED, STAGE_AUTH, ANY, ANY, is_mechanism_refused, "nothing was "
	    "queued: another mechanism is wanted, see auth in man "
	    "smtpsend.conf", NULL },
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
	{ DEFERRED, STAGE_TLS, ANY, ANY, is_relay_deaf_to_tls,
	    SMTPS_OR_SMTP, NULL },
	{ DEFERRED, STAGE_DNS, 7, 5, may_be_untrusted, LATER "; --tls encrypt "
	    "asks for no TLSA records and takes any certificate",
	    LATER "; tls = encrypt " CONF " asks for no TLSA records and takes "
	    "any certificate" },
	{ DEFERRED, STAGE_DNS, 7, 5, NULL, LATER, NULL },
	{ DEFERRED, STAGE_TLS, 7, 5, is_by_tlsa_here, TLSA_OWNER "; --tls "
	    "encrypt takes any certificate", TLSA_OWNER "; tls = encrypt " CONF
	    " takes any certificate" },
	{ DEFERRED, STAGE_TLS, 7, 5, is_by_tlsa, TLSA_OWNER, NULL },
	{ DEFERRED, STAGE_TLS, 7, 5, is_relay_of_unknown_issuer,
	    "nothing was queued: ca = PATH " CONF " trusts another CA", NULL },
	{ DEFERRED, STAGE_TLS, 7, 5, is_relay_for_another_name, "nothing was "
	    "queued: tls-name = NAME " CONF " expects another name", NULL },
	{ DEFERRED, STAGE_TLS, 7, 5, is_of_unknown_issuer_here, "nothing was "
	    "queued: --ca PATH trusts another CA, --tls encrypt takes any",
	    "nothing was queued: ca = PATH " CONF " trusts another CA, tls = "
	    "encrypt takes any" },
	{ DEFERRED, STAGE_TLS, 7, 5, is_for_another_name_here, "nothing was "
	    "queued: --tls-name NAME expects another name, --tls encrypt "
	    "takes any", "nothing was queued: tls-name = NAME " CONF " expects "
	    "another name, tls = encrypt takes any" },
	{ DEFERRED, STAGE_TLS, 7, 5, is_of_unknown_issuer,
	    "nothing was queued: --ca PATH trusts another CA",
	    "nothing was queued: ca = PATH " CONF " trusts another CA" },
	{ DEFERRED, STAGE_TLS, 7, 5, is_for_another_name,
	    "nothing was queued: --tls-name NAME expects another name",
	    "nothing was queued: tls-name = NAME " CONF " expects another "
	    "name" },
	{ DEFERRED, STAGE_TLS, 7, 5, may_be_untrusted, "nothing was queued: "
	    "tell the server's owner; --tls encrypt takes any certificate",
	    "nothing was queued: tell the server's owner; tls = encrypt " CONF
	    " takes any certificate" },
	{ DEFERRED, STAGE_TLS, 7, 5, NULL,
	    "nothing was queued: tell the server's owner", NULL },
	{ DEFERRED, ANY_STAGE, ANY, ANY, may_be_in_clear,
	    LATER "; --tls may would send without TLS",
	    LATER "; tls = may " CONF " would send without TLS" },
};

const size_t advice_link_count =
    sizeof advice_link_rows / sizeof advice_link_rows[0];
