/* SPDX-License-Identifier: ISC */
/* option_where.c - values that are hosts, addresses, URLs (option_take.h). */
#include "config/option_take.h"

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "config/option_find.h"
#include "config/relay_url.h"
#include "config/idn.h"
#include "mail/address.h"
#include "net/resolver.h"

static struct slice
cut_scheme(struct slice s, enum link_kind *link)
{
	static const struct {
		const char *scheme;
		enum link_kind link;
	} schemes[] = {
		{ "smtp://", LINK_SMTP },
		{ "smtps://", LINK_SMTPS },
		{ "lmtp://", LINK_LMTP },
	};
	struct slice scheme;

	*link = LINK_SMTP;
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		scheme = slice_of(schemes[i].scheme);
		if (!slice_starts_nocase(s, scheme))
			continue;
		*link = schemes[i].link;
		return slice_from(s, scheme.n);
	}
	return s;
}

bool
option_host(struct slice host, char *out, size_t size)
{
	struct outcome why;
	struct ip ip;
	char *name;
	bool fits;

	if (ip_parse(host, &ip))
		name = strndup(host.p, host.n);
	else
		name = domain_to_ascii(host, &config_idn, &why);
	if (!name)
		return false;
	fits = strlen(name) < size;
	if (fits)
		memcpy(out, name, strlen(name) + 1);
	free(name);
	return fits;
}

/* A URL as an error may show it: what stands before an @ may be a secret. */
static const char *
url_shown(const char *value)
{
	return strchr(value, '@') ? NULL : value;
}

/* Was the option met in this source, the command line, a file or a section? */
static bool
was_met(const struct option_call *c, const char *name)
{
	const struct option *other, *o = option_by_name(slice_of(name), &other);

	return c->seen[option_index(o)];
}

bool
take_server(struct option_call *c, const char *value)
{
	struct way *w = c->way;
	bool given = w->port != 0 && !w->server_port && was_met(c, "port");
	uint16_t port = 0;
	struct slice host, rest = cut_scheme(slice_of(value), &w->link);

	if (rest.n > 0 && rest.p[rest.n - 1] == '/')
		rest.n--;
	if (!hostport_parse(rest, &host, &port) ||
	    !option_host(host, w->server, sizeof w->server))
		return option_refuse(c, url_shown(value),
		    "[smtp://|smtps://|lmtp://]HOST[:PORT] is wanted");
	if (given && port != 0 && port != w->port)
		return option_refuse(c, value, "--port says %u", w->port);
	if (!given)
		w->port = port;
	w->server_port = !given && port != 0;
	return true;
}

/* The message comes from stdin anyway. */
bool
take_file(struct option_call *c, const char *value)
{
	return take_text(c, strcmp(value, "-") == 0 ? NULL : value);
}

/* Words that are no URL may be names; config.c will know. */
bool
take_relay(struct option_call *c, const char *value)
{
	struct route_settings *r = &c->settings->route;
	struct slice rest = slice_of(value), word;
	struct relay_url url;
	const char *why;

	while (slice_cut(&rest, ' ', &word)) {
		if (!relay_url_has_scheme(word))
			continue;
		why = relay_url_parse(word, &url);
		if (why)
			return option_refuse(c, url_shown(value), "%s", why);
		relay_url_free(&url);
	}
	if (slice_trim(slice_of(value)).n == 0) /* of a variable that is not */
		return option_refuse(c, value, "a URL or a name is wanted");
	if (r->nrelays == RELAYS_MAX)
		return option_refuse(c, value, "at most %d relays", RELAYS_MAX);
	r->relay[r->nrelays++] = (struct given){ value, c->file, c->line };
	return true;
}

bool
take_proxy(struct option_call *c, const char *value)
{
	struct slice rest = slice_of(value), host;
	uint16_t port = 0;
	struct ip ip;

	if (slice_starts(rest, SLICE("socks5h://")))
		rest = slice_from(rest, 10);
	else if (slice_starts(rest, SLICE("http://")))
		rest = slice_from(rest, 7);
	else
		rest.n = 0;
	if (!hostport_parse(rest, &host, &port) || port == 0 ||
	    (!ip_parse(host, &ip) && !domain_is_name(host)))
		return option_refuse(c, url_shown(value),
		    "socks5h://HOST:PORT or http://HOST:PORT is wanted, "
		    "without a password");
	return take_text(c, value);
}

bool
take_domain(struct option_call *c, const char *value)
{
	if (!domain_is_name(slice_of(value)))
		return option_refuse(c, value, "a domain is wanted");
	return take_text(c, value);
}

bool
take_port(struct option_call *c, const char *value)
{
	struct way *w = c->way;
	uint64_t port;

	if (!slice_to_uint(slice_of(value), 65535, &port) || port == 0)
		return option_refuse(c, value,
		    "a port number from 1 to 65535 is wanted");
	if (w->server_port && w->port != port && was_met(c, "server"))
		return option_refuse(c, value, "--server says %u", w->port);
	w->port = (uint16_t)port;
	w->server_port = false;
	return true;
}

static bool
endpoint_parse(struct slice s, struct endpoint *at)
{
	struct endpoint e = *at;
	struct slice host;

	if (!hostport_parse(s, &host, &e.port) || !ip_parse(host, &e.ip))
		return false;
	*at = e;
	return true;
}

