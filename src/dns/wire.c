/* SPDX-License-Identifier: ISC */
/* wire.c - see wire.h */
#include "dns/wire.h"

#include "dns/query.h"

#define HEADER	    12
#define FIXED_PART  10 /* type, class, TTL, RDLENGTH */
#define POINTER	    0xc0
#define QUESTION_IN 4 /* type, class */

static unsigned
octet(struct slice s, size_t at)
{
	return (unsigned char)s.p[at];
}

static unsigned
u16(struct slice s, size_t at)
{
	return octet(s, at) << 8 | octet(s, at + 1);
}

static bool
skip(struct slice *s, size_t n)
{
	if (s->n < n)
		return false;
	*s = slice_from(*s, n);
	return true;
}

/* Past a name: labels up to the root or to a pointer, which ends it. */
static bool
skip_name(struct slice *s)
{
	while (s->n > 0 && octet(*s, 0) != 0) {
		if (octet(*s, 0) >= POINTER)
			return skip(s, 2);
		if (!skip(s, octet(*s, 0) + 1U))
			return false;
	}
	return skip(s, 1);
}

static bool
data_is_exact(unsigned type, struct slice data)
{
	switch (type) {
	case DNS_A:
		return data.n == 4;
	case DNS_AAAA:
		return data.n == 16;
	case DNS_MX:
		return skip(&data, 2) && skip_name(&data) && data.n == 0;
	case DNS_SRV:
		return skip(&data, 6) && skip_name(&data) && data.n == 0;
	case DNS_CNAME:
	case DNS_PTR:
		return skip_name(&data) && data.n == 0;
	}
	return true;
}

static bool
skip_record(struct slice *s)
{
	struct slice fixed;
	size_t length;

	if (!skip_name(s))
		return false;
	fixed = *s;
	if (!skip(s, FIXED_PART))
		return false;
	length = u16(fixed, 8);
	return s->n >= length &&
	    data_is_exact(u16(fixed, 0), slice_first(*s, length)) &&
	    skip(s, length);
}

bool
dns_wire_is_exact(struct slice packet)
{
	struct slice s = packet;

	if (!skip(&s, HEADER))
		return false;
	for (unsigned n = u16(packet, 4); n > 0; n--)
		if (!skip_name(&s) || !skip(&s, QUESTION_IN))
			return false;
	for (unsigned n = u16(packet, 6); n > 0; n--)
		if (!skip_record(&s))
			return false;
	return true;
}
