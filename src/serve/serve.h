/* SPDX-License-Identifier: ISC */
/*
 * serve.h - an SMTP server: a listening socket and its peers.
 *
 * What becomes of mail is its owner's: a table of functions (--sink has one;
 * sendmail -bs and the submission socket will have theirs).  The loop is its
 * caller's: it asks what is waited for and steps, as everywhere; but all peers
 * are behind one descriptor of epoll(7), and only those with something to do
 * are looked at, so that a thousand silent ones cost nothing.
 *
 * Beyond the limit of peers a new one is told 421 and closed.  A peer has so
 * long for each command line, and for each 16 KiB of text; octets that come one
 * by one do not extend that.
 */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"
#include "base/outcome.h"
#include "net/wait.h"
#include "smtp/server.h"

/* A message as its owner sees it. */
struct serve_mail {
	const struct server_message *message;
	const char *tls;	/* "TLSv1.3", or NULL */
	struct slice login;	/* who has logged in; empty: nobody */
	unsigned lane;		/* the connection, for events */
};

/* Every function gets the owner's own pointer. */
struct serve_owner {
	/*
	 * May this recipient be taken?  NULL, or the whole reply to refuse it
	 * with.  Without the function all may.
	 */
	const char *(*rcpt_check)(void *self, const struct serve_mail *mail,
	    struct slice to);

	/* Text begins: what the next three get.  Never NULL. */
	void *(*begin)(void *self, const struct serve_mail *mail);
	void (*write)(void *self, void *draft, struct slice text);

	/*
	 * It is whole.  True: it is safe, *answer is its id.  False: *answer is
	 * the whole reply, 4yz or 5yz.  The draft is over.
	 */
	bool (*commit)(void *self, void *draft, const struct serve_mail *mail,
	    struct buf *answer);

	/* It will not come to be; the draft is over. */
	void (*discard)(void *self, void *draft);
};

/* All is borrowed and outlives the serve. */
struct serve_config {
	struct server_config server;
	const struct serve_owner *owner;
	void *self;		/* the owner's */
	const char *cert, *key;	/* PEM files; NULL: one made when needed */
	size_t max_peers;	/* 0 = 1000 */
	int64_t patience;	/* for each step, microseconds; 0 = 5 min */
};

struct serve;

/* NULL with errno when the kernel has no descriptor for it. */
struct serve *serve_new(const struct serve_config *config,
    struct events *events);
void serve_free(struct serve *s);

/* Can TLS be spoken?  False with *why: the files are unusable. */
bool serve_check_tls(struct serve *s, struct outcome *why);

/*
 * Listen there; false with errno.  at->port 0 takes a free one, and *at becomes
 * the address as it is.
 */
bool serve_listen(struct serve *s, struct endpoint *at);

void serve_wait(struct serve *s, struct wait *w, int64_t now);
void serve_step(struct serve *s, const struct wait *w, int64_t now);

/* How many connections there are. */
size_t serve_peers(const struct serve *s);

/* Let nobody in any more; with a reply (a 421) all that are idle go as well. */
void serve_close(struct serve *s, const char *reply, int64_t now);

#endif
