/* SPDX-License-Identifier: ISC */
/* option_take.c - see option_take.h */
#include "cli/option_take.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/slice.h"
#include "cli/relay_url.h"
#include "mail/address.h"
#include "smtp/server.h"

static void
complain(struct option_call *c, const char *value, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof text, fmt, ap);
	buf_putf(c->says, "%s: %s",
	    c->where ? c->where : c->settings->program, c->shown);
	if (value) {
		buf_puts(c->says, " '");
		text_escape(c->says, slice_first(slice_of(value), 100));
		buf_putc(c->says, '\'');
	}
	buf_putf(c->says, ": %s", text);
}

bool
option_refuse(struct option_call *c, const char *value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, value, fmt, ap);
	va_end(ap);
	buf_puts(c->says, c->own ? "\n" : "; ignored\n");
	return !c->own;
}

bool
option_reject(struct option_call *c, const char *value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, value, fmt, ap);
	va_end(ap);
	buf_putc(c->says, '\n');
	return false;
}

/* Where the option's plain value lives. */
static void *
place(const struct option_call *c)
{
	return (char *)c->settings + c->option->at;
}

bool
take_flag(struct option_call *c, const char *value)
{
	(void)value;
	*(bool *)place(c) = true;
	return true;
}

bool
take_text(struct option_call *c, const char *value)
{
	*(const char **)place(c) = value;
	return true;
}

/* Was the option that stores at this place met in this source? */
static bool
was_seen(const struct option_call *c, size_t at)
{
	for (size_t i = 0; option_at(i) != NULL; i++)
		if (option_at(i)->at == at && c->seen[i])
			return true;
	return false;
}

/* An option takes along what only made sense with its value before. */
static void
forget_partner(struct option_call *c)
{
	size_t at = c->option->at, ipv4 = offsetof(struct settings, only_ipv4),
	       ipv6 = offsetof(struct settings, only_ipv6);

	if (at == ipv4 && !was_seen(c, ipv6))
		c->settings->only_ipv6 = false;
	if (at == ipv6 && !was_seen(c, ipv4))
		c->settings->only_ipv4 = false;
	if (at == offsetof(struct settings, cert) &&
	    !was_seen(c, offsetof(struct settings, key)))
		c->settings->key = NULL;
	if (c->option->take == take_server &&
	    !was_seen(c, offsetof(struct settings, port)))
		c->settings->port = 0;
}

void
option_begin(struct option_call *c)
{
	size_t row = (size_t)(c->option - option_at(0));
	bool first = !c->seen[row];

	c->seen[row] = true;
	if (!first)
		return;
	forget_partner(c);
	if (c->option->take == take_flag)
		*(bool *)place(c) = false;
	else if (c->option->take == take_count)
		*(unsigned *)place(c) = 0;
	else if (c->option->take == take_resolver)
		c->settings->nresolvers = 0;
	else if (c->option->take == take_relay)
		c->settings->nrelays = 0;
}

bool
take_nothing(struct option_call *c, const char *value)
{
	(void)c;
	(void)value;
	return true;
}

bool
take_number(struct option_call *c, const char *value)
{
	uint64_t n;

	if (!slice_to_uint(slice_of(value), c->option->max, &n) || n == 0)
		return option_refuse(c, value,
		    "a number from 1 to %u is wanted", c->option->max);
	*(unsigned *)place(c) = (unsigned)n;
	return true;
}

bool
take_count(struct option_call *c, const char *value)
{
	(void)value;
	++*(unsigned *)place(c);
	return true;
}

bool
take_explain(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_EXPLAIN;
	return true;
}

bool
take_print_config(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_PRINT_CONFIG;
	return true;
}

bool
take_help(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_HELP;
	return true;
}

bool
take_version(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_VERSION;
	return true;
}

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
		name = domain_to_ascii(host, &why);
	if (!name)
		return false;
	fits = strlen(name) < size;
	if (fits)
		memcpy(out, name, strlen(name) + 1);
	free(name);
	return fits;
}

bool
take_server(struct option_call *c, const char *value)
{
	struct settings *s = c->settings;
	uint16_t port = 0;
	struct slice host, rest = cut_scheme(slice_of(value), &s->link);

	if (rest.n > 0 && rest.p[rest.n - 1] == '/')
		rest.n--;
	if (!hostport_parse(rest, &host, &port) ||
	    !option_host(host, s->server, sizeof s->server))
		return option_refuse(c, value,
		    "[smtp://|smtps://|lmtp://]HOST[:PORT] is wanted");
	if (port != 0)
		s->port = port;
	return true;
}

/* A URL as an error may show it: what stands before an @ may be a secret. */
static const char *
url_shown(const char *value)
{
	return strchr(value, '@') ? NULL : value;
}

/* Words that are no URL may be names; config.c will know. */
bool
take_relay(struct option_call *c, const char *value)
{
	struct settings *s = c->settings;
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
	if (s->nrelays == RELAYS_MAX)
		return option_refuse(c, value, "at most %d relays", RELAYS_MAX);
	s->relay[s->nrelays++] = value;
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
		return option_refuse(c, url_shown(value), "socks5h://HOST:PORT or "
		    "http://HOST:PORT is wanted, without a password");
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
	uint64_t port;

	if (!slice_to_uint(slice_of(value), 65535, &port) || port == 0)
		return option_refuse(c, value,
		    "a port number from 1 to 65535 is wanted");
	c->settings->port = (uint16_t)port;
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
	struct settings *s = c->settings;
	struct endpoint at = { .port = 53 };

	if (s->nresolvers == SETTINGS_RESOLVERS)
		return option_refuse(c, value, "at most %d resolvers",
		    SETTINGS_RESOLVERS);
	if (!endpoint_parse(slice_of(value), &at))
		return option_refuse(c, value,
		    "an IP address is wanted, with :PORT if it is not 53");
	s->resolver[s->nresolvers++] = at;
	return true;
}

