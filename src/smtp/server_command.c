/* SPDX-License-Identifier: ISC */
/*
 * server_command.c - see server_command.h
 *
 * Strict where it matters to the sender (parameters, control octets, lengths),
 * lenient where the world is: a blank after the colon, a path without domain.
 */
#include "smtp/server_command.h"

#include "base/ascii.h"

#define PATH_MAX_OCTETS	  254 /* RFC 5321 4.5.3.1.3, without <> */
#define ENVID_MAX_OCTETS  100 /* RFC 3461 4.4 */
#define ORCPT_MAX_OCTETS  500 /* RFC 3461 4.2 */
#define CHUNK_MAX_OCTETS  (UINT64_MAX / 4)
#define BAD_PARAMETER	  "501 5.5.4 Malformed parameter"
#define UNKNOWN_PARAMETER "555 5.5.4 Parameter not known"

/* Octets of "..." at the front of s, quotes included; 0 when it has no end. */
static size_t
quoted_span(struct slice s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

static bool
is_one_of(char c, struct slice set)
{
	return slice_find(set, c) < set.n;
}

/* May c stand in a local part outside quotes? */
static bool
is_path_char(char c)
{
	return !ascii_is_control(c) && !is_one_of(c, SLICE(" <>\"(),;"));
}

/* Octets of the path at the front of s, up to its '>'; false without one. */
static bool
path_span(struct slice s, size_t *n)
{
	size_t i = 0, quoted;

	while (i < s.n && s.p[i] != '>') {
		if (s.p[i] == '"') {
			quoted = quoted_span(slice_from(s, i));
			if (quoted == 0)
				return false;
			i += quoted;
		} else if (is_path_char(s.p[i]) || s.p[i] == ',') {
			i++;
		} else {
			return false;
		}
	}
	*n = i;
	return i < s.n;
}

/* Drop "@relay1,@relay2:" (RFC 5321 appendix C). */
static struct slice
without_route(struct slice path)
{
	size_t colon = slice_find(path, ':');

	return path.n > 0 && path.p[0] == '@' && colon < path.n ?
	    slice_from(path, colon + 1) :
	    path;
}

/* Letters, digits, '-', '_', dots that separate, UTF-8; or "[...]". */
static bool
is_domain(struct slice d)
{
	bool dot = true;

	if (d.n > 2 && d.p[0] == '[')
		return slice_find(d, ']') == d.n - 1;
	for (size_t i = 0; i < d.n; i++) {
		if (d.p[i] == '.' && dot)
			return false;
		dot = d.p[i] == '.';
		if (!dot && !ascii_is_alnum(d.p[i]) && !ascii_is_high(d.p[i]) &&
		    d.p[i] != '-' && d.p[i] != '_')
			return false;
	}
	return !dot;
}

/* local@domain, or a local part alone; without control octets. */
static bool
is_mailbox(struct slice path)
{
	size_t local = path.n > 0 && path.p[0] == '"' ? quoted_span(path) : 0;

	if (path.n == 0 || path.n > PATH_MAX_OCTETS || ascii_has_control(path))
		return false;
	if (local == 0)
		local = slice_find(path, '@');
	for (size_t i = 0; path.p[0] != '"' && i < local; i++)
		if (!is_path_char(path.p[i]))
			return false;
	if (local == 0 || local == path.n)
		return local > 0;
	return path.p[local] == '@' && is_domain(slice_from(path, local + 1));
}

/* Split "FROM:<path> params" into path and params. */
static bool
split_path(struct slice arg, struct slice prefix, struct path_command *out)
{
	size_t n;

	if (!slice_starts_nocase(arg, prefix))
		return false;
	arg = slice_from(arg, prefix.n);
	while (arg.n > 0 && arg.p[0] == ' ')
		arg = slice_from(arg, 1);
	if (arg.n == 0 || arg.p[0] != '<')
		return false;
	arg = slice_from(arg, 1);
	if (!path_span(arg, &n))
		return false;
	out->path = without_route(slice_first(arg, n));
	out->params = slice_from(arg, n + 1);
	return out->params.n == 0 || out->params.p[0] == ' ';
}

/* The two capital hexadecimal digits of a "+41" (RFC 3461 4). */
static bool
is_hex_pair(struct slice s)
{
	const struct slice hex = SLICE("0123456789ABCDEF");

	return s.n >= 2 && is_one_of(s.p[0], hex) && is_one_of(s.p[1], hex);
}

/* xtext, with UTF-8 let through for utf-8 addresses (RFC 6533). */
static bool
is_xtext(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '=' || s.p[i] == ' ' || ascii_is_control(s.p[i]))
			return false;
		if (s.p[i] == '+' && !is_hex_pair(slice_from(s, i + 1)))
			return false;
	}
	return s.n > 0;
}

static bool
check_size(struct slice v, struct path_command *out)
{
	return v.n <= 20 && slice_to_uint(v, UINT64_MAX, &out->size);
}

static bool
check_body(struct slice v, struct path_command *out)
{
	(void)out;
	return slice_eq_nocase(v, SLICE("7BIT")) ||
	    slice_eq_nocase(v, SLICE("8BITMIME"));
}

static bool
check_smtputf8(struct slice v, struct path_command *out)
{
	out->utf8 = true;
	return !v.p;
}

static bool
check_ret(struct slice v, struct path_command *out)
{
	(void)out;
	return slice_eq_nocase(v, SLICE("FULL")) ||
	    slice_eq_nocase(v, SLICE("HDRS"));
}

static bool
check_envid(struct slice v, struct path_command *out)
{
	(void)out;
	return v.n <= ENVID_MAX_OCTETS && is_xtext(v);
}

