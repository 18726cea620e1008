/* SPDX-License-Identifier: ISC */
/* server_state.h - a conversation, for the files of the server only. */
#ifndef SMTP_SERVER_STATE_H
#define SMTP_SERVER_STATE_H

#include "smtp/server.h"
#include "smtp/server_command.h"
#include "smtp/server_data.h"
#include "smtp/server_fault.h"

/*
 * Of a command, with its end: a verb, and the 12288 octets that a response of
 * AUTH may have (RFC 4954 4).
 */
#define SERVER_LINE_MAX	   (512 + 12288)
#define SERVER_ERRORS_MAX  20	/* commands that make no sense, then 421 */
#define SERVER_RCPTS_LIMIT 10000

struct server {
	const struct server_config *config;
	struct events *events;
	unsigned lane;
	bool secure;
	enum server_need need;
	enum {
		PHASE_COMMAND,
		PHASE_LONG,	/* to the end of a line that is too long */
		PHASE_DATA,
		PHASE_CHUNK,
		PHASE_AUTH,	/* a response of the login under way */
	} phase;
	enum { HELLO_NONE, HELLO_REFUSED, HELLO_HELO, HELLO_EHLO } hello;
	unsigned offers;	/* as the last EHLO said */
	unsigned errors;
	unsigned done;		/* whole lines and messages so far */
	size_t mechanism;	/* of the login under way */
	bool asked_password;	/* LOGIN: the name is in login already */
	bool logged_in;
	struct buf login;	/* the user's name */
	struct buf in;		/* input that came before it was wanted */
	struct slice rest;	/* input not yet looked at, while pumping */
	struct buf line, out, data;
	bool *spent;		/* per fault, see server_fault.h */
	const char *good;	/* a fault's 2yz or 3yz for this command */
	const char *bad;	/* ... or its 4yz or 5yz */
	enum {
		MAIL_NONE,
		MAIL_OPEN,	/* MAIL was taken */
		MAIL_TEXT,	/* its text has begun */
		MAIL_BROKEN,	/* a chunk was refused: only RSET helps */
	} mail;
	bool utf8;
	bool queue_only;	/* said once for all mail of the conversation */
	struct server_message msg;
	struct data_reader reader;
	const char *refusal;	/* of the text as a whole, when it is whole */
	uint64_t chunk;		/* octets of this chunk still to come */
	bool last;		/* this chunk ends the text */
};

/* Send one line of a reply as it stands.  421 always closes. */
void server_put_line(struct server *s, struct slice line);

/* Send a reply of ours: "250 2.1.0 Ok", without line end. */
void server_reply(struct server *s, const char *reply);

/* Send the fault's good reply for this command if there is one, else this. */
void server_accept(struct server *s, const char *reply);

/* A reply to a command that makes no sense here; too many of them close. */
void server_refuse(struct server *s, const char *reply);

/* One reply of several lines, joined by LF. */
void server_reply_lines(struct server *s, const char *code,
    struct slice lines);

/* Forget the transaction; asks to discard its text. */
void server_reset(struct server *s);

/* Take what there is of DATA's text, or of a chunk; answer when it is whole. */
void server_read_data(struct server *s);
void server_read_chunk(struct server *s);

/* Answer the text's end; reply is ours, a fault's goes before it. */
void server_answer_text(struct server *s, bool kept, const char *reply);

/* AUTH, a line of the dialogue after it, and how EHLO and events show it. */
void server_do_auth(struct server *s, struct slice arg);
void server_auth_line(struct server *s, struct slice line);
void server_put_mechanisms(const struct server *s, struct buf *out);
void server_mask_login(const struct server *s, struct slice line,
    struct buf *out);

/* Do one command line. */
void server_command(struct server *s, struct slice line);

#endif
