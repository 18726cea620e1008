/* SPDX-License-Identifier: ISC */
/* chain_zone.c - from the root's keys down to the zone of a name. */
#include "dns/chain_impl.h"

#include <stdio.h>
#include <string.h>

enum { DS_TAG, DS_ALGORITHM, DS_DIGEST_TYPE, DS_DIGEST, DS_FIELDS };
enum { KEY_FLAGS, KEY_PROTOCOL, KEY_ALGORITHM, KEY_OCTETS, KEY_FIELDS };

void
chain_drop_zone(struct chain *c)
{
	ldns_rr_list_deep_free(c->zone.keys);
	c->zone.keys = NULL;
}

/* These keys, and no others, speak for this zone from now on. */
static void
enter(struct chain *c, const char *name, const ldns_rr_list *keys)
{
	chain_drop_zone(c);
	snprintf(c->zone.name, sizeof c->zone.name, "%s", name);
	c->zone.keys = ldns_rr_list_clone(keys);
}

static bool
is_key(const ldns_rr *rr)
{
	return ldns_rr_rd_count(rr) == KEY_FIELDS &&
	    (dnssec_number(rr, KEY_FLAGS) & 0x0100) &&
	    !(dnssec_number(rr, KEY_FLAGS) & 0x0080) &&
	    dnssec_number(rr, KEY_PROTOCOL) == 3;
}

/* ---- does a key match what the zone above says of it? ---- */

static bool
digest_known(uint32_t type)
{
	return type == LDNS_SHA1 || type == LDNS_SHA256 || type == LDNS_SHA384;
}

static bool
ds_known(const ldns_rr *ds)
{
	return ldns_rr_rd_count(ds) == DS_FIELDS &&
	    digest_known(dnssec_number(ds, DS_DIGEST_TYPE)) &&
	    dnssec_knows_algorithm(dnssec_number(ds, DS_ALGORITHM));
}

/* SHA-1 does not count where there is a better one (RFC 4509 3). */
static bool
has_better(const ldns_rr_list *set)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(set); i++)
		if (ds_known(ldns_rr_list_rr(set, i)) &&
		    dnssec_number(ldns_rr_list_rr(set, i), DS_DIGEST_TYPE) !=
			LDNS_SHA1)
			return true;
	return false;
}

static bool
ds_is_of(const ldns_rr *ds, const ldns_rr *key)
{
	ldns_rr *made;
	bool same;

	if (!is_key(key) ||
	    dnssec_number(ds, DS_ALGORITHM) !=
		dnssec_number(key, KEY_ALGORITHM) ||
	    dnssec_number(ds, DS_TAG) != ldns_calc_keytag(key))
		return false;
	made = ldns_key_rr2ds(key,
	    (ldns_hash)dnssec_number(ds, DS_DIGEST_TYPE));
	same = made && ldns_rdf_compare(ldns_rr_rdf(made, DS_DIGEST),
	    ldns_rr_rdf(ds, DS_DIGEST)) == 0;
	ldns_rr_free(made);
	return same;
}

/* A key that a DS record is of, and that has signed all keys. */
static bool
is_entered(struct chain *c, const ldns_rr_list *section,
    const ldns_rr_list *keys, const char *name, const ldns_rr *ds)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(keys); i++) {
		ldns_rr *key = ldns_rr_list_rr(keys, i);

		if (!ds_is_of(ds, key))
			continue;
		if (dnssec_verify_keys(section, name, key, &c->work) !=
		    SIG_GOOD)
			continue;
		chain_say(c, "%s. is signed by its key %u, which %s vouches "
		    "for", name, ldns_calc_keytag(key), name[0] == '\0' ?
		    "the trust anchor" : "the zone above");
		return true;
	}
	return false;
}

/* ---- the root ---- */

static bool
anchor_is_of(const struct anchor *a, const ldns_rr *key)
{
	ldns_rdf *rdata = NULL;
	ldns_rr *ds;
	bool same = false;
	size_t at = 0;

	if (!is_key(key))
		return false;
	for (size_t i = 0; a->is_key && i < KEY_FIELDS; i++) {
		const ldns_rdf *field = ldns_rr_rdf(key, i);
		size_t n = ldns_rdf_size(field);

		if (n > a->n - at ||
		    memcmp(a->data + at, ldns_rdf_data(field), n) != 0)
			return false;
		at += n;
	}
	if (a->is_key)
		return at == a->n;
	ds = ldns_key_rr2ds(key, (ldns_hash)a->data[3]);
	rdata = ds ? ldns_rr_rdf(ds, DS_DIGEST) : NULL;
	same = rdata && digest_known(a->data[3]) &&
	    ldns_rdf_size(rdata) == a->n - 4 &&
	    memcmp(ldns_rdf_data(rdata), a->data + 4, a->n - 4) == 0;
	ldns_rr_free(ds);
	return same;
}

static bool
is_anchored(struct chain *c, const ldns_rr_list *section, ldns_rr *key)
{
	for (size_t i = 0; i < c->anchors->n; i++)
		if (anchor_is_of(&c->anchors->v[i], key))
			return dnssec_verify_keys(section, "", key,
			    &c->work) == SIG_GOOD;
	return false;
}

static bool
has_signature(const ldns_rr_list *section)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(section, i)) ==
		    LDNS_RR_TYPE_RRSIG)
			return true;
	return false;
}

