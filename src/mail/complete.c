/* SPDX-License-Identifier: ISC */
/* complete.c - see complete.h */
#include "mail/complete.h"

#include <stdio.h>

#include "base/ascii.h"
#include "mail/header.h"
#include "mail/lines.h"
#include "mail/mimetype.h"
#include "mail/resent.h"
#include "mail/rewrite.h"
#include "mail/scan.h"
#include "mail/supply.h"

static bool
is_one_of(const struct header_field *f, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (header_is(f, names[i]))
			return true;
	return false;
}

static void
add_recipients(const struct header_field *f, const struct address_options *o,
    struct envelope *e)
{
	struct address_list list = { 0 };
	struct buf value = { 0 };

	header_unfold(&value, f->value);
	address_list_parse(buf_slice(&value), o, &list);
	envelope_add_list(e, &list);
	buf_free(&value);
}

/* The recipients of the first Resent- block when there is one (RFC 5322). */
static void
collect(struct slice head, const struct address_options *o, struct envelope *e)
{
	static const char *const plain[] = { "To", "Cc", "Bcc" };
	bool is_resent = resent_is_in(head);
	struct resent block = { 0 };
	enum resent_name name;
	struct header_field f;

	while (header_next(&head, &f))
		if (is_resent ? resent_next(&block, &f, &name) &&
		    name <= RESENT_BCC : is_one_of(&f, plain, 3))
			add_recipients(&f, o, e);
}

/* The charset of what is no UTF-8: the header says, or nobody. */
static const char *
read_charset(struct slice head, struct mimetype *type)
{
	struct header_field f;
	struct buf value = { 0 };

	if (header_find(head, "Content-Type", &f))
		header_unfold(&value, f.value);
	mimetype_parse(buf_slice(&value), type);
	type->type = type->subtype = (struct slice){ 0 };
	buf_free(&value);
	return mimetype_charset(type);
}

static bool
must_be_rewritten(const struct header_field *f, enum complete_form form)
{
	struct slice rest = f->raw, line;

	while (form == COMPLETE_TO_SEND && slice_cut(&rest, '\n', &line))
		if (line.n > LINES_OCTETS + 1)
			return true;
	return form == COMPLETE_ALL;
}

/*
 * Bcc is for nobody's eyes; the others are made anew, or were true only where
 * the message lay before.
 */
static bool
must_go(const struct header_field *f, enum complete_form form)
{
	static const char *const always[] = { "Bcc", "Resent-Bcc" };
	static const char *const stale[] = { "Return-Path", "Content-Length" };

	return is_one_of(f, always, 2) || (form == COMPLETE_ALL &&
	    (is_one_of(f, stale, 2) || supply_is_empty(f)));
}

static void
copy_rewritten(const struct header_field *f, const struct complete_options *o,
    const char *charset, struct message *m)
{
	size_t at = m->head.n;

	rewrite_field(&m->head, f, charset, &o->address);
	if (!slice_eq(slice_from(buf_slice(&m->head), at), f->raw))
		m->is_rewritten = true;
}

static void
copy_fields(struct slice head, const struct complete_options *o,
    const char *charset, struct message *m)
{
	struct buf *out = &m->head;
	bool no_block = o->form != COMPLETE_ALL;
	struct resent block = { 0 };
	enum resent_name name;
	struct header_field f;

	for (struct slice rest = head; header_next(&rest, &f);) {
		if (!no_block && resent_next(&block, &f, &name)) {
			supply_resent(out, head, o, charset);
			no_block = true;
		}
		if (must_go(&f, o->form))
			continue;
		if (must_be_rewritten(&f, o->form))
			copy_rewritten(&f, o, charset, m);
		else
			buf_put(out, f.raw);
	}
}

static bool
refuse(struct outcome *why, const char *text)
{
	return outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0), "%s",
	    text);
}

/* Where things are in a raw message. */
struct found {
	struct slice raw;  /* without a byte order mark */
	struct slice head;
	size_t body_at;	   /* in raw */
};

