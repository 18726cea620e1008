/* SPDX-License-Identifier: ISC */
/* codec.c - see codec.h */
#include "dns/codec.h"

const struct dns_codec dns_codec = {
	.query_put = dns_query_put,
	.matches = dns_answer_matches,
	.is_truncated = dns_answer_is_truncated,
	.query_put_raw = dns_query_put_raw,
	.parse = dns_answer_parse,
	.parse_raw = dns_answer_parse_raw,
	.chain_new = chain_new,
	.chain_free = chain_free,
	.chain_questions = chain_questions,
	.chain_question = chain_question,
	.chain_answer = chain_answer,
	.chain_trust = chain_trust,
	.chain_why = chain_why,
	.chain_packet = chain_packet,
	.chain_name = chain_name,
	.chain_ttl = chain_ttl,
	.chain_step = chain_step,
};
