/* SPDX-License-Identifier: ISC */
/* dnssec_sig.c - is this RRset signed by that zone (RFC 4035 5.3)? */
#include "dns/dnssec_impl.h"

#include <stdio.h>
#include <string.h>

/* Fields of an RRSIG (RFC 4034 3.1), and of a DNSKEY (2.1). */
enum { SIG_TYPE, SIG_ALGORITHM, SIG_LABELS, SIG_TTL, SIG_EXPIRES, SIG_BEGINS,
	SIG_TAG, SIG_SIGNER, SIG_OCTETS, SIG_FIELDS };
enum { KEY_FLAGS, KEY_PROTOCOL, KEY_ALGORITHM, KEY_FIELDS = 4 };
enum { ZONE_KEY = 0x0100, REVOKED = 0x0080 };

struct attempt {
	const char *owner;
	ldns_rr_type type;
	const char *zone;
	ldns_rr_list *rrset;	/* borrowed records */
	ldns_rr_list *keys;
	struct dnssec_work *work;
	unsigned checks;	/* of this RRset */
};

bool
dnssec_knows_algorithm(uint32_t algorithm)
{
	return algorithm == LDNS_RSASHA1 || algorithm == LDNS_RSASHA1_NSEC3 ||
	    algorithm == LDNS_RSASHA256 || algorithm == LDNS_RSASHA512 ||
	    algorithm == LDNS_ECDSAP256SHA256 ||
	    algorithm == LDNS_ECDSAP384SHA384 || algorithm == LDNS_ED25519 ||
	    algorithm == LDNS_ED448;
}

/* Times wrap around (RFC 4034 3.1.5). */
static int64_t
later(uint32_t a, int64_t now)
{
	return (int32_t)(a - (uint32_t)now);
}

static bool
is_in_time(struct attempt *a, const ldns_rr *sig)
{
	struct dnssec_work *w = a->work;
	int64_t begins = later(dnssec_number(sig, SIG_BEGINS), w->now);
	int64_t ends = later(dnssec_number(sig, SIG_EXPIRES), w->now);

	if (begins > DNSSEC_SKEW)
		snprintf(w->why, sizeof w->why, "the signature begins to be "
		    "valid in %lld s", (long long)begins);
	else if (ends < -DNSSEC_SKEW)
		snprintf(w->why, sizeof w->why, "the signature expired %lld s "
		    "ago", (long long)-ends);
	return begins <= DNSSEC_SKEW && ends >= -DNSSEC_SKEW;
}

/* Of a record *.example.org the star is no label (RFC 4034 3.1.3). */
static unsigned
labels_of(const char *owner)
{
	return dnssec_labels(owner) - (strncmp(owner, "*.", 2) == 0 ||
	    strncmp(owner, "\\042.", 5) == 0 || strcmp(owner, "*") == 0);
}

static bool
is_for(struct attempt *a, const ldns_rr *sig)
{
	char signer[DNS_NAME_SIZE];
	struct dnssec_work *w = a->work;

	if (ldns_rr_get_type(sig) != LDNS_RR_TYPE_RRSIG ||
	    ldns_rr_rd_count(sig) != SIG_FIELDS ||
	    dnssec_number(sig, SIG_TYPE) != (uint32_t)a->type ||
	    !dnssec_owner_is(sig, a->owner) ||
	    !dnssec_name(ldns_rr_rdf(sig, SIG_SIGNER), signer))
		return false;
	if (strcmp(signer, a->zone) != 0) {
		snprintf(w->why, sizeof w->why, "it is signed by %.60s., not "
		    "by %.60s.", signer, a->zone);
		return false;
	}
	if (dnssec_number(sig, SIG_LABELS) > labels_of(a->owner)) {
		snprintf(w->why, sizeof w->why, "its signature is of another "
		    "name");
		return false;
	}
	return is_in_time(a, sig);
}

static bool
is_key_of(const ldns_rr *key, const ldns_rr *sig)
{
	uint32_t flags = dnssec_number(key, KEY_FLAGS);

	return ldns_rr_rd_count(key) == KEY_FIELDS && (flags & ZONE_KEY) &&
	    !(flags & REVOKED) && dnssec_number(key, KEY_PROTOCOL) == 3 &&
	    dnssec_number(key, KEY_ALGORITHM) ==
		dnssec_number(sig, SIG_ALGORITHM) &&
	    ldns_calc_keytag(key) == dnssec_number(sig, SIG_TAG);
}

