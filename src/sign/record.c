/* SPDX-License-Identifier: ISC */
/* record.c - see record.h */
#include "sign/record.h"

#include "base/ascii.h"
#include "base/codec.h"

#define STRING_MAX 255

const char *
sign_kind_name(enum sign_kind kind)
{
	return kind == SIGN_RSA ? "rsa" :
	    kind == SIGN_ED25519 ? "ed25519" : "";
}

/* ---- reading ---- */

/* Is the word among those between colons? */
static bool
lists(struct slice value, const char *word)
{
	struct slice one;

	while (slice_cut(&value, ':', &one))
		if (slice_eq_nocase(slice_trim(one), slice_of(word)))
			return true;
	return false;
}

static const char *
take_version(struct dkim_record *r, struct slice value)
{
	(void)r;
	return slice_eq(value, SLICE("DKIM1")) ? NULL :
	    "its v= is not DKIM1";
}

static const char *
take_kind(struct dkim_record *r, struct slice value)
{
	r->kind = slice_eq(value, SLICE("rsa")) ? SIGN_RSA :
	    slice_eq(value, SLICE("ed25519")) ? SIGN_ED25519 : SIGN_OTHER;
	return NULL;
}

static const char *
take_hashes(struct dkim_record *r, struct slice value)
{
	r->no_sha256 = !lists(value, "sha256");
	return NULL;
}

static const char *
take_service(struct dkim_record *r, struct slice value)
{
	r->no_email = !lists(value, "*") && !lists(value, "email");
	return NULL;
}

static const char *
take_flags(struct dkim_record *r, struct slice value)
{
	r->is_testing = lists(value, "y");
	r->is_strict = lists(value, "s");
	return NULL;
}

/* White space may be anywhere in it. */
static const char *
take_key(struct dkim_record *r, struct slice value)
{
	struct buf packed = { 0 };
	bool ok;

	for (size_t i = 0; i < value.n; i++)
		if (slice_trim((struct slice){ value.p + i, 1 }).n > 0)
			buf_putc(&packed, value.p[i]);
	r->is_revoked = packed.n == 0;
	ok = base64_decode(&r->key, buf_slice(&packed));
	buf_free(&packed);
	return ok ? NULL : "its p= is no base64";
}

static const struct {
	const char *name;
	const char *(*take)(struct dkim_record *r, struct slice value);
} tags[] = {
	{ "v", take_version },
	{ "k", take_kind },
	{ "h", take_hashes },
	{ "s", take_service },
	{ "t", take_flags },
	{ "p", take_key },
};

enum { TAG_V = 0, TAG_P = 5, NTAGS = sizeof tags / sizeof tags[0] };

static bool
is_tag_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '_')
			return false;
	return name.n > 0 && ascii_is_alpha(name.p[0]);
}

/* One "name=value"; seen has a bit for each that was there. */
static const char *
take_tag(struct dkim_record *r, struct slice tag, unsigned *seen)
{
	size_t eq = slice_find(tag, '='), i = 0;
	struct slice name = slice_trim(slice_first(tag, eq));
	bool is_first = *seen == 0;

	if (eq == tag.n || !is_tag_name(name))
		return "it is not of the form name=value; name=value";
	*seen |= 1U << NTAGS;
	while (i < NTAGS && !slice_eq(name, slice_of(tags[i].name)))
		i++;
	if (i == NTAGS)
		return NULL; /* unknown ones are passed over (3.2) */
	if (*seen & 1U << i)
		return "it has a tag twice";
	if (i == TAG_V && !is_first)
		return "its v= is not the first tag";
	*seen |= 1U << i;
	return tags[i].take(r, slice_trim(slice_from(tag, eq + 1)));
}

const char *
dkim_record_parse(struct slice text, struct dkim_record *out)
{
	struct slice rest = text, tag;
	const char *wrong = NULL;
	unsigned seen = 0;

	*out = (struct dkim_record){ .kind = SIGN_RSA };
	while (!wrong && slice_cut(&rest, ';', &tag))
		if (slice_trim(tag).n > 0 || rest.p)
			wrong = take_tag(out, tag, &seen);
	if (!wrong && !(seen & 1U << TAG_P))
		wrong = "it has no p=";
	if (wrong)
		dkim_record_free(out);
	return wrong;
}

void
dkim_record_free(struct dkim_record *r)
{
	buf_free(&r->key);
}

/* ---- writing ---- */

bool
dkim_record_put(struct buf *out, const struct sign_crypto *crypto,
    const struct sign_key *key)
{
	struct buf half = { 0 };
	bool ok = crypto->public_put(key, &half);

	buf_putf(out, "v=DKIM1; k=%s; p=",
	    sign_kind_name(crypto->key_kind(key)));
	base64_put(out, buf_slice(&half));
	buf_free(&half);
	return ok;
}

void
dkim_record_put_zone(struct buf *out, const char *selector,
    const char *domain, struct slice record)
{
	struct slice part;

	buf_putf(out, "%s._domainkey.%s. IN TXT (", selector, domain);
	for (; record.n > 0; record = slice_from(record, part.n)) {
		part = slice_first(record, STRING_MAX);
		buf_puts(out, "\n\t\"");
		buf_put(out, part);
		buf_puts(out, "\"");
	}
	buf_puts(out, " )\n");
}
