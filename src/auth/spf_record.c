/* SPDX-License-Identifier: ISC */
/* spf_record.c - see spf_record.h */
#include "auth/spf_record.h"

#include <string.h>

#include "base/ascii.h"

bool
spf_is_record(struct slice text)
{
	size_t n = slice_starts_nocase(text, SLICE("v=spf1")) ? 6 : 0;

	return n > 0 && (text.n == n || text.p[n] == ' ');
}

/* ---- macro-strings ---- */

static bool
is_letter(char c, bool exp)
{
	return c && strchr(exp ? "slodiphvcrt" : "slodiphv", c) != NULL;
}

/* How many labels; none at all are not allowed. */
static bool
read_digits(struct slice *in, struct spf_macro *m)
{
	bool any = false;

	while (in->n > 0 && ascii_is_digit(in->p[0])) {
		m->digits = m->digits * 10 + (unsigned)(in->p[0] - '0');
		if (m->digits > 128)
			m->digits = 128;
		*in = slice_from(*in, 1);
		any = true;
	}
	return !any || m->digits > 0;
}

static bool
read_delimiters(struct slice in, struct spf_macro *m)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\0' || !strchr(".-+,/_=", in.p[i]))
			return false;
		if (n + 1 < sizeof m->delimiters &&
		    !memchr(m->delimiters, in.p[i], n))
			m->delimiters[n++] = in.p[i];
	}
	return true;
}

/* What stands between the braces. */
static bool
read_macro(struct slice in, bool exp, struct spf_macro *m)
{
	*m = (struct spf_macro){ .delimiters = "." };
	if (in.n == 0 || !is_letter(ascii_lower(in.p[0]), exp))
		return false;
	m->letter = ascii_lower(in.p[0]);
	m->url = m->letter != in.p[0];
	in = slice_from(in, 1);
	if (!read_digits(&in, m))
		return false;
	if (in.n > 0 && ascii_lower(in.p[0]) == 'r') {
		m->reverse = true;
		in = slice_from(in, 1);
	}
	return read_delimiters(in, m);
}

static enum spf_piece
take_percent(struct slice *rest, bool exp, struct slice *text,
    struct spf_macro *macro)
{
	static const struct slice literals[] = { SLICE("%"), SLICE(" "),
		SLICE("%20") };
	const char *known = "%_-", *at;
	size_t end;

	if (rest->n < 2)
		return PIECE_BAD;
	at = rest->p[1] ? strchr(known, rest->p[1]) : NULL;
	if (at) {
		*text = literals[at - known];
		*rest = slice_from(*rest, 2);
		return PIECE_TEXT;
	}
	end = slice_find(*rest, '}');
	if (rest->p[1] != '{' || end == rest->n ||
	    !read_macro(slice_first(slice_from(*rest, 2), end - 2), exp,
		macro))
		return PIECE_BAD;
	*rest = slice_from(*rest, end + 1);
	return PIECE_MACRO;
}

enum spf_piece
spf_piece(struct slice *rest, bool exp, struct slice *text,
    struct spf_macro *macro)
{
	if (rest->n == 0)
		return PIECE_END;
	if (rest->p[0] == '%')
		return take_percent(rest, exp, text, macro);
	*text = slice_first(*rest, slice_find(*rest, '%'));
	*rest = slice_from(*rest, text->n);
	return PIECE_TEXT;
}

static bool
is_macro_string(struct slice s)
{
	struct spf_macro macro;
	struct slice text;
	enum spf_piece piece;

	while ((piece = spf_piece(&s, false, &text, &macro)) == PIECE_TEXT ||
	    piece == PIECE_MACRO)
		for (size_t i = 0; piece == PIECE_TEXT && i < text.n; i++)
			if (text.p[i] != ' ' &&
			    (text.p[i] < 0x21 || text.p[i] > 0x7e))
				return false;
	return piece == PIECE_END;
}

/* ALPHA or digits and hyphens within, and not all digits. */
static bool
is_top_label(struct slice s)
{
	bool letter = false;

	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_alnum(s.p[i]) &&
		    !(s.p[i] == '-' && i > 0 && i + 1 < s.n))
			return false;
		letter = letter || !ascii_is_digit(s.p[i]);
	}
	return letter;
}

/* It ends with a macro, or with a dot and a label. */
static bool
is_domain_spec(struct slice s)
{
	size_t n = s.n;

	if (s.n == 0 || !is_macro_string(s))
		return false;
	if (s.p[n - 1] == '}')
		return true;
	n -= s.p[n - 1] == '.';
	s = slice_first(s, n);
	while (n > 0 && s.p[n - 1] != '.' && s.p[n - 1] != '}' &&
	    s.p[n - 1] != '%')
		n--;
	return n > 0 && s.p[n - 1] == '.' && is_top_label(slice_from(s, n));
}

/* ---- terms ---- */

