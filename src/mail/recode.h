/* SPDX-License-Identifier: ISC */
/*
 * recode.h - a message in 7-bit form, for servers without 8BITMIME (RFC 6152
 * 3) and for bodies that no server takes: NULs, lines over 998 octets.
 *
 * The leaf parts (RFC 2046) that are not clean - octets above 127, NULs, long
 * lines - become quoted-printable (text) or base64 (all else); a clean part
 * stays as it is to the octet.  Multiparts and messages around a re-coded part
 * are labelled 7bit, whatever they were.  Text outside of parts, which nobody
 * is shown, gets =C3 for what is not ASCII.
 *
 * Nothing is lost, or it is not done: recode_plan_bar() says why not.  So it is
 * with what stands in a multipart/signed, in an encoding nobody knows or that
 * is not what it says, and in headers of parts that have no form in ASCII.
 *
 * Whether a part is clean must be known before its header is written, so it
 * takes two passes over the raw body, both in pieces of any size:
 *
 *	plan = recode_plan_new(head, cr_ends, idn); once, at intake, only when
 *	recode_plan_feed(plan, raw); ...	recode_is_needed(message)
 *	recode_plan_finish(plan);		message->recode = plan
 *
 *	r = recode_new(plan, head, &out);	per transaction; writes the head
 *	recode_feed(r, raw, &out); ...		instead of encode()
 *	recode_finish(r, &out);
 *
 * What comes out is canonical: CRLF, no NUL, lines of at most 998 octets,
 * 7-bit but for a head that needs SMTPUTF8.  Dots are not doubled: for DATA it
 * goes through encode() once more.  A piece gives at most about four times its
 * length. The size is not known in advance.
 */
#ifndef MAIL_RECODE_H
#define MAIL_RECODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mail/idn.h"
#include "mail/lines.h"
#include "mail/message.h"

struct recode_plan;

/* Is the body unfit for a server without 8BITMIME? */
static inline bool
recode_is_needed(const struct message *m)
{
	return m->eight_bit || m->has_nul || m->longest_line > LINES_OCTETS;
}

/*
 * Is it unfit for every server, so that the 7-bit form is sent even where
 * 8BITMIME is offered?
 */
static inline bool
recode_is_forced(const struct message *m)
{
	return m->is_binary || m->has_nul || m->longest_line > LINES_OCTETS;
}

/*
 * head is a finished one (message.h), only used until this returns; cr_ends
 * says that the raw message has no LF (lines.h); idn is for the headers of
 * parts, and outlives the plan.
 */
struct recode_plan *recode_plan_new(struct slice head, bool cr_ends,
    const struct idn *idn);
void recode_plan_free(struct recode_plan *plan);
void recode_plan_feed(struct recode_plan *plan, struct slice raw);
void recode_plan_finish(struct recode_plan *plan);

/*
 * When finished: why the message must not be re-coded, since something would
 * be lost or a signature broken; NULL when it may.  Valid as long as the plan.
 */
const char *recode_plan_bar(struct recode_plan *plan);

/* Are there octets in it that line ends, as SMTP has them, would spoil? */
bool recode_plan_is_binary(const struct recode_plan *plan);

/* The plan, which is shared and not changed, outlives the struct recode. */
struct recode;

struct recode *recode_new(const struct recode_plan *plan, struct slice head,
    struct buf *out);
void recode_free(struct recode *r);
void recode_feed(struct recode *r, struct slice raw, struct buf *out);
void recode_finish(struct recode *r, struct buf *out);

#endif
