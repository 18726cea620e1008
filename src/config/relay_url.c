/* SPDX-License-Identifier: ISC */
/* relay_url.c - see relay_url.h */
#include "config/relay_url.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/inet.h"
#include "base/mem.h"
#include "config/option_take.h"

static size_t
find_scheme(struct slice s)
{
	for (size_t i = 0; i + 3 <= s.n; i++)
		if (slice_starts(slice_from(s, i), SLICE("://")))
			return i;
	return s.n;
}

bool
relay_url_has_scheme(struct slice word)
{
	return find_scheme(word) < word.n;
}

/* NULL for a broken escape or a control character. */
static char *
decode(struct slice s)
{
	struct buf out = { 0 };
	bool ok = s.n > 0 && percent_decode(&out, s) &&
	    !ascii_has_control(buf_slice(&out));
	char *text = ok ? mem_dup(buf_slice(&out)) : NULL;

	buf_free(&out);
	return text;
}

/* Take "USER@" off *s. */
static const char *
cut_user(struct slice *s, struct relay_url *out)
{
	struct slice user;
	size_t at = s->n;

	while (at > 0 && s->p[at - 1] != '@')
		at--;
	if (at == 0)
		return NULL;
	user = slice_first(*s, at - 1);
	if (slice_find(user, ':') < user.n)
		return "no password may stand in a URL: a [relay] section can "
		       "have a password-file or password-command";
	out->user = decode(user);
	*s = slice_from(*s, at);
	return out->user ? NULL : "a user name is wanted before the @";
}

static const char *
parse_scheme(struct slice *s, struct relay_url *out)
{
	size_t at = find_scheme(*s);
	struct slice scheme = slice_first(*s, at);

	if (at == s->n) {
		out->by_srv = true;
		return NULL;
	}
	*s = slice_from(*s, at + 3);
	if (s->n > 0 && s->p[s->n - 1] == '/')
		s->n--;
	if (slice_eq_nocase(scheme, SLICE("smtp"))) {
		out->port = 587;
	} else if (slice_eq_nocase(scheme, SLICE("smtps"))) {
		out->link = LINK_SMTPS;
		out->port = 465;
	} else {
		return "smtp:// or smtps:// is wanted";
	}
	return NULL;
}

static const char *
parse(struct slice s, struct relay_url *out)
{
	const char *why = parse_scheme(&s, out);
	struct slice host;
	uint16_t port = 0;
	struct ip ip;

	if (!why)
		why = cut_user(&s, out);
	if (why)
		return why;
	if (!hostport_parse(s, &host, &port) ||
	    !option_host(host, out->host, sizeof out->host))
		return "smtp://HOST[:PORT], smtps://HOST[:PORT] or a domain "
		       "is wanted";
	if (out->by_srv && (port != 0 || ip_parse(host, &ip)))
		return "it needs smtp:// or smtps:// in front";
	if (port != 0)
		out->port = port;
	return NULL;
}

const char *
relay_url_parse(struct slice word, struct relay_url *out)
{
	const char *why;

	*out = (struct relay_url){ .link = LINK_SMTP };
	why = parse(word, out);
	if (why)
		relay_url_free(out);
	return why;
}

void
relay_url_free(struct relay_url *u)
{
	free(u->user);
	u->user = NULL;
}