/* "/24" or "//64" off the end; false when it is none that may be. */
static bool
take_cidr(struct slice *s, struct slice slash, unsigned max, unsigned *out)
{
	size_t n = s->n;
	struct slice digits;
	uint64_t v;

	while (n > 0 && ascii_is_digit(s->p[n - 1]))
		n--;
	digits = slice_from(*s, n);
	if (digits.n == 0 || n < slash.n ||
	    !slice_eq(slice_first(slice_from(*s, n - slash.n), slash.n),
		slash))
		return true;
	if (!slice_to_uint(digits, max, &v) ||
	    (digits.n > 1 && digits.p[0] == '0'))
		return false;
	*out = (unsigned)v;
	*s = slice_first(*s, n - slash.n);
	return true;
}

static bool
take_cidrs(struct slice *s, struct spf_term *t)
{
	return take_cidr(s, SLICE("//"), 128, &t->cidr6) &&
	    take_cidr(s, SLICE("/"), 32, &t->cidr4);
}

/* ":domain" or nothing. */
static bool
take_spec(struct slice s, bool wanted, struct spf_term *t)
{
	if (s.n == 0)
		return !wanted;
	if (s.p[0] != ':')
		return false;
	t->spec = slice_from(s, 1);
	return is_domain_spec(t->spec);
}

static bool
take_ip(struct slice s, unsigned version, struct spf_term *t)
{
	unsigned *cidr = version == 4 ? &t->cidr4 : &t->cidr6;

	if (s.n == 0 || s.p[0] != ':')
		return false;
	s = slice_from(s, 1);
	return take_cidr(&s, SLICE("/"), version == 4 ? 32 : 128, cidr) &&
	    ip_parse(s, &t->ip) && t->ip.version == version;
}

static bool
read_mechanism(struct slice s, struct spf_term *t)
{
	static const char *const names[] = { [SPF_ALL] = "all",
		[SPF_INCLUDE] = "include", [SPF_A] = "a", [SPF_MX] = "mx",
		[SPF_PTR] = "ptr", [SPF_IP4] = "ip4", [SPF_IP6] = "ip6",
		[SPF_EXISTS] = "exists" };
	size_t n = 0, i = 0;
	struct slice name;

	while (n < s.n && s.p[n] != ':' && s.p[n] != '/')
		n++;
	name = slice_first(s, n);
	s = slice_from(s, n);
	while (i < sizeof names / sizeof *names &&
	    !slice_eq_nocase(name, slice_of(names[i])))
		i++;
	if (i == sizeof names / sizeof *names)
		return false;
	t->kind = (enum spf_mechanism)i;
	switch (t->kind) {
	case SPF_ALL:
		return s.n == 0;
	case SPF_INCLUDE:
	case SPF_EXISTS:
		return take_spec(s, true, t);
	case SPF_PTR:
		return take_spec(s, false, t);
	case SPF_A:
	case SPF_MX:
		return take_cidrs(&s, t) && take_spec(s, false, t);
	case SPF_IP4:
		return take_ip(s, 4, t);
	case SPF_IP6:
		return take_ip(s, 6, t);
	}
	return false;
}

/* The name of a modifier, which has a '=' behind it; 0 = it is none. */
static size_t
modifier_name(struct slice s)
{
	size_t n = 0;

	if (s.n == 0 || !ascii_is_alpha(s.p[0]))
		return 0;
	while (n < s.n && (ascii_is_alnum(s.p[n]) || s.p[n] == '-' ||
	    s.p[n] == '_' || s.p[n] == '.'))
		n++;
	return n < s.n && s.p[n] == '=' ? n : 0;
}

static bool
read_modifier(struct slice s, size_t n, struct spf_record *out)
{
	struct slice name = slice_first(s, n), value = slice_from(s, n + 1);
	struct slice *to = slice_eq_nocase(name, SLICE("redirect")) ?
	    &out->redirect : slice_eq_nocase(name, SLICE("exp")) ? &out->exp :
								   NULL;

	if (!to)
		return is_macro_string(value);
	if (to->n > 0 || !is_domain_spec(value))
		return false;
	*to = value;
	return true;
}

static bool
read_term(struct slice s, struct spf_record *out)
{
	struct spf_term *t = &out->term[out->n];
	size_t n = modifier_name(s);

	if (n > 0)
		return read_modifier(s, n, out);
	if (out->n == SPF_TERMS)
		return false;
	*t = (struct spf_term){ .qualifier = '+', .cidr4 = 32, .cidr6 = 128,
		.text = s };
	if (s.n > 0 && s.p[0] && strchr("+-~?", s.p[0])) {
		t->qualifier = s.p[0];
		s = slice_from(s, 1);
	}
	out->n++;
	return read_mechanism(s, t);
}

bool
spf_record_parse(struct slice text, struct spf_record *out, struct slice *bad)
{
	struct slice term;

	out->n = 0;
	out->redirect = out->exp = (struct slice){ 0 };
	text = slice_from(text, 6);
	while (text.n > 0 && slice_cut(&text, ' ', &term)) {
		*bad = term;
		if (term.n > 0 && !read_term(term, out))
			return false;
	}
	return true;
}
