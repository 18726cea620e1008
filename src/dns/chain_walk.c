/* SPDX-License-Identifier: ISC */
/* chain_walk.c - the records, once the keys of their zone are known. */
#include "dns/chain_impl.h"

#include <stdio.h>
#include <string.h>

#define TYPE(c) ((ldns_rr_type)(c)->type)

static void
end_bogus(struct chain *c, const char *what)
{
	chain_end(c, TRUST_BOGUS, "the %s of %s.: %s", what, c->name,
	    c->work.why);
}

static bool
has(const ldns_rr_list *section, const char *name, ldns_rr_type type)
{
	ldns_rr_list *set = dnssec_rrset(section, name, type);
	bool any = ldns_rr_list_rr_count(set) > 0;

	ldns_rr_list_free(set);
	return any;
}

/* Records of a wildcard need a proof that the name itself is not there. */
static bool
is_own(struct chain *c, const ldns_pkt *pkt, unsigned labels)
{
	enum denial d;

	if (labels == dnssec_labels(c->name))
		return true;
	d = dnssec_deny_expanded(ldns_pkt_authority(pkt), c->name, labels,
	    &c->zone, &c->work);
	if (d == DENIED_INSECURE)
		chain_end(c, TRUST_INSECURE, "%s. is answered by a wildcard "
		    "that is not proven to be meant", c->name);
	else if (d == DENIED_NOT)
		end_bogus(c, "records");
	return d == DENIED_NAME;
}

/* True when they hold; else it has ended. */
static bool
verify(struct chain *c, const ldns_pkt *pkt, ldns_rr_type type)
{
	unsigned labels = 0;

	if (dnssec_verify(ldns_pkt_answer(pkt), c->name, type, &c->zone,
		&c->work, &labels) == SIG_GOOD)
		return is_own(c, pkt, labels);
	end_bogus(c, type == LDNS_RR_TYPE_CNAME ? "CNAME record" : "records");
	return false;
}

/* ---- DNAME (RFC 6672): the CNAME that it makes is not signed ---- */

const char *
chain_dname(struct chain *c, const ldns_rr_list *section, const char *name)
{
	unsigned labels;

	for (const char *at = dnssec_above(name, 1); *at;
	    at = dnssec_above(at, 1))
		if (has(section, at, LDNS_RR_TYPE_DNAME))
			return dnssec_is_below(at, c->zone.name) &&
				dnssec_verify(section, at, LDNS_RR_TYPE_DNAME,
				    &c->zone, &c->work, &labels) == SIG_GOOD &&
				labels == dnssec_labels(at) ? at : NULL;
	return NULL;
}

static bool
target_of(const ldns_rr_list *section, const char *name, ldns_rr_type type,
    char out[DNS_NAME_SIZE])
{
	ldns_rr_list *set = dnssec_rrset(section, name, type);
	const ldns_rr *rr = ldns_rr_list_rr_count(set) == 1 ?
	    ldns_rr_list_rr(set, 0) : NULL;
	bool good = rr && ldns_rr_rd_count(rr) == 1 &&
	    dnssec_name(ldns_rr_rdf(rr, 0), out);

	ldns_rr_list_free(set);
	return good;
}

/* Where the DNAME leads is where the CNAME says. */
static bool
is_made_by(struct chain *c, const ldns_rr_list *section, const char *owner,
    const char *target)
{
	size_t prefix = strlen(c->name) - strlen(owner);
	char to[DNS_NAME_SIZE], made[2 * DNS_NAME_SIZE];

	if (!target_of(section, owner, LDNS_RR_TYPE_DNAME, to))
		return false;
	snprintf(made, sizeof made, "%.*s%s", (int)prefix - (to[0] == '\0'),
	    c->name, to);
	return strcmp(made, target) == 0;
}

/* ---- what it may be ---- */

static bool
follow(struct chain *c, const ldns_pkt *pkt, char target[DNS_NAME_SIZE])
{
	const ldns_rr_list *section = ldns_pkt_answer(pkt);
	const char *owner = chain_dname(c, section, c->name);
	char to[DNS_NAME_SIZE];

	if (!target_of(section, c->name, LDNS_RR_TYPE_CNAME, to)) {
		chain_end(c, TRUST_BOGUS, "%s. has more than one CNAME, or a "
		    "broken one", c->name);
		return false;
	}
	if (!(owner && is_made_by(c, section, owner, to)) &&
	    !verify(c, pkt, LDNS_RR_TYPE_CNAME))
		return false;
	chain_say(c, "%s. is another name of %s., validated", c->name, to);
	memcpy(target, to, sizeof to);
	return true;
}

static void
deny(struct chain *c, const ldns_pkt *pkt)
{
	bool nxdomain = ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NXDOMAIN;
	struct denied d = dnssec_deny(ldns_pkt_authority(pkt), c->name,
	    TYPE(c), &c->zone, &c->work);

	if (d.kind == DENIED_INSECURE)
		chain_end(c, TRUST_INSECURE, "%s. does not prove what there "
		    "is of %s.", c->zone.name, c->name);
	else if (d.kind == (nxdomain ? DENIED_NAME : DENIED_TYPE))
		chain_end(c, TRUST_SECURE, "%s", "");
	else if (d.kind == DENIED_NOT)
		end_bogus(c, "absence");
	else
		chain_end(c, TRUST_BOGUS, "the answer about %s. says something "
		    "else than its proof", c->name);
}

/* What is behind an alias that is not signed may yet be bogus. */
static void
follow_insecure(struct chain *c, const ldns_pkt *pkt,
    char target[DNS_NAME_SIZE])
{
	const ldns_rr_list *section = pkt ? ldns_pkt_answer(pkt) : NULL;

	if (!section || has(section, c->name, TYPE(c)) ||
	    !target_of(section, c->name, LDNS_RR_TYPE_CNAME, target))
		return;
	c->trust = TRUST_PENDING;
	if (!c->weak)
		memcpy(c->weak_why, c->why, sizeof c->weak_why);
	c->weak = true;
}

void
chain_walk(struct chain *c, char target[DNS_NAME_SIZE])
{
	const ldns_pkt *pkt = c->asked[0].pkt;
	const ldns_rr_list *section;

	if (!chain_descend(c)) {
		if (c->trust == TRUST_INSECURE)
			follow_insecure(c, pkt, target);
		return;
	}
	if (!pkt) {
		chain_end(c, TRUST_UNKNOWN, "the records of %s. cannot be had",
		    c->name);
		return;
	}
	section = ldns_pkt_answer(pkt);
	if (has(section, c->name, TYPE(c))) {
		if (verify(c, pkt, TYPE(c)))
			chain_end(c, TRUST_SECURE, "%s", "");
	} else if (has(section, c->name, LDNS_RR_TYPE_CNAME)) {
		follow(c, pkt, target);
	} else {
		deny(c, pkt);
	}
}
