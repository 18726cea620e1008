/* SPDX-License-Identifier: ISC */
/* refrom.c - see refrom.h */
#include "mail/refrom.h"

#include "base/ascii.h"
#include "mail/complete.h"
#include "mail/fold.h"
#include "mail/header.h"
#include "mail/resent.h"
#include "mail/rewrite.h"
#include "mail/spans.h"

#define LINE_WANTED 76
#define CHARSET	    "utf-8" /* of a finished head all is */
#define TWICE_MAX   64	    /* so many mailboxes are looked at for doubles */

struct refrom {
	const struct senders *senders;
	const struct address_options *options;
	const char *instead;
	struct buf *told;
	struct buf out;	  /* the head so far */
	struct resent resent;
	bool has_reply_to;
	bool changed;
};

/* A field being rewritten. */
struct rewriting {
	struct buf value;
	struct buf seen; /* the paths in it, each with a NUL */
	size_t n;	 /* mailboxes that can be read */
	bool changed;
	bool keep;	 /* the From that came, in Reply-To */
};

static bool
wants_reply_to(const struct refrom *r, enum sender_rule rule)
{
	switch (r->senders->reply_to) {
	case REPLY_TO_USUAL:
		return rule == SENDER_PATTERN;
	case REPLY_TO_ALWAYS:
		return true;
	case REPLY_TO_NEVER:
		break;
	}
	return false;
}

/* Note a path; true when it is there already. */
static bool
is_twice(struct rewriting *w, struct slice path)
{
	struct slice rest = buf_slice(&w->seen), one;

	while (rest.n > 0 && slice_cut(&rest, '\0', &one))
		if (slice_eq_nocase(one, path))
			return true;
	if (w->n < TWICE_MAX) {
		buf_put(&w->seen, path);
		buf_putc(&w->seen, '\0');
	}
	return false;
}

static void
put_span(struct rewriting *w, const struct span *span, struct slice address)
{
	buf_put(&w->value, span->before);
	buf_put(&w->value, address);
	buf_put(&w->value, span->after);
}

static void
rewrite_span(struct refrom *r, struct rewriting *w, const struct span *span,
    const char *name)
{
	struct address_options any = *r->options;
	struct address a = { 0 };
	struct outcome why;
	struct buf path = { 0 };
	enum sender_rule rule;
	struct slice is;

	any.dash = true;
	if (!address_parse(span->address, &any, &a, &why) || !a.path[0]) {
		put_span(w, span, span->address);
		address_free(&a);
		return;
	}
	rule = senders_find(r->senders, &any, slice_of(a.path), &path);
	is = rule == SENDER_STAYS ? slice_of(a.path) : buf_slice(&path);
	if (rule != SENDER_STAYS) {
		senders_tell(r->told, name, slice_of(a.path), is, rule);
		w->changed = true;
		w->keep = w->keep || wants_reply_to(r, rule);
	}
	if (!is_twice(w, is) || !span->is_next || !w->changed)
		put_span(w, span, rule == SENDER_STAYS ? span->address : is);
	w->n++;
	buf_free(&path);
	address_free(&a);
}

/* The From that came, its bare names completed. */
static void
put_reply_to(struct refrom *r, struct slice value)
{
	struct buf text = { 0 };
	struct slice rest;
	struct header_field f;

	buf_puts(&text, "Reply-To:");
	buf_put(&text, value);
	rest = buf_slice(&text);
	if (header_next(&rest, &f))
		rewrite_field(&r->out, &f, CHARSET, r->options);
	buf_free(&text);
	r->has_reply_to = true;
}

static void
put_field(struct refrom *r, struct slice name, const struct buf *value)
{
	struct buf line = { 0 };

	buf_put(&line, name);
	buf_puts(&line, ": ");
	buf_put(&line, buf_slice(value));
	fold_put(&r->out, buf_slice(&line), LINE_WANTED);
	buf_free(&line);
	r->changed = true;
}

/* Of a From nothing of which can be read. */
static void
use_instead(struct refrom *r, struct rewriting *w)
{
	buf_clear(&w->value);
	buf_puts(&w->value, r->instead);
	w->changed = true;
	buf_putf(r->told, "From: it had no address, and is now %s\n",
	    r->instead);
}

static void
rewrite(struct refrom *r, const struct header_field *f, const char *name)
{
	struct buf text = { 0 };
	struct rewriting w = { 0 };
	struct slice rest;
	struct span span;
	bool is_first = true, is_from = header_is(f, "From");

	header_unfold(&text, f->value);
	rest = buf_slice(&text);
	while (spans_next(&rest, &is_first, &span))
		rewrite_span(r, &w, &span, name);
	buf_put(&w.value, rest);
	if (is_from && w.n == 0 && r->instead)
		use_instead(r, &w);
	if (w.changed)
		put_field(r, f->name, &w.value);
	else
		buf_put(&r->out, f->raw);
	if (is_from && w.keep && !r->has_reply_to)
		put_reply_to(r, f->value);
	buf_free(&w.value);
	buf_free(&w.seen);
	buf_free(&text);
}

/* The sender's field that it is, or NULL; in the order of the head. */
static const char *
sender_field(struct refrom *r, const struct header_field *f)
{
	enum resent_name name;

	if (resent_next(&r->resent, f, &name)) {
		if (name == RESENT_FROM)
			return "Resent-From";
		return name == RESENT_SENDER ? "Resent-Sender" : NULL;
	}
	if (header_is(f, "From"))
		return "From";
	return header_is(f, "Sender") ? "Sender" : NULL;
}

bool
message_rewrite_senders(struct message *m, const struct senders *s,
    const struct address_options *o, const char *instead, struct buf *told)
{
	struct slice head = buf_slice(&m->head);
	struct refrom r = { .senders = s, .options = o, .instead = instead,
		.told = told };
	struct header_field f;
	const char *name;

	r.has_reply_to = header_has(head, "Reply-To");
	while (header_next(&head, &f)) {
		name = sender_field(&r, &f);
		if (name)
			rewrite(&r, &f, name);
		else
			buf_put(&r.out, f.raw);
	}
	buf_put(&r.out, head);
	if (r.changed) {
		buf_free(&m->head);
		m->head = r.out;
		message_note_head(m);
	} else {
		buf_free(&r.out);
	}
	return r.changed;
}
