/* SPDX-License-Identifier: ISC */
/*
 * spf.h - may this host send for that domain?  SPF (RFC 7208), a pure machine.
 *
 * Own code, as libspf2 asks DNS itself and blocks.  Started for a client, a
 * sender and a HELO name, it says which DNS questions it wants, takes the
 * answers in any order, and ends with a result, the term that decided, and how
 * many terms were looked up.  All limits of section 4.6.4 hold, so that no
 * record makes it ask for much.
 */
#ifndef AUTH_SPF_H
#define AUTH_SPF_H

#include "base/inet.h"
#include "dns/answer.h"

enum spf_result {
	SPF_PENDING,
	SPF_NONE,	/* there is no record, or no domain */
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
};

/* Who sends; the strings outlive the machine. */
struct spf_call {
	struct ip ip;
	const char *domain;	/* of the sender, or HELO name */
	const char *sender;	/* "bob@example.org"; without a local part it
				   is postmaster's */
	const char *helo;
	const char *receiver;	/* our name, for explanations; or NULL */
	int64_t now;		/* seconds since 1970, likewise */
};

struct spf;

struct spf *spf_new(const struct spf_call *call);
void spf_free(struct spf *s);

/* The questions that are not answered; an index stays good. */
size_t spf_questions(const struct spf *s);
const struct dns_question *spf_question(const struct spf *s, size_t i);
bool spf_is_answered(const struct spf *s, size_t i);

/* Answer question i; the answer is only read. */
void spf_answer(struct spf *s, size_t i, const struct dns_answer *a);

enum spf_result spf_result(const struct spf *s);

/* "pass", "fail", ... as in RFC 7208 2.6. */
const char *spf_result_name(enum spf_result result);

/*
 * Once there is a result: the term that decided ("-all", "ip4:192.0.2.0/24"),
 * or what is wrong, in words; "" where there is nothing to say.  Whose record
 * it was, the explanation of a fail (exp=), or "", and terms that asked DNS.
 */
const char *spf_why(const struct spf *s);
const char *spf_where(const struct spf *s);
const char *spf_explanation(const struct spf *s);
unsigned spf_lookups(const struct spf *s);

#endif
