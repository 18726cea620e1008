/* SPDX-License-Identifier: ISC */
/* codec.c - see codec.h */
#include "dns/codec.h"

const struct dns_codec dns_codec = {
	.query_put = dns_query_put,
	.matches = dns_answer_matches,
	.is_truncated = dns_answer_is_truncated,
	.parse = dns_answer_parse,
};
