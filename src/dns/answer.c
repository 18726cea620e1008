/* SPDX-License-Identifier: ISC */
/* answer.c - see answer.h */
#include "dns/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "dns/name.h"

#define HEADER	 12
#define CLASS_IN 1

enum { FORMERR = 1, NOTIMP = 4, BADVERS = 16 };

void
dns_answer_free(struct dns_answer *a)
{
	for (size_t i = 0; a->mx && i < a->n; i++)
		free(a->mx[i].host);
	for (size_t i = 0; a->srv && i < a->n; i++)
		free(a->srv[i].target);
	for (size_t i = 0; a->txt && i < a->n; i++)
		free(a->txt[i].text);
	for (size_t i = 0; a->tlsa && i < a->n; i++)
		free(a->tlsa[i].data);
	free(a->mx);
	free(a->srv);
	free(a->txt);
	free(a->tlsa);
	free(a->ip);
	free(a->canonical);
	free(a->why);
	free(a->packet);
	a->packet = NULL;
	a->packet_n = 0;
	a->mx = NULL;
	a->srv = NULL;
	a->txt = NULL;
	a->tlsa = NULL;
	a->ip = NULL;
	a->canonical = a->why = NULL;
	a->n = a->total = 0;
}

static char *
copy_of(const char *text)
{
	return text ? mem_dup(slice_of(text)) : NULL;
}

void
dns_answer_copy(struct dns_answer *to, const struct dns_answer *from)
{
	*to = *from;
	to->mx = NULL;
	to->srv = NULL;
	to->txt = NULL;
	to->tlsa = NULL;
	to->ip = NULL;
	if (from->type != DNS_CNAME)
		to->n = 0;
	for (size_t i = 0; from->mx && i < from->n; i++)
		dns_answer_add_mx(to, from->mx[i].host,
		    from->mx[i].preference);
	for (size_t i = 0; from->srv && i < from->n; i++)
		dns_answer_add_srv(to, from->srv[i].target, &from->srv[i]);
	for (size_t i = 0; from->txt && i < from->n; i++)
		dns_answer_add_txt(to, (struct slice){ from->txt[i].text,
		    from->txt[i].n });
	for (size_t i = 0; from->tlsa && i < from->n; i++)
		dns_answer_add_tlsa(to, &from->tlsa[i]);
	for (size_t i = 0; from->ip && i < from->n; i++)
		dns_answer_add_ip(to, &from->ip[i]);
	to->total = from->total;
	to->canonical = copy_of(from->canonical);
	to->why = copy_of(from->why);
	to->packet = from->packet ? mem_dup((struct slice){ from->packet,
	    from->packet_n }) : NULL;
}

/* Where the next MX goes: after the others, or instead of the worst. */
static struct dns_mx *
mx_slot(struct dns_answer *a, unsigned preference)
{
	struct dns_mx *worst = a->mx;

	if (a->n < DNS_RECORDS_MAX) {
		a->mx = mem_resize(a->mx, a->n + 1, sizeof *a->mx);
		return memset(&a->mx[a->n++], 0, sizeof *a->mx);
	}
	for (size_t i = 1; i < a->n; i++)
		if (a->mx[i].preference > worst->preference)
			worst = &a->mx[i];
	return worst->preference > preference ? worst : NULL;
}

void
dns_answer_add_mx(struct dns_answer *a, const char *host, uint16_t preference)
{
	struct dns_mx *to = mx_slot(a, preference);

	a->total++;
	if (!to)
		return;
	free(to->host);
	to->host = copy_of(host);
	to->preference = preference;
}

/* The same for the next SRV. */
static struct dns_srv *
srv_slot(struct dns_answer *a, unsigned priority)
{
	struct dns_srv *worst = a->srv;

	if (a->n < DNS_RECORDS_MAX) {
		a->srv = mem_resize(a->srv, a->n + 1, sizeof *a->srv);
		return memset(&a->srv[a->n++], 0, sizeof *a->srv);
	}
	for (size_t i = 1; i < a->n; i++)
		if (a->srv[i].priority > worst->priority)
			worst = &a->srv[i];
	return worst->priority > priority ? worst : NULL;
}

void
dns_answer_add_srv(struct dns_answer *a, const char *target,
    const struct dns_srv *numbers)
{
	struct dns_srv *to = srv_slot(a, numbers->priority);

	a->total++;
	if (!to)
		return;
	free(to->target);
	*to = *numbers;
	to->target = copy_of(target);
}

void
dns_answer_add_txt(struct dns_answer *a, struct slice text)
{
	a->total++;
	if (a->n == DNS_RECORDS_MAX)
		return;
	a->txt = mem_resize(a->txt, a->n + 1, sizeof *a->txt);
	a->txt[a->n++] = (struct dns_txt){ mem_dup(text), text.n };
}

void
dns_answer_add_tlsa(struct dns_answer *a, const struct dns_tlsa *tlsa)
{
	struct dns_tlsa *to;

	a->total++;
	if (a->n == DNS_RECORDS_MAX)
		return;
	a->tlsa = mem_resize(a->tlsa, a->n + 1, sizeof *a->tlsa);
	to = &a->tlsa[a->n++];
	*to = *tlsa;
	to->data = (unsigned char *)mem_dup((struct slice){
	    (const char *)tlsa->data, tlsa->n });
}

