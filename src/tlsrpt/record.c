/* SPDX-License-Identifier: ISC */
/*
 * record.c - see record.h
 *
 *	record = "v=TLSRPTv1" 1*(delim field) [delim]	; RFC 8460 3
 *	delim  = *WSP ";" *WSP
 *	field  = "rua=" uri *(*WSP "," *WSP uri) / name "=" value
 */
#include "tlsrpt/record.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "base/mem.h"

#define TEXT_MAX 4096	/* octets of a record */
#define URI_MAX	 1000
#define NAME_MAX_OCTETS 32

static const struct slice version = { "v=TLSRPTv1", 10 };

bool
tlsrpt_is_record(struct slice text)
{
	struct slice first;

	return slice_cut(&text, ';', &first) && text.p != NULL &&
	    slice_eq(slice_trim_blanks(first), version) &&
	    slice_starts(first, version);
}

/* What stands in a record as it is has no '!' (RFC 8460 3). */
static bool
is_uri(struct slice s)
{
	return ascii_is_uri(s) && slice_find(s, '!') == s.n && s.n <= URI_MAX;
}

/* RFC 6068: the address stands before a '?'; only one is taken. */
static const char *
take_mail(struct tlsrpt_record *r, struct slice rest)
{
	struct slice address;
	struct buf text = { 0 };
	const char *wrong = NULL;

	slice_cut(&rest, '?', &address);
	if (!percent_decode(&text, address))
		wrong = "its mailto: has a broken percent-encoding";
	else if (slice_find(buf_slice(&text), '@') == text.n)
		wrong = "its mailto: has no address";
	else if (ascii_has_control(buf_slice(&text)))
		wrong = "its mailto: has a control octet";
	else
		r->uri[r->n++] = (struct tlsrpt_uri){ TLSRPT_MAIL,
			mem_dup(buf_slice(&text)) };
	buf_free(&text);
	return wrong;
}

/* What stands before path, query and fragment (RFC 3986 3.2). */
static struct slice
authority(struct slice s)
{
	s = slice_first(s, slice_find(s, '/'));
	s = slice_first(s, slice_find(s, '?'));
	return slice_first(s, slice_find(s, '#'));
}

/* There is a host: not "https:///", not "https://?". */
static const char *
take_https(struct tlsrpt_record *r, struct slice uri, struct slice rest)
{
	if (!slice_starts(rest, SLICE("//")) || rest.n < 3 ||
	    (!ascii_is_alnum(rest.p[2]) && rest.p[2] != '['))
		return "its https: has no host";
	if (slice_find(authority(slice_from(rest, 2)), '@') <
	    authority(slice_from(rest, 2)).n)
		return "its https: has a user in it";
	r->uri[r->n++] = (struct tlsrpt_uri){ TLSRPT_HTTPS, mem_dup(uri) };
	return NULL;
}

static const char *
take_uri(struct tlsrpt_record *r, struct slice uri)
{
	struct slice rest = uri, scheme;

	if (!is_uri(uri))
		return "its rua= has what is no URI";
	if (!slice_cut(&rest, ':', &scheme) || !rest.p)
		return "its rua= has a URI without a scheme";
	if (r->n == TLSRPT_URIS)
		return NULL;
	if (slice_eq_nocase(scheme, SLICE("mailto")))
		return take_mail(r, rest);
	if (slice_eq_nocase(scheme, SLICE("https")))
		return take_https(r, uri, rest);
	return NULL;
}

static const char *
take_rua(struct tlsrpt_record *r, struct slice value)
{
	struct slice uri;
	const char *wrong = NULL;

	while (!wrong && slice_cut(&value, ',', &uri))
		wrong = take_uri(r, slice_trim_blanks(uri));
	return wrong;
}

/* (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".") */
static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && (i == 0 || (s.p[i] != '_' &&
		    s.p[i] != '-' && s.p[i] != '.')))
			return false;
	return s.n > 0 && s.n <= NAME_MAX_OCTETS;
}

/* 1*(%x21-3A / %x3C / %x3E-7E) */
static bool
is_value(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '=')
			return false;
	return s.n > 0;
}

static const char *
take_field(struct tlsrpt_record *r, struct slice field, bool *has_rua)
{
	struct slice value = field, name;

	if (!slice_cut(&value, '=', &name) || !value.p || !is_name(name))
		return "it has what is no field";
	if (!slice_eq(name, SLICE("rua")))
		return is_value(value) ? NULL : "a field has no good value";
	if (*has_rua)
		return "it has more than one rua=";
	*has_rua = true;
	return take_rua(r, value);
}

const char *
tlsrpt_record_parse(struct slice text, struct tlsrpt_record *out)
{
	struct slice field;
	bool has_rua = false;
	const char *wrong = NULL;

	*out = (struct tlsrpt_record){ 0 };
	if (text.n > TEXT_MAX)
		return "it is too long";
	if (!tlsrpt_is_record(text))
		return "it does not begin with v=TLSRPTv1;";
	slice_cut(&text, ';', &field);
	while (!wrong && slice_cut(&text, ';', &field)) {
		field = slice_trim_blanks(field);
		if (field.n == 0 && !text.p)
			break; /* the last delimiter */
		wrong = take_field(out, field, &has_rua);
	}
	if (!wrong && !has_rua)
		wrong = "it has no rua=";
	if (wrong)
		tlsrpt_record_free(out);
	return wrong;
}

void
tlsrpt_record_free(struct tlsrpt_record *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->uri[i].to);
	r->n = 0;
}
