/* SPDX-License-Identifier: ISC */
/*
 * relay_setup.c - what a call asks for, as options of curl.
 *
 * Nothing comes from curl's own surroundings: no proxy of the environment, no
 * netrc, no CA bundle.
 * curl picks the strongest mechanism of those that it is given, so DIGEST-MD5
 * and NTLM are not among them; and GSSAPI, which it would always prefer, or
 * EXTERNAL only when they are asked for by name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "relay/relay_impl.h"

static const struct mechanism {
	const char *name;
	enum relay_auth_kind kind; /* what it needs */
} mechanisms[] = {
	{ "PLAIN", RELAY_PASSWORD },
	{ "LOGIN", RELAY_PASSWORD },
	{ "CRAM-MD5", RELAY_PASSWORD },
	{ "OAUTHBEARER", RELAY_TOKEN },
	{ "XOAUTH2", RELAY_TOKEN },
	{ "EXTERNAL", RELAY_NO_AUTH },
	{ "GSSAPI", RELAY_NO_AUTH },
};

static bool
refuse(struct outcome *why, const char *what, const char *with)
{
	return outcome_fail(why, FAILED, STAGE_CONFIG, ESC(5, 3, 5),
	    "relay: %s%s%s", what, with ? " " : "", with ? with : "");
}

/*
 * No control byte may get as far as curl, which would pass CR and LF on.  A
 * token is never shown, so its text is not in the reason.
 */
static bool
is_clean(const char *s)
{
	return !ascii_has_control(slice_of(s));
}

static bool
check_strings(const struct relay_call *call, struct outcome *why)
{
	if (!is_clean(call->user))
		return refuse(why, "a control byte in the user's name", NULL);
	if (!is_clean(call->secret))
		return refuse(why, "a control byte in the password or token",
		    NULL);
	if (!is_clean(call->helo))
		return refuse(why, "a control byte in the helo name", NULL);
	if (!is_clean(call->proxy))
		return refuse(why, "a control byte in the proxy's URL", NULL);
	return true;
}

static const struct mechanism *
find_mechanism(const char *name)
{
	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++)
		if (strcasecmp(mechanisms[i].name, name) == 0)
			return &mechanisms[i];
	return NULL;
}

static bool
check_mechanism(const struct relay_call *call, struct outcome *why)
{
	const struct mechanism *m;

	if (call->auth != RELAY_NO_AUTH && (!call->user || !call->secret))
		return refuse(why, "AUTH needs a user and a password or token",
		    NULL);
	if (!call->mechanism)
		return true;
	m = find_mechanism(call->mechanism);
	if (!m)
		return refuse(why, "unknown or refused AUTH mechanism",
		    call->mechanism);
	if (m->kind == RELAY_PASSWORD && call->auth != RELAY_PASSWORD)
		return refuse(why, "no password for AUTH", m->name);
	if (m->kind == RELAY_TOKEN && call->auth != RELAY_TOKEN)
		return refuse(why, "no token for AUTH", m->name);
	if (strcmp(m->name, "EXTERNAL") == 0 && !call->cert)
		return refuse(why, "no client certificate for AUTH", m->name);
	return true;
}

/* An address off loopback is seen here; a name's address in relay_talk.c. */
static bool
check_clear(const struct relay_call *call, struct outcome *why)
{
	struct ip ip;

	if (!call->in_clear)
		return true;
	if (call->proxy ||
	    (ip_parse(slice_of(call->host), &ip) && !ip_is_loopback(&ip)))
		return refuse(why, "without TLS only on loopback, not",
		    call->host);
	return true;
}

