/* SPDX-License-Identifier: ISC */
/*
 * session.h - one SMTP or LMTP client conversation, as a pure state machine.
 *
 * It owns no socket, reads no clock and calls nobody back.  The driver moves
 * bytes, does what session_need() says, and reports what went wrong outside:
 *
 *	SESSION_IO	write session_output(), read into session_input();
 *			while session_wants_body(), feed session_body()
 *	SESSION_TLS	do the handshake, then session_secured()
 *	SESSION_MAIL	ready for a mail: session_mail() or session_quit()
 *	SESSION_CLOSE	close; session_end() says why it is over
 *
 * Its whole state is the verb to send next and a ring of replies owed; each
 * verb has a row in a table, each handler returns the next verb.  PIPELINING is
 * the window: 1 or many.  When a mail is over, every recipient given has its
 * verdict, except those that answered 452 beside accepted ones, which stay
 * PENDING and want another transaction (RFC 5321 4.5.3.1.10).
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/drill.h"
#include "base/event.h"
#include "base/outcome.h"
#include "base/policy.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "smtp/caps.h"
#include "smtp/extras.h"

enum session_need { SESSION_IO, SESSION_TLS, SESSION_MAIL, SESSION_CLOSE };

/* Chosen before connecting; outlives the session. */
struct session_config {
	const char *helo;	/* our name: a domain or an address literal;
				   NULL: the literal of `local` */
	struct ip local;	/* our end of the connection */
	enum tls_level tls;
	bool tls_fixed;		/* ... whatever --tls says */
	enum link_kind link;
	enum stage quit_after;	/* --quit-after; STAGE_NONE = send the mail */
	const struct drill *drill; /* or NULL */
	bool logged_in;		/* who made the connection has logged in */
	bool no_bdat;		/* the host does not take it, as is known */
	const char *host;	/* whom we talk to, for the outcomes; or NULL */
	struct endpoint peer;
	bool relay;		/* that is a submission relay, for the same */
};

/*
 * One transaction.  The session writes only to the recipients: what was said of
 * them, and the links of session_take_settled()'s list.
 */
struct mail {
	const struct address *from;
	enum dsn_ret ret;
	const char *envid;
	struct recipient **rcpt; /* the caller's; those of this transaction */
	size_t n;
	const struct message *message;
	bool smtputf8;		/* the envelope or the headers need it */
	bool seven_bit;		/* send message->recode's form of it */
	bool require_tls;	/* only to a server that offers REQUIRETLS, and
				   say it (RFC 8689) */
	const struct mail_extras *extras; /* for a queue; or NULL */
	struct slice signature;	/* fields that go above its head, canonical */
};

/* Octets of its text on the wire, unless it is re-coded. */
static inline uint64_t
mail_size(const struct mail *mail)
{
	return mail->message->size + mail->signature.n;
}

/* Set smtputf8 and seven_bit: what this mail needs, at a server like that. */
void mail_choose_form(struct mail *mail, const struct caps *caps);

struct session;

/* config and events (may be NULL) outlive the session. */
struct session *session_new(const struct session_config *config,
    struct events *events, unsigned lane);
void session_free(struct session *s);

/*
 * Begin on a connection that somebody else has made and logged in at: nothing
 * is said until there is a mail.  ehlo is the text of the last EHLO reply, tls
 * is "TLSv1.3", or empty for a connection in clear.
 */
struct session *session_resume(const struct session_config *config,
    struct events *events, unsigned lane, struct slice ehlo, const char *tls);

enum session_need session_need(const struct session *s);

/*
 * Only when SESSION_MAIL; the mail outlives the transaction.  One that the
 * server has said it cannot take (SIZE, SMTPUTF8) is FAILED at once, code 0,
 * unsent.
 */
void session_mail(struct session *s, const struct mail *mail);
void session_quit(struct session *s);

/*
 * The next recipient for whom its transaction is over, each one once, as soon
 * as that is known; NULL = none just now.  Those whose verdict is PENDING want
 * another transaction.
 */
struct recipient *session_take_settled(struct session *s);

/*
 * How many recipients the server has shown to take in one transaction: so many
 * were accepted, and 452 said to all after them.  0 = it has shown no limit.
 */
size_t session_rcpt_limit(const struct session *s);

/* How often MAIL was said, which is what MAILMAX counts. */
size_t session_mails(const struct session *s);

/*
 * Did it end between mails, or before a word was said to one that was not the
 * first, and before the server could have all of that?  Then it has only had
 * enough of this connection: whom that mail was for, all DEFERRED, may be asked
 * for on another one at once.
 */
bool session_is_stale(const struct session *s);

/*
 * ... and did a mail end with it?  If not, those who are handed back were of
 * one that was over, however close behind its last reply the end came.
 */
bool session_has_cut_off(const struct session *s);

/* Who the server says it is, in its greeting; or empty. */
struct slice session_peer_name(const struct session *s);

/* What the server offers (after SESSION_MAIL was first reached). */
const struct caps *session_caps(const struct session *s);

/*
 * Does the server offer CHUNKING and not know BDAT?  Then the mail went on with
 * DATA, if it could, and no other session with this host should try.
 */
bool session_bdat_is_broken(const struct session *s);

/* The handshake is done; version is "TLSv1.3". */
void session_secured(struct session *s, const char *version);

/*
 * Why it goes on in clear, or cannot go on: the server's words, or ours; empty
 * as long as TLS is there, not wanted, or may still be.
 */
struct slice session_lacks_tls(const struct session *s);

void session_input(struct session *s, struct slice in);
struct slice session_output(const struct session *s);
void session_sent(struct session *s, size_t n);

/* Room and leave to send message text?  Then give raw body bytes, in order. */
bool session_wants_body(const struct session *s);

/*
 * Where in the body they begin.  A server that does not know BDAT after all
 * wants them all again.
 */
uint64_t session_body_at(const struct session *s);

/*
 * Raw bytes of the body.  The end is said with the last of them, so there may
 * be no more to give at once; empty = there is no more, which is a fault when
 * the message should have some.
 */
void session_body(struct session *s, struct slice raw);

/*
 * Microseconds that the driver is to wait before it says session_go_on(), by
 * the drill; 0 = there is nothing to wait for.  Input is taken meanwhile.
 */
int64_t session_pause(const struct session *s);
void session_go_on(struct session *s);

/* When it is over: how the connection is to be closed. */
enum leave session_leaves(const struct session *s);

/* Is QUIT all that the server still has to answer? */
bool session_is_leaving(const struct session *s);

/* Octets of the message text that are out, of the transaction under way. */
uint64_t session_text_sent(const struct session *s);

/*
 * The connection or the body is lost: every recipient left gets this outcome,
 * marked maybe_sent when the message was out whole.
 */
void session_lost(struct session *s, const struct outcome *why);

/* Has the server all of the message, so that only its reply is missing? */
bool session_is_committed(const struct session *s);

/* Seconds that the server may take for what is awaited now (FAULTS, table). */
unsigned session_patience(const struct session *s);

/*
 * A number that changes when a new phase begins: the deadline starts anew.  So
 * it does while text gets through, which only the driver can see.
 */
unsigned session_phase(const struct session *s);

/* Which reply is awaited; STAGE_NONE: none. */
enum stage session_stage(const struct session *s);

/* In words: "waiting for the reply to RCPT", for time-out messages. */
const char *session_awaits(const struct session *s);

/* Why the session ended: PENDING for an orderly QUIT. */
const struct outcome *session_end(const struct session *s);

#endif
