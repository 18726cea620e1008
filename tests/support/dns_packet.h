/* SPDX-License-Identifier: ISC */
/*
 * dns_packet.h - DNS answers made by hand, good and bad, for tests and fuzzers.
 *
 * Nothing here comes from ldns, so that a mistake there shows.
 */
#ifndef SUPPORT_DNS_PACKET_H
#define SUPPORT_DNS_PACKET_H

#include <string.h>

#include "base/buf.h"
#include "dns/answer.h"

#define FLAG_TC 0x0200
#define FLAG_AD 0x0020
#define FLAGS_RECURSIVE 0x8180	   /* QR RD RA */
#define FLAGS_AUTHORITATIVE 0x8500 /* QR AA RD */

static inline void
packet_u16(struct buf *b, unsigned v)
{
	buf_putc(b, (char)(v >> 8));
	buf_putc(b, (char)v);
}

/* Text as labels, whatever stands in them; "" is the root. */
static inline void
packet_name(struct buf *b, const char *text)
{
	struct slice rest = slice_of(text), label;

	while (rest.n > 0 && slice_cut(&rest, '.', &label)) {
		buf_putc(b, (char)label.n);
		buf_put(b, label);
	}
	buf_putc(b, 0);
}

/* Header and question; low bits of flags are the RCODE. */
static inline void
packet_begin(struct buf *b, unsigned id, unsigned flags, const char *name,
    enum dns_type type)
{
	packet_u16(b, id);
	packet_u16(b, flags);
	packet_u16(b, 1);
	packet_u16(b, 0);
	packet_u16(b, 0);
	packet_u16(b, 0);
	packet_name(b, name);
	packet_u16(b, type);
	packet_u16(b, 1);
}

/* Count one more record in a section (3 answer, 4 authority, 5 additional). */
static inline void
packet_count(struct buf *b, size_t section)
{
	unsigned char *p = (unsigned char *)b->base + b->off + section * 2;
	unsigned n = ((unsigned)p[0] << 8 | p[1]) + 1;

	p[0] = (unsigned char)(n >> 8);
	p[1] = (unsigned char)n;
}

/* A record in the answer section with these octets as its data. */
static inline void
packet_record(struct buf *b, const char *owner, unsigned type,
    struct slice rdata)
{
	packet_count(b, 3);
	packet_name(b, owner);
	packet_u16(b, type);
	packet_u16(b, 1);
	packet_u16(b, 0);
	packet_u16(b, 60);
	packet_u16(b, (unsigned)rdata.n);
	buf_put(b, rdata);
}

static inline void
packet_mx(struct buf *b, const char *owner, unsigned preference,
    const char *host)
{
	struct buf rdata = { 0 };

	packet_u16(&rdata, preference);
	packet_name(&rdata, host);
	packet_record(b, owner, DNS_MX, buf_slice(&rdata));
	buf_free(&rdata);
}

static inline void
packet_srv(struct buf *b, const char *owner, unsigned priority,
    unsigned weight, unsigned port, const char *target)
{
	struct buf rdata = { 0 };

	packet_u16(&rdata, priority);
	packet_u16(&rdata, weight);
	packet_u16(&rdata, port);
	packet_name(&rdata, target);
	packet_record(b, owner, DNS_SRV, buf_slice(&rdata));
	buf_free(&rdata);
}

static inline void
packet_cname(struct buf *b, const char *owner, const char *target)
{
	struct buf rdata = { 0 };

	packet_name(&rdata, target);
	packet_record(b, owner, DNS_CNAME, buf_slice(&rdata));
	buf_free(&rdata);
}

/* A or AAAA, as the address is. */
static inline void
packet_ip(struct buf *b, const char *owner, const char *address)
{
	struct ip ip = { 0 };

	ip_parse(slice_of(address), &ip);
	packet_record(b, owner, ip.version == 4 ? DNS_A : DNS_AAAA,
	    (struct slice){ (const char *)ip.b, ip.version == 4 ? 4 : 16 });
}

/* Another TTL than 60 for the record of `owner` that begins at `start`. */
static inline void
packet_ttl(struct buf *b, size_t start, const char *owner, unsigned ttl)
{
	char *at = b->base + b->off + start + strlen(owner) + 2 + 4;

	for (int i = 3; i >= 0; i--, ttl >>= 8)
		at[i] = (char)ttl;
}

/* An OPT record with the upper bits of the RCODE (1: BADVERS). */
static inline void
packet_opt(struct buf *b, unsigned upper)
{
	packet_count(b, 5);
	packet_name(b, "");
	packet_u16(b, 41);
	packet_u16(b, 1232);
	packet_u16(b, upper << 8);
	packet_u16(b, 0);
	packet_u16(b, 0);
}

/* An SOA in the authority section (call it after all answers). */
static inline void
packet_soa(struct buf *b, const char *zone)
{
	packet_count(b, 4);
	packet_name(b, zone);
	packet_u16(b, 6);
	packet_u16(b, 1);
	packet_u16(b, 0);
	packet_u16(b, 60);
	packet_u16(b, 22);
	buf_put(b, (struct slice){ "\0\0" "\0\0\0\1" "\0\0\0\2" "\0\0\0\3"
	    "\0\0\0\4" "\0\0\0\5", 22 });
}

#endif
