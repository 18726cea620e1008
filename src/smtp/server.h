/* SPDX-License-Identifier: ISC */
/*
 * server.h - one SMTP server conversation, as a pure state machine (RFC 5321,
 * 1870, 2920, 3030, 3207, 3461, 4954, 6152, 6531, 2033 for LMTP).
 *
 * It owns no socket, reads no clock and calls nobody back.  The driver moves
 * bytes and does what it asks:
 *
 *	SERVER_IO	write server_output(); when that is empty, read into
 *			server_input()
 *	SERVER_TLS	write the output, shake hands, then server_secured()
 *	SERVER_MAIL	(when asked for) may this sender, with these parameters,
 *			send?  server_mail()
 *	SERVER_RCPT	(when asked for) may the last of server_message()'s
 *			recipients be taken?  server_rcpt()
 *	SERVER_MESSAGE	a message is whole: keep what server_data() gave, then
 *			server_done() with the reply
 *	SERVER_DISCARD	the message begun will not come to be: throw away what
 *			server_data() gave, then server_discarded()
 *	SERVER_STALL	(a fault on demand) write the output, then nothing more;
 *			read and forget until the peer leaves
 *	SERVER_CLOSE	write what is left of server_output() and close
 *
 * After every server_input(), server_mail(), server_rcpt(), server_done() and
 * server_discarded() the driver empties server_data(), before it looks at what
 * is needed: so a message of any size passes through memory no larger than one
 * read.  STALL and CLOSE void a message begun.
 */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/event.h"
#include "base/slice.h"
#include "smtp/server_params.h"

enum server_need {
	SERVER_IO,
	SERVER_TLS,
	SERVER_MAIL,
	SERVER_RCPT,
	SERVER_MESSAGE,
	SERVER_DISCARD,
	SERVER_STALL,
	SERVER_CLOSE,
};

/*
 * A fault on demand: "RCPT=450", "DATA=stall", ".=drop", "RCPT=250 ok",
 * "EHLO=-CHUNKING,SIZE".  Several for one verb are used in turn, and the last
 * one stays (a hidden capability always stays hidden).  A reply of 421 closes.
 * "RCPT:bob@example.org=550" and "MAIL:..." are for this address alone, and go
 * before those for a pattern ("RCPT:*@example.org=550", where a star is any
 * octets), which go before those for all.
 * With a fault for DATA there is no CHUNKING, so that clients do send DATA.
 */
struct server_fault {
	char *verb;		/* "CONNECT", "EHLO", "MAIL", ..., "." */
	char *reply;		/* whole; of FAULT_HIDE the keywords; or NULL */
	enum { FAULT_REPLY, FAULT_DROP, FAULT_STALL, FAULT_HIDE } kind;
	char *address;		/* of MAIL and RCPT: for this one, or those
				   that this pattern fits; or NULL */
};

struct server_config {
	const char *name;	/* in greeting and EHLO */
	uint64_t max_size;	/* SIZE; 0 = no limit */
	size_t max_rcpts;	/* 452 past it; 0 = 10000, not announced */
	bool lmtp, starttls;
	bool implicit_tls;	/* begin with SERVER_TLS, then greet */
	bool needs_tls;		/* 530 before STARTTLS */
	bool auth;		/* offer AUTH */
	const char *login;	/* "user:password", without which nothing is
				   taken; NULL: any will do, and none */
	bool handin;		/* offer what local submission has besides:
				   RFC 8689, 4865, 2852, 6710, XSMTPSEND */
	bool asks_mail;		/* SERVER_MAIL for each transaction */
	bool asks_rcpt;		/* SERVER_RCPT for each recipient */
	struct server_fault *fault;
	size_t nfaults;
};

/* The envelope of one transaction: whole from the first server_data() on. */
struct server_message {
	struct buf from;	/* without <>, source route dropped */
	struct buf from_params;	/* " SIZE=12 BODY=8BITMIME", as given; */
	struct mail_params mail; /* ... and what they say */
	struct server_rcpt {
		struct buf to, params;
		struct rcpt_params param; /* what they say */
		const char *reply; /* of a fault for this one's "."; or NULL */
	} *rcpt;
	size_t nrcpts;
	uint64_t size;		/* octets of message text so far */
};

struct server;

/*
 * "VERB=CODE [text]", "VERB=drop", "VERB=stall" or "EHLO=-KEYWORD,...", where
 * VERB may be MAIL:ADDRESS or RCPT:ADDRESS; false, with *out untouched, when it
 * is none of these.
 */
bool server_fault_parse(struct slice s, struct server_fault *out);
void server_fault_free(struct server_fault *f);

/* config and events (may be NULL) outlive the server. */
struct server *server_new(const struct server_config *config,
    struct events *events, unsigned lane);
void server_free(struct server *s);

enum server_need server_need(const struct server *s);

/* Bytes from the peer; all are taken.  Only when SERVER_IO or SERVER_STALL. */
void server_input(struct server *s, struct slice in);
struct slice server_output(const struct server *s);
void server_sent(struct server *s, size_t n);

/* The handshake is done: all said before is forgotten (RFC 3207 4.2). */
void server_secured(struct server *s);

/* The peer has been silent for too long: 421, and close. */
void server_expire(struct server *s);

/* Close, with this 421. */
void server_dismiss(struct server *s, const char *reply);

/*
 * Message text that has come in: dots removed, line ends CRLF only.  Good until
 * the next call; the driver says how much of it has been taken.
 */
struct slice server_data(const struct server *s);
void server_data_taken(struct server *s, size_t n);

/* Answer SERVER_MAIL and SERVER_RCPT: NULL takes it, else the whole reply, a
 * 4yz or 5yz. */
void server_mail(struct server *s, const char *refusal);
void server_rcpt(struct server *s, const char *refusal);

/* Who has logged in, or an empty slice. */
struct slice server_login(const struct server *s);

/*
 * A number that changes with each whole line and each message: a peer that only
 * drips does not change it.
 */
unsigned server_progress(const struct server *s);

/* The transaction under way. */
const struct server_message *server_message(const struct server *s);

/*
 * Answer SERVER_MESSAGE.  Kept: 250, text is the queue id.  Not kept: text is
 * the whole reply, a 4yz or 5yz, or NULL for a 451.
 */
void server_done(struct server *s, bool kept, const char *text);

/* Answer SERVER_DISCARD. */
void server_discarded(struct server *s);

#endif
