/* SPDX-License-Identifier: ISC */
/* dnssec_nsec3.c - what NSEC3 records prove (RFC 5155 8, RFC 9276). */
#include "dns/dnssec_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

enum { N3_ALGORITHM, N3_FLAGS, N3_ITERATIONS, N3_SALT, N3_NEXT, N3_BITMAP,
	N3_FIELDS };
enum { N3_SHA1 = 1, OPT_OUT = 1, HASH = 20, TEXT = 32 };

#define STAR "\\042"

/* All that count the same parameters. */
struct nsec3s {
	const ldns_rr_list *section;
	const struct dnssec_zone *z;
	struct dnssec_work *w;
	const ldns_rr *like;	/* the first of them */
};

struct nsec3 {
	char name[DNS_NAME_SIZE]; /* its owner, which begins with ... */
	char owner[TEXT + 1];	/* ... a hash, in base32hex of lower case */
	char next[TEXT + 1];
	const ldns_rdf *bitmap;
	bool opt_out;
};

/* ---- records ---- */

static void
put_base32hex(char out[TEXT + 1], const uint8_t *p)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

	for (size_t i = 0; i < TEXT; i++) {
		size_t bit = i * 5;
		unsigned v = (unsigned)p[bit / 8] << 8 |
		    (bit / 8 + 1 < HASH ? p[bit / 8 + 1] : 0);

		out[i] = digits[v >> (11 - bit % 8) & 31];
	}
	out[TEXT] = '\0';
}

static bool
is_like(const struct nsec3s *all, const ldns_rr *rr)
{
	return dnssec_number(rr, N3_ITERATIONS) ==
		dnssec_number(all->like, N3_ITERATIONS) &&
	    ldns_rdf_compare(ldns_rr_rdf(rr, N3_SALT),
		ldns_rr_rdf(all->like, N3_SALT)) == 0;
}

/* Of an empty non-terminal ldns leaves the field out. */
static bool
has_no_types(const ldns_rr *rr)
{
	return ldns_rr_rd_count(rr) == N3_BITMAP;
}

/* Its owner is a hash right below the zone. */
static bool
is_nsec3(const ldns_rr *rr, const char *zone, char owner[DNS_NAME_SIZE])
{
	return ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC3 &&
	    ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
	    (ldns_rr_rd_count(rr) == N3_FIELDS || has_no_types(rr)) &&
	    dnssec_number(rr, N3_ALGORITHM) == N3_SHA1 &&
	    (dnssec_number(rr, N3_FLAGS) & ~(uint32_t)OPT_OUT) == 0 &&
	    dnssec_name(ldns_rr_owner(rr), owner) &&
	    strcspn(owner, ".") == TEXT &&
	    strcmp(dnssec_above(owner, 1), zone) == 0;
}

static bool
read_nsec3(const struct nsec3s *all, const ldns_rr *rr, struct nsec3 *out)
{
	const ldns_rdf *next;

	if (!is_nsec3(rr, all->z->name, out->name) || !is_like(all, rr))
		return false;
	next = ldns_rr_rdf(rr, N3_NEXT);
	if (ldns_rdf_size(next) != 1 + HASH || ldns_rdf_data(next)[0] != HASH)
		return false;
	memcpy(out->owner, out->name, TEXT);
	out->owner[TEXT] = '\0';
	put_base32hex(out->next, ldns_rdf_data(next) + 1);
	out->bitmap = has_no_types(rr) ? NULL : ldns_rr_rdf(rr, N3_BITMAP);
	out->opt_out = dnssec_number(rr, N3_FLAGS) & OPT_OUT;
	return true;
}

static bool
is_signed(const struct nsec3s *all, const struct nsec3 *n)
{
	unsigned labels;

	return dnssec_verify(all->section, n->name, LDNS_RR_TYPE_NSEC3, all->z,
		all->w, &labels) == SIG_GOOD &&
	    labels == dnssec_labels(n->name);
}

/*
 * Which parameters count: those of the first that is signed.  False: there is
 * none, or it asks for too much work.
 */
static bool
find_like(struct nsec3s *all)
{
	struct nsec3 n;

	for (size_t i = 0; i < ldns_rr_list_rr_count(all->section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(all->section, i);

		if (!is_nsec3(rr, all->z->name, n.name))
			continue;
		if (is_signed(all, &n)) {
			all->like = rr;
			return dnssec_number(rr, N3_ITERATIONS) <=
			    DNSSEC_ITERATIONS;
		}
	}
	return false;
}

/* ---- hashes ---- */

static bool
hash(const struct nsec3s *all, const char *name, char out[TEXT + 1])
{
	const ldns_rdf *salt = ldns_rr_rdf(all->like, N3_SALT);
	struct buf wire = { 0 };
	ldns_rdf *dname, *hashed;
	bool good;

	dns_name_put_wire(&wire, name);
	dname = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, wire.n,
	    buf_slice(&wire).p);
	buf_free(&wire);
	hashed = !dname || ldns_rdf_size(salt) < 1 ? NULL :
	    ldns_nsec3_hash_name(dname, N3_SHA1,
		(uint16_t)dnssec_number(all->like, N3_ITERATIONS),
		(uint8_t)(ldns_rdf_size(salt) - 1), ldns_rdf_data(salt) + 1);
	good = hashed && ldns_rdf_size(hashed) >= 1 + TEXT &&
	    ldns_rdf_data(hashed)[0] == TEXT;
	for (size_t i = 0; good && i < TEXT; i++)
		out[i] = ascii_lower((char)ldns_rdf_data(hashed)[1 + i]);
	out[TEXT] = '\0';
	ldns_rdf_deep_free(dname);
	ldns_rdf_deep_free(hashed);
	return good;
}

