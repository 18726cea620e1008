/* SPDX-License-Identifier: ISC */
/* recode.c - the second pass: the message with its parts re-coded. */
#include "mail/recode.h"

#include <stdlib.h>

#include "base/mem.h"
#include "mail/header.h"
#include "mail/recode_plan.h"
#include "mail/rewrite.h"
#include "mail/seven.h"

struct recode {
	const struct recode_plan *plan;
	struct mime mime;
	struct seven seven;
};

static bool
is_unclean(const struct recode *r, const struct mime_entity *e)
{
	return recode_plan_part(r->plan, e->index) & PART_UNCLEAN;
}

static enum seven_form
choose_form(const struct recode *r, const struct mime_entity *e)
{
	unsigned bits = recode_plan_part(r->plan, e->index);

	if (e->kind != MIME_LEAF)
		return SEVEN_OUTSIDE;
	if (!(bits & PART_UNCLEAN))
		return SEVEN_COPY;
	if (e->cte == CTE_QP)
		return SEVEN_QP_MEND;
	if (e->cte == CTE_BASE64)
		return SEVEN_BASE64_MEND;
	if (e->is_text)
		return SEVEN_QP;
	return recode_plan_is_raw(e, bits) ? SEVEN_BASE64_RAW : SEVEN_BASE64;
}

/* The encoding that an unclean entity gets. */
static const char *
encoding_name(enum seven_form form)
{
	if (form == SEVEN_QP || form == SEVEN_QP_MEND)
		return "quoted-printable";
	return form == SEVEN_OUTSIDE ? "7bit" : "base64";
}

static const char *
charset_name(unsigned bits)
{
	if (!(bits & PART_HIGH))
		return "us-ascii";
	return bits & PART_NOT_UTF8 ? "unknown-8bit" : "utf-8";
}

/* A field of a part's header, rewritten; of the message's own, as it is. */
static void
put_field(const struct recode *r, const struct mime_entity *e,
    const struct header_field *f, struct buf *out)
{
	if (e->index == 0)
		buf_put(out, f->raw);
	else
		rewrite_field(out, f, e->charset, &r->plan->options);
}

static void
put_new_fields(const struct recode *r, const struct mime_entity *e,
    struct slice header, struct buf *out)
{
	unsigned bits = recode_plan_part(r->plan, e->index);

	if (e->is_message && !header_has(header, "MIME-Version"))
		buf_puts(out, "MIME-Version: 1.0\r\n");
	if (e->kind == MIME_LEAF && !e->is_typed)
		buf_putf(out, "Content-Type: text/plain; charset=%s\r\n",
		    charset_name(bits));
	buf_putf(out, "Content-Transfer-Encoding: %s\r\n",
	    encoding_name(choose_form(r, e)));
}

/* Write the header of the entity at hand, and set the form of its body. */
static void
put_head(struct recode *r, struct slice header, struct buf *out)
{
	const struct mime_entity *e = &r->mime.entity;
	bool unclean = is_unclean(r, e), empty_line = r->mime.has_empty_line;
	struct slice rest = header;
	struct header_field f;

	if (!unclean && (e->index == 0 || recode_plan_head_is_clean(header))) {
		while (header_next(&rest, &f))
			buf_put(out, f.raw);
	} else {
		while (header_next(&rest, &f))
			if (!unclean ||
			    !header_is(&f, "Content-Transfer-Encoding"))
				put_field(r, e, &f, out);
		empty_line = true;
	}
	if (unclean)
		put_new_fields(r, e, header, out);
	if (empty_line)
		buf_puts(out, "\r\n");
	r->seven.form = choose_form(r, e);
}

struct recode *
recode_new(const struct recode_plan *plan, struct slice head, struct buf *out)
{
	struct recode *r = mem_alloc(sizeof *r);

	r->plan = plan;
	r->mime.lines.cr_ends = plan->mime.lines.cr_ends;
	mime_start(&r->mime, head);
	put_head(r, head, out);
	return r;
}

void
recode_free(struct recode *r)
{
	if (!r)
		return;
	mime_free(&r->mime);
	free(r);
}

static void
put_delimiter(struct recode *r, struct slice line, struct buf *out)
{
	seven_delimit(&r->seven, out);
	r->seven.form = SEVEN_OUTSIDE;
	seven_text(&r->seven, line, out);
}

static void
feed(struct recode *r, struct slice raw, bool last, struct buf *out)
{
	struct slice piece;

	for (;;)
		switch (mime_next(&r->mime, &raw, last, &piece)) {
		case MIME_NONE:
			return;
		case MIME_HEAD:
			put_head(r, piece, out);
			break;
		case MIME_TEXT:
			seven_text(&r->seven, piece, out);
			break;
		case MIME_EOL:
			seven_eol(&r->seven, piece, out);
			break;
		case MIME_CR:
			seven_cr(&r->seven, out);
			break;
		case MIME_DELIMITER:
			put_delimiter(r, piece, out);
			break;
		}
}

void
recode_feed(struct recode *r, struct slice raw, struct buf *out)
{
	feed(r, raw, false, out);
}

void
recode_finish(struct recode *r, struct buf *out)
{
	feed(r, (struct slice){ 0 }, true, out);
	seven_finish(&r->seven, out);
}
