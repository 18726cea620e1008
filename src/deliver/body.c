/* SPDX-License-Identifier: ISC */
/* body.c - see body.h */
#include "deliver/body.h"

#include "net/content.h"

bool
body_walk(const struct message *m, struct scan *scan, struct recode_plan *plan,
    struct outcome *why)
{
	char block[CONTENT_BLOCK];
	struct slice raw;
	uint64_t at = 0;

	do {
		if (!content_read(&m->body, at, block, &raw, why))
			return false;
		if (plan)
			recode_plan_feed(plan, raw);
		if (scan)
			scan_feed(scan, raw);
		at += raw.n;
	} while (raw.n > 0);
	return true;
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
