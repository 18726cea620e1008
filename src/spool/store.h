/* SPDX-License-Identifier: ISC */
/*
 * store.h - messages that are safe: what the queue is kept in.
 *
 * A stored message is its text, which never changes, and a slot for itself and
 * one for each recipient, which do.  Who takes an entry has it alone until he
 * gives it back or dies.  Nothing here names a file: the engine that keeps them
 * in files is file_*.c; one in a database can take its place.
 *
 * What writes for good is asked for, and answered when it is durable: asked by
 * store_commit(), store_mark(), store_bounce(), store_edit(), store_remove(),
 * store_put_aside() and store_put_back(), answered by store_answer().  A store
 * with recorders syncs in helper processes, and its caller's loop never waits
 * for a disk; one without
 * has synced when the call returns, and the answer lies ready.  Either way the
 * words "when answered" below mean: it survives kill -9 and loss of power.
 */
#ifndef SPOOL_STORE_H
#define SPOOL_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/content.h"
#include "base/outcome.h"
#include "mail/envelope.h"
#include "mail/message.h"

#define STORE_ID 26 /* letters and digits of an id, a ULID */

/* The state of a recipient. */
enum slot_state {
	SLOT_PENDING = 'P',
	SLOT_DELIVERED = 'D',
	SLOT_FAILED = 'F',	/* and his bounce still owed */
	SLOT_BOUNCED = 'B',	/* his sender was told, or nobody is to be */
	SLOT_HELD = 'H',
};

/* What changes of a recipient.  Times are seconds since 1970; 0 = never yet. */
struct slot {
	enum slot_state state;
	bool delay_told;	/* the sender was warned of the delay */
	bool success_told;	/* ... or told of the success */
	uint16_t attempts;
	uint16_t code;		/* SMTP code of the last try; 0 = none */
	struct esc esc;		/* ... and the enhanced one */
	int64_t last_try, next_try; /* next_try 0: at once */
	uint32_t age;		/* accrued, seconds (QUEUE.md, Clock) */
	uint64_t inode, offset;	/* of a mailbox that is being appended to */
};

/* What changes of the message as a whole. */
struct mail_slot {
	bool held;
	int64_t next_try;	/* not before; see store_take() */
	uint32_t runs;		/* attempts of the message, begun */
	uint32_t bounces;	/* made so far: the generation */
};

/* What never changes of it (but by store_edit(), which counts generation). */
struct stored {
	char id[STORE_ID + 1];
	uint32_t generation;
	unsigned uid;		/* who handed it in */
	char host[256];		/* ... and where; or empty */
	int64_t created;	/* seconds since 1970 */
	int64_t not_before;	/* --at; 0 = at once */
	int64_t expires;	/* --expire: seconds of age; 0 = lifetime */
	uint8_t class;		/* enum mail_class of deliver.h */
	bool hold;		/* begin its life held */
	bool queue_only;	/* -odq: first tried by the next queue run */
	bool require_tls;
	bool is_bounce;		/* ours, or from <>: expires sooner */
	bool may_fill;		/* ours: it may use the reserve; not stored */
	uint16_t hops;		/* Received fields that it came with */
	char tag[32];		/* -L, or empty */
	char key[128];		/* --dedupe, or empty */
	struct envelope envelope; /* bad is not stored */

	/* of its text, as message.h has them */
	uint64_t size;
	uint64_t head;		/* octets of it that are the header */
	uint64_t longest_line;
	bool eight_bit, utf8_headers, has_nul, is_binary, doubtful_head;
	char utf8_field[MESSAGE_NAME];
	char recode_bar[128];	/* or empty */
};

void stored_free(struct stored *m);

enum store_place { STORE_QUEUE, STORE_HELD, STORE_BAD };

/* A message that somebody has taken, or looks at. */
struct entry {
	enum store_place place;
	struct stored mail;
	struct mail_slot slot;
	struct slot *slots;	/* as many as envelope.n, in its order */
	struct content text;	/* header and body, canonical (CRLF, no dots
				   stuffed); each block is checked when read */
	void *owner;		/* the caller's own */
};

