/* SPDX-License-Identifier: ISC */
/* proxyline.c - see proxyline.h */
#include "base/proxyline.h"

#include <string.h>

/* The two ends as they are said. */
struct ends {
	unsigned char version;	/* 4 or 6; 0 = not said */
	struct endpoint from, to;
};

static bool
parse_end(struct slice text, struct endpoint *out)
{
	struct slice host;

	return hostport_parse(text, &host, &out->port) &&
	    ip_parse(host, &out->ip);
}

static bool
parse_ends(struct slice text, struct proxyline *out, const char **wrong)
{
	struct slice from;

	slice_cut(&text, ',', &from);
	*wrong = "IP[:PORT] of a client is wanted, of IPv6 in []";
	if (!parse_end(from, &out->from))
		return false;
	*wrong = "IP[:PORT] is wanted behind the comma, of IPv6 in []";
	if (text.p && !parse_end(text, &out->to))
		return false;
	*wrong = "both addresses are to be IPv4, or both IPv6";
	return !text.p || out->from.ip.version == out->to.ip.version;
}

bool
proxyline_parse(struct slice text, struct proxyline *out, const char **wrong)
{
	struct slice version;

	*out = (struct proxyline){ 0 };
	*wrong = "v1 or v2 is wanted, with :CLIENT[:PORT] or :CLIENT,SERVER";
	slice_cut(&text, ':', &version);
	if (slice_eq_nocase(version, SLICE("v1")))
		out->version = 1;
	else if (slice_eq_nocase(version, SLICE("v2")))
		out->version = 2;
	else
		return false;
	out->local = slice_eq_nocase(text, out->version == 1 ?
	    SLICE("unknown") : SLICE("local"));
	return !text.p || out->local || parse_ends(text, out, wrong);
}

static struct endpoint
or_else(const struct endpoint *given, const struct endpoint *actual)
{
	struct endpoint e = *given;

	if (e.ip.version == 0)
		e.ip = ip_unmap(&actual->ip);
	if (e.port == 0)
		e.port = actual->port;
	return e;
}

/* RFC 4291 2.5.5.2 */
static void
map(struct ip *ip)
{
	unsigned char b[16] = { [10] = 0xff, [11] = 0xff };

	if (ip->version != 4)
		return;
	memcpy(b + 12, ip->b, 4);
	memcpy(ip->b, b, sizeof b);
	ip->version = 6;
}

static struct ends
find_ends(const struct proxyline *p, const struct endpoint *local,
    const struct endpoint *peer)
{
	struct ends e = { .from = or_else(&p->from, local),
		.to = or_else(&p->to, peer) };

	e.from.ip.scope = e.to.ip.scope = 0;
	if (p->local || e.from.ip.version == 0 || e.to.ip.version == 0)
		return e;
	if (e.from.ip.version != e.to.ip.version) {
		map(&e.from.ip);
		map(&e.to.ip);
	}
	e.version = e.from.ip.version;
	return e;
}

static void
put_text(struct buf *out, const struct ends *e)
{
	if (e->version == 0) {
		buf_puts(out, "PROXY UNKNOWN");
		return;
	}
	buf_putf(out, "PROXY TCP%u ", e->version);
	ip_put(out, &e->from.ip);
	buf_putc(out, ' ');
	ip_put(out, &e->to.ip);
	buf_putf(out, " %u %u", e->from.port, e->to.port);
}

static void
put_two(struct buf *out, unsigned n)
{
	buf_putc(out, (char)(n >> 8));
	buf_putc(out, (char)(n & 0xff));
}

static void
put_binary(struct buf *out, const struct ends *e, bool local)
{
	static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
	size_t n = e->version == 4 ? 4 : 16;

	buf_put(out, (struct slice){ signature, 12 });
	buf_putc(out, local ? 0x20 : 0x21);
	if (e->version == 0) {
		buf_putc(out, 0); /* AF_UNSPEC, UNSPEC */
		put_two(out, 0);
		return;
	}
	buf_putc(out, e->version == 4 ? 0x11 : 0x21); /* STREAM */
	put_two(out, (unsigned)(2 * n + 4));
	buf_put(out, (struct slice){ (const char *)e->from.ip.b, n });
	buf_put(out, (struct slice){ (const char *)e->to.ip.b, n });
	put_two(out, e->from.port);
	put_two(out, e->to.port);
}

void
proxyline_put(struct buf *out, const struct proxyline *p,
    const struct endpoint *local, const struct endpoint *peer)
{
	struct ends e = find_ends(p, local, peer);

	if (p->version == 2) {
		put_binary(out, &e, p->local);
		return;
	}
	put_text(out, &e);
	buf_puts(out, "\r\n");
}

void
proxyline_describe(struct buf *out, const struct proxyline *p,
    const struct endpoint *local, const struct endpoint *peer)
{
	struct ends e = find_ends(p, local, peer);

	if (p->version == 2 && p->local)
		buf_puts(out, "PROXY LOCAL");
	else
		put_text(out, &e);
	if (p->version == 2)
		buf_puts(out, " (v2, binary)");
}
