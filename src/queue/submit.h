/* SPDX-License-Identifier: ISC */
/*
 * submit.h - the queue's socket for handing in: what a serve takes becomes safe
 * in the store, and the runner hears of it.
 *
 * Anybody on this machine may hand in; who it is the kernel says (SO_PEERCRED,
 * or over loopback /proc/net/tcp), and root alone has no limits.  It is a
 * submission server (RFC 6409): bare names get this host's domain, an address
 * that is none is refused at RCPT, a message that lacks Date, From or
 * Message-ID gets them and loses its Bcc.  Our own client has seen to all that
 * and says FORM=FINISHED: then nothing is changed but for our Received field in
 * front.  What SMTP has no form for
 * (NULs, lines of more than 998 octets) is refused, as there is somebody here
 * who can be told.
 *
 * Its loop is its owner's, as everywhere; it has a store of its own.
 */
#ifndef QUEUE_SUBMIT_H
#define QUEUE_SUBMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"
#include "config/settings.h"
#include "local/here.h"
#include "mail/address.h"
#include "net/clock.h"
#include "net/wait.h"
#include "report/maillog.h"
#include "spool/store.h"

/* What a user has in the queue. */
struct submit_usage {
	uint64_t messages, octets;
};

/* Strings and what is pointed to are the caller's and outlive the submit. */
struct submit_config {
	struct store_config store;
	const struct queue_settings *queue;
	struct address_options address; /* how addresses are read */
	const struct senders *senders; /* whose are replaced; or NULL */
	const char *host;	/* who we are */
	struct here *here;	/* whose names are local; NULL = nobody's */
	struct maillog *log;	/* or NULL */

	/* The owner's; each gets self.  Any may be NULL. */
	void *self;
	/* It is safe; try_now: may it be tried before its next run? */
	void (*queued)(void *self, const char *id, bool try_now);
	void (*usage)(void *self, unsigned uid, struct submit_usage *out);
};

struct submit;

/*
 * Take over a listening socket (net/local.h) and open the store.  NULL with
 * *why; the socket is closed then, too.
 */
struct submit *submit_new(const struct submit_config *config, int fd,
    struct events *events, struct outcome *why);
void submit_free(struct submit *s);

/*
 * Let people in by this socket as well, of AF_UNIX or on loopback; it is taken
 * over.  False with errno.
 */
bool submit_listen_on(struct submit *s, int fd);

/*
 * Go on with another configuration (SIGHUP), from which nothing of the old one
 * is used any more; the store stays the one that is open.
 */
void submit_configure(struct submit *s, const struct submit_config *config);

void submit_wait(struct submit *s, struct wait *w, int64_t now);
void submit_step(struct submit *s, const struct wait *w, int64_t now,
    struct wall_time wall);

/*
 * Let nobody in any more; who waits for an answer gets it, the others a 421.
 * It is idle when all have gone.
 */
void submit_close(struct submit *s, int64_t now);
bool submit_is_idle(const struct submit *s);

/* Connections now, and messages taken so far. */
size_t submit_peers(const struct submit *s);
uint64_t submit_taken(const struct submit *s);

#endif