struct store;

/* Where, and how.  Strings are the caller's and outlive the store. */
struct store_config {
	const char *path;	/* "/var/spool/smtpsend" */
	unsigned recorders;	/* helper processes at most; 0 = sync here */
	unsigned reserve_percent; /* of the disk that is left alone; 0 = 5 */
	uint64_t reserve;	/* ... and octets; 0 = 64 MiB; the lesser */
	uint64_t reserve_inodes; /* 0 = 1000 */
	int64_t key_seconds;	/* how long a --dedupe key is remembered; 0 =
				   five days */
};

/*
 * Open it, make what folders are missing below a spool folder that is there.
 * NULL with *why: no such folder (STAGE_CONFIG), not ours (its owner is not who
 * we are, or others may enter), a network file system, no descriptors.
 */
struct store *store_open(const struct store_config *config,
    struct outcome *why);
void store_close(struct store *s);

/* Something that can be lived with but should be known ("tmpfs: not durable"),
 * or NULL; for the log. */
const char *store_remark(const struct store *s);

/* ---- answers ---- */

struct store_answer {
	void *owner;		/* as it was given with the request */
	bool ok;		/* durable */
	bool duplicate;		/* of store_commit(): there was such a key */
	char id[STORE_ID + 1];	/* of the message; of the bounce for a bounce */
	struct outcome why;	/* unless ok */
};

/* The next answer; false when there is none yet. */
bool store_answer(struct store *s, struct store_answer *out);

/* Readable when an answer may be there; -1: never, they lie ready. */
int store_fd(const struct store *s);

/* Requests without an answer taken. */
size_t store_owed(const struct store *s);

/* ---- adding ---- */

struct draft;

/*
 * Begin a message: m with all but id (empty: one is made) and created; copied.
 * Refused below the reserve unless it is ours (may_fill).  NULL with *why
 * (DEFERRED, STAGE_SYSTEM).  Nothing is named yet: a draft leaves no trace.
 */
struct draft *store_begin(struct store *s, const struct stored *m,
    struct outcome *why);
const char *draft_id(const struct draft *d);

/* Its text, canonical, in blocks; false with *why, final for this draft. */
bool store_write(struct draft *d, struct slice text, struct outcome *why);

/* Its facts, known at the end: size is what was written; not its envelope. */
struct stored *draft_facts(struct draft *d);

/*
 * Begin with these states instead, one for each recipient: of a message that
 * comes from another queue.  Copied.
 */
void draft_states(struct draft *d, const struct mail_slot *mail,
    const struct slot *slots);

/*
 * When answered ok: the message will be delivered or bounced, whatever dies.
 * Otherwise there is no trace of it.  The draft is over.
 */
void store_commit(struct store *s, struct draft *d, void *owner);
void store_discard(struct store *s, struct draft *d);

/* ---- taking ---- */

enum store_take {
	STORE_TAKEN,
	STORE_BUSY,		/* somebody else has it */
	STORE_GONE,
	STORE_CORRUPT,		/* it was moved to corrupt/, *why says why */
	STORE_NEWER,		/* of a later version: left untouched */
	STORE_UNREADABLE,	/* the disk does not give it out, *why */
	STORE_REFUSED,		/* it cannot be read now, *why */
};

/*
 * Have it alone.  What an owner who died has left half done is finished first
 * (a bounce that was written and not yet named, QUEUE.md Delivery 5).  Where
 * both slots of somebody are bad he is HELD, and so is the message.
 */
enum store_take store_take(struct store *s, const char *id, struct entry **out,
    struct outcome *why);

/*
 * It was UNREADABLE more than once: if it still is it goes to STORE_BAD.  True:
 * it is there now, *why says why.
 */
bool store_give_up(struct store *s, const char *id, struct outcome *why);

/* Read it as it is now, nothing locked, nothing mended. */
enum store_take store_look(struct store *s, const char *id,
    struct entry **out, struct outcome *why);

