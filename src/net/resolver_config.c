/* SPDX-License-Identifier: ISC */
/* resolver_config.c - resolv.conf(5) and --resolver (see resolver.h). */
#include "net/resolver.h"

#include <net/if.h>
#include <string.h>

#include "net/clock.h"
#include "net/textfile.h"

#define DNS_PORT     53
#define TIMEOUT_MAX  30 /* seconds; both as libc caps them */
#define ATTEMPTS_MAX 5

/* The interface of "fe80::1%eth0", by name or number; 0 = none such. */
static uint32_t
zone_index(struct slice zone)
{
	char name[IF_NAMESIZE];
	uint64_t number;

	if (slice_to_uint(zone, UINT32_MAX, &number))
		return (uint32_t)number;
	if (zone.n == 0 || zone.n >= sizeof name)
		return 0;
	memcpy(name, zone.p, zone.n);
	name[zone.n] = '\0';
	return if_nametoindex(name);
}

static bool
address_parse(struct slice s, struct ip *ip)
{
	size_t percent = slice_find(s, '%');

	if (!ip_parse(slice_first(s, percent), ip))
		return false;
	if (percent == s.n)
		return true;
	ip->scope = zone_index(slice_from(s, percent + 1));
	return ip->version == 6 && ip->scope != 0;
}

bool
resolver_server_parse(struct slice s, struct endpoint *out)
{
	struct endpoint e = { .port = DNS_PORT };
	struct slice host;

	if (!hostport_parse(s, &host, &e.port) || !address_parse(host, &e.ip))
		return false;
	*out = e;
	return true;
}

bool
resolver_config_add(struct resolver_config *c, struct slice s)
{
	if (c->n == RESOLVER_SERVERS ||
	    !resolver_server_parse(s, &c->server[c->n]))
		return false;
	c->n++;
	return true;
}

/* "timeout:5" and the like, between 1 and max; others leave *out alone. */
static void
take_number(struct slice option, struct slice key, uint64_t max, uint64_t *out)
{
	uint64_t v;

	if (!slice_starts(option, key) ||
	    !slice_to_uint(slice_from(option, key.n), UINT32_MAX, &v))
		return;
	*out = v < 1 ? 1 : v > max ? max : v;
}

static void
take_option(struct resolver_config *c, struct slice option)
{
	uint64_t timeout = 0, attempts = 0;

	take_number(option, SLICE("timeout:"), TIMEOUT_MAX, &timeout);
	take_number(option, SLICE("attempts:"), ATTEMPTS_MAX, &attempts);
	if (timeout > 0)
		c->attempt = SECONDS((int64_t)timeout);
	if (attempts > 0)
		c->attempts = (unsigned)attempts;
	if (slice_eq(option, SLICE("trust-ad")))
		c->trust_ad = true;
	if (slice_eq(option, SLICE("rotate")))
		c->rotate = true;
}

static void
take_line(struct resolver_config *c, struct slice line)
{
	struct slice key, word;

	if (!textfile_word(&line, &key))
		return;
	if (slice_eq(key, SLICE("nameserver"))) {
		if (textfile_word(&line, &word) && c->n < RESOLVER_SERVERS)
			resolver_config_add(c, word);
	} else if (slice_eq(key, SLICE("options"))) {
		while (textfile_word(&line, &word))
			take_option(c, word);
	}
}

void
resolver_config_read(struct resolver_config *c, const char *path)
{
	struct textfile t = { 0 };
	struct slice line;

	if (textfile_open(&t, path))
		while (textfile_line(&t, &line))
			take_line(c, line);
	textfile_close(&t);
	if (c->n == 0)
		resolver_config_add(c, SLICE("127.0.0.1"));
}

bool
resolver_config_trusts(const struct resolver_config *c,
    const struct endpoint *server)
{
	return c->trust_ad || ip_is_loopback(&server->ip);
}
