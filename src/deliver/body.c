/* SPDX-License-Identifier: ISC */
/* body.c - see body.h */
#include "deliver/body.h"

#include "net/content.h"

bool
body_each(const struct content *body,
    bool (*take)(void *arg, struct slice raw, struct outcome *why), void *arg,
    struct outcome *why)
{
	char block[CONTENT_BLOCK];
	struct slice raw;
	uint64_t at = 0;

	for (;;) {
		if (!content_read(body, at, block, &raw, why))
			return false;
		if (raw.n == 0)
			return true;
		if (!take(arg, raw, why))
			return false;
		at += raw.n;
	}
}

struct walk {
	struct scan *scan;
	struct recode_plan *plan;
};

static bool
walk_block(void *walk, struct slice raw, struct outcome *why)
{
	struct walk *w = walk;

	(void)why;
	if (w->plan)
		recode_plan_feed(w->plan, raw);
	if (w->scan)
		scan_feed(w->scan, raw);
	return true;
}

bool
body_walk(const struct message *m, struct scan *scan, struct recode_plan *plan,
    struct outcome *why)
{
	struct walk w = { scan, plan };

	return body_each(&m->body, walk_block, &w, why);
}

bool
body_plan_recoding(struct message *m, bool cr_ends, const struct idn *idn,
    struct outcome *why)
{
	m->recode = recode_plan_new(buf_slice(&m->head), cr_ends, idn);
	if (!body_walk(m, NULL, m->recode, why))
		return false;
	recode_plan_finish(m->recode);
	m->recode_bar = recode_plan_bar(m->recode);
	m->is_binary = m->is_binary || recode_plan_is_binary(m->recode);
	if (!m->is_binary && !recode_is_needed(m)) {
		recode_plan_free(m->recode);
		m->recode = NULL;
		m->recode_bar = NULL;
		return true;
	}
	if (!m->recode_bar || !recode_is_forced(m))
		return true;
	return outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 3),
	    "the message has NULs, lines of more than 998 octets, CRs without "
	    "LFs, or raw binary parts, and may not be re-coded: %s",
	    m->recode_bar);
}
