/* SPDX-License-Identifier: ISC */
/*
 * validate.h - a question whose answer is validated here (dns/chain.h): what it
 * takes is asked as raw questions of the same resolver.
 */
#ifndef NET_VALIDATE_H
#define NET_VALIDATE_H

#include "dns/codec.h"
#include "net/cache.h"
#include "net/resolver.h"

struct validation {
	const struct dns_codec *codec;
	struct chain *chain;
	struct ticket **ticket;	/* of the questions of this round */
	size_t n;
	bool vouched;		/* the resolver does, for the last records */
};

/* What validations of a resolver share; zero-initialise. */
struct validator {
	bool loaded;		/* anchors were looked for */
	bool by_itself;		/* DNSSEC_AUTO: nobody asked for it */
	bool useless;		/* nothing can be validated: said once */
	struct anchors anchors;
	struct buf said;	/* what was told already, a NUL behind each */
};

void validator_free(struct validator *v);

/*
 * Can answers be validated: are there trust anchors, and is the clock later
 * than this program?  What is wrong is told once, as a note.
 */
bool validator_is_of_use(struct validator *v, const struct resolver_config *c,
    struct events *events);

struct validation *validation_new(struct resolver *r,
    const struct validator *all, const struct dns_codec *codec,
    const char *name, enum dns_type type, int64_t now);
void validation_free(struct resolver *r, struct validation *v);

/*
 * Take the answers that are there; true when *out, whose type is set, is the
 * answer to the question about the name asked.  The verdict is in out->secure,
 * or out is soft with the reason.
 */
bool validation_step(struct resolver *r, struct validator *all,
    struct validation *v, const char *asked, struct events *events,
    struct dns_answer *out, int64_t now);

#endif
