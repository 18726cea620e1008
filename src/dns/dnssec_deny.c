/* SPDX-License-Identifier: ISC */
/* dnssec_deny.c - what NSEC records prove (RFC 4035 5.4, RFC 6840 4). */
#include "dns/dnssec_impl.h"

#include <stdio.h>
#include <string.h>

enum { NSEC_NEXT, NSEC_BITMAP, NSEC_FIELDS };

#define STAR "\\042" /* as dns_name_from_wire() has it */

/* ---- order (RFC 4034 6.1): by labels, from the last to the first ---- */

/* The octets of a label in the kept form; its end to *end. */
static unsigned char
octet(const char **p)
{
	unsigned v;

	if (**p != '\\')
		return (unsigned char)*(*p)++;
	v = (unsigned)((*p)[1] - '0') * 100 + (unsigned)((*p)[2] - '0') * 10 +
	    (unsigned)((*p)[3] - '0');
	*p += 4;
	return (unsigned char)v;
}

static int
compare_label(const char *a, const char *b)
{
	while (*a && *a != '.' && *b && *b != '.') {
		unsigned char x = octet(&a), y = octet(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (*a && *a != '.') - (*b && *b != '.');
}

static int
compare(const char *a, const char *b)
{
	unsigned n = dnssec_labels(a), m = dnssec_labels(b);
	unsigned both = n < m ? n : m;
	int order = 0;

	for (unsigned i = 1; i <= both && order == 0; i++)
		order = compare_label(dnssec_above(a, n - i),
		    dnssec_above(b, m - i));
	return order ? order : (n > m) - (n < m);
}

/* ---- one record ---- */

struct nsec {
	char owner[DNS_NAME_SIZE], next[DNS_NAME_SIZE];
	const ldns_rdf *bitmap;
};

static bool
read_nsec(const ldns_rr *rr, const struct dnssec_zone *z, struct nsec *out)
{
	if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_NSEC ||
	    ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN ||
	    ldns_rr_rd_count(rr) != NSEC_FIELDS ||
	    !dnssec_name(ldns_rr_owner(rr), out->owner) ||
	    !dnssec_name(ldns_rr_rdf(rr, NSEC_NEXT), out->next) ||
	    !dnssec_is_below(out->owner, z->name) ||
	    !dnssec_is_below(out->next, z->name))
		return false;
	out->bitmap = ldns_rr_rdf(rr, NSEC_BITMAP);
	return true;
}

/* By the zone, and it came from no wildcard. */
static bool
is_signed(const ldns_rr_list *section, const struct nsec *n,
    const struct dnssec_zone *z, struct dnssec_work *w)
{
	unsigned labels;

	return dnssec_verify(section, n->owner, LDNS_RR_TYPE_NSEC, z, w,
		&labels) == SIG_GOOD &&
	    labels == dnssec_labels(n->owner) -
		(strncmp(n->owner, STAR ".", 5) == 0);
}

static bool
has(const struct nsec *n, ldns_rr_type type)
{
	return dnssec_has_type(n->bitmap, type);
}

/* Below a delegation or a DNAME it speaks of nothing (RFC 6840 4.1). */
static bool
is_above_cut(const struct nsec *n, const char *name)
{
	return strcmp(n->owner, name) != 0 &&
	    dnssec_is_below(name, n->owner) &&
	    ((has(n, LDNS_RR_TYPE_NS) && !has(n, LDNS_RR_TYPE_SOA)) ||
		has(n, LDNS_RR_TYPE_DNAME));
}

/* Does it say that name does not exist?  The last one leads to the first. */
static bool
covers(const struct nsec *n, const char *name, const char *zone)
{
	bool before_next = compare(name, n->next) < 0 ||
	    strcmp(n->next, zone) == 0;

	return compare(n->owner, name) < 0 && before_next &&
	    !is_above_cut(n, name);
}

bool
dnssec_bitmap_denies(const ldns_rdf *bitmap, ldns_rr_type type)
{
	bool cut = dnssec_has_type(bitmap, LDNS_RR_TYPE_NS) &&
	    !dnssec_has_type(bitmap, LDNS_RR_TYPE_SOA);

	if (dnssec_has_type(bitmap, type) ||
	    dnssec_has_type(bitmap, LDNS_RR_TYPE_CNAME))
		return false;
	if (type == LDNS_RR_TYPE_DS)
		return !dnssec_has_type(bitmap, LDNS_RR_TYPE_SOA);
	return !cut;
}

/* ---- all of them ---- */

/* The first that fits, and is signed. */
static bool
find(const ldns_rr_list *section, const char *name,
    const struct dnssec_zone *z, struct dnssec_work *w,
    bool (*fits)(const struct nsec *n, const char *name, const char *zone),
    struct nsec *out)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++)
		if (read_nsec(ldns_rr_list_rr(section, i), z, out) &&
		    fits(out, name, z->name) && is_signed(section, out, z, w))
			return true;
	return false;
}

