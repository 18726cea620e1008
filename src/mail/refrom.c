/* SPDX-License-Identifier: ISC */
/* refrom.c - see refrom.h */
#include "mail/refrom.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mail/address.h"
#include "mail/complete.h"
#include "mail/fold.h"
#include "mail/header.h"

#define LINE_WANTED 76
#define CHARSET	    "utf-8" /* of the names that a parser has decoded */

/*
 * "root (Cron Daemon)": a comment at the end was a name once (RFC 5322 A.5),
 * and still is with cron.  Only a plain one, of ASCII.
 */
static struct slice
name_in_comment(struct slice value)
{
	size_t open = slice_find(value, '(');
	struct slice name = slice_from(value, open + 1);

	if (name.n == 0 || name.p[name.n - 1] != ')')
		return (struct slice){ 0 };
	name.n--;
	for (size_t i = 0; i < name.n; i++)
		if (ascii_is_high(name.p[i]) || name.p[i] == '(' ||
		    name.p[i] == ')' || name.p[i] == '\\' || name.p[i] == '=')
			return (struct slice){ 0 };
	return name;
}

static void
use_comment(struct slice value, struct address_list *list)
{
	struct slice name = name_in_comment(value);

	if (list->n != 1 || list->v[0].name[0] != '\0' || name.n == 0)
		return;
	free(list->v[0].name);
	list->v[0].name = mem_dup(name);
}

/* The first From's mailboxes; none when it cannot be read.  False without. */
static bool
read_from(struct slice head, const struct address_options *o,
    struct address_list *list)
{
	struct header_field f;
	struct buf value = { 0 };

	if (!header_find(head, "From", &f))
		return false;
	header_unfold(&value, f.value);
	if (address_list_parse(buf_slice(&value), o, list))
		use_comment(buf_slice(&value), list);
	else
		address_list_free(list);
	buf_free(&value);
	return true;
}

static void
put_reply_to(struct buf *out, const struct address_list *list)
{
	struct buf line = { 0 };

	buf_puts(&line, "Reply-To: ");
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			buf_puts(&line, ", ");
		address_put(&line, slice_of(list->v[i].name),
		    slice_of(list->v[i].path), line.n, CHARSET);
	}
	fold_put(out, buf_slice(&line), LINE_WANTED);
	buf_free(&line);
}

static void
put_from(struct buf *out, const struct address_list *old, struct slice path)
{
	struct buf line = { 0 };

	buf_puts(&line, "From: ");
	address_put(&line, slice_of(old->n ? old->v[0].name : ""), path,
	    line.n, CHARSET);
	fold_put(out, buf_slice(&line), LINE_WANTED);
	buf_free(&line);
}

/* All of the head, with the new field where the first From is. */
static void
put_head(struct buf *out, struct slice head, const struct address_list *old,
    struct slice path)
{
	bool reply_to = old->n > 0 && !header_has(head, "Reply-To");
	bool done = false;
	struct header_field f;

	while (header_next(&head, &f)) {
		if (!header_is(&f, "From")) {
			buf_put(out, f.raw);
			continue;
		}
		if (done)
			continue;
		done = true;
		put_from(out, old, path);
		if (reply_to)
			put_reply_to(out, old);
	}
	buf_put(out, head);
}

bool
message_rewrite_from(struct message *m, struct slice path,
    const struct address_options *o)
{
	struct slice head = buf_slice(&m->head);
	struct address_list old = { 0 };
	struct buf out = { 0 };
	bool changes = path.n > 0 && read_from(head, o, &old) &&
	    !(old.n == 1 && slice_eq_nocase(slice_of(old.v[0].path), path));

	if (changes) {
		put_head(&out, head, &old, path);
		buf_free(&m->head);
		m->head = out;
		message_note_head(m);
	}
	address_list_free(&old);
	return changes;
}
