/* SPDX-License-Identifier: ISC */
/*
 * deliver.h - messages to all their recipients: from plan to verdicts.
 *
 * Messages come as they will, as consignments; each one whose recipients all
 * have a verdict is handed back.  Inside (src/README.md draws it):
 *
 *	consignment	a message on its way, its envelope
 *	parcel		its recipients for one destination
 *	destination	a route key: a domain, a relay, or --server
 *	site		what destinations with the same hosts share: hosts,
 *			what is known of them, and the lanes to them
 *	lane		a connection, which carries one mail after another
 *
 * The program's loop asks deliver_wait(), sleeps, and calls deliver_step(); it
 * looks after each step who is finished, which verdicts are to be recorded, and
 * which relay wants a login.
 */
#ifndef DELIVER_DELIVER_H
#define DELIVER_DELIVER_H

#include <stdbool.h>

#include "base/awaited.h"
#include "base/event.h"
#include "base/list.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "net/dial.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "net/wait.h"
#include "relay/relay.h"
#include "route/plan.h"
#include "route/rules.h"
#include "sign/dkim.h"
#include "smtp/session.h"
#include "tlsrpt/tally.h"

#define DELIVER_LANES	   100 /* at once, by default */
#define DELIVER_SITE_LANES 10  /* ... of one site */
#define DELIVER_LANE_MAILS 100 /* that one connection carries at most */
#define DELIVER_SESSIONS   2   /* hosts talked with for a recipient */

struct deliver_config {
	struct route_config route; /* but for tls_floor, tls_waived and
				   tls_optional, a consignment's */
	const struct rules *rules; /* relays and domains; NULL = none */
	const struct domain_rule *mailbox; /* who has the mailboxes of this
				   machine, by LMTP; NULL = they are for the
				   consignment's owner */
	bool owner_first;	/* ... who has them all the same, but for those
				   with LOCAL_ITSELF */
	struct resolver_config resolver;
	struct dial_options dial;
	struct tls_config tls;
	const char *tls_name;	/* --tls-name, or NULL */
	const char *sts_cache;	/* the folder where policies of MTA-STS are
				   kept; NULL = nowhere */
	bool sts_refresh;	/* look at them once a day, mail or not */
	const char *helo;	/* our name; NULL: the literal of each
				   connection's own end */
	size_t max_sessions;	/* one after the other, with the hosts of a
				   destination; 0 = DELIVER_SESSIONS */
	size_t max_lanes;	/* at once; 0 = DELIVER_LANES; never more than
				   there are descriptors for */
	size_t max_site_lanes;	/* ... of one site; 0 = DELIVER_SITE_LANES */
	size_t max_mails;	/* 0 = DELIVER_LANE_MAILS */
	int64_t idle;		/* how long a lane waits for its next mail while
				   more may come; 0 = 5 s */
	int64_t timeout;	/* --timeout, microseconds, for each phase; 0 */
	bool hear_goodbye;	/* wait for the reply to QUIT, 2 s at most: for
				   who watches the dialogue */
	const struct drill *drill; /* outlives the deliver; NULL = none */
	bool plan_only;		/* --explain: resolve, decide, send nothing */
	bool records;		/* verdicts are only good when the caller says
				   deliver_recorded(); else at once */

	struct tlsrpt_tally *tls_results; /* what comes of TLS with mail
				   exchangers is counted there; or NULL */

	/* For a queue, which lives long.  Zero: as one run would have it. */
	const unsigned *host_retry; /* a site waits as a whole when none of its
				   hosts can be talked with: so many seconds the
				   first, the second, ... time in a row, and the
				   last from then on */
	size_t nhost_retry;	/* 0 = no site waits, and a host that did not
				   connect is left alone for a minute */
	size_t start_site_lanes; /* what a site begins with; one more for each
				   mail taken, up to max_site_lanes, and half of
				   them at 421, 4yz to MAIL, or a lost
				   connection; 0 = all of them */
	size_t max_address_lanes; /* at once to one address; 0 = no limit */
	struct rate rate;	/* mails to each site, evenly; n 0 = no limit.
				   A rule or relay with rate or lanes of its own
				   has those */
};