void
dns_answer_add_ip(struct dns_answer *a, const struct ip *ip)
{
	a->total++;
	if (a->n == DNS_RECORDS_MAX)
		return;
	a->ip = mem_resize(a->ip, a->n + 1, sizeof *a->ip);
	a->ip[a->n++] = *ip;
}

void
dns_answer_say(struct dns_answer *a, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	free(a->why);
	a->why = mem_dup(slice_of(text));
}

static unsigned
u16_at(struct slice s, size_t at)
{
	return (unsigned)(unsigned char)s.p[at] << 8 |
	    (unsigned char)s.p[at + 1];
}

/* Nothing but a header that says FORMERR or NOTIMP. */
static bool
is_bare_refusal(struct slice packet)
{
	unsigned rcode = u16_at(packet, 2) & 0xf;

	return u16_at(packet, 4) == 0 && (rcode == FORMERR || rcode == NOTIMP);
}

static bool
question_is(struct slice q, struct slice name, enum dns_type type)
{
	char kept[DNS_NAME_SIZE] = "";
	struct buf wire = { 0 };
	bool same;

	if (name.n > 0 && !dns_name_keep(name, kept))
		return false;
	dns_name_put_wire(&wire, kept);
	same = slice_eq_nocase(slice_first(q, wire.n), buf_slice(&wire));
	q = slice_from(q, wire.n);
	buf_free(&wire);
	return same && q.n >= 4 && u16_at(q, 0) == type &&
	    u16_at(q, 2) == CLASS_IN;
}

bool
dns_answer_matches(struct slice packet, struct slice name, enum dns_type type,
    uint16_t id)
{
	if (packet.n < HEADER || u16_at(packet, 0) != id)
		return false;
	/* QR set, opcode QUERY */
	if ((u16_at(packet, 2) & 0xf800) != 0x8000)
		return false;
	return is_bare_refusal(packet) || (u16_at(packet, 4) == 1 &&
	    question_is(slice_from(packet, HEADER), name, type));
}

bool
dns_answer_refuses_edns(const struct dns_answer *a)
{
	return a->rcode == FORMERR || a->rcode == NOTIMP ||
	    a->rcode == BADVERS;
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

	dns_answer_say(&a, "%s", why);
	return a;
}

static const char *
or_root(const char *name)
{
	return name[0] ? name : ".";
}

static void
put_txt(struct buf *out, const struct dns_txt *txt)
{
	buf_putc(out, '"');
	text_escape(out, (struct slice){ txt->text, txt->n });
	buf_putc(out, '"');
}

#define TLSA_SHOWN 64

void
dns_tlsa_put(struct buf *out, const struct dns_tlsa *tlsa)
{
	buf_putf(out, "%u %u %u ", tlsa->usage, tlsa->selector,
	    tlsa->matching);
	for (size_t i = 0; i < tlsa->n && i < TLSA_SHOWN; i++)
		buf_putf(out, "%02x", tlsa->data[i]);
	if (tlsa->n > TLSA_SHOWN)
		buf_puts(out, "...");
}

static void
put_record(struct buf *out, const struct dns_answer *a, size_t i)
{
	if (a->type == DNS_MX)
		buf_putf(out, "%u %s", a->mx[i].preference,
		    or_root(a->mx[i].host));
	else if (a->type == DNS_PTR)
		buf_puts(out, a->mx[i].host);
	else if (a->type == DNS_SRV)
		buf_putf(out, "%u %u %u %s", a->srv[i].priority,
		    a->srv[i].weight, a->srv[i].port,
		    or_root(a->srv[i].target));
	else if (a->type == DNS_TXT)
		put_txt(out, &a->txt[i]);
	else if (a->type == DNS_TLSA)
		dns_tlsa_put(out, &a->tlsa[i]);
	else if (a->type == DNS_CNAME)
		buf_puts(out, a->canonical);
	else
		ip_put(out, &a->ip[i]);
}

/* How many MX records come before this one. */
static size_t
rank(const struct dns_answer *a, size_t of)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += a->mx[i].preference < a->mx[of].preference ||
		    (i < of && a->mx[i].preference == a->mx[of].preference);
	return n;
}

/* The MX record of that rank. */
static size_t
ranked(const struct dns_answer *a, size_t want)
{
	size_t i = 0;

	while (i < a->n && rank(a, i) != want)
		i++;
	return i;
}

void
dns_answer_put(struct buf *out, const struct dns_answer *a)
{
	if (a->status != DNS_FOUND)
		buf_puts(out, a->why);
	for (size_t i = 0; i < a->n; i++) {
		if (i > 0)
			buf_puts(out, ", ");
		put_record(out, a, a->type == DNS_MX ? ranked(a, i) : i);
	}
	if (a->total > a->n)
		buf_putf(out, " and %zu more", a->total - a->n);
}

const char *
dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_CNAME:
		return "CNAME";
	case DNS_PTR:
		return "PTR";
	case DNS_MX:
		return "MX";
	case DNS_TXT:
		return "TXT";
	case DNS_AAAA:
		return "AAAA";
	case DNS_SRV:
		return "SRV";
	case DNS_DS:
		return "DS";
	case DNS_DNSKEY:
		return "DNSKEY";
	case DNS_TLSA:
		return "TLSA";
	}
	return "TYPE?";
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
