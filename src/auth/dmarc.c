/* SPDX-License-Identifier: ISC */
/*
 * dmarc.c - see dmarc.h
 *
 *	record = version sep tag *(sep tag) [sep]	; RFC 7489 6.4
 *	sep    = *WSP ";" *WSP
 *	tag    = name *WSP "=" *WSP value
 *
 * Names and keywords are literals of ABNF, in any case; DMARC1 is not.
 */
#include "auth/dmarc.h"

#include <string.h>

#include "base/ascii.h"

static const char *const policy_names[] = {
	[DMARC_NONE] = "none",
	[DMARC_QUARANTINE] = "quarantine",
	[DMARC_REJECT] = "reject",
};

const char *
dmarc_policy_name(enum dmarc_policy policy)
{
	return policy_names[policy];
}

/* ---- values: false for what is not well-formed ---- */

static bool
take_policy(enum dmarc_policy *out, struct slice value)
{
	for (size_t i = 0; i < sizeof policy_names / sizeof *policy_names; i++)
		if (slice_eq_nocase(value, slice_of(policy_names[i]))) {
			*out = (enum dmarc_policy)i;
			return true;
		}
	return false;
}

static bool
take_p(struct dmarc_record *r, struct slice value)
{
	return take_policy(&r->p, value);
}

static bool
take_sp(struct dmarc_record *r, struct slice value)
{
	return take_policy(&r->sp, value);
}

static bool
take_alignment(enum dmarc_alignment *out, struct slice value)
{
	*out = slice_eq_nocase(value, SLICE("s")) ? DMARC_STRICT :
	    DMARC_RELAXED;
	return *out == DMARC_STRICT || slice_eq_nocase(value, SLICE("r"));
}

static bool
take_adkim(struct dmarc_record *r, struct slice value)
{
	return take_alignment(&r->adkim, value);
}

static bool
take_aspf(struct dmarc_record *r, struct slice value)
{
	return take_alignment(&r->aspf, value);
}

static bool
take_pct(struct dmarc_record *r, struct slice value)
{
	uint64_t pct;

	if (value.n > 3 || !slice_to_uint(value, 100, &pct))
		return false;
	r->pct = (unsigned)pct;
	return true;
}

static bool
take_fo(struct dmarc_record *r, struct slice value)
{
	static const char letters[] = "01ds";
	struct slice one;
	unsigned fo = 0;

	while (slice_cut(&value, ':', &one)) {
		const char *at;

		one = slice_trim_blanks(one);
		at = one.n == 1 && one.p[0] != '\0' ?
		    strchr(letters, ascii_lower(one.p[0])) : NULL;
		if (!at)
			return false;
		fo |= 1U << (at - letters);
	}
	r->fo = fo;
	return fo != 0;
}

/* "10m" in octets (6.4); a limit that large is none. */
static bool
take_size(struct slice s, uint64_t *max)
{
	static const char units[] = "kmgt";
	const char *unit = s.n > 0 && s.p[s.n - 1] != '\0' ?
	    strchr(units, ascii_lower(s.p[s.n - 1])) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

	if (unit)
		s.n--;
	if (!slice_to_uint(s, UINT64_MAX >> shift, max))
		return false;
	*max <<= shift;
	return true;
}

/* RFC 6068: the address stands before a '?'. */
static bool
has_address(struct slice rest)
{
	size_t at;

	rest = slice_first(rest, slice_find(rest, '?'));
	at = slice_find(rest, '@');
	return at > 0 && at + 1 < rest.n;
}

/* scheme ":" rest (RFC 3986 3.1), and of mailto: an address. */
static bool
is_report_uri(struct slice uri)
{
	struct slice rest = uri, scheme;

	if (!ascii_is_uri(uri) || !slice_cut(&rest, ':', &scheme) || !rest.p)
		return false;
	for (size_t i = 0; i < scheme.n; i++)
		if (!ascii_is_alnum(scheme.p[i]) &&
		    !strchr("+-.", scheme.p[i])) /* no NUL is in a URI */
			return false;
	if (slice_eq_nocase(scheme, SLICE("mailto")))
		return has_address(rest);
	return scheme.n > 0 && ascii_is_alpha(scheme.p[0]) && rest.n > 0;
}

