/* SPDX-License-Identifier: ISC */
/*
 * codec.h - questions into packets and packets into answers, as a table.
 *
 * It is all that needs ldns, so that only a run that asks DNS maps it; what
 * each function does stands in query.h and answer.h.
 */
#ifndef DNS_CODEC_H
#define DNS_CODEC_H

#include "dns/answer.h"
#include "dns/query.h"

struct dns_codec {
	bool (*query_put)(struct buf *out, struct slice name,
	    enum dns_type type, uint16_t id, bool edns);
	bool (*matches)(struct slice packet, struct slice name,
	    enum dns_type type, uint16_t id);
	bool (*is_truncated)(struct slice packet);
	void (*parse)(struct slice packet, struct slice name,
	    enum dns_type type, struct dns_answer *out);
};

extern const struct dns_codec dns_codec;

#endif
