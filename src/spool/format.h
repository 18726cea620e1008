/* SPDX-License-Identifier: ISC */
/*
 * format.h - the file of a message, version 1, as octets in memory.
 *
 *	0	header, 4096 octets
 *	4096	bank A: a slot of 64 octets for the message, one for each
 *		recipient; rounded up to 4096
 *	...	bank B, the same: the twin of each slot, in another block
 *	...	envelope: records of a letter, a length and octets
 *	...	text: canonical, not dot-stuffed
 *	...	sums: CRC-32C of each 64 KiB of the text
 *	...	redo: of a bounce, what it changes in its parent
 *	...	trailer, 32 octets
 *
 * Numbers begin with their lowest octet.  All but the banks never changes, and
 * each part has its sum.  A slot is overwritten where its older twin is, with
 * the next sequence number, so a torn write leaves the one before.  Its sum is
 * seeded with the id, so that a slot of another file is none.
 *
 * The first 16 octets and the length of the header, with its sum, stay the same
 * in every version: a file of a later one is told from a broken one.
 */
#ifndef SPOOL_FORMAT_H
#define SPOOL_FORMAT_H

#include "spool/job.h"
#include "spool/store.h"

#define FORMAT_HEADER	4096
#define FORMAT_SLOT	JOB_SLOT
#define FORMAT_REDO	72
#define FORMAT_TRAILER	32
#define FORMAT_BLOCK	65536 /* that has a sum */

/* Where the parts begin; their lengths are what is between them. */
struct layout {
	size_t rcpts, nredo;
	uint64_t bank[2];
	uint64_t envelope, text, sums, redo, trailer, total;
};

/* False when there is no such file: too long for one. */
bool layout_make(struct layout *l, uint64_t rcpts, uint64_t envelope,
    uint64_t text, uint64_t nredo);

/* ---- header and trailer ---- */

enum format { FORMAT_OK, FORMAT_NEWER, FORMAT_BROKEN };

/* m->envelope is not looked at; its sum is `envelope`. */
void format_header_put(char out[FORMAT_HEADER], const struct stored *m,
    const struct layout *l, uint32_t envelope);

/* Fills *m but for its envelope, whose sum goes to *envelope. */
enum format format_header_get(const char in[FORMAT_HEADER], struct stored *m,
    struct layout *l, uint32_t *envelope);

void format_trailer_put(char out[FORMAT_TRAILER], const struct layout *l,
    uint32_t sums, uint32_t redo);

/* Does it belong to l?  Then its sums too. */
bool format_trailer_get(const char in[FORMAT_TRAILER], const struct layout *l,
    uint32_t *sums, uint32_t *redo);

/* ---- envelope ---- */

void format_envelope_put(struct buf *out, const struct envelope *e);

/* n recipients, neither more nor less; *e is empty but for its key.  What is in
 * it after a failure is the caller's to free. */
bool format_envelope_get(struct slice in, size_t n, struct envelope *e);

/* ---- slots: number 0 is the message's, n + 1 recipient n's ---- */

/* What the sums of all slots of a message begin with. */
uint32_t format_seed(const struct stored *m);

/* What a slot is written with beside what it says. */
struct slot_key {
	uint32_t seed;
	uint32_t number;
	uint32_t sequence;
};

void format_slot_put(char out[FORMAT_SLOT], struct slot_key key,
    const struct slot *s);
void format_mail_slot_put(char out[FORMAT_SLOT], struct slot_key key,
    const struct mail_slot *s);

/*
 * Which of the twins counts: 0 or 1, and key->sequence is its; -1 when both are
 * bad.  key->seed and key->number are given.
 */
int format_slot_pick(const char *const twin[2], struct slot_key *key);

/* What a good one says; false: in words that we do not know. */
bool format_slot_get(const char in[FORMAT_SLOT], struct slot *out);
void format_mail_slot_get(const char in[FORMAT_SLOT], struct mail_slot *out);

/* The sequence number that a slot claims. */
uint32_t format_slot_sequence(const char in[FORMAT_SLOT]);

/* Is sequence a later than b?  They may go round. */
static inline bool
format_is_later(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

#endif