static bool
check_notify(struct slice v, struct path_command *out)
{
	struct slice word;

	(void)out;
	if (slice_eq_nocase(v, SLICE("NEVER")))
		return true;
	if (!v.p)
		return false;
	while (slice_cut(&v, ',', &word))
		if (!slice_eq_nocase(word, SLICE("SUCCESS")) &&
		    !slice_eq_nocase(word, SLICE("FAILURE")) &&
		    !slice_eq_nocase(word, SLICE("DELAY")))
			return false;
	return true;
}

static bool
check_orcpt(struct slice v, struct path_command *out)
{
	struct slice type = slice_first(v, slice_find(v, ';'));

	(void)out;
	if (v.n > ORCPT_MAX_OCTETS || type.n == 0)
		return false;
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_is_alnum(type.p[i]) && type.p[i] != '-')
			return false;
	return is_xtext(slice_from(v, type.n + 1));
}

/* Whose mail it is, as the one before us knew (RFC 4954 5). */
static bool
check_auth(struct slice v, struct path_command *out)
{
	(void)out;
	return is_xtext(v);
}

struct parameter {
	const char *keyword;
	unsigned offer;		/* the capability that brings it */
	/* value.p is NULL without "=". */
	bool (*check)(struct slice value, struct path_command *out);
};

static const struct parameter of_mail[] = {
	{ "SIZE", OFFER_SIZE, check_size },
	{ "BODY", OFFER_8BITMIME, check_body },
	{ "SMTPUTF8", OFFER_SMTPUTF8, check_smtputf8 },
	{ "RET", OFFER_DSN, check_ret },
	{ "ENVID", OFFER_DSN, check_envid },
	{ "AUTH", OFFER_AUTH, check_auth },
	{ 0 },
};

static const struct parameter of_rcpt[] = {
	{ "NOTIFY", OFFER_DSN, check_notify },
	{ "ORCPT", OFFER_DSN, check_orcpt },
	{ 0 },
};

/* The row of "KEY=value" in the table, or the row that ends it. */
static size_t
find_param(struct slice key, const struct parameter *known)
{
	size_t k = 0;

	while (known[k].keyword &&
	    !slice_eq_nocase(key, slice_of(known[k].keyword)))
		k++;
	return k;
}

/* One parameter; seen has a bit for each that was there before. */
static const char *
check_param(struct slice word, const struct parameter *known, unsigned offers,
    unsigned *seen, struct path_command *out)
{
	struct slice key = slice_first(word, slice_find(word, '='));
	struct slice value = { 0 };
	size_t k = find_param(key, known);

	if (ascii_has_control(word))
		return BAD_PARAMETER;
	if (!known[k].keyword || !(offers & known[k].offer))
		return UNKNOWN_PARAMETER;
	if (*seen & 1u << k)
		return "501 5.5.4 Parameter given twice";
	*seen |= 1u << k;
	if (key.n < word.n)
		value = slice_from(word, key.n + 1);
	return known[k].check(value, out) ? NULL : BAD_PARAMETER;
}

static const char *
check_params(struct slice params, const struct parameter *known,
    unsigned offers, struct path_command *out)
{
	unsigned seen = 0;
	struct slice word;
	const char *refusal = NULL;

	while (!refusal && slice_cut(&params, ' ', &word))
		if (word.n > 0)
			refusal = check_param(word, known, offers, &seen, out);
	return refusal;
}

/* Octets above 127 need SMTPUTF8, and have to be UTF-8 (RFC 6531). */
static const char *
check_utf8(struct slice path, bool utf8)
{
	if (!ascii_has_high(path))
		return NULL;
	if (!utf8)
		return "553 5.6.7 Address needs SMTPUTF8";
	return utf8_is_valid(path) ? NULL : "553 5.6.7 Address is not UTF-8";
}

const char *
command_parse_mail(struct slice arg, unsigned offers, struct path_command *out)
{
	const char *refusal;

	*out = (struct path_command){ 0 };
	if (!split_path(arg, SLICE("FROM:"), out))
		return "501 5.5.4 Syntax: MAIL FROM:<address> [parameters]";
	if (out->path.n > 0 && !is_mailbox(out->path))
		return "501 5.1.7 Bad sender address syntax";
	refusal = check_params(out->params, of_mail, offers, out);
	return refusal ? refusal : check_utf8(out->path, out->utf8);
}

const char *
command_parse_rcpt(struct slice arg, unsigned offers, bool utf8,
    struct path_command *out)
{
	const char *refusal;

	*out = (struct path_command){ 0 };
	if (!split_path(arg, SLICE("TO:"), out))
		return "501 5.5.4 Syntax: RCPT TO:<address> [parameters]";
	if (!is_mailbox(out->path))
		return "501 5.1.3 Bad recipient address syntax";
	refusal = check_params(out->params, of_rcpt, offers, out);
	return refusal ? refusal : check_utf8(out->path, utf8);
}

struct slice
command_path(struct slice arg)
{
	struct slice path = slice_from(arg, slice_find(arg, '<') + 1);
	size_t n;

	return path_span(path, &n) ? without_route(slice_first(path, n)) :
				     (struct slice){ 0 };
}

const char *
command_parse_bdat(struct slice arg, uint64_t *size, bool *last)
{
	struct slice number = slice_first(arg, slice_find(arg, ' '));
	struct slice word = slice_trim(slice_from(arg, number.n));

	*last = slice_eq_nocase(word, SLICE("LAST"));
	if ((word.n > 0 && !*last) ||
	    !slice_to_uint(number, CHUNK_MAX_OCTETS, size))
		return "501 5.5.4 Syntax: BDAT size [LAST]";
	return NULL;
}
