/* SPDX-License-Identifier: ISC */
/* verdict.c - see verdict.h */
#include "queue/verdict.h"

#include "queue/bounce.h"

/* A temporary failure has a temporary code, whatever the server called it. */
static struct esc
deferral_esc(struct esc esc)
{
	if (esc.cls == 5)
		esc.cls = 4;
	return esc;
}

/* The last reply stays what it was, and why it is the last is ours to say. */
static void
give_up(struct recipient *r, unsigned tries)
{
	struct outcome o = recipient_outcome(r), ours;
	struct result *result;

	o.verdict = FAILED;
	if (o.code != 0) {
		outcome_set_ours(&o, "given up after %u tries", tries);
	} else {
		ours = outcome_make(FAILED, o.stage, ESC(4, 4, 7),
		    "given up after %u tries: %s", tries, o.text);
		outcome_set_text(&o, slice_of(ours.text));
		o.esc = ours.esc;
	}
	result = result_new(&o, SLICE(""));
	recipient_say(r, FAILED, result);
	result_release(result);
}

static uint32_t
retry_in(const struct slot *before, const struct outcome *o,
    const struct verdict_call *c)
{
	if (c->site_wait >= 0)
		return schedule_host_retry(c->schedule, c->site_wait,
		    c->random);
	return schedule_retry(c->schedule, before, o, c->random);
}

static void
defer(struct recipient *r, struct slot *slot, const struct slot *before,
    const struct verdict_call *c)
{
	struct outcome o = recipient_outcome(r);
	uint32_t wait = retry_in(before, &o, c);
	uint32_t left = schedule_left(c->mail, slot->age);

	slot->esc = deferral_esc(o.esc);
	slot->next_try = c->wall + (wait < left ? wait : left);
	if (!schedule_is_over(c->schedule, c->mail, slot->age,
	    slot->attempts))
		return;
	slot->state = SLOT_FAILED;
	slot->esc = ESC(4, 4, 7);
	slot->next_try = 0;
	give_up(r, slot->attempts);
}

struct slot
verdict_slot(struct recipient *r, const struct slot *before,
    const struct verdict_call *c)
{
	struct slot slot = *before;

	if (c->stopped) {
		slot.next_try = c->wall;
		return slot;
	}
	slot.age = schedule_age(c->schedule, c->mail, before, c->wall);
	slot.attempts = (uint16_t)(before->attempts + (before->attempts <
	    UINT16_MAX));
	slot.last_try = c->wall;
	slot.next_try = 0;
	slot.code = r->result ? r->result->code : 0;
	slot.esc = r->result ? r->result->esc : ESC(0, 0, 0);
	switch (r->verdict) {
	case DELIVERED:
	case VERIFIED:
		slot.state = SLOT_DELIVERED;
		slot.success_told = bounce_success_told(r);
		break;
	case FAILED:
		slot.state = SLOT_FAILED;
		break;
	case DEFERRED:
	case PENDING:
		defer(r, &slot, before, c);
		break;
	}
	return slot;
}
