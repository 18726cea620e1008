/* SPDX-License-Identifier: ISC */
/* spf_macro.c - macros expanded (RFC 7208 7.3), and validated names (5.5). */
#include "auth/spf_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

static bool
is_below(const char *name, const char *domain)
{
	size_t n = strlen(name), m = strlen(domain);

	return n >= m && slice_eq_nocase(slice_of(name + n - m),
	    slice_of(domain)) && (n == m || name[n - m - 1] == '.');
}

/* ---- what the letters stand for ---- */

/* 192.0.2.1, or 32 nibbles. */
static void
put_ip(const struct ip *ip, struct buf *out)
{
	if (ip->version == 4) {
		ip_put(out, ip);
		return;
	}
	for (int i = 0; i < 16; i++)
		buf_putf(out, "%s%X.%X", i > 0 ? "." : "", ip->b[i] >> 4,
		    ip->b[i] & 15);
}

static struct slice
local_part(const struct spf *s)
{
	const char *at = strrchr(s->call.sender, '@');

	if (!at || at == s->call.sender)
		return SLICE("postmaster");
	return (struct slice){ s->call.sender,
		(size_t)(at - s->call.sender) };
}

static const char *
sender_domain(const struct spf *s)
{
	const char *at = strrchr(s->call.sender, '@');

	return at ? at + 1 : s->call.sender;
}

/* Those that stand for the receiver, in explanations. */
static void
put_receiver(const struct spf *s, char letter, struct buf *out)
{
	if (letter == 'c')
		ip_put(out, &s->ip);
	else if (letter == 'r')
		buf_puts(out, s->call.receiver ? s->call.receiver : "unknown");
	else
		buf_putf(out, "%lld", (long long)s->call.now);
}

/* False when an answer is missing. */
static bool
put_letter(struct spf *s, char letter, const char *domain, struct buf *out)
{
	char name[DNS_NAME_SIZE];

	switch (letter) {
	case 's':
		buf_put(out, local_part(s));
		buf_putf(out, "@%s", sender_domain(s));
		break;
	case 'l':
		buf_put(out, local_part(s));
		break;
	case 'o':
		buf_puts(out, sender_domain(s));
		break;
	case 'd':
		buf_puts(out, domain);
		break;
	case 'i':
		put_ip(&s->ip, out);
		break;
	case 'p':
		if (!spf_validated_name(s, domain, true, name))
			return false;
		buf_puts(out, name[0] ? name : "unknown");
		break;
	case 'v':
		buf_puts(out, s->ip.version == 4 ? "in-addr" : "ip6");
		break;
	case 'h':
		buf_puts(out, s->call.helo);
		break;
	default:
		put_receiver(s, letter, out);
		break;
	}
	return true;
}

/* ---- transformers ---- */

#define PARTS 128

static void
put_parts(const struct spf_macro *m, struct slice value, struct buf *out)
{
	struct slice part[PARTS];
	size_t n = 0, begin = 0, keep;

	for (size_t i = 0; i <= value.n; i++) {
		if (i < value.n && !memchr(m->delimiters, value.p[i],
			strlen(m->delimiters)))
			continue;
		if (n < PARTS)
			part[n++] = slice_first(slice_from(value, begin),
			    i - begin);
		begin = i + 1;
	}
	keep = m->digits > 0 && m->digits < n ? m->digits : n;
	for (size_t i = 0; i < keep; i++) {
		size_t at = n - keep + i;

		if (i > 0)
			buf_putc(out, '.');
		buf_put(out, part[m->reverse ? n - 1 - at : at]);
	}
}

static void
put_url(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_alnum(s.p[i]) || (s.p[i] &&
		    strchr("-._~", s.p[i])))
			buf_putc(out, s.p[i]);
		else
			buf_putf(out, "%%%02X", (unsigned char)s.p[i]);
}

static bool
put_macro(struct spf *s, const struct spf_macro *m, const char *domain,
    struct buf *out)
{
	struct buf value = { 0 }, parts = { 0 };
	bool good = put_letter(s, m->letter, domain, &value);

	put_parts(m, buf_slice(&value), &parts);
	if (m->url)
		put_url(buf_slice(&parts), out);
	else
		buf_put(out, buf_slice(&parts));
	buf_free(&value);
	buf_free(&parts);
	return good;
}

bool
spf_expand(struct spf *s, struct slice text, const char *domain, bool exp,
    struct buf *out)
{
	struct spf_macro macro;
	struct slice piece;

	for (;;)
		switch (spf_piece(&text, exp, &piece, &macro)) {
		case PIECE_TEXT:
			buf_put(out, piece);
			break;
		case PIECE_MACRO:
			if (!put_macro(s, &macro, domain, out))
				return false;
			break;
		case PIECE_END:
			return true;
		case PIECE_BAD:
			return false;
		}
}

/* Too long: labels are taken away in front (RFC 7208 7.3). */
bool
spf_target(struct spf *s, struct slice spec, const char *domain,
    char out[DNS_NAME_SIZE])
{
	struct buf text = { 0 };
	struct slice name;
	bool good;

	if (spec.n == 0) {
		snprintf(out, DNS_NAME_SIZE, "%s", domain);
		return true;
	}
	good = spf_expand(s, spec, domain, false, &text);
	name = buf_slice(&text);
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	while (name.n > 253)
		name = slice_from(name, slice_find(name, '.') + 1);
	if (!dns_name_escape(name, out))
		out[0] = '\0';
	buf_free(&text);
	return good;
}

/* ---- PTR ---- */

bool
spf_ip_is_in(const struct ip *ip, const struct ip *net, unsigned bits)
{
	if (ip->version != net->version)
		return false;
	for (unsigned i = 0; i < bits; i++)
		if ((ip->b[i / 8] ^ net->b[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static void
put_reverse(const struct ip *ip, struct buf *out)
{
	if (ip->version == 4)
		buf_putf(out, "%u.%u.%u.%u.in-addr.arpa", ip->b[3], ip->b[2],
		    ip->b[1], ip->b[0]);
	for (int i = 15; i >= 0 && ip->version == 6; i--)
		buf_putf(out, "%x.%x.%s", ip->b[i] & 15, ip->b[i] >> 4,
		    i == 0 ? "ip6.arpa" : "");
}

static bool
has_ip(const struct dns_answer *a, const struct ip *ip)
{
	for (size_t i = 0; i < a->n; i++)
		if (spf_ip_is_in(ip, &a->ip[i], ip->version == 4 ? 32 : 128))
			return true;
	return false;
}

bool
spf_validated_name(struct spf *s, const char *domain, bool any,
    char out[DNS_NAME_SIZE])
{
	enum dns_type type = s->ip.version == 4 ? DNS_A : DNS_AAAA;
	struct buf reverse = { 0 };
	const struct dns_answer *ptr, *a;
	bool missing = false;

	out[0] = '\0';
	put_reverse(&s->ip, &reverse);
	ptr = spf_look(s, buf_str(&reverse), DNS_PTR);
	buf_free(&reverse);
	if (!ptr)
		return false;
	for (size_t i = 0; i < ptr->n && i < SPF_NAMES; i++) {
		const char *name = ptr->mx[i].host;

		a = spf_look(s, name, type);
		missing = missing || !a;
		if (!a || !has_ip(a, &s->ip))
			continue;
		if (is_below(name, domain) &&
		    (!is_below(out, domain) || strcmp(name, domain) == 0))
			snprintf(out, DNS_NAME_SIZE, "%s", name);
		else if (any && out[0] == '\0')
			snprintf(out, DNS_NAME_SIZE, "%s", name);
	}
	return !missing;
}
