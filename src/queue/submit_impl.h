/* SPDX-License-Identifier: ISC */
/*
 * submit_impl.h - the inside of a submit, shared by its files:
 *
 *	submit.c	its life: sockets, answers of the store
 *	submit_mail.c	who may send what to whom; the envelope
 *	submit_sender.c	who says that he sends it, and what stands for him
 *	submit_text.c	the text: its header completed, its facts
 *	submit_reply.c	refusals in words of SMTP
 *	submit_limit.c	who uses how much
 */
#ifndef QUEUE_SUBMIT_IMPL_H
#define QUEUE_SUBMIT_IMPL_H

#include "base/hash.h"
#include "mail/scan.h"
#include "queue/submit.h"
#include "queue/submit_reply.h"
#include "queue/submit_limit.h"
#include "serve/serve.h"

struct submit {
	struct submit_config config;
	struct serve_config serve_config;
	struct serve *serve;
	struct store *store;
	struct tallies tallies;
	struct wall_time wall;	/* of the step under way */
	int64_t now;
	size_t slot;		/* of the store's descriptor */
	struct buf reply;	/* the refusal that was said last */
	uint64_t taken;
	bool closed;
};

/* A message that is coming in, or waits for its disk. */
struct submission {
	struct submit *submit;
	struct tally *tally;
	struct draft *draft;	/* NULL: it is refused, or over */
	struct draft **parts;	/* the same, of those with another sender: of
				   lists that have owners */
	size_t nparts;
	size_t owed_answers;	/* of the store, */
	bool is_lost;		/* ... one of which was no */
	char id[STORE_ID + 1];	/* of the first */
	struct outcome why;	/* ... for this reason */
	bool is_unknown;	/* who hands it in */
	enum param_form form;
	struct buf came_from;	/* the path as it came, for a missing From */
	struct buf from;	/* ... and as it is now, */
	struct buf only;	/* ... and that of the only recipient, for
				   Received and log; else empty */
	struct buf told;	/* what its history begins with, or empty */
	size_t nrcpts;
	bool utf8;
	bool may_try;		/* at once */
	uint64_t octets;	/* that count for its tally */
	uint64_t most;		/* his may be so many in all, with those in the
				   queue; UINT64_MAX = as many as there are */

	/* the text */
	bool has_head;
	struct buf front;	/* until the header is whole */
	size_t look_at;		/* so much of it: look again */
	struct message message;
	uint64_t trace;		/* octets of our Received field */
	struct scan scan;	/* of the body */
	unsigned hops;

	struct serve_owed *owed;
};

/* ---- submit_mail.c ---- */

const char *submit_check_mail(void *self, const struct serve_mail *mail);
const char *submit_check_rcpt(void *self, const struct serve_mail *mail,
    struct slice to);

/* Begin it in the store; refused where that cannot be. */
struct submission *submission_new(struct submit *s,
    const struct serve_mail *mail);

/* It is over, whatever became of it: what is left of it goes. */
void submission_free(struct submission *m);

/* n octets more of it count from now on; false: that is more than he may. */
bool submission_may_have(struct submission *m, size_t n);

/* No more of it: this is why. */
void submission_refuse(struct submission *m, const struct outcome *why);

/* All drafts of it go. */
void submission_discard(struct submission *m);

/* ---- submit_sender.c ---- */

/* The sender as he was said; false with *why. */
bool submit_read_sender(const struct submit *s, const struct serve_mail *mail,
    struct address *out, struct outcome *why);

/* restrict-from: no mask but the empty one, which reports have. */
bool submit_is_his_name(const struct submit *s, const struct serve_mail *mail,
    const struct address *from, struct outcome *why);

/*
 * Replace the senders of these letters (mail/senders.h) where no client did,
 * and keep the one that came.
 */
void submission_rewrite(struct submission *m, const struct serve_mail *mail,
    struct letters *l);

/* Have the history begin with what was done to senders: lines, or nothing. */
void submission_tell(struct submission *m, struct slice rewritten);

/* ---- submit_text.c ---- */

/* The next octets of its text; canonical. */
void submission_write(struct submission *m, struct slice text);

/* That was all: the facts go to the draft.  Refused where it cannot be sent. */
void submission_finish(struct submission *m);

/* ---- submit_reply.c ---- */

/* What submit_put_reply() says, kept in s->reply: what a check returns. */
const char *submit_refuse(struct submit *s, const struct outcome *why);

#endif
