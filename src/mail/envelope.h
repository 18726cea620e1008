/* SPDX-License-Identifier: ISC */
/* envelope.h - who a message is from and for, and what became of each. */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include <stdint.h>

#include "base/hash.h"
#include "base/result.h"
#include "mail/address.h"

/* RFC 3461 NOTIFY, as bits; 0 = not given. */
enum { NOTIFY_NEVER = 1, NOTIFY_SUCCESS = 2, NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8 };

enum dsn_ret { RET_UNSET, RET_FULL, RET_HDRS };

/*
 * Who gets it on this machine (local/expand.h).  The name is a login, or an
 * alias; of that the index says which of its targets.
 */
enum local_kind { LOCAL_MAILBOX = 1, LOCAL_ALIAS };

#define LOCAL_ITSELF UINT32_MAX /* a mailbox, whatever its user's .forward says
				 */

struct local_target {
	enum local_kind kind;
	unsigned index;
	char *name;
	char *extension; /* of user+extension, or "" */
};

/* May be NULL; NULL again. */
struct local_target *local_target_dup(const struct local_target *t);
void local_target_free(struct local_target *t);

struct recipient {
	struct address to;
	struct local_target *local; /* NULL: a server gets it, by SMTP */
	unsigned notify;
	char *orcpt;		/* "rfc822;bob@x", not yet xtext; or NULL */
	enum verdict verdict;
	struct result *result;	/* why; of a PENDING one what was said last;
				   NULL while nothing was said */
	bool doubtful;		/* a host that deferred him may yet take him */
	bool tells;		/* the server that decided offered DSN: of a
				   success it tells his sender (RFC 3461) */
	int64_t decided;	/* when, on the loop's clock (microseconds); */
	int64_t connected, text; /* ... the connection that decided it was made,
				   and its text begun; 0 = it came not so far */
	uint64_t site;		/* the deliver's key of the site whose verdict
				   it is; 0 = of none */
	bool host_fault;	/* DEFERRED since no host of it could be talked
				   with: no fault of him, or of the message */
	struct recipient *next;	/* in the one list that it is in */
};

/* Recipients one after the other, in their order.  Zero-initialise. */
struct recipient_list {
	struct recipient *first, *last;
};

struct envelope {
	struct address from;	/* path "" = <> */
	enum dsn_ret ret;
	char *envid;		/* as given, not yet xtext; or NULL */
	struct recipient *rcpts;
	size_t n;
	struct hash_key key;	/* random, before the first envelope_add() */
	size_t *slots, nslots;	/* envelope_add()'s own: who is there already */
	struct recipient *bad;	/* those of no use as addresses: settled, apart
				   from the others, and only to be reported */
	size_t nbad;
};

void envelope_free(struct envelope *e);

/*
 * Takes over *to (clears it); a mailbox already there is not added again.
 * Pointers into rcpts are good until the next call.
 */
void envelope_add(struct envelope *e, struct address *to);

/* The same of somebody of this machine; *local is taken over too. */
void envelope_add_local(struct envelope *e, struct address *to,
    struct local_target **local);

/* Add the mailboxes of a list, and what is bad in it, and free it. */
void envelope_add_list(struct envelope *e, struct address_list *list);

/* A copy of those who are good, with nothing said of them yet. */
struct envelope envelope_copy(const struct envelope *e);

/* All good ones of another, who is left with none, unless they are there. */
void envelope_take_all(struct envelope *e, struct envelope *from);

/* One like r, of no use as an address for this reason, which it shares. */
void envelope_add_bad(struct envelope *e, const struct recipient *r,
    struct result *why);

/* All bad ones of another go to the end of e's. */
void envelope_move_bad(struct envelope *e, struct envelope *from);

/*
 * Those who have a verdict already are moved to the bad ones; the others keep
 * their order.
 */
void envelope_sort_out(struct envelope *e);

/* ... or are forgotten. */
void envelope_drop_settled(struct envelope *e);

/*
 * *to, which is taken over, in place of all recipients.  He has the first one's
 * notify, and his orcpt if he was the only one.
 */
void envelope_replace(struct envelope *e, struct address *to);

/* Take a recipient in at the end, or out at the front; NULL when empty. */
void recipient_append(struct recipient_list *l, struct recipient *r);
struct recipient *recipient_take(struct recipient_list *l);

/* Move all of *from to the front of *l; *from is empty then. */
void recipient_prepend_all(struct recipient_list *l,
    struct recipient_list *from);

/* The ORCPT of those who come in his place: his own, or else his address as
 * one.  On the heap. */
char *recipient_orcpt(const struct recipient *r);

/* Note the verdict and why; takes a share of the result. */
void recipient_say(struct recipient *r, enum verdict verdict,
    struct result *result);

/* What became of it, in full; verdict PENDING: nothing yet. */
struct outcome recipient_outcome(const struct recipient *r);

/*
 * "never", "success,failure,delay" in any case and order; false, *out
 * untouched, for anything else, also for "never" beside others (RFC 3461 4.1).
 */
bool notify_parse(struct slice s, unsigned *out);

/* Give every PENDING recipient of this machine this outcome. */
void envelope_settle_local(struct envelope *e, const struct outcome *o,
    int64_t now);

/* Give every recipient that is still PENDING this outcome, decided at now. */
void envelope_settle(struct envelope *e, const struct outcome *o, int64_t now);

#endif
