/* SPDX-License-Identifier: ISC */
/* schedule.c - see schedule.h */
#include "queue/schedule.h"

#define MINUTES(n) ((uint32_t)(n) * 60)
#define HOURS(n)   MINUTES((n) * 60)

struct schedule
schedule_default(void)
{
	return (struct schedule){
		.retry = { MINUTES(1), MINUTES(3), MINUTES(10), MINUTES(30),
		    MINUTES(60) },
		.nretry = 5,
		.greylist = 310,
		.host = HOURS(1),
		.lifetime = HOURS(5 * 24),
		.bounce_lifetime = HOURS(2 * 24),
		.warn_after = HOURS(4),
	};
}

static uint32_t
larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* With the random part on top. */
uint32_t
schedule_longest(const struct schedule *s)
{
	uint32_t longest = larger(s->greylist, s->host);

	longest = larger(longest, SCHEDULE_BOOKED);
	for (size_t i = 0; i < s->nretry; i++)
		longest = larger(longest, s->retry[i]);
	return longest + longest / 4;
}

/* seconds x 0.8 to 1.2, and not none */
static uint32_t
spread(uint32_t seconds, uint32_t random)
{
	uint64_t width = (uint64_t)seconds * 2 / 5 + 1;

	return larger(1, (uint32_t)((uint64_t)seconds * 4 / 5 +
	    random % width));
}

/* ---- greylisting ---- */

static bool
has_word(struct slice text, struct slice word)
{
	for (size_t i = 0; i + word.n <= text.n; i++)
		if (slice_starts_nocase(slice_from(text, i), word))
			return true;
	return false;
}

static bool
sounds_like_greylisting(struct slice text)
{
	static const struct slice words[] = { { "greylist", 8 },
		{ "graylist", 8 }, { "grey-list", 9 }, { "gray-list", 9 },
		{ "grey list", 9 }, { "gray list", 9 } };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (has_word(text, words[i]))
			return true;
	return false;
}

bool
schedule_is_greylisting(const struct outcome *o)
{
	if (o->verdict != DEFERRED || o->stage != STAGE_RCPT ||
	    o->code / 100 != 4)
		return false;
	return (o->esc.cls == 4 && o->esc.subject == 7 && o->esc.detail == 1) ||
	    sounds_like_greylisting(slice_of(o->text));
}

/* ---- the next try ---- */

static uint32_t
step(const struct schedule *s, uint32_t attempts)
{
	size_t i = attempts > 0 ? attempts - 1 : 0;

	return s->retry[i < s->nretry ? i : s->nretry - 1];
}

/* Did the try before this one end in the same reply? */
static bool
says_the_same(const struct slot *before, const struct outcome *o)
{
	return before->attempts > 0 && before->code == o->code &&
	    before->esc.cls == o->esc.cls &&
	    before->esc.subject == o->esc.subject &&
	    before->esc.detail == o->esc.detail;
}

uint32_t
schedule_retry(const struct schedule *s, const struct slot *before,
    const struct outcome *o, uint32_t random)
{
	if (schedule_is_greylisting(o) && !says_the_same(before, o))
		return s->greylist;
	return spread(step(s, before->attempts + 1u), random);
}

uint32_t
schedule_host_retry(const struct schedule *s, int64_t wait, uint32_t random)
{
	uint32_t seconds = wait < 1 ? 1 :
	    wait > s->host ? s->host : (uint32_t)wait;

	return seconds + random % (seconds / 8 + 1);
}

uint32_t
schedule_attempt(const struct schedule *s, uint32_t attempts)
{
	return step(s, attempts);
}

/* ---- age ---- */

uint32_t
schedule_age(const struct schedule *s, const struct stored *m,
    const struct slot *before, int64_t wall)
{
	int64_t begun = m->not_before > m->created ? m->not_before : m->created;
	int64_t last = before->last_try > 0 ? before->last_try : begun;
	int64_t planned = before->next_try - last;
	int64_t passed = wall - last, longest = schedule_longest(s);

	if (before->last_try == 0 || planned <= 0)
		planned = step(s, before->attempts);
	if (planned > longest)
		planned = longest;
	if (passed < 0)
		passed = 0;
	if (passed > 2 * planned)
		passed = 2 * planned;
	if (passed > UINT32_MAX - before->age)
		return UINT32_MAX;
	return before->age + (uint32_t)passed;
}

bool
schedule_is_over(const struct schedule *s, const struct stored *m,
    uint32_t age, unsigned attempts)
{
	if (m->expires > 0)
		return (int64_t)age >= m->expires;
	return attempts >= SCHEDULE_ATTEMPTS &&
	    age >= (m->is_bounce ? s->bounce_lifetime : s->lifetime);
}

uint32_t
schedule_left(const struct stored *m, uint32_t age)
{
	if (m->expires <= 0 || m->expires > UINT32_MAX)
		return UINT32_MAX;
	return m->expires > age ? (uint32_t)m->expires - age : 0;
}

bool
schedule_is_late(const struct schedule *s, const struct slot *slot)
{
	return s->warn_after > 0 && !slot->delay_told &&
	    slot->state == SLOT_PENDING && slot->age >= s->warn_after;
}

/* ---- due ---- */

int64_t
schedule_due_in(const struct schedule *s, int64_t next_try, int64_t not_before,
    int64_t wall)
{
	if (not_before > wall)
		return not_before - wall;
	if (next_try <= wall || next_try - wall > schedule_longest(s))
		return 0;
	return next_try - wall;
}

bool
schedule_next(const struct entry *e, int64_t *next)
{
	bool found = false;

	*next = INT64_MAX;
	for (size_t i = 0; i < e->mail.envelope.n; i++) {
		if (e->slots[i].state != SLOT_PENDING)
			continue;
		found = true;
		if (e->slots[i].next_try < *next)
			*next = e->slots[i].next_try;
	}
	if (e->slot.next_try > *next)
		*next = e->slot.next_try;
	return found && !e->slot.held;
}
