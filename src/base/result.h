/* SPDX-License-Identifier: ISC */
/*
 * result.h - an outcome as it is kept.
 *
 * A struct outcome has room for the longest words and is made where something
 * happens.  What is kept of it, perhaps for 100,000 recipients, is as long as
 * its words, never changes, and is shared by all whom the same words concern.
 */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

#include "base/outcome.h"

struct result {
	unsigned refs;
	enum verdict verdict;
	struct esc esc;
	unsigned short code;
	enum stage stage;
	bool maybe_sent, timed_out;
	enum waiver waiver;
	bool relay, late, posed;
	enum tls_level policy;
	struct endpoint peer;
	const char *host, *text, *ours; /* never NULL, as the next two */
	const char *tls;	  /* "TLSv1.3", or empty: in clear */
	const char *queue_id;	  /* the server's, from its last reply */
};

/* Keep an outcome.  The caller owns one share of what is made. */
struct result *result_new(const struct outcome *o, struct slice queue_id);

/* One share more, or one less; NULL is passed through. */
struct result *result_share(struct result *r);
void result_release(struct result *r);

/* The outcome again; a zeroed one for NULL. */
struct outcome result_outcome(const struct result *r);

#endif