/* The good ones stay, whatever stands between them. */
static bool
take_uris(struct dmarc_uris *out, struct slice value)
{
	struct slice rest, uri;
	bool good = true;

	while (slice_cut(&value, ',', &rest)) {
		uint64_t max = UINT64_MAX;

		rest = slice_trim_blanks(rest);
		if (!slice_cut(&rest, '!', &uri) || !is_report_uri(uri) ||
		    (rest.p && !take_size(rest, &max)))
			good = false;
		else if (out->n < DMARC_URIS)
			out->uri[out->n++] = (struct dmarc_uri){ uri, max };
	}
	return good;
}

static bool
take_rua(struct dmarc_record *r, struct slice value)
{
	return take_uris(&r->rua, value);
}

static bool
take_ruf(struct dmarc_record *r, struct slice value)
{
	return take_uris(&r->ruf, value);
}

/* ---- the record ---- */

enum tag { TAG_P, TAG_SP, TAG_ADKIM, TAG_ASPF, TAG_PCT, TAG_FO, TAG_RUA,
	TAG_RUF, NTAGS };

static const struct {
	const char *name;
	bool (*take)(struct dmarc_record *r, struct slice value);
	const char *odd;
} tags[NTAGS] = {
	[TAG_P] = { "p", take_p, "its p= is not none, quarantine or reject" },
	[TAG_SP] = { "sp", take_sp,
	    "its sp= is not none, quarantine or reject" },
	[TAG_ADKIM] = { "adkim", take_adkim, "its adkim= is not r or s" },
	[TAG_ASPF] = { "aspf", take_aspf, "its aspf= is not r or s" },
	[TAG_PCT] = { "pct", take_pct, "its pct= is not 0 to 100" },
	[TAG_FO] = { "fo", take_fo, "its fo= is not of 0, 1, d and s" },
	[TAG_RUA] = { "rua", take_rua, "its rua= has what is no URI" },
	[TAG_RUF] = { "ruf", take_ruf, "its ruf= has what is no URI" },
};

/* What was there, a bit for each tag, and which of it was well-formed. */
struct reading {
	struct dmarc_record *r;
	unsigned seen, good;
};

static void
note(struct dmarc_record *r, const char *odd)
{
	if (!r->odd)
		r->odd = odd;
}

/* "name = value", split; false without a "=". */
static bool
split(struct slice tag, struct slice *name, struct slice *value)
{
	*value = tag;
	if (!slice_cut(value, '=', name) || !value->p)
		return false;
	*name = slice_trim_blanks(*name);
	*value = slice_trim_blanks(*value);
	return name->n > 0;
}

bool
dmarc_is_record(struct slice text)
{
	struct slice first, name, value;

	return slice_cut(&text, ';', &first) && split(first, &name, &value) &&
	    first.p[0] == name.p[0] &&
	    slice_eq_nocase(name, SLICE("v")) &&
	    slice_eq(value, SLICE("DMARC1"));
}

/* NULL, or why the whole record does not count. */
static const char *
take_tag(struct reading *in, struct slice tag)
{
	struct slice name, value;
	size_t i = 0;

	if (!split(tag, &name, &value)) {
		note(in->r, "it has what is not of the form name=value");
		return NULL;
	}
	while (i < NTAGS && !slice_eq_nocase(name, slice_of(tags[i].name)))
		i++;
	if (i == NTAGS)
		return NULL; /* unknown ones are passed over (6.3) */
	if (in->seen & 1U << i)
		return "it has a tag twice"; /* RFC 6376 3.2 */
	if (i == TAG_P && in->seen != 0)
		note(in->r, "its p= does not come first after v=");
	in->seen |= 1U << i;
	if (tags[i].take(in->r, value))
		in->good |= 1U << i;
	else
		note(in->r, tags[i].odd);
	return NULL;
}