/*
 * Who waits for a lane at a site has turns at 4 : 2 : 1, so that bulk is never
 * without one.
 */
enum mail_class { CLASS_NORMAL, CLASS_URGENT, CLASS_BULK, NCLASSES };

/* A message on its way.  Who adds it owns it, and all that it points to. */
struct consignment {
	struct envelope *envelope;
	const struct message *message;
	enum mail_class class;
	enum stage quit_after;	/* --quit-after; STAGE_NONE = send it */
	enum tls_level tls_floor; /* no rule goes below it: what the message or
				   its sender demands; */
	const char *tls_floor_why; /* ... "-O requiretls" */
	bool require_tls;	/* only to servers that offer REQUIRETLS (RFC
				   8689), but for those of mailboxes here */
	bool tls_report;	/* it is one itself (RFC 8460 3): what comes of
				   TLS is not counted for it, and it is sent
				   whatever that is */
	const struct signer *signer; /* who signs it (DKIM); NULL = nobody */
	int64_t signed_at;	/* ... seconds since 1970 */
	void *owner;		/* the caller's own; event.mail of what is about
				   this message alone */

	/* deliver's own; zero before */
	bool tls_waived;	/* TLS-Required: No */
	struct buf signature[2]; /* of each form, when it was sent: as it is,
				   and re-coded */
	struct list parcels;
	struct list_node node;
};

struct deliver;

/* Both are borrowed and outlive the deliver; events may be NULL. */
struct deliver *deliver_new(const struct deliver_config *config,
    struct events *events);
void deliver_free(struct deliver *d);

/*
 * It stays where it is until deliver_finished() has given it back.  Recipients
 * that are not taken are its owner's.
 */
void deliver_add(struct deliver *d, struct consignment *c);

/*
 * Is he for a server?  Of this machine (recipient.local) only mailboxes are,
 * where there is config->mailbox.
 */
bool deliver_takes(const struct deliver_config *config,
    const struct recipient *r);

/* One that is settled and of which nothing is in use any more; or NULL. */
struct consignment *deliver_finished(struct deliver *d);

/* No more will come: a lane without a parcel says QUIT at once. */
void deliver_close(struct deliver *d);

/*
 * Take it back: its connections are dropped, and recipients that are PENDING
 * become DEFERRED for this reason.  It is finished then as others are.
 */
void deliver_cancel(struct deliver *d, struct consignment *c,
    const struct outcome *why, int64_t now);

/*
 * The same, but where a server has all of the message and only its reply is
 * missing, that is waited for.
 */
void deliver_withdraw(struct deliver *d, struct consignment *c,
    const struct outcome *why, int64_t now);

/* With config.records: verdicts that fell together, to be made durable. */
struct deliver_batch {
	struct consignment *consignment;
	struct recipient_list rcpts; /* linked by next */
	size_t n;
	struct parcel *parcel;	/* deliver's own */
};

/*
 * Take the next batch; false when there is none.  Until it is handed back by
 * deliver_recorded() its consignment is not finished, and the lane that brought
 * it goes no further.
 */
bool deliver_unrecorded(struct deliver *d, struct deliver_batch *out);
void deliver_recorded(struct deliver *d, const struct deliver_batch *batch);

/*
 * Sites.  With config.host_retry one of which no host can be talked with waits:
 * who comes meanwhile, and who was there, is DEFERRED at once for the reason
 * that is known (recipient.host_fault), by no connection and no record but his
 * own.  When the wait is over the first that comes is the probe, others wait
 * for what it finds, and if it is talked with the wait is ended for all.
 *
 * A site's key (recipient.site) is the same for the same hosts and demands as
 * long as the deliver lives.
 */