bool
take_source(struct option_call *c, const char *value)
{
	if (!ip_parse(slice_of(value), &c->settings->source))
		return option_refuse(c, value,
		    "an IP address of this machine is wanted");
	return true;
}

static bool
is_literal(struct slice s)
{
	static const struct slice tag = { "IPv6:", 5 };
	struct slice inner;
	struct ip ip;

	if (s.n < 3 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	inner = slice_from(slice_first(s, s.n - 1), 1);
	if (slice_starts_nocase(inner, tag))
		return ip_parse(slice_from(inner, tag.n), &ip) &&
		    ip.version == 6;
	return ip_parse(inner, &ip) && ip.version == 4;
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

static unsigned
unit_seconds(char c)
{
	switch (ascii_lower(c)) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	}
	return 0;
}

static size_t
count_digits(struct slice s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return n;
}

bool
duration_parse(const char *text, unsigned unit, unsigned *seconds)
{
	struct slice s = slice_of(text);
	uint64_t n, sum = 0;
	unsigned scale;
	size_t digits;

	if (s.n == 0)
		return false;
	while (s.n > 0) {
		digits = count_digits(s);
		if (!slice_to_uint(slice_first(s, digits), INT_MAX, &n))
			return false;
		scale = digits < s.n ? unit_seconds(s.p[digits]) : unit;
		if (scale == 0)
			return false;
		sum += n * scale;
		if (sum > INT_MAX)
			return false;
		s = slice_from(s, digits + 1);
	}
	*seconds = (unsigned)sum;
	return true;
}

bool
take_timeout(struct option_call *c, const char *value)
{
	unsigned seconds;

	if (!duration_parse(value, 1, &seconds) || seconds == 0)
		return option_refuse(c, value,
		    "a time is wanted: 30, 30s, 5m or 1h");
	c->settings->timeout = (int64_t)seconds * 1000000;
	return true;
}

bool
take_tls(struct option_call *c, const char *value)
{
	static const char *const why[] = {
		[TLS_NONE] = "--tls none",
		[TLS_MAY] = "--tls may",
		[TLS_ENCRYPT] = "--tls encrypt",
		[TLS_VERIFY] = "--tls verify",
	};

	if (!tls_level_parse(slice_of(value), &c->settings->tls))
		return option_refuse(c, value,
		    "none, may, encrypt or verify is wanted");
	c->settings->tls_given = true;
	c->settings->tls_why = why[c->settings->tls];
	return true;
}

bool
take_quit_after(struct option_call *c, const char *value)
{
	static const struct {
		const char *word;
		enum stage stage;
	} words[] = {
		{ "connect", STAGE_GREETING },
		{ "ehlo", STAGE_EHLO },
		{ "tls", STAGE_TLS },
		{ "mail", STAGE_MAIL },
		{ "rcpt", STAGE_RCPT },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (slice_eq_nocase(slice_of(value), slice_of(words[i].word))) {
			c->settings->quit_after = words[i].stage;
			return true;
		}
	return option_refuse(c, value,
	    "connect, ehlo, tls, mail or rcpt is wanted");
}

/* ADDR, ADDR:PORT, :PORT or PORT; port 0 asks for any free one. */
static bool
sink_parse(struct slice s, struct endpoint *at)
{
	size_t colon = s.n;
	uint64_t port;

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

bool
take_sink(struct option_call *c, const char *value)
{
	struct settings *s = c->settings;

	s->mode = MODE_SINK;
	if (value && !sink_parse(slice_of(value), &s->sink))
		return option_refuse(c, value,
		    "ADDR:PORT is wanted, as 127.0.0.1:2525 or [::1]:2525");
	return true;
}

bool
take_sink_reply(struct option_call *c, const char *value)
{
	struct settings *s = c->settings;
	struct server_fault fault;

	if (!server_fault_parse(slice_of(value), &fault))
		return option_refuse(c, value, "VERB=CODE [text], VERB=drop, "
		    "VERB=stall or EHLO=-KEYWORD is wanted, as RCPT=450 or "
		    ".=drop");
	server_fault_free(&fault);
	if (s->nsink_replies == SETTINGS_REPLIES_MAX)
		return option_refuse(c, value, "at most %d replies",
		    SETTINGS_REPLIES_MAX);
	s->sink_reply[s->nsink_replies++] = value;
	return true;
}

bool
take_notify(struct option_call *c, const char *value)
{
	if (!notify_parse(slice_of(value), &c->settings->notify))
		return option_refuse(c, value, "never is wanted, or a list of "
		    "success, failure and delay");
	return true;
}

bool
take_return(struct option_call *c, const char *value)
{
	if (slice_eq_nocase(slice_of(value), SLICE("full")))
		c->settings->ret = RET_FULL;
	else if (slice_eq_nocase(slice_of(value), SLICE("hdrs")))
		c->settings->ret = RET_HDRS;
	else
		return option_refuse(c, value, "full or hdrs is wanted");
	return true;
}
