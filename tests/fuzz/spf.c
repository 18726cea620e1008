/* SPDX-License-Identifier: ISC */
/*
 * spf.c - whatever stands in records, there is a result, after a bounded number
 * of questions.
 *
 * The lines of the input are TXT records, in the order that they are asked for,
 * and again from the first; what else is asked for is chosen by their octets.
 */
#include <stdint.h>
#include <stdlib.h>

#include "auth/spf.h"

#define QUESTIONS 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice
next_line(struct slice all, size_t *at)
{
	struct slice line;

	if (*at >= all.n)
		*at = 0;
	line = slice_from(all, *at);
	line = slice_first(line, slice_find(line, '\n'));
	*at += line.n + 1;
	return line;
}

static void
answer(struct spf *s, size_t i, struct slice line)
{
	const struct dns_question *q = spf_question(s, i);
	struct dns_answer a = { .type = q->type, .status = DNS_FOUND };
	struct ip ip = { .version = q->type == DNS_A ? 4 : 6 };
	unsigned n = line.n > 0 ? (unsigned char)line.p[0] % 14 : 0;

	if (q->type == DNS_TXT)
		dns_answer_add_txt(&a, line);
	for (unsigned k = 0; k < n && q->type != DNS_TXT; k++) {
		ip.b[0] = (unsigned char)(192 + k);
		if (q->type == DNS_MX || q->type == DNS_PTR)
			dns_answer_add_mx(&a, k % 2 ? "a.test" : "b.a.test",
			    (uint16_t)k);
		else
			dns_answer_add_ip(&a, &ip);
	}
	if (n == 0 && q->type != DNS_TXT)
		a.status = line.n % 3 ? DNS_NXDOMAIN : DNS_SOFT;
	if (a.status != DNS_FOUND)
		dns_answer_say(&a, "no");
	spf_answer(s, i, &a);
	dns_answer_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = { (const char *)data, size };
	const struct spf_call call = { .ip = { 4, { 192, 0, 2, 1 }, 0 },
		.domain = "x.test", .sender = "a.b@x.test", .helo = "h.test" };
	struct spf *s;
	size_t at = 0, asked = 0;

	if (size > 2000)
		return 0;
	s = spf_new(&call);
	while (spf_questions(s) > 0)
		for (size_t i = 0; i < spf_questions(s); i++)
			if (!spf_is_answered(s, i)) {
				answer(s, i, next_line(all, &at));
				if (++asked > QUESTIONS)
					abort();
			}
	if (spf_result(s) == SPF_PENDING || spf_lookups(s) > 11)
		abort();
	spf_free(s);
	return 0;
}