/* ---- finding one: only what fits is verified ---- */

/* The last leads to the first. */
static bool
covers(const struct nsec3 *n, const char *h)
{
	int order = strcmp(n->owner, n->next);

	if (order < 0)
		return strcmp(n->owner, h) < 0 && strcmp(h, n->next) < 0;
	return strcmp(n->owner, h) < 0 || strcmp(h, n->next) < 0;
}

static bool
find(struct nsec3s *all, const char *name, bool at, struct nsec3 *out)
{
	char h[TEXT + 1];

	if (!hash(all, name, h))
		return false;
	for (size_t i = 0; i < ldns_rr_list_rr_count(all->section); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(all->section, i);

		if (read_nsec3(all, rr, out) &&
		    (at ? strcmp(out->owner, h) == 0 : covers(out, h)) &&
		    is_signed(all, out))
			return true;
	}
	return false;
}

/* Below a delegation or a DNAME it speaks of nothing. */
static bool
is_cut(const struct nsec3 *n)
{
	return (dnssec_has_type(n->bitmap, LDNS_RR_TYPE_NS) &&
		   !dnssec_has_type(n->bitmap, LDNS_RR_TYPE_SOA)) ||
	    dnssec_has_type(n->bitmap, LDNS_RR_TYPE_DNAME);
}

/*
 * The closest name above that exists, and what covers the one below it on the
 * way (RFC 5155 8.3); NULL when that is not proven.
 */
static const char *
closest(struct nsec3s *all, const char *name, struct nsec3 *cover)
{
	const char *at = name, *below;
	struct nsec3 n;

	while (*at && dnssec_is_below(at, all->z->name)) {
		below = at;
		at = dnssec_above(at, 1);
		if (!find(all, at, true, &n))
			continue;
		return !is_cut(&n) && find(all, below, false, cover) ? at :
								      NULL;
	}
	return NULL;
}

static struct denied
not_denied(struct dnssec_work *w, const char *what)
{
	if (w->why[0] == '\0')
		snprintf(w->why, sizeof w->why, "%s", what);
	return (struct denied){ DENIED_NOT, false };
}

static struct denied
deny_absent(struct nsec3s *all, const char *name, ldns_rr_type type)
{
	char star[DNS_NAME_SIZE];
	struct nsec3 cover, n;
	const char *at = closest(all, name, &cover);

	if (!at)
		return not_denied(all->w, "nothing proves that there is none");
	if (cover.opt_out)
		return (struct denied){ DENIED_INSECURE, false };
	if (snprintf(star, sizeof star, STAR "%s%s", *at ? "." : "", at) >=
	    (int)sizeof star)
		return not_denied(all->w, "the name is too long");
	if (find(all, star, true, &n))
		return dnssec_bitmap_denies(n.bitmap, type) ?
		    (struct denied){ DENIED_TYPE, false } :
		    not_denied(all->w, "a wildcard has records of the type");
	if (find(all, star, false, &n))
		return (struct denied){ DENIED_NAME, false };
	return not_denied(all->w, "nothing proves that there is no wildcard");
}

struct denied
dnssec_deny3(const ldns_rr_list *authority, const char *name,
    ldns_rr_type type, const struct dnssec_zone *z, struct dnssec_work *w)
{
	struct nsec3s all = { authority, z, w, NULL };
	struct nsec3 n;

	w->why[0] = '\0';
	if (!find_like(&all))
		return all.like ? (struct denied){ DENIED_INSECURE, false } :
		    not_denied(w, "nothing proves that there is none");
	if (!find(&all, name, true, &n))
		return deny_absent(&all, name, type);
	if (!dnssec_bitmap_denies(n.bitmap, type))
		return not_denied(w, "what should prove that there are no "
		    "such records says that there are");
	return (struct denied){ DENIED_TYPE,
		dnssec_has_type(n.bitmap, LDNS_RR_TYPE_NS) };
}

enum denial
dnssec_deny3_expanded(const ldns_rr_list *authority, const char *name,
    unsigned labels, const struct dnssec_zone *z, struct dnssec_work *w)
{
	struct nsec3s all = { authority, z, w, NULL };
	unsigned have = dnssec_labels(name);
	struct nsec3 n;

	if (!find_like(&all))
		return all.like ? DENIED_INSECURE :
		    not_denied(w, "it comes from a wildcard, and nothing "
		    "proves that there is no better one").kind;
	if (have <= labels || !find(&all, dnssec_above(name,
		have - labels - 1), false, &n))
		return not_denied(w, "it comes from a wildcard, and nothing "
		    "proves that there is no better one").kind;
	return n.opt_out ? DENIED_INSECURE : DENIED_NAME;
}