static enum parse
find_head(struct found *f, bool all, bool cr_ends, struct outcome *why)
{
	enum parse got = header_split(f->raw, all, cr_ends, &f->head,
	    &f->body_at);
	size_t n = got == PARSE_MORE ? f->raw.n : f->head.n;

	if (n <= HEADER_MAX)
		return got;
	refuse(why, "header larger than 1 MiB");
	return PARSE_BAD;
}

/*
 * Fields that people and programs write.  Others are known by their beginnings:
 * who writes "X-Job: 1" means a header.
 */
static bool
is_known(const struct header_field *f)
{
	static const char *const names[] = { "From", "To", "Cc", "Bcc",
		"Subject", "Date", "Sender", "Reply-To", "Message-ID",
		"In-Reply-To", "References", "MIME-Version", "Received",
		"Return-Path", "Delivered-To", "Errors-To", "Precedence",
		"Priority", "Importance", "Auto-Submitted", "Keywords",
		"Comments", "User-Agent", "Organization",
		"Return-Receipt-To", "Disposition-Notification-To",
		"Mail-Followup-To", "Mail-Reply-To" };
	static const char *const fronts[] = { "X-", "Content-", "Resent-",
		"List-", "DKIM-", "ARC-", "Authentication-", "Auto-" };

	for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++)
		if (slice_starts_nocase(f->name, slice_of(fronts[i])))
			return true;
	return is_one_of(f, names, sizeof names / sizeof *names);
}

/* "ERROR: disk full", and no empty line after it. */
static bool
is_doubtful(struct slice head, const struct found *found)
{
	struct header_field f;

	if (found->head.n == 0 || found->head.p + found->head.n !=
	    found->raw.p + found->body_at)
		return false; /* an empty line is between them */
	while (header_next(&head, &f))
		if (is_known(&f))
			return false;
	return true;
}

/* What --as-is may not change, can it be sent? */
static bool
check_as_is(struct slice raw, bool cr_ends, struct outcome *why)
{
	struct scan scan = { .lines.cr_ends = cr_ends };

	scan_feed(&scan, raw);
	scan_finish(&scan);
	return scan_is_as_is(&scan, why);
}

void
message_note_head(struct message *m)
{
	struct slice head = buf_slice(&m->head);
	struct header_field f;

	m->utf8_headers = ascii_has_high(head);
	m->utf8_field[0] = '\0';
	while (m->utf8_headers && header_next(&head, &f)) {
		struct slice name = slice_first(f.name, MESSAGE_NAME);

		if (!ascii_has_high(f.raw))
			continue;
		snprintf(m->utf8_field, sizeof m->utf8_field, "%.*s",
		    (int)name.n, name.p);
		break;
	}
}

/* head is canonical. */
static void
make_head(struct slice head, const struct complete_options *o,
    struct message *m)
{
	struct mimetype type;
	const char *charset = read_charset(head, &type);

	copy_fields(head, o, charset, m);
	if (o->form == COMPLETE_ALL)
		supply_missing(&m->head, head, o, charset);
	buf_puts(&m->head, "\r\n");
	message_note_head(m);
}

enum parse
message_head(struct slice raw, bool all, const struct complete_options *o,
    struct message *m, struct envelope *envelope, size_t *body_at,
    struct outcome *why)
{
	bool as_is = o->form == COMPLETE_NOTHING;
	size_t skip = !as_is && slice_starts(raw, SLICE("\xef\xbb\xbf")) ?
	    3 : 0;
	struct found found = { .raw = slice_from(raw, skip) };
	struct buf text = { 0 };
	enum parse got = raw.n < 3 && !all ? PARSE_MORE :
	    find_head(&found, all, o->cr_ends, why);

	if (got == PARSE_OK && as_is && !check_as_is(found.head, o->cr_ends,
		why))
		got = PARSE_BAD;
	if (got != PARSE_OK)
		return got;
	header_canonical(found.head, o->cr_ends, &text);
	m->doubtful_head = !as_is && is_doubtful(buf_slice(&text), &found);
	if (m->doubtful_head && o->doubt) {
		buf_clear(&text);
		found.body_at = (size_t)(found.head.p - found.raw.p);
	}
	if (o->recipients)
		collect(buf_slice(&text), &o->address, envelope);
	make_head(buf_slice(&text), o, m);
	*body_at = skip + found.body_at;
	buf_free(&text);
	return PARSE_OK;
}
