/* SPDX-License-Identifier: ISC */
/*
 * dns_chain.c - whatever the packets of a chain are, it ends, soon, with a
 * verdict and a reason.
 *
 * The input is a line with a trust anchor, then packets behind their lengths in
 * two octets, in the order in which they are asked for; the corpus has chains
 * that hold.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/chain.h"

#define NOW	  1795809555 /* when the corpus was made */
#define ROUNDS	  10
#define QUESTIONS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice
next_packet(struct slice *rest)
{
	size_t n = rest->n < 2 ? 0 : (size_t)(unsigned char)rest->p[0] << 8 |
	    (unsigned char)rest->p[1];
	struct slice packet;

	*rest = slice_from(*rest, 2);
	packet = slice_first(*rest, n);
	*rest = slice_from(*rest, packet.n);
	return packet;
}

static void
play(struct chain *c, struct slice rest)
{
	for (int round = 0; chain_questions(c) > 0; round++) {
		size_t n = chain_questions(c);
		bool over = false;

		if (round > ROUNDS || n > QUESTIONS)
			abort();
		for (size_t i = 0; i < n && !over; i++)
			over = chain_answer(c, i, next_packet(&rest));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = { (const char *)data, size }, anchor;
	struct anchors anchors = { .n = 0 };
	struct dns_answer a;
	struct chain *c;

	slice_cut(&all, '\n', &anchor);
	anchors_parse(&anchors, anchor);
	c = chain_new("al.deep.sub.tld", DNS_A, &anchors, NOW);
	play(c, all);
	if (chain_trust(c) == TRUST_PENDING ||
	    (chain_trust(c) == TRUST_SECURE) != (chain_why(c)[0] == '\0'))
		abort();
	while (chain_step(c))
		;
	dns_answer_parse(chain_packet(c), slice_of(chain_name(c)), DNS_A, &a);
	dns_answer_free(&a);
	chain_free(c);
	return 0;
}
