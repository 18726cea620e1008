/* SPDX-License-Identifier: ISC */
/* complete.c - see complete.h */
#include "mail/complete.h"

#include <string.h>

#include "base/ascii.h"
#include "mail/date.h"
#include "mail/fold.h"
#include "mail/header.h"
#include "mail/lines.h"
#include "mail/mimetype.h"
#include "mail/rewrite.h"
#include "mail/scan.h"

#define LINE_WANTED 76

/* Where among the Resent- fields the walk is (RFC 5322 3.6.6). */
enum block { BLOCK_BEFORE, BLOCK_IN, BLOCK_BEHIND };

static const char *const resent[] = { "Resent-To", "Resent-Cc", "Resent-Bcc",
	"Resent-Date", "Resent-From", "Resent-Sender", "Resent-Message-ID" };
static const char *const plain[] = { "To", "Cc", "Bcc" };

/* Place in names, or -1. */
static int
find_name(const struct header_field *f, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (header_is(f, names[i]))
			return i;
	return -1;
}

static bool
has_resent(struct slice head)
{
	struct header_field f;

	while (header_next(&head, &f))
		if (find_name(&f, resent, 7) >= 0)
			return true;
	return false;
}

/*
 * The first block ends where a name comes again, or at a trace field: each
 * resending puts its block, and each host its Received, on top.
 */
static bool
is_resent_recipient(const struct header_field *f, enum block *at,
    unsigned *seen)
{
	int name = find_name(f, resent, 7);

	if (*at == BLOCK_IN && (header_is(f, "Received") ||
	    (name >= 0 && (*seen & 1u << name))))
		*at = BLOCK_BEHIND;
	if (name < 0 || *at == BLOCK_BEHIND)
		return false;
	*at = BLOCK_IN;
	*seen |= 1u << name;
	return name < 3;
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

static void
collect(struct slice head, const struct address_options *o, struct envelope *e)
{
	bool is_resent = has_resent(head);
	enum block at = BLOCK_BEFORE;
	struct header_field f;
	unsigned seen = 0;

	while (header_next(&head, &f))
		if (is_resent ? is_resent_recipient(&f, &at, &seen) :
				find_name(&f, plain, 3) >= 0)
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

static void
copy_fields(struct slice head, const struct complete_options *o,
    struct buf *out)
{
	struct mimetype type;
	const char *charset = read_charset(head, &type);
	struct header_field f;

	while (header_next(&head, &f)) {
		if (header_is(&f, "Bcc") || header_is(&f, "Resent-Bcc"))
			continue;
		if (must_be_rewritten(&f, o->form))
			rewrite_field(out, &f, charset, o->address.idn);
		else
			buf_put(out, f.raw);
	}
}

static void
add_from(struct slice head, const struct complete_options *o, struct buf *out)
{
	struct buf line = { 0 }, path = { 0 };
	struct mimetype type;

	if (o->from.n > 0)
		buf_put(&path, o->from);
	else {
		buf_puts(&path, "MAILER-DAEMON@");
		buf_put(&path, o->host);
	}
	buf_puts(&line, "From: ");
	address_put(&line, o->full_name, buf_slice(&path), line.n,
	    read_charset(head, &type));
	fold_put(out, buf_slice(&line), LINE_WANTED);
	buf_free(&line);
	buf_free(&path);
}

static void
add_date(const struct complete_options *o, struct buf *out)
{
	buf_puts(out, "Date: ");
	date_put(out, o->date, o->offset);
	buf_puts(out, "\r\n");
}

/* Unique by 64 random bits and the second. */
static void
add_message_id(const struct complete_options *o, struct buf *out)
{
	buf_putf(out, "Message-ID: <%llx.%016llx@",
	    (unsigned long long)o->date, (unsigned long long)o->random);
	buf_put(out, o->host);
	buf_puts(out, ">\r\n");
}

static void
add_missing(struct slice head, const struct complete_options *o,
    struct buf *out)
{
	if (!header_has(head, "Date"))
		add_date(o, out);
	if (!header_has(head, "From"))
		add_from(head, o, out);
	if (!header_has(head, "Message-ID"))
		add_message_id(o, out);
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
	return find_name(f, names, sizeof names / sizeof *names) >= 0;
}

/* "ERROR: disk full", and no empty line behind it. */
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
		struct slice name = slice_first(f.name, MESSAGE_NAME - 1);

		if (!ascii_has_high(f.raw))
			continue;
		memcpy(m->utf8_field, name.p, name.n);
		m->utf8_field[name.n] = '\0';
		break;
	}
}

/* head is canonical. */
static void
make_head(struct slice head, const struct complete_options *o,
    struct message *m)
{
	copy_fields(head, o, &m->head);
	if (o->form == COMPLETE_ALL)
		add_missing(head, o, &m->head);
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
