/* SPDX-License-Identifier: ISC */
/* xclient.c - see xclient.h */
#include "base/xclient.h"

#include "base/ascii.h"
#include "base/codec.h"
#include "base/inet.h"

enum kind { KIND_ADDRESS, KIND_PORT, KIND_PROTO, KIND_NAME, KIND_TEXT };

static const struct {
	const char *name;
	enum kind kind;
} attributes[] = {
	{ "NAME", KIND_NAME },
	{ "ADDR", KIND_ADDRESS },
	{ "PORT", KIND_PORT },
	{ "PROTO", KIND_PROTO },
	{ "HELO", KIND_TEXT },
	{ "LOGIN", KIND_TEXT },
	{ "DESTADDR", KIND_ADDRESS },
	{ "DESTPORT", KIND_PORT },
	{ "REVERSE_NAME", KIND_NAME },
};

#define NATTRIBUTES (sizeof attributes / sizeof attributes[0])

static size_t
find(struct slice name)
{
	size_t i = 0;

	while (i < NATTRIBUTES &&
	    !slice_eq_nocase(name, slice_of(attributes[i].name)))
		i++;
	return i;
}

unsigned
xclient_bit(struct slice name)
{
	size_t i = find(name);

	return i < NATTRIBUTES ? 1u << i : 0;
}

void
xclient_put_names(struct buf *out, unsigned bits)
{
	const char *sep = "";

	for (size_t i = 0; i < NATTRIBUTES; i++) {
		if (!(bits & 1u << i))
			continue;
		buf_putf(out, "%s%s", sep, attributes[i].name);
		sep = ", ";
	}
}

/* What the server is to take as not known. */
static bool
is_unknown(struct slice value)
{
	return slice_eq_nocase(value, SLICE("[UNAVAILABLE]")) ||
	    slice_eq_nocase(value, SLICE("[TEMPUNAVAIL]"));
}

static bool
put_address(struct buf *out, struct slice value)
{
	struct ip ip;

	if (slice_starts(value, SLICE("IPV6:")) ||
	    slice_starts(value, SLICE("IPv6:")))
		value = slice_from(value, 5);
	if (!ip_parse(value, &ip))
		return false;
	if (ip.version == 6)
		buf_puts(out, "IPV6:");
	ip_put(out, &ip);
	return true;
}

static bool
put_port(struct buf *out, struct slice value)
{
	uint64_t n;

	if (!slice_to_uint(value, 65535, &n) || n == 0)
		return false;
	buf_putu(out, n);
	return true;
}

static bool
is_name(struct slice value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_is_alnum(value.p[i]) && value.p[i] != '-' &&
		    value.p[i] != '.' && value.p[i] != '_')
			return false;
	return value.n > 0 && value.n < 256;
}

static bool
is_proto(struct slice value)
{
	return slice_eq_nocase(value, SLICE("SMTP")) ||
	    slice_eq_nocase(value, SLICE("ESMTP"));
}

static const char *
put_value(struct buf *out, enum kind kind, struct slice value)
{
	if (is_unknown(value)) {
		xtext_put(out, value);
		return NULL;
	}
	switch (kind) {
	case KIND_ADDRESS:
		return put_address(out, value) ? NULL : "an IP address is "
		    "wanted";
	case KIND_PORT:
		return put_port(out, value) ? NULL : "a port is wanted";
	case KIND_PROTO:
		xtext_put(out, value);
		return is_proto(value) ? NULL : "SMTP or ESMTP is wanted";
	case KIND_NAME:
		xtext_put(out, value);
		return is_name(value) ? NULL : "a host name is wanted, or "
		    "[UNAVAILABLE] or [TEMPUNAVAIL]";
	case KIND_TEXT:
		xtext_put(out, value);
		return value.n > 0 ? NULL : "a value is wanted";
	}
	return NULL;
}

bool
xclient_parse(struct slice words, struct buf *out, unsigned *bits,
    const char **wrong)
{
	struct slice word, name;
	const char *sep = "";
	size_t i;

	*bits = 0;
	while (slice_cut(&words, ' ', &word)) {
		if (word.n == 0)
			continue;
		slice_cut(&word, '=', &name);
		i = find(name);
		*wrong = "NAME, ADDR, PORT, PROTO, HELO, LOGIN, DESTADDR, "
			 "DESTPORT or REVERSE_NAME is wanted, each with =VALUE";
		if (i == NATTRIBUTES || !word.p)
			return false;
		*wrong = "an attribute stands in it twice";
		if (*bits & 1u << i)
			return false;
		*bits |= 1u << i;
		buf_putf(out, "%s%s=", sep, attributes[i].name);
		sep = " ";
		*wrong = put_value(out, attributes[i].kind, word);
		if (*wrong)
			return false;
	}
	*wrong = "ADDR=IP is wanted, or other attributes";
	return *bits != 0;
}
