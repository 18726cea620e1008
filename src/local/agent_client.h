/* SPDX-License-Identifier: ISC */
/*
 * agent_client.h - asking the agent, for a loop that waits for nobody.
 *
 * A connection each, so many at once and one at a time for a mailbox; the
 * others wait for their turn.  An agent that cannot be reached, or goes away in
 * the middle, is a DEFERRED outcome.
 */
#ifndef LOCAL_AGENT_CLIENT_H
#define LOCAL_AGENT_CLIENT_H

#include "local/request.h"
#include "net/wait.h"

/* Borrowed. */
struct agent_client_config {
	const char *path; /* of the agent's socket; or NULL, and */
	int feed;         /* ... the agent's that was started for us */
	unsigned most;    /* at once; 0 = 10 */
	unsigned seconds; /* for each, when it has begun; 0 = an hour */
};

struct agent_client;

struct agent_client *agent_client_new(const struct agent_client_config *c);

/* Those under way are dropped; the agent ends what it has begun. */
void agent_client_free(struct agent_client *c);

/*
 * Ask.  r, its target, and the descriptor stay good until the owner has his
 * answer, which is exactly one.
 */
void agent_client_ask(struct agent_client *c, const struct local_request *r,
    int text, void *owner);

/*
 * What there is to tell, false when nothing: AT, which wants agent_client_go()
 * when it is durable; or DONE; or FORWARD, whose list is the caller's then.
 */
bool agent_client_answer(struct agent_client *c, void **owner,
    struct local_answer *out);

/*
 * Go on with what AT was told of; or, not ok, do not: that is DEFERRED, for
 * this reason.
 */
void agent_client_go(struct agent_client *c, const void *owner,
    const struct outcome *why);

/*
 * Nobody wants it any more: what has not begun is DEFERRED for this reason; the
 * answer of what has comes as it will.
 */
void agent_client_cancel(struct agent_client *c, const void *owner,
    const struct outcome *why);

/* The same for all, and nobody waits for what has begun. */
void agent_client_stop(struct agent_client *c, const struct outcome *why);

void agent_client_wait(struct agent_client *c, struct wait *w);
void agent_client_step(struct agent_client *c, const struct wait *w,
    int64_t now);

/* Asked and not answered. */
size_t agent_client_owed(const struct agent_client *c);

#endif
