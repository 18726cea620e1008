/* SPDX-License-Identifier: ISC */
/*
 * parse.c - a packet read into an answer (see answer.h): ldns decodes it, every
 * field is checked here.
 */
#include "dns/parse_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "dns/name.h"
#include "dns/wire.h"

#define CNAME_MAX 8

bool
parse_soft(struct dns_answer *a, const char *why)
{
	dns_answer_free(a);
	*a = dns_answer_soft(a->type, why);
	return false;
}

static bool
name_of(const ldns_rdf *rdf, char out[DNS_NAME_SIZE])
{
	if (!rdf || ldns_rdf_get_type(rdf) != LDNS_RDF_TYPE_DNAME)
		return false;
	return dns_name_from_wire((struct slice){
	    (const char *)ldns_rdf_data(rdf), ldns_rdf_size(rdf) }, out);
}

static bool
owner_is(const ldns_rr *rr, const char *name)
{
	char owner[DNS_NAME_SIZE];

	return name_of(ldns_rr_owner(rr), owner) && strcmp(owner, name) == 0;
}

static bool
is_at(const ldns_rr *rr, const char *name, enum dns_type type)
{
	return ldns_rr_get_type(rr) == (ldns_rr_type)type &&
	    ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN && owner_is(rr, name);
}

/* The first record of this name and type, or NULL. */
static const ldns_rr *
find(const ldns_rr_list *list, const char *name, enum dns_type type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (is_at(ldns_rr_list_rr(list, i), name, type))
			return ldns_rr_list_rr(list, i);
	return NULL;
}

/* The checked accessors: ldns gives records with missing fields as good. */

static bool
read_cname(const ldns_rr *rr, char out[DNS_NAME_SIZE])
{
	return ldns_rr_rd_count(rr) == 1 && name_of(ldns_rr_rdf(rr, 0), out);
}

static bool
read_u16(const ldns_rr *rr, size_t field, uint16_t *out)
{
	const ldns_rdf *rdf = ldns_rr_rdf(rr, field);

	if (!rdf || ldns_rdf_size(rdf) != 2)
		return false;
	*out = ldns_rdf2native_int16(rdf);
	return true;
}

static bool
read_mx(const ldns_rr *rr, uint16_t *preference, char host[DNS_NAME_SIZE])
{
	return ldns_rr_rd_count(rr) == 2 && read_u16(rr, 0, preference) &&
	    name_of(ldns_rr_rdf(rr, 1), host);
}

static bool
read_srv(const ldns_rr *rr, struct dns_srv *srv, char target[DNS_NAME_SIZE])
{
	return ldns_rr_rd_count(rr) == 4 && read_u16(rr, 0, &srv->priority) &&
	    read_u16(rr, 1, &srv->weight) && read_u16(rr, 2, &srv->port) &&
	    name_of(ldns_rr_rdf(rr, 3), target);
}

static bool
read_ip(const ldns_rr *rr, enum dns_type type, struct ip *ip)
{
	const ldns_rdf *raw = ldns_rr_rdf(rr, 0);

	if (ldns_rr_rd_count(rr) != 1 ||
	    ldns_rdf_size(raw) != (type == DNS_A ? 4 : 16))
		return false;
	return ip_from_bytes((struct slice){ (const char *)ldns_rdf_data(raw),
	    ldns_rdf_size(raw) }, ip);
}

static bool
keep_mx(struct dns_answer *a, const ldns_rr *rr)
{
	char host[DNS_NAME_SIZE];
	uint16_t preference;

	if (!read_mx(rr, &preference, host))
		return false;
	dns_answer_add_mx(a, host, preference);
	return true;
}

/* One that is no host's name is passed over: nobody could look it up. */
static bool
keep_ptr(struct dns_answer *a, const ldns_rr *rr)
{
	char name[DNS_NAME_SIZE];

	if (!read_cname(rr, name))
		return false;
	if (dns_name_is_host(name))
		dns_answer_add_mx(a, name, 0);
	return true;
}

static bool
keep_srv(struct dns_answer *a, const ldns_rr *rr)
{
	char target[DNS_NAME_SIZE];
	struct dns_srv numbers;

	if (!read_srv(rr, &numbers, target))
		return false;
	dns_answer_add_srv(a, target, &numbers);
	return true;
}

static bool
keep_ip(struct dns_answer *a, const ldns_rr *rr)
{
	struct ip ip;

	if (!read_ip(rr, a->type, &ip))
		return false;
	dns_answer_add_ip(a, &ip);
	return true;
}