/* Of the root it is seen whether there are signatures at all. */
static bool
enter_root(struct chain *c)
{
	const ldns_pkt *pkt = chain_found(c, "", DNS_DNSKEY);
	const ldns_rr_list *section = pkt ? ldns_pkt_answer(pkt) : NULL;
	ldns_rr_list *keys;
	bool good = false;

	if (!section || !has_signature(section)) {
		chain_end(c, TRUST_NONE, "the resolver passes no signatures");
		return false;
	}
	keys = dnssec_rrset(section, "", LDNS_RR_TYPE_DNSKEY);
	for (size_t i = 0; i < ldns_rr_list_rr_count(keys) && !good; i++)
		good = is_anchored(c, section, ldns_rr_list_rr(keys, i));
	if (good)
		enter(c, "", keys);
	else
		chain_end(c, TRUST_BOGUS, "no key of the root is that of the "
		    "trust anchor and signs the others%s%s",
		    c->work.why[0] ? ": " : "", c->work.why);
	ldns_rr_list_free(keys);
	return good;
}

/* ---- a zone below ---- */

/* Its DS records hold. */
static bool
enter_zone(struct chain *c, const char *name, const ldns_rr_list *set)
{
	const ldns_pkt *pkt = chain_found(c, name, DNS_DNSKEY);
	bool better = has_better(set), good = false, known = false;
	ldns_rr_list *keys;

	for (size_t i = 0; i < ldns_rr_list_rr_count(set); i++)
		known = known || ds_known(ldns_rr_list_rr(set, i));
	if (!known) {
		chain_end(c, TRUST_INSECURE, "%s. is signed in no way that is "
		    "known here", name);
		return false;
	}
	if (!pkt) {
		chain_end(c, TRUST_UNKNOWN, "the keys of %s. cannot be had",
		    name);
		return false;
	}
	keys = dnssec_rrset(ldns_pkt_answer(pkt), name, LDNS_RR_TYPE_DNSKEY);
	c->work.why[0] = '\0';
	for (size_t i = 0; i < ldns_rr_list_rr_count(set) && !good; i++) {
		const ldns_rr *ds = ldns_rr_list_rr(set, i);

		if (ds_known(ds) && !(better &&
		    dnssec_number(ds, DS_DIGEST_TYPE) == LDNS_SHA1))
			good = is_entered(c, ldns_pkt_answer(pkt), keys, name,
			    ds);
	}
	if (good)
		enter(c, name, keys);
	else
		chain_end(c, TRUST_BOGUS, "no key of %s. is one that the zone "
		    "above vouches for and signs the others%s%s", name,
		    c->work.why[0] ? ": " : "", c->work.why);
	ldns_rr_list_free(keys);
	return good;
}

/* There are no DS records: is it proven, and what does it mean? */
static bool
pass_name(struct chain *c, const ldns_pkt *pkt, const char *name)
{
	struct denied d = dnssec_deny(ldns_pkt_authority(pkt), name,
	    LDNS_RR_TYPE_DS, &c->zone, &c->work);

	if (d.kind == DENIED_NOT) {
		chain_end(c, TRUST_BOGUS, "%s. vouches for no zone %s., but "
		    "does not prove it: %s", c->zone.name, name, c->work.why);
		return false;
	}
	if (d.kind == DENIED_INSECURE || d.cut) {
		chain_end(c, TRUST_INSECURE, "%s. is not signed: %s. has no "
		    "DS record of it", name, c->zone.name);
		return false;
	}
	return true;
}

/* A CNAME where a zone could begin, or below a DNAME: there is none. */
static bool
is_alias(struct chain *c, const ldns_pkt *pkt, const char *name)
{
	unsigned labels;

	return dnssec_verify(ldns_pkt_answer(pkt), name, LDNS_RR_TYPE_CNAME,
		&c->zone, &c->work, &labels) == SIG_GOOD ||
	    chain_dname(c, ldns_pkt_answer(pkt), name);
}

/* False when it has ended. */
static bool
descend_to(struct chain *c, const char *name)
{
	const ldns_pkt *pkt = chain_found(c, name, DNS_DS);
	const ldns_rr_list *section = pkt ? ldns_pkt_answer(pkt) : NULL;
	ldns_rr_list *set;
	unsigned labels;
	bool go_on;

	if (!section) {
		chain_end(c, TRUST_UNKNOWN, "the DS records of %s. cannot be "
		    "had", name);
		return false;
	}
	set = dnssec_rrset(section, name, LDNS_RR_TYPE_DS);
	if (ldns_rr_list_rr_count(set) == 0) {
		go_on = is_alias(c, pkt, name) || pass_name(c, pkt, name);
	} else if (dnssec_verify(section, name, LDNS_RR_TYPE_DS, &c->zone,
		&c->work, &labels) == SIG_GOOD &&
	    labels == dnssec_labels(name)) {
		go_on = enter_zone(c, name, set);
	} else {
		chain_end(c, TRUST_BOGUS, "the DS records of %s.: %s", name,
		    c->work.why);
		go_on = false;
	}
	ldns_rr_list_free(set);
	return go_on;
}

bool
chain_descend(struct chain *c)
{
	unsigned n = dnssec_labels(c->name);

	if (!enter_root(c))
		return false;
	for (unsigned i = n; i > 0; i--)
		if (!descend_to(c, dnssec_above(c->name, i - 1)))
			return false;
	return true;
}
