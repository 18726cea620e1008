/* SPDX-License-Identifier: ISC */
/* recode_plan.c - the first pass: which parts are fit for 7 bits? */
#include "mail/recode_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mail/header.h"
#include "mail/rewrite.h"


struct recode_plan *
recode_plan_new(struct slice head, bool cr_ends, const struct idn *idn)
{
	struct recode_plan *plan = mem_alloc(sizeof *plan);

	plan->options.idn = idn;
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
	buf_free(&plan->bar);
	free(plan);
}

unsigned
recode_plan_part(const struct recode_plan *plan, size_t index)
{
	return index < RECODE_PARTS ? plan->part[index] :
				      PART_UNCLEAN | PART_HIGH | PART_NOT_UTF8;
}

bool
recode_plan_head_is_clean(struct slice head)
{
	struct slice line;

	if (ascii_has_high(head))
		return false;
	while (slice_cut(&head, '\n', &line))
		if (line.n > LINES_OCTETS + 1)
			return false;
	return true;
}

static void
mark(struct recode_plan *plan, size_t index, unsigned bits)
{
	if (index < RECODE_PARTS)
		plan->part[index] |= (unsigned char)bits;
}

/* The first reason is the one that is told. */
static void
bar(struct recode_plan *plan, const char *why)
{
	if (plan->bar.n == 0)
		buf_puts(&plan->bar, why);
}

/* The leaf at hand is not clean: can it be made so? */
static void
check_leaf(struct recode_plan *plan)
{
	const struct mime_entity *e = &plan->mime.entity;

	if (e->is_signed)
		bar(plan, "nothing in a multipart/signed may change");
	else if (e->is_opaque)
		bar(plan, "a multipart has no boundary of use, or is too deep "
		    "inside others");
	else if (e->is_piece)
		bar(plan, "a message/partial or message/external-body must not "
		    "be encoded");
	else if (e->cte == CTE_OTHER)
		bar(plan, "the Content-Transfer-Encoding of a part is unknown");
	else if (plan->leaf & PART_NOT_BASE64)
		bar(plan, "a part is labelled base64 and is not");
	if (plan->leaf & PART_NO_LINES ? e->is_binary || e->is_signed :
	    recode_plan_is_raw(e, plan->leaf) && plan->leaf & PART_HIGH)
		plan->is_binary = true;
}

/* The leaf at hand, and what it is in. */
static void
mark_leaf(struct recode_plan *plan, unsigned bits)
{
	plan->leaf |= bits;
	mark(plan, plan->mime.entity.index, bits);
	if (!(plan->leaf & PART_UNCLEAN))
		return;
	check_leaf(plan);
	for (size_t i = 0; i < plan->mime.depth; i++)
		mark(plan, plan->mime.level[i].index, PART_UNCLEAN);
}

static void
check_utf8(struct recode_plan *plan, struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!utf8_step(&plan->utf8, text.p[i]))
			mark_leaf(plan, PART_NOT_UTF8);
}

/* A CR that the wire would make a line end: who minds? */
static void
take_cr(struct recode_plan *plan)
{
	const struct mime_entity *e = &plan->mime.entity;

	if (!plan->mime.is_outside && (e->is_binary || e->is_signed))
		mark_leaf(plan, PART_NO_LINES | PART_UNCLEAN);
}

static bool
is_base64(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!ascii_is_alnum(text.p[i]) && !strchr("+/= \t", text.p[i]))
			return false;
	return true;
}

/* Is there what 7-bit text cannot have?  Counts the line's octets. */
static bool
is_unclean(struct recode_plan *plan, struct slice text)
{
	plan->column += text.n;
	return ascii_has_high(text) || plan->column > LINES_OCTETS ||
	    slice_find(text, '\0') < text.n;
}

