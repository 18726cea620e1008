/* SPDX-License-Identifier: ISC */
/* supply.c - see supply.h */
#include "mail/supply.h"

#include "mail/date.h"
#include "mail/fold.h"
#include "mail/resent.h"

#define LINE_WANTED 76

bool
supply_is_empty(const struct header_field *f)
{
	static const char *const names[] = { "Date", "From", "Message-ID",
		"Resent-Date", "Resent-From", "Resent-Message-ID" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (header_is(f, names[i]))
			return slice_trim(f->value).n == 0;
	return false;
}

static bool
has_value(struct slice head, const char *name)
{
	struct header_field f;

	while (header_next(&head, &f))
		if (header_is(&f, name) && slice_trim(f.value).n > 0)
			return true;
	return false;
}

/* A dot at the end is for resolvers, not for mail. */
static struct slice
host_of(const struct complete_options *o)
{
	struct slice host = o->host;

	while (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	return host;
}

static void
put_from(struct buf *out, const char *name, const struct complete_options *o,
    const char *charset)
{
	struct buf line = { 0 }, path = { 0 };
	struct slice host = host_of(o);

	if (o->from.n > 0)
		buf_put(&path, o->from);
	else
		buf_putf(&path, "MAILER-DAEMON@%.*s", (int)host.n, host.p);
	buf_putf(&line, "%s: ", name);
	address_put(&line, o->full_name, buf_slice(&path), line.n, charset);
	fold_put(out, buf_slice(&line), LINE_WANTED);
	buf_free(&line);
	buf_free(&path);
}

static void
put_date(struct buf *out, const char *name, const struct complete_options *o)
{
	buf_putf(out, "%s: ", name);
	date_put(out, o->date, o->offset);
	buf_puts(out, "\r\n");
}

void
supply_id_put(struct buf *out, const char *mark,
    const struct complete_options *o)
{
	struct slice host = host_of(o);

	buf_putf(out, "<%llx.%016llx%s@%.*s>", (unsigned long long)o->date,
	    (unsigned long long)o->random, mark, (int)host.n, host.p);
}

static void
put_id(struct buf *out, const char *name, const char *mark,
    const struct complete_options *o)
{
	buf_putf(out, "%s: ", name);
	supply_id_put(out, mark, o);
	buf_puts(out, "\r\n");
}

void
supply_missing(struct buf *out, struct slice head,
    const struct complete_options *o, const char *charset)
{
	if (!has_value(head, "Date"))
		put_date(out, "Date", o);
	if (!has_value(head, "From"))
		put_from(out, "From", o, charset);
	if (!has_value(head, "Message-ID"))
		put_id(out, "Message-ID", "", o);
}

/* What the first block has, with a value. */
static unsigned
read_block(struct slice head)
{
	struct resent r = { 0 };
	enum resent_name name;
	struct header_field f;
	unsigned empty = 0;

	while (header_next(&head, &f))
		if (resent_next(&r, &f, &name) && supply_is_empty(&f))
			empty |= 1u << name;
	return r.seen & ~empty;
}

void
supply_resent(struct buf *out, struct slice head,
    const struct complete_options *o, const char *charset)
{
	unsigned seen;

	if (!resent_is_in(head))
		return;
	seen = read_block(head);
	if (!(seen & 1u << RESENT_DATE))
		put_date(out, "Resent-Date", o);
	if (!(seen & 1u << RESENT_FROM))
		put_from(out, "Resent-From", o, charset);
	if (!(seen & 1u << RESENT_MESSAGE_ID))
		put_id(out, "Resent-Message-ID", ".r", o);
}
