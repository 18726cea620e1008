/* SPDX-License-Identifier: ISC */
/*
 * outcome.h - the one error model.
 *
 * An outcome says what became of one recipient, or of one operation.  What can
 * fail for a reason outside the program returns bool and fills an outcome.
 * Reports, exit status, JSON, log lines and bounces are read from it at the
 * end; no layer translates errors.
 */
#ifndef BASE_OUTCOME_H
#define BASE_OUTCOME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/inet.h"
#include "base/policy.h"

/*
 * VERIFIED: the dialogue went as far as was asked for (--quit-after) and the
 * server agreed that far; nothing was sent.
 */
enum verdict { PENDING, VERIFIED, DELIVERED, DEFERRED, FAILED };

/* Where in a message's way it was decided. */
enum stage {
	STAGE_NONE,
	STAGE_USAGE,	/* the command line */
	STAGE_CONFIG,
	STAGE_OPEN,	/* opening an input file */
	STAGE_READ,	/* reading the message */
	STAGE_SYSTEM,	/* this machine's resources */
	STAGE_MESSAGE,	/* the message's own form */
	STAGE_ADDRESS,
	STAGE_DNS,
	STAGE_ROUTE,
	STAGE_LOCAL,	/* a mailbox or command of this machine */
	STAGE_CONNECT,
	STAGE_TLS,	/* the handshake, or a certificate */
	STAGE_GREETING,
	STAGE_EHLO,
	STAGE_HELO,	/* for servers that know no better */
	STAGE_LHLO,	/* the same for LMTP */
	STAGE_STARTTLS,
	STAGE_XCLIENT,
	STAGE_AUTH,	/* logging in at a relay */
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
	STAGE_BODY,	/* while the message was being sent */
	STAGE_END,	/* end of data: the final dot or BDAT LAST */
	STAGE_RSET,
	STAGE_QUIT,
	NSTAGES
};

/* RFC 3463 enhanced status code; cls == 0 means "none". */
struct esc {
	unsigned char cls;
	unsigned short subject, detail;
};

/* What the sender could do without, so that it would have gone through. */
enum waiver {
	WAIVER_NONE,
	WAIVER_TRUST,	/* a certificate of somebody known: --tls encrypt */
	WAIVER_TLS	/* --tls may */
};

/*
 * code, esc and text are the server's, or all three are ours: with a code they
 * are what it said, nothing added, and `ours` is what we have to say of it.
 */
struct outcome {
	enum verdict verdict;
	struct esc esc;
	unsigned short code;	/* SMTP reply code; 0 when we decided */
	enum stage stage;
	bool maybe_sent;	/* the server may have accepted all the same */
	bool timed_out;		/* nobody answered at all: a wall, perhaps */
	enum waiver waiver;
	bool relay;		/* it was to go by a submission relay */
	bool late;		/* the server took too long for an answer */
	bool posed;		/* the server takes us for whom XCLIENT says */
	char host[256];		/* the server's name, or empty */
	struct endpoint peer;	/* its address, once connected to */
	char text[512];		/* what was tried and why it ended so; or the
				   server's words; not escaped, may be cut */
	char ours[200];		/* "the relay refused the password of joe" */
	char tls[16];		/* "TLSv1.3" that it was decided under, or
				   empty: in clear; */
	enum tls_level policy;	/* ... what it was held to */
};

/* An outcome of our own; text is made as printf does. */
struct outcome outcome_make(enum verdict verdict, enum stage stage,
    struct esc esc, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The usual way to fail: fill *why and return false. */
bool outcome_fail(struct outcome *why, enum verdict verdict, enum stage stage,
    struct esc esc, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#define ESC(c, s, d) ((struct esc){ (c), (s), (d) })

/* Say which server it was; peer may be NULL. */
void outcome_set_host(struct outcome *o, struct slice host,
    const struct endpoint *peer);

/*
 * Replace the text; what is too long is cut.  A NUL in it becomes U+2400, so
 * that what a server says behind one is seen too.
 */
void outcome_set_text(struct outcome *o, struct slice text);

/* Say what is ours of an outcome with a code, as printf does. */
void outcome_set_ours(struct outcome *o, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Under which TLS: "TLSv1.3", or empty for none. */
void outcome_set_tls(struct outcome *o, const char *version);

/* Which of two is worse for the sender: FAILED over DEFERRED over the rest. */
bool outcome_is_worse(const struct outcome *a, const struct outcome *b);

/* "delivered", "deferred", ...; "connect", "MAIL", "end of data", ... */
const char *verdict_name(enum verdict v);
const char *stage_name(enum stage s);

/*
 * DELIVERED by this machine itself: into its queue, where it is safe.  No
 * server has had a word in it.
 */
static inline bool
outcome_is_queued(enum verdict v, enum stage s)
{
	return v == DELIVERED && s == STAGE_SYSTEM;
}

/*
 * The verdict's name; but before RCPT nobody is verified: "reached"; and what
 * is in the queue is "queued".
 */
const char *outcome_word(enum verdict v, enum stage s);

/* Append "5.1.1"; nothing when there is none. */
void esc_put(struct buf *out, struct esc e);

/*
 * The sysexits(3) status for an outcome: 0 delivered or verified, 75 deferred
 * (78 when the configuration is why: a person must mend it), and of a failure:
 * 64, 65, 66, 71, 74, 78 for local causes, 67 no such user, 68 no such host, 69
 * everything else.
 */
int outcome_exit(const struct outcome *o);

#endif
