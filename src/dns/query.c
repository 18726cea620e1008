/* SPDX-License-Identifier: ISC */
/*
 * query.c - see query.h.  So little that it is put together here: ldns takes a
 * buffer of 64 KB for each packet.
 */
#include "dns/query.h"

#include "dns/name.h"

#define EDNS_SIZE 1232 /* dnsflagday.net/2020: never fragmented */

/* RFC 1035 4.1, RFC 4035 3, RFC 6840 5.7, RFC 6891 6.1.2 */
enum { RD = 0x0100, AD = 0x0020, CD = 0x0010, DO = 0x8000, CLASS_IN = 1,
	TYPE_OPT = 41 };

static void
put_u16(struct buf *out, unsigned v)
{
	buf_putc(out, (char)(v >> 8));
	buf_putc(out, (char)v);
}

static void
put_header(struct buf *out, uint16_t id, unsigned flags, bool edns)
{
	put_u16(out, id);
	put_u16(out, flags);
	put_u16(out, 1); /* a question */
	put_u16(out, 0);
	put_u16(out, 0);
	put_u16(out, edns);
}

/* Version 0, no options. */
static void
put_opt(struct buf *out, unsigned flags)
{
	buf_putc(out, '\0');
	put_u16(out, TYPE_OPT);
	put_u16(out, EDNS_SIZE);
	put_u16(out, 0);
	put_u16(out, flags);
	put_u16(out, 0);
}

bool
dns_query_put(struct buf *out, struct slice name, enum dns_type type,
    uint16_t id, bool edns)
{
	char kept[DNS_NAME_SIZE];

	if (!dns_name_keep(name, kept))
		return false;
	put_header(out, id, RD | AD, edns);
	dns_name_put_wire(out, kept);
	put_u16(out, type);
	put_u16(out, CLASS_IN);
	if (edns)
		put_opt(out, 0);
	return !out->full;
}

bool
dns_query_put_raw(struct buf *out, struct slice name, enum dns_type type,
    uint16_t id)
{
	char kept[DNS_NAME_SIZE] = "";

	if (name.n > 0 && !dns_name_keep(name, kept))
		return false;
	put_header(out, id, RD | CD, true);
	dns_name_put_wire(out, kept);
	put_u16(out, type);
	put_u16(out, CLASS_IN);
	put_opt(out, DO);
	return !out->full;
}
