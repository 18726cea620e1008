/* SPDX-License-Identifier: ISC */
/* parse_raw.c - a packet that is kept as it is (answer.h). */
#include "dns/parse_impl.h"

#include "base/mem.h"

static void
shorten_all(struct dns_answer *a, const ldns_rr_list *list)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		uint32_t ttl = parse_ttl(ldns_rr_list_rr(list, i));

		a->ttl = a->ttl < ttl ? a->ttl : ttl;
	}
}

static void
keep_packet(struct dns_answer *a, const ldns_pkt *pkt, struct slice packet)
{
	unsigned rcode = parse_rcode(pkt);

	if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN) {
		parse_refused(a, rcode);
		return;
	}
	a->status = DNS_FOUND;
	a->secure = ldns_pkt_ad(pkt);
	a->ttl = ldns_rr_list_rr_count(ldns_pkt_answer(pkt)) > 0 ?
	    DNS_TTL_MAX : parse_negative_ttl(pkt);
	shorten_all(a, ldns_pkt_answer(pkt));
	shorten_all(a, ldns_pkt_authority(pkt));
	a->packet = mem_dup(packet);
	a->packet_n = packet.n;
}

void
dns_answer_parse_raw(struct slice packet, enum dns_type type,
    struct dns_answer *out)
{
	ldns_pkt *pkt = NULL;

	*out = (struct dns_answer){ .type = type };
	if (ldns_wire2pkt(&pkt, (const uint8_t *)packet.p, packet.n) !=
	    LDNS_STATUS_OK)
		parse_soft(out, "malformed answer");
	else
		keep_packet(out, pkt, packet);
	ldns_pkt_free(pkt);
}
