/* SPDX-License-Identifier: ISC */
/* spf_match.c - the mechanisms of SPF (RFC 7208 5): is this host meant? */
#include "auth/spf_impl.h"

static enum spf_match
too_much(struct spf *s, const char *what)
{
	spf_say(s, "%s", what);
	return MATCH_PERMERROR;
}

bool
spf_may_look(struct spf *s)
{
	return ++s->lookups <= SPF_LOOKUPS;
}

/* An answer, counted when it is empty; NULL with *m. */
static const struct dns_answer *
look(struct spf *s, const char *name, enum dns_type type, enum spf_match *m)
{
	const struct dns_answer *a = spf_look(s, name, type);

	*m = MATCH_NOT;
	if (!a) {
		*m = MATCH_MISSING;
	} else if (a->status == DNS_SOFT) {
		spf_say(s, "the %s records of %s cannot be had (%s)",
		    dns_type_name(type), name, a->why);
		*m = MATCH_TEMPERROR;
	} else if (a->status != DNS_FOUND && ++s->voids > SPF_VOIDS) {
		*m = too_much(s, "more than 2 terms lead to names without "
		    "records");
	}
	return *m == MATCH_NOT ? a : NULL;
}

static enum spf_match
match_addresses(struct spf *s, const char *name, const struct spf_term *t)
{
	enum dns_type type = s->ip.version == 4 ? DNS_A : DNS_AAAA;
	unsigned bits = s->ip.version == 4 ? t->cidr4 : t->cidr6;
	enum spf_match m;
	const struct dns_answer *a = look(s, name, type, &m);

	for (size_t i = 0; a && i < a->n; i++)
		if (spf_ip_is_in(&s->ip, &a->ip[i], bits))
			return MATCH;
	return m;
}

static enum spf_match
match_mx(struct spf *s, const char *name, const struct spf_term *t)
{
	enum spf_match m, all = MATCH_NOT;
	const struct dns_answer *a = look(s, name, DNS_MX, &m);

	if (!a)
		return m;
	if (a->total > SPF_NAMES)
		return too_much(s, "a domain has more than 10 MX records");
	for (size_t i = 0; i < a->n; i++) {
		m = a->mx[i].host[0] ?
		    match_addresses(s, a->mx[i].host, t) : MATCH_NOT;
		if (m == MATCH_MISSING)
			all = MATCH_MISSING;
		else if (m != MATCH_NOT && all != MATCH_MISSING)
			return m;
	}
	return all;
}

static enum spf_match
match_ptr(struct spf *s, const char *domain)
{
	char name[DNS_NAME_SIZE];

	if (!spf_validated_name(s, domain, false, name))
		return MATCH_MISSING;
	return name[0] ? MATCH : MATCH_NOT;
}

static enum spf_match
match_exists(struct spf *s, const char *name)
{
	enum spf_match m;
	const struct dns_answer *a = look(s, name, DNS_A, &m);

	return a && a->status == DNS_FOUND ? MATCH : m;
}

static enum spf_match
match_include(struct spf *s, const char *name)
{
	switch (spf_check_host(s, name, false)) {
	case SPF_PASS:
		return MATCH;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return MATCH_NOT;
	case SPF_TEMPERROR:
		return MATCH_TEMPERROR;
	case SPF_PENDING:
		return MATCH_MISSING;
	case SPF_NONE:
	case SPF_PERMERROR:
		break;
	}
	return MATCH_PERMERROR;
}

static enum spf_match
match_name(struct spf *s, const struct spf_term *t, const char *domain)
{
	char name[DNS_NAME_SIZE];

	if (!spf_may_look(s))
		return too_much(s, "it has more than 10 terms that ask DNS");
	if (!spf_target(s, t->spec, domain, name))
		return MATCH_MISSING;
	if (name[0] == '\0' && t->kind == SPF_INCLUDE)
		return too_much(s, "an include names no domain");
	if (name[0] == '\0')
		return MATCH_NOT;
	switch (t->kind) {
	case SPF_INCLUDE:
		return match_include(s, name);
	case SPF_A:
		return match_addresses(s, name, t);
	case SPF_MX:
		return match_mx(s, name, t);
	case SPF_PTR:
		return match_ptr(s, name);
	case SPF_EXISTS:
		return match_exists(s, name);
	case SPF_ALL:
	case SPF_IP4:
	case SPF_IP6:
		break;
	}
	return MATCH_NOT;
}

enum spf_match
spf_match(struct spf *s, const struct spf_term *t, const char *domain)
{
	unsigned bits = t->kind == SPF_IP4 ? t->cidr4 : t->cidr6;

	if (t->kind == SPF_ALL)
		return MATCH;
	if (t->kind != SPF_IP4 && t->kind != SPF_IP6)
		return match_name(s, t, domain);
	return spf_ip_is_in(&s->ip, &t->ip, bits) ? MATCH : MATCH_NOT;
}
