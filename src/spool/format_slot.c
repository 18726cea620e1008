/* SPDX-License-Identifier: ISC */
/* format_slot.c - slots as octets (format.h). */
#include "spool/format.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/octets.h"

/* Where the fields of a slot are; the message's uses some others. */
enum {
	AT_SEQUENCE = 0,
	AT_STATE = 4,
	AT_FLAGS = 5,
	AT_ATTEMPTS = 6,
	AT_CODE = 8,
	AT_CLS = 10,
	AT_SUBJECT = 12,
	AT_DETAIL = 14,
	AT_LAST = 16,
	AT_NEXT = 24,
	AT_AGE = 32,
	AT_INODE = 40,
	AT_OFFSET = 48,
	AT_SUM = 60,

	AT_RUNS = 8,
	AT_BOUNCES = 12,
};

enum { DELAY_TOLD = 1, SUCCESS_TOLD = 2 };

uint32_t
format_seed(const struct stored *m)
{
	char generation[4];
	uint32_t sum = crc32c(0, (struct slice){ m->id, STORE_ID });

	octets_put(generation, 4, m->generation);
	return crc32c(sum, (struct slice){ generation, sizeof generation });
}

static uint32_t
slot_sum(const char *s, struct slot_key key)
{
	char number[4];
	uint32_t sum;

	octets_put(number, 4, key.number);
	sum = crc32c(key.seed, (struct slice){ number, sizeof number });
	return crc32c(sum, (struct slice){ s, AT_SUM });
}

static void
seal(char *out, struct slot_key key)
{
	octets_put(out + AT_SEQUENCE, 4, key.sequence);
	octets_put(out + AT_SUM, 4, slot_sum(out, key));
}

void
format_slot_put(char out[FORMAT_SLOT], struct slot_key key,
    const struct slot *s)
{
	memset(out, 0, FORMAT_SLOT);
	out[AT_STATE] = (char)s->state;
	out[AT_FLAGS] = (char)((s->delay_told ? DELAY_TOLD : 0) |
	    (s->success_told ? SUCCESS_TOLD : 0));
	octets_put(out + AT_ATTEMPTS, 2, s->attempts);
	octets_put(out + AT_CODE, 2, s->code);
	octets_put(out + AT_CLS, 1, s->esc.cls);
	octets_put(out + AT_SUBJECT, 2, s->esc.subject);
	octets_put(out + AT_DETAIL, 2, s->esc.detail);
	octets_put(out + AT_LAST, 8, (uint64_t)s->last_try);
	octets_put(out + AT_NEXT, 8, (uint64_t)s->next_try);
	octets_put(out + AT_AGE, 4, s->age);
	octets_put(out + AT_INODE, 8, s->inode);
	octets_put(out + AT_OFFSET, 8, s->offset);
	seal(out, key);
}

void
format_mail_slot_put(char out[FORMAT_SLOT], struct slot_key key,
    const struct mail_slot *s)
{
	memset(out, 0, FORMAT_SLOT);
	out[AT_STATE] = s->held ? 'H' : 'P';
	octets_put(out + AT_RUNS, 4, s->runs);
	octets_put(out + AT_BOUNCES, 4, s->bounces);
	octets_put(out + AT_NEXT, 8, (uint64_t)s->next_try);
	seal(out, key);
}

uint32_t
format_slot_sequence(const char in[FORMAT_SLOT])
{
	return (uint32_t)octets_get(in + AT_SEQUENCE, 4);
}

static bool
is_whole(const char *s, struct slot_key key)
{
	return octets_get(s + AT_SUM, 4) == slot_sum(s, key);
}

int
format_slot_pick(const char *const twin[2], struct slot_key *key)
{
	bool whole[2] = { is_whole(twin[0], *key), is_whole(twin[1], *key) };
	uint32_t sequence[2] = { format_slot_sequence(twin[0]),
		format_slot_sequence(twin[1]) };
	int which = whole[1] &&
		(!whole[0] || format_is_later(sequence[1], sequence[0]));

	key->sequence = sequence[which];
	return whole[which] ? which : -1;
}

static bool
is_state(char c)
{
	switch ((enum slot_state)c) {
	case SLOT_PENDING:
	case SLOT_DELIVERED:
	case SLOT_FAILED:
	case SLOT_BOUNCED:
	case SLOT_HELD:
		return true;
	}
	return false;
}

bool
format_slot_get(const char in[FORMAT_SLOT], struct slot *out)
{
	*out = (struct slot){
		.state = (enum slot_state)in[AT_STATE],
		.delay_told = in[AT_FLAGS] & DELAY_TOLD,
		.success_told = in[AT_FLAGS] & SUCCESS_TOLD,
		.attempts = (uint16_t)octets_get(in + AT_ATTEMPTS, 2),
		.code = (uint16_t)octets_get(in + AT_CODE, 2),
		.esc.cls = (unsigned char)in[AT_CLS],
		.esc.subject = (uint16_t)octets_get(in + AT_SUBJECT, 2),
		.esc.detail = (uint16_t)octets_get(in + AT_DETAIL, 2),
		.last_try = (int64_t)octets_get(in + AT_LAST, 8),
		.next_try = (int64_t)octets_get(in + AT_NEXT, 8),
		.age = (uint32_t)octets_get(in + AT_AGE, 4),
		.inode = octets_get(in + AT_INODE, 8),
		.offset = octets_get(in + AT_OFFSET, 8),
	};
	return is_state(in[AT_STATE]);
}

void
format_mail_slot_get(const char in[FORMAT_SLOT], struct mail_slot *out)
{
	*out = (struct mail_slot){
		.held = in[AT_STATE] != 'P',
		.runs = (uint32_t)octets_get(in + AT_RUNS, 4),
		.bounces = (uint32_t)octets_get(in + AT_BOUNCES, 4),
		.next_try = (int64_t)octets_get(in + AT_NEXT, 8),
	};
}
