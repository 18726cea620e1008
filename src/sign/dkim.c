/* SPDX-License-Identifier: ISC */
/* dkim.c - see dkim.h */
#include "sign/dkim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/mem.h"

#define WIDTH 76 /* of a line, but for one that is a single long word */

struct dkim {
	const struct signer *signer;
	struct canon_body body;
};

/* ---- which fields ---- */

struct rule {
	const char *name;
	bool once_more;
};

static const struct rule rules[] = {
	{ "From", true },
	{ "Subject", true },
	{ "To", true },
	{ "Cc", true },
	{ "Date", true },
	{ "Reply-To", true },
	{ "Message-ID", true },
	{ "MIME-Version", true },
	{ "Content-Type", true },
	{ "Content-Transfer-Encoding", true },
	{ "In-Reply-To", true },
	{ "References", true },
	{ "Sender", false },
	{ "Content-ID", false },
	{ "Content-Description", false },
	{ "Content-Disposition", false },
	{ "Content-Language", false },
	{ "Auto-Submitted", false },
	{ "Feedback-ID", false },
	{ "Resent-Date", false },
	{ "Resent-From", false },
	{ "Resent-Sender", false },
	{ "Resent-To", false },
	{ "Resent-Cc", false },
	{ "Resent-Message-ID", false },
	{ "List-Id", false },
	{ "List-Help", false },
	{ "List-Unsubscribe", false },
	{ "List-Unsubscribe-Post", false },
	{ "List-Subscribe", false },
	{ "List-Post", false },
	{ "List-Owner", false },
	{ "List-Archive", false },
};

#define NRULES (sizeof rules / sizeof rules[0])

/* Its row, or NRULES. */
static size_t
rule_of(struct slice name)
{
	size_t i = 0;

	while (i < NRULES && !slice_eq_nocase(name, slice_of(rules[i].name)))
		i++;
	return i;
}

bool
dkim_signs_field(struct slice name)
{
	return rule_of(name) < NRULES;
}

/* The fields of a header that are signed, from the top down. */
struct fields {
	struct header_field *v;
	size_t *rule;
	size_t n;
};

static void
add_field(struct fields *f, const struct header_field *field)
{
	size_t rule = rule_of(field->name);

	if (rule == NRULES)
		return;
	if ((f->n & (f->n - 1)) == 0) { /* full at each power of two */
		f->v = mem_resize(f->v, f->n ? 2 * f->n : 1, sizeof *f->v);
		f->rule = mem_resize(f->rule, f->n ? 2 * f->n : 1,
		    sizeof *f->rule);
	}
	f->v[f->n] = *field;
	f->rule[f->n++] = rule;
}

/* ---- folding ---- */

/* A field being written, in lines. */
struct folding {
	struct buf *out;
	size_t column;
};

static void
fold(struct folding *f)
{
	buf_puts(f->out, "\r\n\t");
	f->column = 8;
}

/* A word that is not cut. */
static void
put_word(struct folding *f, struct slice word)
{
	if (f->column + word.n > WIDTH && f->column > 8)
		fold(f);
	buf_put(f->out, word);
	f->column += word.n;
}

/* "; name=value", on this line or the next one. */
static void
put_tag(struct folding *f, const char *name, const char *value)
{
	struct buf tag = { 0 };

	buf_putf(&tag, " %s=%s;", name, value);
	if (f->column + tag.n > WIDTH) {
		fold(f);
		buf_consume(&tag, 1);
	}
	put_word(f, buf_slice(&tag));
	buf_free(&tag);
}

/* Base64 may be cut anywhere (RFC 6376 2.10). */
static void
put_base64(struct folding *f, struct slice octets)
{
	struct buf text = { 0 };
	struct slice rest, part;

	base64_put(&text, octets);
	for (rest = buf_slice(&text); rest.n > 0;
	     rest = slice_from(rest, part.n)) {
		if (f->column >= WIDTH)
			fold(f);
		part = slice_first(rest, WIDTH - f->column);
		put_word(f, part);
	}
	buf_free(&text);
}

/* ---- the field ---- */

/* A name of h=; a line ends behind a colon. */
static void
put_name(struct folding *f, const char *name, bool *first)
{
	if (!*first) {
		buf_putc(f->out, ':');
		f->column++;
	}
	put_word(f, slice_of(name));
	*first = false;
}

/* h=, and what it says into text: of a name the lowest field first. */
static void
put_names(struct folding *f, const struct fields *fields, bool relaxed,
    struct buf *text)
{
	bool first = true;

	for (size_t rule = 0; rule < NRULES; rule++) {
		for (size_t i = fields->n; i-- > 0;) {
			if (fields->rule[i] != rule)
				continue;
			put_name(f, rules[rule].name, &first);
			canon_field(text, &fields->v[i], relaxed);
		}
		if (rules[rule].once_more)
			put_name(f, rules[rule].name, &first);
	}
}

