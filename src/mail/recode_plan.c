/* SPDX-License-Identifier: ISC */
/* recode_plan.c - the first pass: which parts are fit for 7 bits? */
#include "mail/recode_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"


struct recode_plan *
recode_plan_new(struct slice head, bool cr_ends, const struct idn *idn)
{
	struct recode_plan *plan = mem_alloc(sizeof *plan);

	plan->idn = idn;
	plan->mime.lines.cr_ends = cr_ends;
	mime_start(&plan->mime, head);
	return plan;
}

void
recode_plan_free(struct recode_plan *plan)
{
	if (!plan)
		return;
	mime_free(&plan->mime);
	free(plan);
}

unsigned
recode_plan_part(const struct recode_plan *plan, size_t index)
{
	return index < RECODE_PARTS ? plan->part[index] :
				      PART_UNCLEAN | PART_HIGH | PART_NOT_UTF8;
}

static void
mark(struct recode_plan *plan, size_t index, unsigned bits)
{
	if (index < RECODE_PARTS)
		plan->part[index] |= (unsigned char)bits;
}

/* The leaf at hand, and what it is in. */
static void
mark_leaf(struct recode_plan *plan, unsigned bits)
{
	mark(plan, plan->mime.entity.index, bits);
	for (size_t i = 0; i < plan->mime.depth; i++)
		mark(plan, plan->mime.level[i].index, PART_UNCLEAN);
}

/* What the octets behind this lead must be (RFC 3629 4); false for no lead. */
static bool
lead(struct recode_plan *plan, unsigned char c)
{
	plan->low = 0x80;
	plan->high = 0xbf;
	if (c < 0xc2 || c > 0xf4)
		return false;
	plan->need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	if (c == 0xe0)
		plan->low = 0xa0;
	else if (c == 0xed)
		plan->high = 0x9f;
	else if (c == 0xf0)
		plan->low = 0x90;
	else if (c == 0xf4)
		plan->high = 0x8f;
	return true;
}

static bool
utf8_goes_on(struct recode_plan *plan, unsigned char c)
{
	if (plan->need == 0)
		return c < 0x80 || lead(plan, c);
	plan->need--;
	if (c < plan->low || c > plan->high)
		return false;
	plan->low = 0x80;
	plan->high = 0xbf;
	return true;
}

static void
check_utf8(struct recode_plan *plan, struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!utf8_goes_on(plan, (unsigned char)text.p[i])) {
			mark_leaf(plan, PART_NOT_UTF8);
			plan->need = 0;
		}
}

static void
look_at(struct recode_plan *plan, struct slice text)
{
	bool high = ascii_has_high(text);
	unsigned bits = 0;

	plan->column += text.n;
	if (high || plan->need > 0)
		check_utf8(plan, text);
	if (high)
		bits |= PART_UNCLEAN | PART_HIGH;
	if (plan->column > LINES_OCTETS || memchr(text.p, '\0', text.n))
		bits |= PART_UNCLEAN;
	if (bits)
		mark_leaf(plan, bits);
}

/* A line or a part ends: no character may be cut off there. */
static void
end_line(struct recode_plan *plan)
{
	if (plan->need > 0)
		mark_leaf(plan, PART_NOT_UTF8);
	plan->need = 0;
	plan->column = 0;
}

static void
feed(struct recode_plan *plan, struct slice raw, bool last)
{
	struct mime *m = &plan->mime;
	enum mime_event event;
	struct slice piece;

	while ((event = mime_next(m, &raw, last, &piece)) != MIME_NONE)
		if (event == MIME_TEXT && !m->is_outside)
			look_at(plan, piece);
		else if (event == MIME_EOL || event == MIME_CR)
			end_line(plan);
}

void
recode_plan_feed(struct recode_plan *plan, struct slice raw)
{
	feed(plan, raw, false);
}

void
recode_plan_finish(struct recode_plan *plan)
{
	feed(plan, (struct slice){ 0 }, true);
	end_line(plan);
}
