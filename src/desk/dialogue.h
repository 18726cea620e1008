/* SPDX-License-Identifier: ISC */
/*
 * dialogue.h - what is said on a connection and heard on it: told as events,
 * and kept as the script that would say it again (smtpsend-script(5)).
 *
 * Whoever talks decides; nothing is said here that was not asked for.
 */
#ifndef DESK_DIALOGUE_H
#define DESK_DIALOGUE_H

#include "desk/connect.h"

/* What the last command makes of the replies that come. */
enum topic {
	TOPIC_OTHER,
	TOPIC_HELLO,	/* EHLO or LHLO: what is offered */
	TOPIC_DATA,	/* 354 begins the text */
	TOPIC_AUTH,	/* 334 asks for a secret */
	TOPIC_TLS,	/* STARTTLS */
};

/* Zero-initialise but for the connection; call and events outlive it. */
struct dialogue {
	struct connection link;
	struct connect_call call;
	void (*show)(void *self); /* there are new events */
	void *self;
	int64_t patience;	/* for a reply */
	bool quiet;		/* explain nothing */
	bool literal;		/* a script: text is said as it stands */
	enum topic topic;
	bool in_text;		/* after 354: lines are text until a dot */
	bool secret_next;	/* the line after 334: not to be shown */
	unsigned owed;		/* replies that are awaited */
	bool dropped;		/* the server ended it while one was */
	struct buf hello;	/* the last reply to EHLO, as in struct reply */
	bool lines_whole;	/* the next line begins another reply */
	struct buf lines;	/* of the last reply, as they came, joined by
				   LF */
	struct buf record;	/* the script */
};

#define DIALOGUE_NONE ((struct dialogue){ .link.stream.fd = -1 })

/* Connect; the greeting is owed then.  False with *why, which is told. */
bool dialogue_open(struct dialogue *d, struct outcome *why);
void dialogue_free(struct dialogue *d);

/* There is no connection: "smtpsend: TEXT" on stderr, and its exit status. */
int dialogue_fail(const char *program, const struct outcome *why);

/* How a line is said. */
#define SAY_TYPED  1u	/* it stands on the terminal already */
#define SAY_SECRET 2u	/* all of it is to be masked */

/*
 * A line, to which CRLF is added; as a command it is owed a reply, as text
 * after 354 its dot is doubled and only the last one, a dot alone, is.  False:
 * the connection is lost, which is told.
 */
bool dialogue_say(struct dialogue *d, struct slice line, unsigned how);

/* Octets as they are; no reply is awaited. */
bool dialogue_raw(struct dialogue *d, struct slice octets);

/* The same for text that is neither told nor kept. */
bool dialogue_write(struct dialogue *d, struct slice octets);

/* Take and tell one line, if there is one, without waiting. */
enum heard dialogue_hear(struct dialogue *d);

/*
 * Wait until nothing is owed: HEARD_REPLY, the reply in dialogue_reply();
 * HEARD_END; HEARD_NOTHING: time is over or a signal came.
 */
enum heard dialogue_await(struct dialogue *d);

/*
 * After 221 and 421 the server hangs up: wait a little for that, so that it is
 * told where it belongs.
 */
void dialogue_part(struct dialogue *d);

/* The last reply. */
const struct reply *dialogue_reply(const struct dialogue *d);

/* STARTTLS was accepted: the handshake.  False: the connection is lost. */
bool dialogue_secure(struct dialogue *d);

/* Remarks, as printf does; a fault is told also where nothing else is. */
void dialogue_note(struct dialogue *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Close it without another word. */
void dialogue_drop(struct dialogue *d, bool reset);

#endif
