/* SPDX-License-Identifier: ISC */
/* bulk_record.c - verdicts into the file of --resume. */
#include "cli/bulk_impl.h"

/* A recipient of this batch has his verdict: nothing is lost, but who runs it
 * again would send it again. */
static void
say_unwritten(struct bulk *b, const struct deliver_batch *batch)
{
	const struct bulk_part *p = batch->consignment->owner;
	const struct recipient *r;
	struct outcome why;

	for (r = batch->rcpts.first; r; r = r->next) {
		if (r->verdict != DELIVERED)
			continue;
		outcome_fail(&why, DEFERRED, STAGE_SYSTEM, ESC(4, 3, 0),
		    "%s was delivered to, and %s does not say so",
		    r->to.path, b->s->bulk.resume);
		bulk_report_failure(b, p->mail->label, &why);
	}
}

/* Nothing more is sent; but what a server has is waited for. */
static void
lose(struct bulk *b, const struct outcome *why, int64_t now)
{
	struct bulk_part *p, *next;

	b->lost = *why;
	bulk_note(b, why);
	report_failure(&b->report, why);
	for (p = list_first(&b->parts); p; p = next) {
		next = list_after(&p->node);
		deliver_withdraw(b->deliver, &p->consignment, why, now);
	}
}

#define BATCHES 64

/* One write for many; false when there were none.  What is stopped has its
 * verdicts at once. */
static bool
record_some(struct bulk *b, int64_t now)
{
	struct deliver_batch batch[BATCHES];
	const struct recipient *r;
	struct outcome why;
	size_t n = 0;

	while (n < BATCHES && deliver_unrecorded(b->deliver, &batch[n])) {
		const struct bulk_part *p = batch[n].consignment->owner;

		for (r = batch[n].rcpts.first; r; r = r->next)
			done_add(b->done, &p->mail->sum, p->mail->label, r);
		n++;
	}
	if (b->lost.verdict == PENDING && !done_write(b->done, &why))
		lose(b, &why, now);
	for (size_t i = 0; i < n; i++) {
		if (b->lost.verdict != PENDING)
			say_unwritten(b, &batch[i]);
		deliver_recorded(b->deliver, &batch[i]);
	}
	return n > 0;
}

void
bulk_record(struct bulk *b, int64_t now)
{
	while (b->done && record_some(b, now))
		;
}
