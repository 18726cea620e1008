/* SPDX-License-Identifier: ISC */
/* listen.c - see listen.h */
#include "config/listen.h"

#define SMTP_PORT 25

static bool
read_one(struct slice word, struct endpoint *out)
{
	struct slice host;

	out->port = SMTP_PORT;
	if (!hostport_parse(word, &host, &out->port) ||
	    !ip_parse(host, &out->ip))
		return false;
	out->ip = ip_unmap(&out->ip);
	return true;
}

static bool
has(const struct listen *l, const struct endpoint *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].port == e->port && ip_eq(&l->at[i].ip, &e->ip))
			return true;
	return false;
}

const char *
listen_parse(const char *value, struct listen *out)
{
	struct slice rest = slice_of(value), word;
	struct endpoint one;

	*out = (struct listen){ 0 };
	while (slice_cut(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (!read_one(word, &one))
			return "addresses with ports are wanted, as "
			       "127.0.0.1:25 [::1]:25";
		if (!ip_is_loopback(&one.ip))
			return "only addresses of loopback are listened at, as "
			       "127.0.0.1:25 [::1]:25";
		if (out->n == LISTEN_MAX)
			return "at most 8 addresses are wanted";
		if (!has(out, &one))
			out->at[out->n++] = one;
	}
	return NULL;
}
