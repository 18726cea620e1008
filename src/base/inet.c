/* SPDX-License-Identifier: ISC */
/* inet.c - see inet.h */
#include "base/inet.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

bool
ip_parse(struct slice s, struct ip *out)
{
	char text[INET6_ADDRSTRLEN];
	struct ip ip = { 0 };

	if (s.n == 0 || s.n >= sizeof text || memchr(s.p, '\0', s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET, text, ip.b) == 1)
		ip.version = 4;
	else if (inet_pton(AF_INET6, text, ip.b) == 1)
		ip.version = 6;
	else
		return false;
	*out = ip;
	return true;
}

/* What stands in front of an IPv6 literal, in any case. */
static const struct slice tag = { "IPv6:", 5 };

bool
ip_literal_parse(struct slice s, struct ip *out)
{
	bool tagged;

	if (s.n < 2 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	s = slice_from(slice_first(s, s.n - 1), 1);
	tagged = slice_starts_nocase(s, tag);
	if (tagged)
		s = slice_from(s, tag.n);
	return ip_parse(s, out) && (!tagged || out->version == 6);
}

void
ip_literal_put(struct buf *out, const struct ip *ip)
{
	struct ip plain = *ip;

	plain.scope = 0;
	buf_putc(out, '[');
	if (ip->version == 6)
		buf_put(out, tag);
	ip_put(out, &plain);
	buf_putc(out, ']');
}

bool
ip_from_bytes(struct slice raw, struct ip *out)
{
	if (raw.n != 4 && raw.n != 16)
		return false;
	*out = (struct ip){ .version = raw.n == 4 ? 4 : 6 };
	memcpy(out->b, raw.p, raw.n);
	return true;
}

void
ip_put(struct buf *out, const struct ip *ip)
{
	char text[INET6_ADDRSTRLEN];
	int family = ip->version == 6 ? AF_INET6 : AF_INET;

	if (ip->version == 0 || !inet_ntop(family, ip->b, text, sizeof text))
		return;
	buf_puts(out, text);
	if (ip->scope != 0)
		buf_putf(out, "%%%" PRIu32, ip->scope);
}

bool
ip_eq(const struct ip *a, const struct ip *b)
{
	return a->version == b->version && a->scope == b->scope &&
	    memcmp(a->b, b->b, a->version == 6 ? 16 : 4) == 0;
}

/* The four bytes of an IPv4 or IPv4-mapped address, or NULL. */
static const unsigned char *
v4_bytes(const struct ip *ip)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (ip->version == 4)
		return ip->b;
	return memcmp(ip->b, mapped, 12) == 0 ? ip->b + 12 : NULL;
}

struct ip
ip_unmap(const struct ip *ip)
{
	const unsigned char *v4 = v4_bytes(ip);
	struct ip out = *ip;

	if (ip->version == 6 && v4) {
		out = (struct ip){ .version = 4 };
		memcpy(out.b, v4, 4);
	}
	return out;
}

static bool
is_v6(const struct ip *ip, unsigned char last)
{
	static const unsigned char zero[15];

	return ip->version == 6 && memcmp(ip->b, zero, 15) == 0 &&
	    ip->b[15] == last;
}

bool
ip_is_private(const struct ip *ip)
{
	const unsigned char *v4 = v4_bytes(ip), *b = ip->b;

	if (v4)
		return v4[0] == 127 || v4[0] == 10 ||
		    (v4[0] == 172 && (v4[1] & 0xf0) == 16) ||
		    (v4[0] == 192 && v4[1] == 168) ||
		    (v4[0] == 169 && v4[1] == 254);
	return ip->version == 6 && (is_v6(ip, 1) || (b[0] & 0xfe) == 0xfc ||
	    (b[0] == 0xfe && (b[1] & 0xc0) == 0x80));
}

bool
ip_is_loopback(const struct ip *ip)
{
	const unsigned char *v4 = v4_bytes(ip);

	return v4 ? v4[0] == 127 : is_v6(ip, 1);
}

bool
ip_is_unspecified(const struct ip *ip)
{
	const unsigned char *v4 = v4_bytes(ip);

	return v4 ? v4[0] == 0 : is_v6(ip, 0);
}

bool
ip_is_multicast(const struct ip *ip)
{
	const unsigned char *v4 = v4_bytes(ip);

	/* 240.0.0.0/4 and the broadcast address are no better as targets */
	return v4 ? v4[0] >= 224 : ip->b[0] == 0xff;
}

bool
ip_is_link_local(const struct ip *ip)
{
	const unsigned char *v4 = v4_bytes(ip);

	return v4 ? v4[0] == 169 && v4[1] == 254 :
	    ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

static bool
port_parse(struct slice s, uint16_t *port)
{
	uint64_t v;

	if (!slice_to_uint(s, 65535, &v) || v == 0)
		return false;
	*port = (uint16_t)v;
	return true;
}

/* "[HOST]" or "[HOST]:PORT". */
static bool
bracketed_parse(struct slice s, struct slice *host, uint16_t *port)
{
	size_t close = slice_find(s, ']');
	struct slice rest;

	if (close == s.n || close == 1)
		return false;
	*host = slice_from(slice_first(s, close), 1);
	rest = slice_from(s, close + 1);
	if (rest.n == 0)
		return true;
	return rest.p[0] == ':' && port_parse(slice_from(rest, 1), port);
}

bool
hostport_parse(struct slice s, struct slice *host, uint16_t *port)
{
	size_t colon = slice_find(s, ':');
	struct slice rest = slice_from(s, colon + 1);

	if (s.n == 0 || colon == 0)
		return slice_starts(s, SLICE("::")) ? *host = s, true : false;
	if (s.p[0] == '[')
		return bracketed_parse(s, host, port);
	if (colon == s.n || slice_find(rest, ':') < rest.n) {
		*host = s; /* a name, or a bare IPv6 address */
		return true;
	}
	*host = slice_first(s, colon);
	return port_parse(rest, port);
}

void
endpoint_put(struct buf *out, const struct endpoint *e)
{
	if (e->ip.version == 6)
		buf_putc(out, '[');
	ip_put(out, &e->ip);
	if (e->ip.version == 6)
		buf_putc(out, ']');
	buf_putf(out, ":%u", e->port);
}