static bool
is_at(const struct nsec *n, const char *name, const char *zone)
{
	(void)zone;
	return strcmp(n->owner, name) == 0;
}

/* The longest name above `name` that this one shows to exist. */
static const char *
encloser(const struct nsec *n, const char *name)
{
	const char *at = dnssec_above(name, 1);

	while (*at && !dnssec_is_below(n->owner, at) &&
	    !dnssec_is_below(n->next, at))
		at = dnssec_above(at, 1);
	return at;
}

static bool
put_wildcard(char out[DNS_NAME_SIZE], const char *above)
{
	return (size_t)snprintf(out, DNS_NAME_SIZE, STAR "%s%s",
	    *above ? "." : "", above) < DNS_NAME_SIZE;
}

static struct denied
not_denied(struct dnssec_work *w, const char *what)
{
	if (w->why[0] == '\0')
		snprintf(w->why, sizeof w->why, "%s", what);
	return (struct denied){ DENIED_NOT, false };
}

/* The name is not there; and the wildcard that would stand for it? */
static struct denied
deny_wildcard(const ldns_rr_list *authority, const struct nsec *cover,
    const char *name, ldns_rr_type type, const struct dnssec_zone *z,
    struct dnssec_work *w)
{
	char star[DNS_NAME_SIZE];
	struct nsec n;

	if (!put_wildcard(star, encloser(cover, name)))
		return not_denied(w, "the name is too long");
	if (find(authority, star, z, w, is_at, &n))
		return dnssec_bitmap_denies(n.bitmap, type) ?
		    (struct denied){ DENIED_TYPE, false } :
		    not_denied(w, "a wildcard has records of the type");
	if (find(authority, star, z, w, covers, &n))
		return (struct denied){ DENIED_NAME, false };
	return not_denied(w, "nothing proves that there is no wildcard");
}

static struct denied
deny_by_nsec(const ldns_rr_list *authority, const char *name,
    ldns_rr_type type, const struct dnssec_zone *z, struct dnssec_work *w)
{
	struct nsec n;

	w->why[0] = '\0';
	if (find(authority, name, z, w, is_at, &n)) {
		if (!dnssec_bitmap_denies(n.bitmap, type))
			return not_denied(w, "what should prove that there "
			    "are no such records says that there are");
		return (struct denied){ DENIED_TYPE,
			has(&n, LDNS_RR_TYPE_NS) };
	}
	if (!find(authority, name, z, w, covers, &n))
		return not_denied(w, "nothing proves that there is none");
	if (dnssec_is_below(n.next, name)) /* an empty non-terminal */
		return (struct denied){ DENIED_TYPE, false };
	return deny_wildcard(authority, &n, name, type, z, w);
}

static bool
has_nsec3(const ldns_rr_list *section)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(section, i)) ==
		    LDNS_RR_TYPE_NSEC3)
			return true;
	return false;
}

struct denied
dnssec_deny(const ldns_rr_list *authority, const char *name,
    ldns_rr_type type, const struct dnssec_zone *z, struct dnssec_work *w)
{
	return has_nsec3(authority) ?
	    dnssec_deny3(authority, name, type, z, w) :
	    deny_by_nsec(authority, name, type, z, w);
}

enum denial
dnssec_deny_expanded(const ldns_rr_list *authority, const char *name,
    unsigned labels, const struct dnssec_zone *z, struct dnssec_work *w)
{
	struct nsec n;

	w->why[0] = '\0';
	if (has_nsec3(authority))
		return dnssec_deny3_expanded(authority, name, labels, z, w);
	if (find(authority, name, z, w, covers, &n))
		return DENIED_NAME;
	return not_denied(w, "it comes from a wildcard, and nothing proves "
	    "that there is no better one").kind;
}
