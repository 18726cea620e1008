/* SPDX-License-Identifier: ISC */
/*
 * spf_impl.h - the inside of the SPF machine.
 *
 * It has no state of its own between answers: with each one that comes the
 * whole evaluation is done anew from those that are there, and stops where one
 * is missing.  The limits make that cheap, and nothing can get out of step.
 */
#ifndef AUTH_SPF_IMPL_H
#define AUTH_SPF_IMPL_H

#include "auth/spf.h"
#include "auth/spf_record.h"
#include "base/buf.h"
#include "dns/name.h"

#define SPF_LOOKUPS 10 /* terms that ask DNS (RFC 7208 4.6.4) */
#define SPF_VOIDS   2  /* of them whose answer is empty */
#define SPF_NAMES   10 /* of an MX or PTR answer */

struct spf_asked {
	char *name;
	struct dns_question question;
	bool answered;
	struct dns_answer answer;
};

struct spf {
	struct spf_call call;
	struct ip ip;		/* IPv4 where it is mapped */
	struct spf_asked **asked; /* each stays where it is */
	size_t n;
	bool missing;		/* ... of an answer */
	unsigned lookups, voids;
	enum spf_result result;
	char why[256], where[DNS_NAME_SIZE];
	char *explanation;
};

/* The answer; NULL: it is missing, and has been asked for. */
const struct dns_answer *spf_look(struct spf *s, const char *name,
    enum dns_type type);

void spf_say(struct spf *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Append a macro-string with its macros expanded for this domain.  False when
 * an answer is missing, or it cannot be.
 */
bool spf_expand(struct spf *s, struct slice text, const char *domain, bool exp,
    struct buf *out);

/* The same as a domain name in the kept form; "" when it is none. */
bool spf_target(struct spf *s, struct slice spec, const char *domain,
    char out[DNS_NAME_SIZE]);

/*
 * A name that the client's address has by PTR, and that has that address, the
 * domain or one below it if there is one, else any; "" for none.
 */
bool spf_validated_name(struct spf *s, const char *domain, bool any,
    char out[DNS_NAME_SIZE]);

/* One more term that asks DNS; false: that was too many. */
bool spf_may_look(struct spf *s);

/* ---- spf_match.c ---- */

enum spf_match { MATCH_NOT, MATCH, MATCH_MISSING, MATCH_TEMPERROR,
	MATCH_PERMERROR };

enum spf_match spf_match(struct spf *s, const struct spf_term *t,
    const char *domain);

/* RFC 7208 4; outer: it is no include's. */
enum spf_result spf_check_host(struct spf *s, const char *domain, bool outer);

/* Are the first bits the same? */
bool spf_ip_is_in(const struct ip *ip, const struct ip *net, unsigned bits);

#endif
