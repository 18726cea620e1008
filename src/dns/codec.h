/* SPDX-License-Identifier: ISC */
/*
 * codec.h - questions into packets and packets into answers, as a table.
 *
 * It is all that needs ldns, so that only a run that asks DNS maps it; what
 * each function does stands in query.h, answer.h and chain.h.
 */
#ifndef DNS_CODEC_H
#define DNS_CODEC_H

#include "dns/answer.h"
#include "dns/chain.h"
#include "dns/query.h"

struct dns_codec {
	bool (*query_put)(struct buf *out, struct slice name,
	    enum dns_type type, uint16_t id, bool edns);
	bool (*query_put_raw)(struct buf *out, struct slice name,
	    enum dns_type type, uint16_t id);
	bool (*matches)(struct slice packet, struct slice name,
	    enum dns_type type, uint16_t id);
	bool (*is_truncated)(struct slice packet);
	void (*parse)(struct slice packet, struct slice name,
	    enum dns_type type, struct dns_answer *out);
	void (*parse_raw)(struct slice packet, enum dns_type type,
	    struct dns_answer *out);

	struct chain *(*chain_new)(const char *name, enum dns_type type,
	    const struct anchors *anchors, int64_t now);
	void (*chain_free)(struct chain *c);
	size_t (*chain_questions)(const struct chain *c);
	const struct dns_question *(*chain_question)(const struct chain *c,
	    size_t i);
	bool (*chain_answer)(struct chain *c, size_t i, struct slice packet);
	enum trust (*chain_trust)(const struct chain *c);
	const char *(*chain_why)(const struct chain *c);
	struct slice (*chain_packet)(const struct chain *c);
	const char *(*chain_name)(const struct chain *c);
	uint32_t (*chain_ttl)(const struct chain *c);
	const char *(*chain_step)(struct chain *c);
};

extern const struct dns_codec dns_codec;

#endif
