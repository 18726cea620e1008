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
#define CHUNK_MAX_OCTETS  (UINT64_MAX / 4)

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
	refusal = params_parse_mail(out->params, offers, &out->mail);
	return refusal ? refusal : check_utf8(out->path, out->mail.utf8);
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
	refusal = params_parse_rcpt(out->params, offers, &out->rcpt);
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