static void
look_at(struct recode_plan *plan, struct slice text)
{
	bool high = ascii_has_high(text);
	unsigned bits = 0;

	if (high || plan->utf8.need > 0)
		check_utf8(plan, text);
	if (high)
		bits |= PART_HIGH;
	if (is_unclean(plan, text))
		bits |= PART_UNCLEAN;
	if (slice_find(text, '\0') < text.n)
		bits |= PART_NO_LINES;
	if (plan->mime.entity.cte == CTE_BASE64 && !is_base64(text))
		bits |= PART_NOT_BASE64;
	if (bits)
		mark_leaf(plan, bits);
}

/* Text outside of parts: of a multipart that has none, is it the content? */
static void
look_outside(struct recode_plan *plan, struct slice text)
{
	const struct mime_level *around = mime_around(&plan->mime);
	size_t depth = plan->mime.depth;

	if (!is_unclean(plan, text) || !around)
		return;
	if (around->is_signed)
		bar(plan, "nothing in a multipart/signed may change");
	/* a message has no boundary: in one it stands behind its parts */
	if (around->boundary[0] != '\0' && !plan->has_part[depth - 1])
		plan->is_dirty[depth - 1] = true;
}

/* Multiparts from this depth on are over, if there were any. */
static void
end_multiparts(struct recode_plan *plan, size_t depth)
{
	for (size_t i = depth; i < MIME_DEPTH; i++) {
		if (plan->is_dirty[i])
			bar(plan, "a multipart has no parts");
		plan->is_dirty[i] = plan->has_part[i] = false;
	}
}

static void
take_delimiter(struct recode_plan *plan)
{
	size_t depth = plan->mime.depth;

	end_multiparts(plan, depth);
	if (depth == 0 || !plan->mime.in_head)
		return; /* a closing one */
	plan->has_part[depth - 1] = true;
	plan->is_dirty[depth - 1] = false;
}

/* A part's header: will it be ASCII, and may it be touched? */
static void
take_head(struct recode_plan *plan, struct slice head)
{
	const struct mime_entity *e = &plan->mime.entity;
	struct header_field f;
	struct buf text = { 0 };

	plan->leaf = 0;
	if (e->is_signed && (!recode_plan_head_is_clean(head) ||
	    e->index >= RECODE_PARTS))
		bar(plan, "nothing in a multipart/signed may change");
	while (header_next(&head, &f)) {
		buf_clear(&text);
		rewrite_field(&text, &f, e->charset, &plan->options);
		if (ascii_has_high(buf_slice(&text)) && plan->bar.n == 0)
			buf_putf(&plan->bar, "the field %.*s in the header of "
			    "a part has no form in ASCII",
			    (int)slice_first(f.name, MESSAGE_NAME).n,
			    f.name.p);
	}
	buf_free(&text);
}

/* A line or a part ends: no character may be cut off there. */
static void
end_line(struct recode_plan *plan)
{
	if (plan->utf8.need > 0)
		mark_leaf(plan, PART_NOT_UTF8);
	plan->utf8.need = 0;
	plan->column = 0;
}

static void
take_event(struct recode_plan *plan, enum mime_event event, struct slice piece)
{
	switch (event) {
	case MIME_NONE:
		break;
	case MIME_HEAD:
		take_head(plan, piece);
		break;
	case MIME_TEXT:
		if (plan->mime.is_outside)
			look_outside(plan, piece);
		else
			look_at(plan, piece);
		break;
	case MIME_CR:
		take_cr(plan);
		/* fall through */
	case MIME_EOL:
		end_line(plan);
		break;
	case MIME_DELIMITER:
		take_delimiter(plan);
		break;
	}
}

static void
feed(struct recode_plan *plan, struct slice raw, bool last)
{
	enum mime_event event;
	struct slice piece;

	do {
		event = mime_next(&plan->mime, &raw, last, &piece);
		take_event(plan, event, piece);
	} while (event != MIME_NONE);
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
	end_multiparts(plan, 0);
}

const char *
recode_plan_bar(struct recode_plan *plan)
{
	return plan->bar.n > 0 ? buf_str(&plan->bar) : NULL;
}

bool
recode_plan_is_binary(const struct recode_plan *plan)
{
	return plan->is_binary;
}