bool
take_resolver(struct option_call *c, const char *value)
{
	struct route_settings *r = &c->settings->route;
	struct endpoint at;

	if (r->nresolvers == SETTINGS_RESOLVERS)
		return option_refuse(c, value, "at most %d resolvers",
		    SETTINGS_RESOLVERS);
	if (!resolver_server_parse(slice_of(value), &at))
		return option_refuse(c, value,
		    "an IP address is wanted, with :PORT if it is not 53, and "
		    "with %%INTERFACE if it is link-local");
	r->resolver[r->nresolvers++] = at;
	return true;
}

bool
take_source(struct option_call *c, const char *value)
{
	if (!ip_parse(slice_of(value), &c->way->source))
		return option_refuse(c, value,
		    "an IP address of this machine is wanted");
	return true;
}

/* It goes to the wire as it stands, so the tag may not be missing. */
static bool
is_literal(struct slice s)
{
	struct ip ip;

	return ip_literal_parse(s, &ip) &&
	    (ip.version == 4 || slice_starts_nocase(s, SLICE("[IPv6:")));
}

bool
take_host_name(struct option_call *c, const char *value)
{
	struct slice s = slice_of(value);

	if (!domain_is_name(s) && !is_literal(s))
		return option_refuse(c, value, "a host name is wanted, or an "
		    "address as [192.0.2.1] or [IPv6:2001:db8::1]");
	return take_text(c, value);
}

/* A mistyped word must not become the name of a file. */
bool
take_log(struct option_call *c, const char *value)
{
	struct slice s = slice_of(value);

	if (!slice_eq(s, SLICE("syslog")) && !slice_eq(s, SLICE("journal")) &&
	    !slice_eq(s, SLICE("none")) && slice_find(s, '/') == s.n)
		return option_refuse(c, value, "syslog, journal, none or a "
		    "file is wanted, as /var/log/smtpsend.log or ./log");
	return take_text(c, value);
}

/* "localhost" is 127.0.0.1, without a look into /etc/hosts. */
static struct slice
cut_localhost(struct slice s, struct endpoint *at)
{
	static const struct slice name = { "localhost", 9 };

	if (!slice_starts_nocase(s, name) ||
	    (s.n > name.n && s.p[name.n] != ':'))
		return s;
	at->ip = (struct ip){ .version = 4, .b = { 127, 0, 0, 1 } };
	return slice_from(s, name.n);
}

/*
 * ADDR, ADDR:PORT, :PORT or PORT, with localhost as an address; port 0 asks for
 * any free one.
 */
static bool
sink_parse(struct slice s, struct endpoint *at)
{
	struct slice rest = cut_localhost(s, at);
	size_t colon;
	uint64_t port;

	if (rest.n == 0 && s.n > 0)
		return true;
	s = rest;
	colon = s.n;

	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	if (!slice_to_uint(slice_from(s, colon), 65535, &port))
		return endpoint_parse(s, at);
	if (colon <= 1) {
		at->port = (uint16_t)port;
		return true;
	}
	if (port != 0)
		return endpoint_parse(s, at);
	if (!endpoint_parse(slice_first(s, colon - 1), at))
		return false;
	at->port = 0;
	return true;
}

/* A domain, or an address of it; with a port or as numbers it is a server. */
bool
take_talk(struct option_call *c, const char *value)
{
	struct talk_settings *t = &c->settings->talk;
	struct slice host = slice_of(value);
	const char *at = value ? strrchr(value, '@') : NULL;
	struct ip ip;

	c->settings->mode = MODE_TALK;
	if (!value)
		return true;
	if (at)
		host = slice_of(at + 1);
	if (!at && (strchr(value, ':') || value[0] == '[' ||
	    ip_parse(host, &ip)))
		return take_server(c, value);
	if (!option_host(host, t->host, sizeof t->host))
		return option_refuse(c, value, "HOST is wanted: a domain, an "
		    "address at it, or HOST:PORT");
	return true;
}

bool
take_script(struct option_call *c, const char *value)
{
	c->settings->mode = MODE_SCRIPT;
	return take_text(c, value);
}

bool
take_script_from(struct option_call *c, const char *value)
{
	c->settings->mode = MODE_SCRIPT_FROM;
	return take_file(c, value);
}

bool
take_sink(struct option_call *c, const char *value)
{
	struct settings *s = c->settings;

	s->mode = MODE_SINK;
	if (value && !sink_parse(slice_of(value), &s->sink.at))
		return option_refuse(c, value,
		    "ADDR:PORT is wanted, as localhost:2525 or [::1]:2525");
	return true;
}

bool
take_sink_web(struct option_call *c, const char *value)
{
	struct endpoint *at = &c->settings->sink.web;

	*at = (struct endpoint){
		.ip = { .version = 4, .b = { 127, 0, 0, 1 } }, .port = 8025
	};
	if (!sink_parse(slice_of(value), at))
		return option_refuse(c, value,
		    "ADDR:PORT is wanted, as localhost:8025 or [::1]:8025");
	return true;
}

/* What it says is for the server to read. */
bool
take_sink_reply(struct option_call *c, const char *value)
{
	struct sink_settings *s = &c->settings->sink;

	if (s->nreplies == SETTINGS_REPLIES_MAX)
		return option_refuse(c, value, "at most %d replies",
		    SETTINGS_REPLIES_MAX);
	s->reply[s->nreplies++] = value;
	return true;
}

bool
take_sink_auth(struct option_call *c, const char *value)
{
	size_t colon = slice_find(slice_of(value), ':');

	if (colon == 0 || value[colon] == '\0')
		return option_refuse(c, NULL, "USER:PASSWORD is wanted");
	return take_text(c, value);
}