static bool
check_proxy(const struct relay_call *call, struct outcome *why)
{
	static const char *const kinds[] = { "socks5h://", "socks5://",
		"http://" };

	if (!call->proxy)
		return true;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strncasecmp(call->proxy, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return refuse(why, "a proxy is socks5h://HOST:PORT or http://HOST:PORT",
	    NULL);
}

static void
set_text(struct relay *r, CURLoption option, const char *text)
{
	if (curl_easy_setopt(r->easy, option, text) == CURLE_OUT_OF_MEMORY)
		mem_exhausted();
}

static void
set_number(struct relay *r, CURLoption option, long number)
{
	curl_easy_setopt(r->easy, option, number);
}

/* A host as it stands in a URL: an IPv6 address in brackets. */
static void
put_host(struct buf *b, const char *host)
{
	buf_putf(b, strchr(host, ':') ? "[%s]" : "%s", host);
}

/* The path of the URL is the name in EHLO. */
static void
put_path(struct buf *b, const struct relay_call *call)
{
	struct ip local = call->source.version != 0 ? call->source :
	    (struct ip){ 4, { 127, 0, 0, 1 }, 0 };
	struct buf name = { 0 };
	char *path;

	if (call->helo)
		buf_puts(&name, call->helo);
	else
		ip_literal_put(&name, &local);
	path = curl_easy_escape(NULL, buf_str(&name), 0);
	if (!path)
		mem_exhausted();
	buf_putf(b, "/%s", path);
	curl_free(path);
	buf_free(&name);
}

static bool
set_url(struct relay *r, const struct relay_call *call, struct outcome *why)
{
	const char *name = call->tls_name ? call->tls_name : call->host;
	struct buf url = { 0 };
	CURLU *parsed = curl_url();
	CURLUcode code;

	buf_puts(&url, r->implicit_tls ? "smtps://" : "smtp://");
	put_host(&url, name);
	buf_putf(&url, ":%u", call->port);
	put_path(&url, call);
	set_text(r, CURLOPT_URL, buf_str(&url));
	code = curl_url_set(parsed, CURLUPART_URL, buf_str(&url), 0);
	curl_url_cleanup(parsed);
	buf_free(&url);
	if (code != CURLUE_OK || strpbrk(name, "/?#@\\ ") || !is_clean(name))
		return refuse(why, "not a host name:", name);
	return true;
}

/* The addresses that were found elsewhere. */
static void
set_addresses(struct relay *r, const struct relay_call *call)
{
	struct buf entry = { 0 };

	if (!call->addresses)
		return;
	buf_putf(&entry, "%s:%u:%s", call->host, call->port, call->addresses);
	r->resolve = curl_slist_append(NULL, buf_str(&entry));
	curl_easy_setopt(r->easy, CURLOPT_RESOLVE, r->resolve);
	buf_free(&entry);
}

/* The URL names who it should be; this says where that is. */
static void
set_address(struct relay *r, const struct relay_call *call)
{
	struct buf to = { 0 };

	if (!call->tls_name)
		return;
	buf_puts(&to, "::");
	put_host(&to, call->host);
	buf_putf(&to, ":%u", call->port);
	r->connect_to = curl_slist_append(NULL, buf_str(&to));
	curl_easy_setopt(r->easy, CURLOPT_CONNECT_TO, r->connect_to);
	buf_free(&to);
}

static void
set_source(struct relay *r, const struct ip *source)
{
	struct buf text = { 0 };

	if (source->version == 0)
		return;
	buf_puts(&text, "host!");
	ip_put(&text, source);
	set_text(r, CURLOPT_INTERFACE, buf_str(&text));
	buf_free(&text);
}

/* An empty proxy, and no exceptions: the environment's do not count. */
static void
set_proxy(struct relay *r, const char *proxy)
{
	set_text(r, CURLOPT_PROXY, proxy ? proxy : "");
	set_text(r, CURLOPT_NOPROXY, "");
	set_number(r, CURLOPT_HTTPPROXYTUNNEL, 1);
}

/* "AUTH=PLAIN;AUTH=LOGIN": the mechanisms that curl may choose from. */
static void
set_mechanisms(struct relay *r, const struct relay_call *call)
{
	const char *only = call->mechanism;
	struct buf list = { 0 };

	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
		const struct mechanism *m = &mechanisms[i];

		if (only ? strcasecmp(only, m->name) != 0
			 : m->kind != call->auth)
			continue;
		buf_putf(&list, "%sAUTH=%s", list.n > 0 ? ";" : "", m->name);
	}
	set_text(r, CURLOPT_LOGIN_OPTIONS, buf_str(&list));
	buf_free(&list);
}

static void
set_login(struct relay *r, const struct relay_call *call)
{
	if (!r->logs_in)
		return;
	set_mechanisms(r, call);
	set_text(r, CURLOPT_USERNAME, call->user ? call->user : "");
	if (call->auth == RELAY_PASSWORD)
		set_text(r, CURLOPT_PASSWORD, call->secret);
	else if (call->auth == RELAY_TOKEN)
		set_text(r, CURLOPT_XOAUTH2_BEARER, call->secret);
}

/* Our deadline is the one that counts: curl's come after it. */
static void
set_time(struct relay *r)
{
	long milliseconds = (long)(r->timeout / 1000) + 2000;

	set_number(r, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
	set_number(r, CURLOPT_SERVER_RESPONSE_TIMEOUT, milliseconds / 1000 + 1);
}

bool
relay_setup(struct relay *r, const struct relay_call *call,
    struct outcome *why)
{
	if (!check_strings(call, why) || !check_mechanism(call, why) ||
	    !check_clear(call, why) || !check_proxy(call, why) ||
	    !set_url(r, call, why) || !relay_tls_load(r, call, why))
		return false;
	set_number(r, CURLOPT_CONNECT_ONLY, 1);
	set_number(r, CURLOPT_NOSIGNAL, 1);
	set_number(r, CURLOPT_QUICK_EXIT, 1); /* never wait for a lookup */
	set_number(r, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	set_text(r, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->error);
	set_addresses(r, call);
	set_address(r, call);
	set_source(r, &call->source);
	set_proxy(r, call->proxy);
	relay_tls_setup(r);
	set_login(r, call);
	set_time(r);
	return true;
}
