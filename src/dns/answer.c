/* SPDX-License-Identifier: ISC */
/* answer.c - see answer.h */
#include "dns/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dns/name.h"

#define HEADER	 12
#define CLASS_IN 1

void
dns_answer_free(struct dns_answer *a)
{
	free(a->mx);
	free(a->srv);
	free(a->ip);
	a->mx = NULL;
	a->srv = NULL;
	a->ip = NULL;
	a->n = a->total = 0;
}

static void *
copy_of(const void *from, size_t count, size_t size)
{
	void *to = NULL;

	if (from && count > 0) {
		to = mem_resize(NULL, count, size);
		memcpy(to, from, count * size);
	}
	return to;
}

void
dns_answer_copy(struct dns_answer *to, const struct dns_answer *from)
{
	*to = *from;
	to->mx = copy_of(from->mx, from->n, sizeof *from->mx);
	to->srv = copy_of(from->srv, from->n, sizeof *from->srv);
	to->ip = copy_of(from->ip, from->n, sizeof *from->ip);
}

static unsigned
u16_at(struct slice s, size_t at)
{
	return (unsigned)(unsigned char)s.p[at] << 8 |
	    (unsigned char)s.p[at + 1];
}

/*
 * The text after the next length octet of *wire: false at the root label.  A
 * question is never compressed: nothing stands before it to point to.
 */
static bool
next_label(struct slice *wire, struct slice *label)
{
	size_t n = wire->n ? (unsigned char)wire->p[0] : 0;

	if (n == 0 || n >= wire->n)
		return false;
	*label = slice_first(slice_from(*wire, 1), n);
	*wire = slice_from(*wire, n + 1);
	return true;
}

bool
dns_answer_matches(struct slice packet, struct slice name, enum dns_type type,
    uint16_t id)
{
	struct slice q = slice_from(packet, HEADER), theirs, ours, rest;
	char kept[DNS_NAME_SIZE];

	if (packet.n < HEADER || u16_at(packet, 0) != id)
		return false;
	/* QR set, opcode QUERY, one question */
	if ((u16_at(packet, 2) & 0xf800) != 0x8000 || u16_at(packet, 4) != 1)
		return false;
	if (!dns_name_parse(name, kept))
		return false;
	rest = slice_of(kept);
	while (slice_cut(&rest, '.', &ours))
		if (!next_label(&q, &theirs) || !slice_eq_nocase(ours, theirs))
			return false;
	return q.n >= 5 && q.p[0] == 0 && u16_at(q, 1) == type &&
	    u16_at(q, 3) == CLASS_IN;
}

bool
dns_answer_is_truncated(struct slice packet)
{
	return packet.n > 2 && (packet.p[2] & 0x02);
}

struct dns_answer
dns_answer_soft(enum dns_type type, const char *why)
{
	struct dns_answer a = { .type = type, .status = DNS_SOFT };

	snprintf(a.why, sizeof a.why, "%s", why);
	return a;
}

static const char *
or_root(const char *name)
{
	return name[0] ? name : ".";
}

static void
put_record(struct buf *out, const struct dns_answer *a, size_t i)
{
	if (a->type == DNS_MX)
		buf_putf(out, "%u %s", a->mx[i].preference,
		    or_root(a->mx[i].host));
	else if (a->type == DNS_SRV)
		buf_putf(out, "%u %u %u %s", a->srv[i].priority,
		    a->srv[i].weight, a->srv[i].port,
		    or_root(a->srv[i].target));
	else
		ip_put(out, &a->ip[i]);
}

void
dns_answer_put(struct buf *out, const struct dns_answer *a)
{
	if (a->status != DNS_FOUND)
		buf_puts(out, a->why);
	for (size_t i = 0; i < a->n; i++) {
		if (i > 0)
			buf_puts(out, ", ");
		put_record(out, a, i);
	}
	if (a->total > a->n)
		buf_putf(out, " and %zu more", a->total - a->n);
}

const char *
dns_status_name(enum dns_status status)
{
	switch (status) {
	case DNS_FOUND:
		return "found";
	case DNS_NODATA:
		return "nodata";
	case DNS_NXDOMAIN:
		return "nxdomain";
	case DNS_SOFT:
		break;
	}
	return "soft";
}
