/* SPDX-License-Identifier: ISC */
/* domain.c - the domain part of addresses: see address.h */
#include "mail/address.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/inet.h"
#include "base/mem.h"

#define DOMAIN_MAX 253 /* RFC 1035 3.1: 255 octets with length octets */
#define LABEL_MAX  63
#define U_MAX      1024 /* more than any U-label form of DOMAIN_MAX */
#define SHOWN_MAX  200 /* how much of a bad name a text repeats */

static bool
is_label(struct slice s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return true;
}

bool
domain_is_name(struct slice s)
{
	struct slice label;

	if (s.n == 0 || s.n > DOMAIN_MAX)
		return false;
	while (slice_cut(&s, '.', &label))
		if (!is_label(label))
			return false;
	return true;
}

static char *
refuse(struct outcome *why, struct slice domain, const char *reason)
{
	domain = slice_first(domain, SHOWN_MAX);
	outcome_fail(why, FAILED, STAGE_ADDRESS, ESC(5, 1, 3),
	    "\"%.*s\" %s", (int)domain.n, domain.p, reason);
	return NULL;
}

static char *
literal_of(const struct ip *ip)
{
	struct buf out = { 0 };
	char *text;

	ip_literal_put(&out, ip);
	text = mem_dup(buf_slice(&out));
	buf_free(&out);
	return text;
}

static char *
literal_to_ascii(struct slice domain, struct outcome *why)
{
	struct ip ip;

	if (domain.p[domain.n - 1] != ']')
		return refuse(why, domain, "has no closing bracket");
	if (!ip_literal_parse(domain, &ip))
		return refuse(why, domain, "is not an IP address");
	return literal_of(&ip);
}

/* "u@2001:db8::1": an address is no domain without its brackets. */
static char *
refuse_name(struct outcome *why, struct slice domain)
{
	char *literal;
	struct ip ip;

	if (!ip_parse(domain, &ip))
		return refuse(why, domain, "is not a domain name");
	literal = literal_of(&ip);
	outcome_fail(why, FAILED, STAGE_ADDRESS, ESC(5, 1, 3),
	    "\"%.*s\" is not a domain name; an address is written %s",
	    (int)domain.n, domain.p, literal);
	free(literal);
	return NULL;
}

/* Without the means for it such a domain is none. */
static char *
idn_to_ascii(struct slice domain, const struct idn *idn, struct outcome *why)
{
	return idn ? idn->to_ascii(domain, why)
		   : refuse(why, domain, "is not a domain name in ASCII");
}

char *
domain_to_ascii(struct slice domain, const struct idn *idn,
    struct outcome *why)
{
	struct slice name = domain;
	char *text;

	if (ascii_has_control(domain))
		return refuse(why, SLICE("?"), "has a control byte in it");
	if (domain.n > 0 && domain.p[0] == '[')
		return literal_to_ascii(domain, why);
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n > U_MAX)
		return refuse(why, domain, "is too long");
	text = ascii_has_high(name) ? idn_to_ascii(name, idn, why)
				    : mem_dup(name);
	if (!text)
		return NULL;
	for (char *p = text; *p; p++)
		*p = ascii_lower(*p);
	if (domain_is_name(slice_of(text)))
		return text;
	free(text);
	return refuse_name(why, domain);
}
