/* SPDX-License-Identifier: ISC */
/*
 * server.h - one SMTP server conversation, as a pure state machine (RFC 5321,
 * 1870, 1891/3461, 2920, 3030, 3207, 6152, 6531, 2033 for LMTP).
 *
 * It carries --sink now and sendmail -bs later.  It owns no socket, reads no
 * clock and calls nobody back.  The driver moves bytes and answers what it asks:
 *
 *	SERVER_IO	write server_output(), read into server_input()
 *	SERVER_TLS	handshake after the output is written, then server_secured()
 *	SERVER_MESSAGE	a whole message is in server_message(): keep it, then
 *			server_done() with the reply
 *	SERVER_STALL	(a fault on demand) do nothing until the peer leaves
 *	SERVER_CLOSE	write what is left of server_output() and close
 */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/event.h"
#include "base/slice.h"

enum server_need {
	SERVER_IO,
	SERVER_TLS,
	SERVER_MESSAGE,
	SERVER_STALL,
	SERVER_CLOSE,
};

/* A fault on demand: "RCPT=450", "DATA=stall", ".=drop", "RCPT=250 ok". */
struct server_fault {
	char *verb;		/* "CONNECT", "EHLO", "MAIL", ..., "." */
	char *reply;		/* whole reply text, NULL for drop and stall */
	enum { FAULT_REPLY, FAULT_DROP, FAULT_STALL } kind;
};

struct server_config {
	const char *name;	/* in greeting and EHLO */
	uint64_t max_size;	/* SIZE; 0 = no limit */
	size_t max_rcpts;	/* 452 past it */
	bool lmtp, starttls, implicit_tls;
	struct server_fault *fault;
	size_t nfaults;
};

/* The envelope and message of one transaction, while SERVER_MESSAGE. */
struct server_message {
	struct buf from;	/* without <> */
	struct buf from_params;	/* " SIZE=12 BODY=8BITMIME", as given */
	struct server_rcpt {
		struct buf to, params;
	} *rcpt;
	size_t nrcpts;
	struct buf data;	/* unstuffed, CRLF */
};

struct server;

/* "VERB=CODE [text]", "VERB=drop", "VERB=stall"; false when it is neither. */
bool server_fault_parse(struct slice s, struct server_fault *out);

/* config and events (may be NULL) outlive the server. */
struct server *server_new(const struct server_config *config,
    struct events *events, unsigned lane);
void server_free(struct server *s);

enum server_need server_need(const struct server *s);

void server_input(struct server *s, struct slice in);
struct slice server_output(const struct server *s);
void server_sent(struct server *s, size_t n);
void server_secured(struct server *s);

/* The message that waits; the driver may take its buffers. */
struct server_message *server_message(struct server *s);

/* Answer it: true = 250 with queue_id in the text, false = 451. */
void server_done(struct server *s, bool kept, const char *queue_id);

#endif
