/* SPDX-License-Identifier: ISC */
/* queueing_store.c - a message, and what its aliases make of it, is stored. */
#include "cli/queueing_impl.h"

#include "cli/become.h"
#include "cli/names.h"
#include "net/clock.h"

struct enqueue_call
queueing_call(const struct queueing *q, const struct intake *part)
{
	return (struct enqueue_call){ q->settings, q->self, part,
		q->report->run.uid, clock_wall(), q->tried };
}

/* Those who have no verdict of their own. */
static void
settle_rest(struct envelope *e, const struct outcome *o, const char *id)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->rcpts[i].verdict == PENDING)
			queueing_say(&e->rcpts[i], o, id);
}

/* Who leads to nobody is told apart. */
static void
note_bad(struct envelope *e, const struct envelope *main)
{
	for (size_t i = 0; i < main->nbad; i++)
		for (size_t k = 0; k < e->n; k++)
			if (address_eq(&e->rcpts[k].to, &main->bad[i].to)) {
				recipient_say(&e->rcpts[k],
				    main->bad[i].verdict, main->bad[i].result);
				e->rcpts[k].decided = clock_now();
			}
}

static bool
store_letter(struct queueing *q, const struct intake *part,
    const struct envelope *e, struct enqueued *out, struct outcome *why)
{
	struct intake letter = *part;
	const struct enqueue_call call = queueing_call(q, &letter);

	letter.envelope = *e;
	if (!enqueue(&call, out, why))
		return false;
	if (!out->duplicate)
		report_queued(q->report, &e->from, out->id, part->message.size,
		    e->n);
	return true;
}

/* Of lists with owners, whom the intake has not seen. */
static void
rewrite_owners(const struct queueing *q, const struct envelope *came,
    struct letters *l)
{
	struct address_options o = names_options(q->settings, q->self);
	struct buf told = { 0 };
	struct slice rest, line;

	if (!address_eq(&came->from, &l->main.from))
		senders_replace(q->settings->message.senders, &o,
		    &l->main.from, &told);
	for (size_t i = 0; i < l->n; i++)
		senders_replace(q->settings->message.senders, &o,
		    &l->part[i].from, &told);
	rest = buf_slice(&told);
	while (rest.n > 0 && slice_cut(&rest, '\n', &line))
		events_note(q->events, 0, "%.*s", (int)line.n, line.p);
	buf_free(&told);
}

/* The key is that of the first. */
static bool
store_parts(struct queueing *q, const struct intake *part,
    const struct letters *l, struct outcome *why)
{
	struct settings plain = *q->settings;
	struct queueing other = *q;
	struct enqueued out = { .id = "" };

	plain.enqueue.key = NULL;
	other.settings = &plain;
	for (size_t i = 0; i < l->n; i++) {
		if (!store_letter(&other, part, &l->part[i], &out, why))
			return false;
		buf_put(&q->parts, (struct slice){ out.id, sizeof out.id });
	}
	return true;
}

/*
 * Whose agent there is to deliver to mailboxes must be known before we are
 * somebody else.
 */
static bool
store_letters(struct queueing *q, const struct intake *part,
    const struct letters *l, struct enqueued *out, struct outcome *why)
{
	if (letters_are_local(l) &&
	    q->settings->sendmail.delivery != DELIVERY_QUEUE)
		home_find_agent(&q->agent, q->settings);
	if (!become_owner_of(q->settings->queue.path, why))
		return false;
	q->is_ours = true;
	return store_letter(q, part, &l->main, out, why) &&
	    (out->duplicate || store_parts(q, part, l, why));
}

bool
queueing_store(struct queueing *q, struct intake *part, struct enqueued *out,
    struct outcome *why)
{
	struct home home;
	struct here *here = home_open(&home, q->settings, q->self);
	struct letters l = { .main = envelope_copy(&part->envelope) };
	struct outcome done;
	bool ok = true;

	if (here && !q->settings->sendmail.no_aliases)
		here_expand_letters(here, &l);
	rewrite_owners(q, &part->envelope, &l);
	note_bad(&part->envelope, &l.main);
	if (l.main.n > 0)
		ok = store_letters(q, part, &l, out, why);
	done = outcome_make(DELIVERED, STAGE_SYSTEM, ESC(2, 0, 0), "%s",
	    out->duplicate ? "queued before, with the same key" : QUEUED);
	if (ok)
		settle_rest(&part->envelope, &done, out->id);
	letters_free(&l);
	home_free(&home);
	return ok;
}
