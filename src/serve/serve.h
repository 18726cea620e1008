/* SPDX-License-Identifier: ISC */
/*
 * serve.h - an SMTP server: the sockets it listens on, and its peers.
 *
 * What becomes of mail is its owner's: a table of functions (--sink has one,
 * the queue's submission socket another).  The loop is its
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
#include "net/local.h"
#include "net/wait.h"
#include "smtp/server.h"

struct peer;

/* A message as its owner sees it. */
struct serve_mail {
	const struct server_message *message;
	const char *tls;	/* "TLSv1.3", or NULL */
	struct slice login;	/* who has logged in; empty: nobody */
	unsigned lane;		/* the connection, for events */
	const struct local_peer *who; /* NULL: nobody has asked (admit) */
	struct peer *peer;	/* serve's own */
};

enum serve_commit {
	SERVE_REFUSED,		/* *answer is the whole reply, 4yz or 5yz */
	SERVE_KEPT,		/* it is safe, *answer is its id */
	SERVE_LATER,		/* serve_answer() will say */
};

/* Every function gets the owner's own pointer. */
struct serve_owner {
	/*
	 * May this user of this machine be let in, by a socket of AF_UNIX or
	 * over loopback?  NULL, or the line that turns him away, a 421.  Each
	 * one let in leaves once.  Both may be NULL: then who it is at the
	 * other end of TCP is not looked for.
	 */
	const char *(*admit)(void *self, const struct local_peer *who);
	void (*leave)(void *self, const struct local_peer *who);

	/*
	 * May this sender, with these parameters, or this recipient, the last
	 * of the message, be taken?  NULL, or the whole reply to refuse with.
	 * What is NULL takes all.
	 */
	const char *(*mail_check)(void *self, const struct serve_mail *mail);
	const char *(*rcpt_check)(void *self, const struct serve_mail *mail,
	    struct slice to);

	/* Text begins: what the next three get.  Never NULL. */
	void *(*begin)(void *self, const struct serve_mail *mail);
	void (*write)(void *self, void *draft, struct slice text);

	/* It is whole.  The draft is over. */
	enum serve_commit (*commit)(void *self, void *draft,
	    const struct serve_mail *mail, struct buf *answer);

	/* It will not come to be; the draft is over. */
	void (*discard)(void *self, void *draft);
};

/*
 * An answer that is owed: made by an owner in its commit(), which then returns
 * SERVE_LATER, and paid exactly once, kept or not, text as for server_done().
 * Until then the peer waits; whether it still does is no matter, nor whether
 * its serve is there.
 */
struct serve_owed;
struct serve_owed *serve_owe(const struct serve_mail *mail);
void serve_answer(struct serve_owed *owed, bool kept, const char *text);

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

/* From now on another one, for all peers; what of it was said stays said. */
void serve_configure(struct serve *s, const struct server_config *server);

/* Can TLS be spoken?  False with *why: the files are unusable. */
bool serve_check_tls(struct serve *s, struct outcome *why);

/* So many sockets can be listened on. */
#define SERVE_DOORS 16

/* A socket that listens there, not blocking; *at as below.  -1 with errno. */
int serve_open(struct endpoint *at);

/*
 * Listen there; false with errno.  at->port 0 takes a free one, and *at becomes
 * the address as it is.
 */
bool serve_listen(struct serve *s, struct endpoint *at);

/*
 * Take over a socket that listens and does not block, besides those that there
 * are; false with errno.
 */
bool serve_listen_on(struct serve *s, int fd);

/* Take over a connected socket that does not block, as a peer. */
void serve_adopt(struct serve *s, int fd, int64_t now);

void serve_wait(struct serve *s, struct wait *w, int64_t now);
void serve_step(struct serve *s, const struct wait *w, int64_t now);

/* How many connections there are. */
size_t serve_peers(const struct serve *s);

/*
 * Let nobody in any more; with a reply (a 421), which outlives the serve, all
 * that are idle go as well, and who awaits an answer as soon as he has it.
 */
void serve_close(struct serve *s, const char *reply, int64_t now);

#endif
