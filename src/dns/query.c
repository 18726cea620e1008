/* SPDX-License-Identifier: ISC */
/* query.c - see query.h */
#include "dns/query.h"

#include <stdlib.h>

#include <ldns/ldns.h>

#include "dns/name.h"

#define EDNS_SIZE 1232 /* dnsflagday.net/2020: never fragmented */

static bool
put_packet(struct buf *out, const ldns_pkt *pkt)
{
	uint8_t *wire = NULL;
	size_t n = 0;
	bool ok = ldns_pkt2wire(&wire, pkt, &n) == LDNS_STATUS_OK;

	if (ok)
		ok = buf_put(out, (struct slice){ (const char *)wire, n });
	free(wire);
	return ok;
}

bool
dns_query_put(struct buf *out, struct slice name, enum dns_type type,
    uint16_t id, bool edns)
{
	char kept[DNS_NAME_SIZE];
	ldns_pkt *pkt = NULL;
	bool ok;

	if (!dns_name_parse(name, kept))
		return false;
	if (ldns_pkt_query_new_frm_str(&pkt, kept, (ldns_rr_type)type,
	        LDNS_RR_CLASS_IN, LDNS_RD | LDNS_AD) != LDNS_STATUS_OK)
		return false;
	ldns_pkt_set_id(pkt, id);
	if (edns)
		ldns_pkt_set_edns_udp_size(pkt, EDNS_SIZE);
	ok = put_packet(out, pkt);
	ldns_pkt_free(pkt);
	return ok;
}
