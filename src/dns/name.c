/* SPDX-License-Identifier: ISC */
/* name.c - see name.h */
#include "dns/name.h"

#include <string.h>

#include "base/ascii.h"

#define LABEL_MAX 63
#define TEXT_MAX  253

static bool
is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

static bool
label_is_good(struct slice label)
{
	if (label.n == 0 || label.n > LABEL_MAX)
		return false;
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!is_name_char(label.p[i]))
			return false;
	return true;
}

bool
dns_name_parse(struct slice text, char out[DNS_NAME_SIZE])
{
	struct slice rest, label;

	if (text.n > 0 && text.p[text.n - 1] == '.')
		text.n--;
	if (text.n == 0 || text.n > TEXT_MAX)
		return false;
	rest = text;
	while (slice_cut(&rest, '.', &label))
		if (!label_is_good(label))
			return false;
	for (size_t i = 0; i < text.n; i++)
		out[i] = ascii_lower(text.p[i]);
	out[text.n] = '\0';
	return true;
}

static bool
is_number(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return true;
}

bool
dns_name_is_host(const char *name)
{
	struct slice s = slice_of(name), label = { 0 };
	char kept[DNS_NAME_SIZE];

	if (!dns_name_parse(s, kept) || strcmp(kept, name) != 0)
		return false;
	while (slice_cut(&s, '.', &label))
		; /* to the last label */
	return !is_number(label);
}

bool
dns_name_is_localhost(const char *name)
{
	struct slice s = slice_of(name);

	return slice_eq(s, SLICE("localhost")) ||
	    slice_ends_nocase(s, SLICE(".localhost"));
}

/* A growing name: it stops taking characters when it is full. */
struct text {
	char *p;
	size_t n;
	bool full;
};

static void
text_add(struct text *t, char c)
{
	if (t->n + 1 < DNS_NAME_SIZE)
		t->p[t->n++] = c;
	else
		t->full = true;
}

static void
text_add_octet(struct text *t, char c)
{
	unsigned char u = (unsigned char)c;

	if (is_name_char(c)) {
		text_add(t, ascii_lower(c));
		return;
	}
	text_add(t, '\\');
	text_add(t, (char)('0' + u / 100));
	text_add(t, (char)('0' + u / 10 % 10));
	text_add(t, (char)('0' + u % 10));
}

bool
dns_name_from_wire(struct slice wire, char out[DNS_NAME_SIZE])
{
	struct text t = { out, 0, false };

	while (wire.n > 0 && wire.p[0] != 0) {
		size_t n = (unsigned char)wire.p[0];

		if (n > LABEL_MAX || n >= wire.n)
			return false;
		if (t.n > 0)
			text_add(&t, '.');
		for (size_t i = 1; i <= n; i++)
			text_add_octet(&t, wire.p[i]);
		wire = slice_from(wire, n + 1);
	}
	out[t.n] = '\0';
	return wire.n == 1 && !t.full;
}

bool
dns_name_escape(struct slice text, char out[DNS_NAME_SIZE])
{
	struct text t = { out, 0, false };
	struct slice label;
	bool good = text.n > 0 && text.n <= TEXT_MAX;

	while (good && slice_cut(&text, '.', &label)) {
		good = label.n > 0 && label.n <= LABEL_MAX;
		if (t.n > 0)
			text_add(&t, '.');
		for (size_t i = 0; i < label.n; i++)
			text_add_octet(&t, label.p[i]);
	}
	out[t.n] = '\0';
	return good && !t.full;
}

/* The octet of "\DDD"; -1 when it is no escape. */
static int
escaped(struct slice s)
{
	unsigned v = 0;

	if (s.n < 4 || s.p[0] != '\\')
		return -1;
	for (int i = 1; i < 4; i++) {
		if (!ascii_is_digit(s.p[i]))
			return -1;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	return v < 256 ? (int)v : -1;
}

static bool
label_is_kept(struct slice label)
{
	size_t octets = 0;

	for (; label.n > 0; octets++) {
		if (escaped(label) >= 0)
			label = slice_from(label, 4);
		else if (is_name_char(label.p[0]))
			label = slice_from(label, 1);
		else
			return false;
	}
	return octets > 0 && octets <= LABEL_MAX;
}

bool
dns_name_keep(struct slice text, char out[DNS_NAME_SIZE])
{
	struct slice rest = text, label;

	if (dns_name_parse(text, out))
		return true;
	if (text.n == 0 || text.n >= DNS_NAME_SIZE)
		return false;
	while (slice_cut(&rest, '.', &label))
		if (!label_is_kept(label))
			return false;
	for (size_t i = 0; i < text.n; i++)
		out[i] = ascii_lower(text.p[i]);
	out[text.n] = '\0';
	return true;
}

void
dns_name_put_wire(struct buf *out, const char *kept)
{
	struct slice rest = slice_of(kept), label;
	char octets[LABEL_MAX];

	while (rest.n > 0 && slice_cut(&rest, '.', &label)) {
		size_t n = 0;

		while (label.n > 0 && n < sizeof octets) {
			int c = escaped(label);

			octets[n++] = c >= 0 ? (char)c : label.p[0];
			label = slice_from(label, c >= 0 ? 4 : 1);
		}
		buf_putc(out, (char)n);
		buf_put(out, (struct slice){ octets, n });
	}
	buf_putc(out, '\0');
}