/* Each string has its length in front (RFC 1035 3.3.14). */
static bool
read_string(const ldns_rdf *rdf, struct buf *text)
{
	struct slice s;

	if (!rdf || ldns_rdf_get_type(rdf) != LDNS_RDF_TYPE_STR)
		return false;
	s = (struct slice){ (const char *)ldns_rdf_data(rdf),
		ldns_rdf_size(rdf) };
	if (s.n == 0 || (unsigned char)s.p[0] != s.n - 1)
		return false;
	return buf_put(text, slice_from(s, 1));
}

static bool
keep_txt(struct dns_answer *a, const ldns_rr *rr)
{
	struct buf text = { 0 };
	bool ok = ldns_rr_rd_count(rr) > 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr) && ok; i++)
		ok = read_string(ldns_rr_rdf(rr, i), &text);
	if (ok)
		dns_answer_add_txt(a, buf_slice(&text));
	buf_free(&text);
	return ok;
}

static bool
read_u8(const ldns_rr *rr, size_t field, uint8_t *out)
{
	const ldns_rdf *rdf = ldns_rr_rdf(rr, field);

	if (!rdf || ldns_rdf_size(rdf) != 1)
		return false;
	*out = *ldns_rdf_data(rdf);
	return true;
}

/* A record that associates nothing is damage, too (RFC 6698 2.1.4). */
static bool
keep_tlsa(struct dns_answer *a, const ldns_rr *rr)
{
	const ldns_rdf *data = ldns_rr_rdf(rr, 3);
	struct dns_tlsa tlsa;

	if (ldns_rr_rd_count(rr) != 4 || !read_u8(rr, 0, &tlsa.usage) ||
	    !read_u8(rr, 1, &tlsa.selector) ||
	    !read_u8(rr, 2, &tlsa.matching) || !data ||
	    ldns_rdf_size(data) == 0)
		return false;
	tlsa.data = ldns_rdf_data(data);
	tlsa.n = ldns_rdf_size(data);
	dns_answer_add_tlsa(a, &tlsa);
	return true;
}

/* Where it leads is the answer's canonical name; there is one at most. */
static bool
keep_cname(struct dns_answer *a, const ldns_rr *rr)
{
	char target[DNS_NAME_SIZE];

	if (a->n > 0 || !read_cname(rr, target) || !dns_name_is_host(target))
		return false;
	a->canonical = mem_dup(slice_of(target));
	a->n = a->total = 1;
	return true;
}

static bool
keep(struct dns_answer *a, const ldns_rr *rr)
{
	if (a->type == DNS_TLSA)
		return keep_tlsa(a, rr);
	if (a->type == DNS_CNAME)
		return keep_cname(a, rr);
	if (a->type == DNS_MX)
		return keep_mx(a, rr);
	if (a->type == DNS_PTR)
		return keep_ptr(a, rr);
	if (a->type == DNS_TXT)
		return keep_txt(a, rr);
	return a->type == DNS_SRV ? keep_srv(a, rr) : keep_ip(a, rr);
}

uint32_t
parse_ttl(const ldns_rr *rr)
{
	uint32_t ttl = ldns_rr_ttl(rr);

	return ttl > INT32_MAX ? 0 : ttl;
}

static void
shorten(struct dns_answer *a, uint32_t ttl)
{
	if (a->ttl > ttl)
		a->ttl = ttl;
}

/* All records asked for, at the end of the CNAMEs. */
static bool
collect(struct dns_answer *a, const ldns_rr_list *list, const char *name)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (!is_at(rr, name, a->type))
			continue;
		if (!keep(a, rr))
			return parse_soft(a, "malformed record in the answer");
		shorten(a, parse_ttl(rr));
	}
	return true;
}

/* From the name asked for along the CNAMEs to their end. */
static bool
follow(struct dns_answer *a, const ldns_rr_list *list,
    char name[DNS_NAME_SIZE])
{
	for (int hops = 0; !find(list, name, a->type); hops++) {
		const ldns_rr *rr = find(list, name, DNS_CNAME);

		if (!rr)
			return true;
		if (hops == CNAME_MAX)
			return parse_soft(a, "CNAME loop or chain too long");
		if (!read_cname(rr, name) || !dns_name_is_host(name))
			return parse_soft(a, "CNAME to an invalid name");
		shorten(a, parse_ttl(rr));
	}
	return true;
}