/*
 * The same of one that was put aside, for a person.  It is not to
 * be sent; store_remove() and store_put_back() are for it.
 */
enum store_take store_take_at(struct store *s, enum store_place place,
    const char *id, struct entry **out, struct outcome *why);
enum store_take store_look_at(struct store *s, enum store_place place,
    const char *id, struct entry **out, struct outcome *why);

/* Give it back, taken or looked at; requests for it must have been answered. */
void store_release(struct store *s, struct entry *e);

/* ---- marking ---- */

/* recipient n, or the message itself (STORE_MAIL). */
#define STORE_MAIL SIZE_MAX
struct mark {
	size_t rcpt;
	struct slot slot;
	struct mail_slot mail;	/* for STORE_MAIL */
};

/*
 * Write these slots; e's own are changed at once.  When answered ok they are
 * durable, all of them; if not, *why says so, and nobody knows which.
 */
void store_mark(struct store *s, struct entry *e, const struct mark *m,
    size_t n, void *owner);

/*
 * The bounce d (of store_begin(), written) of e, and the marks that say so
 * (F to B, the generation).  When answered ok, both are durable, exactly once,
 * whatever was killed in between.  The draft is over.
 */
void store_bounce(struct store *s, struct entry *e, struct draft *d,
    const struct mark *m, size_t n, void *owner);

/*
 * The same message with another envelope, which takes over *envelope (its
 * recipients' slots begin anew unless their paths are the same) and counts its
 * generation.  When answered ok, e is as it was and must be released: the next
 * store_take() has the new one.
 */
void store_edit(struct store *s, struct entry *e, struct envelope *envelope,
    void *owner);

/*
 * All is D or B: it ends here (a key is remembered).  Releases e.  False when
 * the disk would not let it go: it is there again for the next store_take().
 * Not synced: cut off from power it may be there again, to be settled.
 */
bool store_settle(struct store *s, struct entry *e);

/*
 * It ends here whatever its state: rm.  When answered ok, it never comes back;
 * if not, *why says so, and it may be there or not.  Then e must be released.
 */
void store_remove(struct store *s, struct entry *e, void *owner);

/*
 * Out of the way for good, for a person to look at: to STORE_HELD, or, whose
 * text is damaged, to STORE_BAD; and back into the queue from there, as it is.
 * When answered ok, it is there for good; if not, *why says so, and it may be
 * there or where it was.  Then e must be released: until that is done nobody
 * else can have it.
 */
void store_put_aside(struct store *s, struct entry *e, enum store_place where,
    const char *reason, void *owner);
void store_put_back(struct store *s, struct entry *e, void *owner);

/* ---- last words: may be lost, never in the way ---- */

/* Append a line (of JSON) to what is told of the message; cut at 64 KiB. */
void store_tell(struct store *s, const char *id, struct slice line);
void store_told(struct store *s, const char *id, struct buf *out);

/* The same where it is known where the message is (entry.place): cheaper. */
void store_told_at(struct store *s, enum store_place place, const char *id,
    struct buf *out);

/*
 * What is no longer the same, octet for octet, when the message, or what is
 * told of it, was changed after the call.  Cheaper than looking.  False: there
 * is none, or it was changed so lately that the next change might not show.
 */
struct store_stamp { uint64_t v[2]; };
bool store_stamp(struct store *s, enum store_place place, const char *id,
    struct store_stamp *out);

/* ---- all of them ---- */

/*
 * The ids there, sorted (so: the oldest first), separated by NULs; false with
 * *why.
 */
bool store_list(struct store *s, enum store_place place, struct buf *out,
    struct outcome *why);

/* Once at the start of a runner: what the dead have left (drafts, keys whose
 * message is over, hidden bounces without their parent). */
void store_recover(struct store *s, int64_t now);

/* Room: octets and inodes, free and in all. */
struct store_space { uint64_t octets, free_octets, inodes, free_inodes; };
bool store_space(const struct store *s, struct store_space *out);

#endif