/* RFC 7489 6.6.3, step 6. */
static const char *
settle_policy(struct reading *in)
{
	bool has_sp = in->seen & 1U << TAG_SP;

	if (in->good & 1U << TAG_P && (!has_sp || in->good & 1U << TAG_SP)) {
		if (!has_sp)
			in->r->sp = in->r->p;
		return NULL;
	}
	if (!(in->seen & 1U << TAG_P))
		note(in->r, "it has no p=");
	if (in->r->rua.n == 0)
		return in->good & 1U << TAG_P ? tags[TAG_SP].odd :
		    in->seen & 1U << TAG_P ? tags[TAG_P].odd : "it has no p=";
	in->r->p = in->r->sp = DMARC_NONE;
	return NULL;
}

const char *
dmarc_record_parse(struct slice text, struct dmarc_record *out)
{
	struct reading in = { .r = out };
	struct slice tag;
	const char *wrong = NULL;

	*out = (struct dmarc_record){ .pct = 100, .fo = DMARC_FO_ALL };
	if (text.n > DMARC_TEXT_MAX)
		return "it is too long";
	if (!dmarc_is_record(text))
		return "it does not begin with v=DMARC1";
	slice_cut(&text, ';', &tag);
	while (!wrong && slice_cut(&text, ';', &tag))
		if (slice_trim_blanks(tag).n > 0 || text.p)
			wrong = take_tag(&in, tag);
	return wrong ? wrong : settle_policy(&in);
}

/* ---- where it is, and what follows from it ---- */

bool
dmarc_record_name(const char *domain, char out[DNS_NAME_SIZE])
{
	struct buf b = { 0 };
	bool fits;

	buf_putf(&b, "_dmarc.%s", domain);
	fits = dns_name_parse(buf_slice(&b), out);
	buf_free(&b);
	return fits;
}

/* There is exactly one. */
static enum dmarc_found
find_one(const struct dns_answer *txt, struct slice *out, const char **why)
{
	struct slice text;

	*out = (struct slice){ 0 };
	*why = "there are too many TXT records";
	if (txt->total > txt->n)
		return DMARC_INVALID;
	*why = "there are two records of DMARC1";
	for (size_t i = 0; i < txt->n; i++) {
		text = (struct slice){ txt->txt[i].text, txt->txt[i].n };
		if (!dmarc_is_record(text))
			continue;
		if (out->p)
			return DMARC_INVALID;
		*out = text;
	}
	*why = out->p ? NULL : "there is no record of DMARC1";
	return out->p ? DMARC_FOUND : DMARC_ABSENT;
}

enum dmarc_found
dmarc_record_find(const struct dns_answer *txt, struct dmarc_record *out,
    const char **why)
{
	struct slice text;
	enum dmarc_found found;

	*out = (struct dmarc_record){ 0 };
	if (txt->status != DNS_FOUND) {
		*why = txt->why;
		return txt->status == DNS_SOFT ? DMARC_UNKNOWN : DMARC_ABSENT;
	}
	found = find_one(txt, &text, why);
	if (found != DMARC_FOUND)
		return found;
	*why = dmarc_record_parse(text, out);
	return *why ? DMARC_INVALID : DMARC_FOUND;
}

enum dmarc_policy
dmarc_policy_for(const struct dmarc_record *r, const char *from,
    const char *where)
{
	return strcmp(from, where) == 0 ? r->p : r->sp;
}

bool
dmarc_is_aligned(struct dmarc_domain from, struct dmarc_domain passed,
    enum dmarc_alignment how)
{
	if (strcmp(from.name, passed.name) == 0)
		return true;
	return how == DMARC_RELAXED && from.org && passed.org &&
	    strcmp(from.org, passed.org) == 0;
}