static const ldns_rr *
find_soa(const ldns_pkt *pkt)
{
	const ldns_rr_list *list = ldns_pkt_authority(pkt);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) ==
		    LDNS_RR_TYPE_SOA)
			return ldns_rr_list_rr(list, i);
	return NULL;
}

uint32_t
parse_negative_ttl(const ldns_pkt *pkt)
{
	const ldns_rr *soa = find_soa(pkt);
	const ldns_rdf *minimum = soa ? ldns_rr_rdf(soa, 6) : NULL;
	uint32_t ttl;

	if (!minimum || ldns_rdf_size(minimum) != 4)
		return 0;
	ttl = ldns_rdf2native_int32(minimum);
	if (ttl > parse_ttl(soa))
		ttl = parse_ttl(soa);
	return ttl > DNS_TTL_NEGATIVE_MAX ? DNS_TTL_NEGATIVE_MAX : ttl;
}

/*
 * A server without recursion that sends a referral, or leaves the end of a
 * CNAME to us, has not said "no": only a negative that is one may bounce mail.
 */
static bool
is_negative(const ldns_pkt *pkt, bool by_cname)
{
	if (ldns_pkt_ra(pkt))
		return true;
	return ldns_pkt_aa(pkt) && (!by_cname || find_soa(pkt));
}

static void
judge(struct dns_answer *a, const ldns_pkt *pkt)
{
	bool nxdomain = ldns_pkt_get_rcode(pkt) == LDNS_RCODE_NXDOMAIN;

	a->secure = ldns_pkt_ad(pkt);
	if (a->n > 0) {
		a->status = DNS_FOUND;
		if (nxdomain)
			parse_soft(a, "answer contradicts itself (NXDOMAIN)");
	} else if (!is_negative(pkt, a->canonical != NULL)) {
		parse_soft(a, "referral instead of an answer");
	} else {
		a->status = nxdomain ? DNS_NXDOMAIN : DNS_NODATA;
		shorten(a, parse_negative_ttl(pkt));
		if (nxdomain)
			dns_answer_say(a, "NXDOMAIN");
		else
			dns_answer_say(a, "no %s records",
			    dns_type_name(a->type));
	}
}

unsigned
parse_rcode(const ldns_pkt *pkt)
{
	return (unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4 |
	    (unsigned)ldns_pkt_get_rcode(pkt);
}

void
parse_refused(struct dns_answer *a, unsigned rcode)
{
	const ldns_lookup_table *known = ldns_lookup_by_id(ldns_rcodes,
	    (int)rcode);
	char why[32];

	snprintf(why, sizeof why, "RCODE %u", rcode);
	parse_soft(a, known ? known->name : why);
	a->rcode = (unsigned short)rcode;
}

static void
read_packet(struct dns_answer *a, const ldns_pkt *pkt, struct slice name)
{
	const ldns_rr_list *list = ldns_pkt_answer(pkt);
	char kept[DNS_NAME_SIZE], end[DNS_NAME_SIZE];
	unsigned rcode = parse_rcode(pkt);

	if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN) {
		parse_refused(a, rcode);
		return;
	}
	if (!dns_name_keep(name, kept)) {
		parse_soft(a, "no domain name was asked for");
		return;
	}
	memcpy(end, kept, sizeof end);
	a->ttl = DNS_TTL_MAX;
	if (!follow(a, list, end) || !collect(a, list, end))
		return;
	if (strcmp(kept, end) != 0)
		a->canonical = mem_dup(slice_of(end));
	judge(a, pkt);
}

static bool
can_read(enum dns_type type)
{
	return type == DNS_MX || type == DNS_PTR || type == DNS_SRV ||
	    type == DNS_TXT || type == DNS_TLSA || type == DNS_CNAME ||
	    type == DNS_A || type == DNS_AAAA;
}

void
dns_answer_parse(struct slice packet, struct slice name, enum dns_type type,
    struct dns_answer *out)
{
	ldns_pkt *pkt = NULL;

	*out = (struct dns_answer){ .type = type };
	if (!can_read(type)) {
		parse_soft(out, "records of this type are not read");
		return;
	}
	if (!dns_wire_is_exact(packet) ||
	    ldns_wire2pkt(&pkt, (const uint8_t *)packet.p, packet.n) !=
	        LDNS_STATUS_OK)
		parse_soft(out, "malformed answer");
	else
		read_packet(out, pkt, name);
	ldns_pkt_free(pkt);
}