static void
put_algorithm(struct buf *out, const struct signer *s,
    const struct signer_key *key)
{
	buf_putf(out, "%s-sha256",
	    sign_kind_name(s->crypto->key_kind(key->key)));
}

void
signer_put_algorithm(struct buf *out, const struct signer *s, size_t i)
{
	put_algorithm(out, s, &s->key[i]);
}

static void
put_times(struct folding *f, int64_t now, int64_t expiry)
{
	char number[24];

	snprintf(number, sizeof number, "%" PRId64, now);
	put_tag(f, "t", number);
	if (expiry == 0)
		return;
	snprintf(number, sizeof number, "%" PRId64, now + expiry);
	put_tag(f, "x", number);
}

static void
put_tags(struct folding *f, const struct signer *s,
    const struct signer_key *key, int64_t now)
{
	static const char *const canon[] = { "relaxed/relaxed",
		"relaxed/simple", "simple/relaxed", "simple/simple" };
	struct buf value = { 0 };

	put_word(f, SLICE("DKIM-Signature: v=1;"));
	put_algorithm(&value, s, key);
	put_tag(f, "a", buf_str(&value));
	put_tag(f, "c", canon[2 * s->simple_head + s->simple_body]);
	put_tag(f, "d", s->domain);
	put_tag(f, "s", key->selector);
	put_times(f, now, s->expiry);
	buf_clear(&value);
	buf_putf(&value, "@%s", s->domain);
	put_tag(f, "i", buf_str(&value));
	put_tag(f, "q", "dns/txt");
	buf_free(&value);
}

/* The field without its signature into out; what is signed into text. */
static void
put_unsigned(struct folding *f, const struct dkim *d,
    const struct signer_key *key, const struct fields *fields, int64_t now,
    const unsigned char digest[SIGN_DIGEST], struct buf *text)
{
	const struct signer *s = d->signer;

	put_tags(f, s, key, now);
	fold(f);
	put_word(f, SLICE("h="));
	put_names(f, fields, !s->simple_head, text);
	buf_putc(f->out, ';');
	fold(f);
	put_word(f, SLICE("bh="));
	put_base64(f, (struct slice){ (const char *)digest, SIGN_DIGEST });
	buf_putc(f->out, ';');
	fold(f);
	put_word(f, SLICE("b="));
}

/* One field; the one before it is signed without b='s value and CRLF (3.7). */
static bool
put_signature(const struct dkim *d, const struct signer_key *key,
    const struct fields *fields, int64_t now,
    const unsigned char digest[SIGN_DIGEST], struct buf *out)
{
	const struct signer *s = d->signer;
	struct buf text = { 0 }, field = { 0 }, octets = { 0 };
	struct folding f = { .out = &field };
	struct slice raw;
	struct header_field own;
	bool ok;

	put_unsigned(&f, d, key, fields, now, digest, &text);
	raw = buf_slice(&field);
	own = (struct header_field){ .raw = raw,
		.name = slice_first(raw, slice_find(raw, ':')),
		.value = slice_from(raw, slice_find(raw, ':') + 1) };
	canon_field(&text, &own, !s->simple_head);
	if (!s->simple_head)
		buf_cut(&text, text.n - 2);
	ok = s->crypto->sign(key->key, buf_slice(&text), &octets);
	if (ok) {
		put_base64(&f, buf_slice(&octets));
		buf_puts(&field, "\r\n");
		buf_put(out, buf_slice(&field));
	}
	buf_free(&text);
	buf_free(&field);
	buf_free(&octets);
	return ok;
}

/* ---- a message ---- */

struct dkim *
dkim_new(const struct signer *signer)
{
	struct dkim *d = mem_alloc(sizeof *d);

	d->signer = signer;
	d->body.crypto = signer->crypto;
	d->body.hash = signer->crypto->hash_new();
	d->body.relaxed = !signer->simple_body;
	return d;
}

void
dkim_free(struct dkim *d)
{
	if (!d)
		return;
	d->signer->crypto->hash_end(d->body.hash, NULL);
	free(d);
}

void
dkim_feed(struct dkim *d, struct slice text)
{
	canon_body_feed(&d->body, text);
}

bool
dkim_end(struct dkim *d, struct slice head, int64_t now, struct buf *out)
{
	const struct signer *s = d->signer;
	unsigned char digest[SIGN_DIGEST];
	struct fields fields = { 0 };
	struct header_field field;
	bool ok = true;

	canon_body_end(&d->body);
	s->crypto->hash_end(d->body.hash, digest);
	while (header_next(&head, &field))
		add_field(&fields, &field);
	for (size_t i = 0; i < s->n && ok; i++)
		ok = put_signature(d, &s->key[i], &fields, now, digest, out);
	free(fields.v);
	free(fields.rule);
	free(d);
	return ok;
}
