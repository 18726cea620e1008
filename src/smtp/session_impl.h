/* SPDX-License-Identifier: ISC */
/*
 * session_impl.h - the inside of a session, shared by its files:
 *
 *	session.c	the machine: what may be sent, whose reply this is
 *	session_life.c	its beginning and end, and what it is given
 *	session_hello.c	the verbs from the greeting to STARTTLS, and QUIT
 *	session_mail.c	the verbs of a mail transaction
 *	session_body.c	the message text
 *	session_settle.c what is said and what becomes of the recipients
 *	session_drill.c	what is not done as it should be, on purpose
 */
#ifndef SMTP_SESSION_IMPL_H
#define SMTP_SESSION_IMPL_H

#include "mail/encode.h"
#include "mail/recode.h"
#include "smtp/reply.h"
#include "smtp/session.h"

#define OUTPUT_FULL 65536 /* no more is made while this much waits */
#define WINDOW	    128	  /* most commands in flight */

enum verb {
	GREETING, EHLO, HELO, LHLO, STARTTLS, XCLIENT,
	RSET, MAIL, RCPT, DATA, BDAT, TEXT,
	QUIT,
	NVERBS, NOTHING = NVERBS
};

/* What has become of a recipient in this transaction. */
enum fate { UNSENT, ASKED, ACCEPTED, AGAIN, DECIDED };

enum body { BODY_NONE, BODY_OPEN, BODY_HELD, BODY_WHOLE };

struct owed {
	enum verb verb;
	size_t rcpt;
	uint64_t at;		/* `put` after its command: no reply before */
};

struct session {
	const struct session_config *config;
	struct events *events;
	unsigned lane;
	struct buf name;	/* ours, for EHLO */

	enum session_need need;
	enum verb next;		/* to send; NOTHING while a reply must come */
	struct owed *owed;	/* a ring */
	size_t head, nowed, ring;
	struct reply_parser in;
	struct caps caps;
	char tls[16];		/* version, once under TLS */
	struct buf peer_name;	/* as its greeting has it */
	struct buf no_tls;	/* why it cannot be had; or empty */

	struct mail mail;
	enum fate *fate;	/* of mail.rcpt[i] */
	size_t rcpt;		/* next to send */
	size_t left;		/* with a fate below AGAIN */
	size_t accepted;
	size_t refused;		/* ... with 452, for this transaction */
	size_t fit;		/* accepted before the first of those; */
	bool mixed;		/* ... and others after it */
	size_t limit;		/* what session_rcpt_limit() says */
	struct recipient_list settled;
	size_t asked;		/* the one that RCPT was sent for last */
	bool dirty;		/* a transaction was left open: RSET first */
	size_t mails;		/* transactions that came to their end */
	size_t begun;		/* MAILs that were said */
	bool heard;		/* something was said to the one under way */
	bool cut_off;		/* the session ended with one under way */
	bool bdat_broken;	/* it was answered as no command at all */
	struct outcome spurned;	/* a refusal that we went on after; until the
				   next reply it tells why we are left */

	enum body body;
	struct encoder encoder;
	struct recode *recode;	/* for a 7-bit form, while the body is open */
	struct buf coded;	/* what it has made */
	uint64_t raw;		/* raw octets of the body taken */
	uint64_t chunk;		/* octets of the BDAT chunk still to come */
	struct buf shown;	/* an unfinished line of text, for events */

	struct buf out;
	uint64_t put, sent;	/* octets ever put into and taken from out */
	uint64_t text;		/* `put` where the text begins; 0 = not yet */
	uint64_t commit;	/* `put` at the end of data; 0 = not yet */
	unsigned phase;
	struct outcome end;

	bool posed;		/* by XCLIENT, which is said once */
	bool agreed;		/* the last step was, by the server */
	enum leave leave;	/* how it was left */
	enum stage held;	/* what waits to be said; STAGE_NONE: nothing */
	uint32_t stalled;	/* a bit for each stage that has waited */
};

/*
 * A verb's row.  send puts the command and returns the verb that comes after
 * it; got judges its reply and returns the verb to send next.  NOTHING: a reply
 * must come first.  takes is the kind of reply that lets the dialogue go on:
 * got sees that one and refusals, since the other positive kind is a server
 * that has lost its place.
 */
struct step {
	const char *name;	/* what is awaited, in words */
	unsigned patience;	/* seconds to wait for the reply */
	enum stage stage;
	enum reply_kind takes;	/* 0: got judges them all */
	bool must;		/* a refusal is the end of the session, too */
	enum verb (*send)(struct session *s);
	enum verb (*got)(struct session *s, const struct reply *r, size_t rcpt);
};

extern const struct step step_greeting, step_ehlo, step_helo, step_lhlo,
    step_starttls, step_xclient, step_quit;
extern const struct step step_rset, step_mail, step_rcpt, step_data, step_bdat,
    step_text;

/* Say what may be said now. */
void session_fill(struct session *s);

/* Put a command line; the event is told too. */
void session_say(struct session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* End the line that begins at offset `from` of s->out. */
void session_end_line(struct session *s, size_t from);
void session_tell(struct session *s, enum event_kind kind, struct slice line);

/* An outcome to keep, with the server's name; one share is the caller's. */
struct result *session_result(const struct session *s,
    const struct outcome *o, struct slice queue_id);

/* Give recipient i, or every one that has none yet, this outcome. */
void session_decide(struct session *s, size_t i, struct result *result);
void session_settle(struct session *s, const struct outcome *o);

/* The mail is over, the session is not.  Returns NOTHING. */
enum verb session_rest(struct session *s);

/* The session is over. */
void session_finish(struct session *s, const struct outcome *o);

/* ... because the peer broke the protocol, refused or left: DEFERRED. */
enum verb session_give_up(struct session *s, struct outcome o);
enum verb session_refuse(struct session *s, const struct reply *r,
    enum stage stage);

/* Would a lower --tls have let this connection do, and which? */
enum waiver session_waiver(const struct session *s, const struct outcome *o);

/* The verb by which we introduce ourselves. */
enum verb session_hello(const struct session *s);

/* Stop here, as --quit-after says?  Then this is the outcome for all. */
bool session_stops_after(struct session *s, enum stage step,
    const struct outcome *reached);

/* Say no more: the outcome is for all who have none, the text is not sent. */
enum verb session_stop_at_text(struct session *s, const struct reply *r);

/* The way to mail is free, but for XCLIENT and for --quit-after auth. */
enum verb session_is_ready(struct session *s);

/* Has this stage to wait?  Then nothing is said until session_go_on(). */
bool session_holds(struct session *s, enum stage stage);

/* Leave without QUIT?  Then it is done. */
bool session_leaves_now(struct session *s);

/* The end of a text that was held up. */
void session_end_body(struct session *s);

/* Begin the message text: with dots doubled for DATA, as it is for BDAT. */
void session_open_body(struct session *s, bool dots);

/* It is over, whole or not. */
void session_close_body(struct session *s);

#endif