/* When this site will be tried again, on the loop's clock; 0 = it does not
 * wait, or is not known any more. */
int64_t deliver_site_next(const struct deliver *d, uint64_t key);

enum site_news {
	SITE_DUE,	/* its wait is over: one message is enough to see */
	SITE_OPEN,	/* it could be talked with again: all of them */
};

/*
 * The next site of which there is news since asked, false when there is none;
 * asked after each step.  deliver_wait() wakes in time.
 */
bool deliver_site_woke(struct deliver *d, uint64_t *key,
    enum site_news *news);

/* No site waits any longer, each is due: somebody says that the way is free. */
void deliver_wake_sites(struct deliver *d);
void deliver_wake_site(struct deliver *d, uint64_t key);

/* What is known of a site; what it points to is good until the next step. */
struct site_report {
	uint64_t key;
	const char *relay;	/* its name, or NULL */
	struct slice hosts;	/* "10 mx1.test 20 mx2.test"; of a relay
				   "0 mx.test:587" */
	size_t lanes, most;	/* that it has, and may have now */
	size_t waiting;		/* parcels */
	uint64_t sent;		/* mails that it has taken */
	unsigned failures;	/* in a row, of the whole site */
	int64_t next;		/* as deliver_site_next() */
	const struct result *why; /* of the last failure of a host that is not
				   mended; NULL = none */
};

/* The next of all sites, in the order they were met; *at is NULL at first. */
bool deliver_sites(const struct deliver *d, const void **at,
    struct site_report *out);

/*
 * Are the files of config.tls usable?  Asked before the first step, this spares
 * connections that lead nowhere; false with *why (STAGE_CONFIG) if not.
 */
bool deliver_check_tls(struct deliver *d, struct outcome *why);

/*
 * A relay that is to be logged in at, told once: read its secret, then
 * deliver_login() or deliver_no_login(), whenever it is there.  NULL when there
 * is none.  *stale: the secret that was kept from before has been refused.
 */
const struct relay_spec *deliver_wants_login(struct deliver *d, bool *stale);

/* Who we are there; borrowed only while deliver_login() runs. */
struct deliver_secret {
	enum relay_auth_kind kind;
	const char *user;
	const char *secret;
	bool kept;		/* from before: it may be refused, and then
				   another one is wanted */
};

/* Log in at this relay, wherever it is wanted. */
void deliver_login(struct deliver *d, const struct relay_spec *relay,
    const struct deliver_secret *secret, int64_t now);

/* Its secret cannot be had: the next relay, or DEFERRED for this reason. */
void deliver_no_login(struct deliver *d, const struct relay_spec *relay,
    const struct outcome *why);

/* A relay that has refused its login since the last question; NULL = none. */
const struct relay_spec *deliver_refused_login(struct deliver *d);

void deliver_wait(struct deliver *d, struct wait *w);
void deliver_step(struct deliver *d, const struct wait *w, int64_t now);

/* Is nothing under way: no consignment, no connection? */
bool deliver_is_idle(const struct deliver *d);

/* Stop now: the same for all that are left. */
void deliver_stop(struct deliver *d, const struct outcome *why, int64_t now);

/*
 * --explain: the plan of the next destination, in the order they came, each one
 * once; NULL when it is not known.  *rcpts is who would go there, an LF behind
 * each.  False when there are no more.
 */
bool deliver_next_plan(struct deliver *d, const struct plan **plan,
    struct slice *rcpts);

/* What has been awaited for the longest time; asks every destination. */
struct awaited deliver_awaited(const struct deliver *d);

/* How far the message text is, summed over the lanes: for the progress bar. */
void deliver_progress(const struct deliver *d, uint64_t *sent, uint64_t *size);

/* Connections ever begun: so many messages share so few. */
unsigned deliver_lanes(const struct deliver *d);

#endif
