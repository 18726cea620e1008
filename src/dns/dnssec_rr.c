/* SPDX-License-Identifier: ISC */
/* dnssec_rr.c - records of DNSSEC, looked at: ldns gives those with missing
 * fields as good. */
#include "dns/dnssec_impl.h"

#include <string.h>

bool
dnssec_name(const ldns_rdf *rdf, char out[DNS_NAME_SIZE])
{
	if (!rdf || ldns_rdf_get_type(rdf) != LDNS_RDF_TYPE_DNAME)
		return false;
	return dns_name_from_wire((struct slice){
	    (const char *)ldns_rdf_data(rdf), ldns_rdf_size(rdf) }, out);
}

bool
dnssec_owner_is(const ldns_rr *rr, const char *name)
{
	char owner[DNS_NAME_SIZE];

	return ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
	    dnssec_name(ldns_rr_owner(rr), owner) && strcmp(owner, name) == 0;
}

unsigned
dnssec_labels(const char *name)
{
	unsigned n = name[0] != '\0';

	for (; *name; name++)
		n += *name == '.';
	return n;
}

const char *
dnssec_above(const char *name, unsigned n)
{
	for (; n > 0 && *name; n--) {
		name += strcspn(name, ".");
		name += *name == '.';
	}
	return name;
}

bool
dnssec_is_below(const char *name, const char *top)
{
	unsigned n = dnssec_labels(name), m = dnssec_labels(top);

	return n >= m && strcmp(dnssec_above(name, n - m), top) == 0;
}

ldns_rr_list *
dnssec_rrset(const ldns_rr_list *section, const char *owner, ldns_rr_type type)
{
	ldns_rr_list *out = ldns_rr_list_new();

	for (size_t i = 0; out && i < ldns_rr_list_rr_count(section); i++) {
		ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (ldns_rr_get_type(rr) == type && dnssec_owner_is(rr, owner))
			ldns_rr_list_push_rr(out, rr);
	}
	return out;
}

uint32_t
dnssec_number(const ldns_rr *rr, size_t field)
{
	const ldns_rdf *rdf = field < ldns_rr_rd_count(rr) ?
	    ldns_rr_rdf(rr, field) : NULL;
	const uint8_t *p = rdf ? ldns_rdf_data(rdf) : NULL;
	uint32_t v = 0;

	if (!p || ldns_rdf_size(rdf) > 4)
		return 0;
	for (size_t i = 0; i < ldns_rdf_size(rdf); i++)
		v = v << 8 | p[i];
	return v;
}

/* RFC 4034 4.1.2: windows of up to 32 octets. */
bool
dnssec_has_type(const ldns_rdf *bitmap, ldns_rr_type type)
{
	const uint8_t *p = bitmap ? ldns_rdf_data(bitmap) : NULL;
	size_t n = bitmap ? ldns_rdf_size(bitmap) : 0;
	unsigned low = type & 0xff;

	for (size_t i = 0; i + 2 <= n; i += 2U + p[i + 1]) {
		size_t length = p[i + 1];

		if (p[i] != type >> 8)
			continue;
		return low / 8 < length && i + 2 + low / 8 < n &&
		    (p[i + 2 + low / 8] & 0x80 >> low % 8) != 0;
	}
	return false;
}