/* So many keys may have the same tag, and so many signatures name it. */
static bool
spend(struct attempt *a)
{
	if (a->checks == DNSSEC_CHECKS_SET ||
	    a->work->checks == DNSSEC_CHECKS_LOOKUP) {
		snprintf(a->work->why, sizeof a->work->why, "it has too many "
		    "signatures and keys to be tried");
		return false;
	}
	a->checks++;
	a->work->checks++;
	return true;
}

static bool
holds(struct attempt *a, const ldns_rr *sig, ldns_rr *key)
{
	ldns_rr_list *one = ldns_rr_list_new(), *good = ldns_rr_list_new();
	bool ok;

	ldns_rr_list_push_rr(one, key);
	ok = ldns_verify_rrsig_keylist_notime(a->rrset, sig, one, good) ==
		LDNS_STATUS_OK &&
	    ldns_rr_list_rr_count(good) == 1;
	ldns_rr_list_free(one);
	ldns_rr_list_free(good);
	if (!ok)
		snprintf(a->work->why, sizeof a->work->why,
		    "the signature does not hold");
	return ok;
}

/* What it says of the TTL: no longer than it was, or than the signature. */
static void
bound_ttl(struct attempt *a, const ldns_rr *sig)
{
	int64_t ends = later(dnssec_number(sig, SIG_EXPIRES), a->work->now);
	uint32_t ttl = dnssec_number(sig, SIG_TTL);

	if (ends < 0)
		ends = 0;
	if ((int64_t)ttl > ends)
		ttl = (uint32_t)ends;
	if (ttl < a->work->ttl)
		a->work->ttl = ttl;
}

static bool
try_sig(struct attempt *a, const ldns_rr *sig)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(a->keys); i++) {
		ldns_rr *key = ldns_rr_list_rr(a->keys, i);

		if (!is_key_of(key, sig))
			continue;
		if (!spend(a))
			return false;
		if (holds(a, sig, key)) {
			bound_ttl(a, sig);
			return true;
		}
	}
	return false;
}

static enum dnssec_sig
try_all(struct attempt *a, const ldns_rr_list *section, unsigned *labels)
{
	enum dnssec_sig result = SIG_NONE;

	a->work->why[0] = '\0';
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
		const ldns_rr *sig = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(sig) == LDNS_RR_TYPE_RRSIG &&
		    dnssec_owner_is(sig, a->owner) &&
		    dnssec_number(sig, SIG_TYPE) == (uint32_t)a->type)
			result = SIG_BAD;
		if (!is_for(a, sig) || !try_sig(a, sig))
			continue;
		*labels = dnssec_number(sig, SIG_LABELS);
		return SIG_GOOD;
	}
	if (a->work->why[0] == '\0')
		snprintf(a->work->why, sizeof a->work->why, "%s",
		    result == SIG_NONE ? "it has no signature" :
		    "no key of the zone made its signature");
	return result;
}

enum dnssec_sig
dnssec_verify(const ldns_rr_list *section, const char *owner,
    ldns_rr_type type, const struct dnssec_zone *z, struct dnssec_work *w,
    unsigned *labels)
{
	struct attempt a = { .owner = owner, .type = type, .zone = z->name,
		.rrset = dnssec_rrset(section, owner, type), .keys = z->keys,
		.work = w };
	enum dnssec_sig result = SIG_NONE;

	*labels = 0;
	snprintf(w->why, sizeof w->why, "there is none");
	if (ldns_rr_list_rr_count(a.rrset) > 0)
		result = try_all(&a, section, labels);
	ldns_rr_list_free(a.rrset);
	return result;
}

enum dnssec_sig
dnssec_verify_keys(const ldns_rr_list *section, const char *zone,
    ldns_rr *key, struct dnssec_work *w)
{
	struct dnssec_zone z = { .keys = ldns_rr_list_new() };
	enum dnssec_sig result;
	unsigned labels;

	snprintf(z.name, sizeof z.name, "%s", zone);
	ldns_rr_list_push_rr(z.keys, key);
	result = dnssec_verify(section, zone, LDNS_RR_TYPE_DNSKEY, &z, w,
	    &labels);
	ldns_rr_list_free(z.keys);
	return result;
}
