/* SPDX-License-Identifier: ISC */
/*
 * dns_answer.c - fuzz the reading of DNS answers: bytes as a packet, and bytes
 * as orders to build a good packet, whose meaning is known without any parser.
 * Whatever comes out is bounded, valid and fit to be shown.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "dns/answer.h"
#include "dns/name.h"

#include "../support/dns_packet.h"

#define ORDERS_MAX 60

static const char *const pool[4] = { "a.example", "b.example", "c.example",
	"d.example" };
static const enum dns_type types[6] = { DNS_MX, DNS_A, DNS_AAAA,
	DNS_SRV, DNS_TXT, DNS_TLSA };

/* ---- what holds for every answer ---- */

static void
check_host(const char *host)
{
	size_t n = strnlen(host, DNS_NAME_SIZE);

	assert(n < DNS_NAME_SIZE);
	for (size_t i = 0; i < n; i++)
		assert(ascii_is_alnum(host[i]) || strchr("-_.\\", host[i]));
	for (size_t i = 0; i < n; i++)
		assert(ascii_lower(host[i]) == host[i]);
}

static void
check_records(const struct dns_answer *a)
{
	for (size_t i = 0; i < a->n && a->type == DNS_MX; i++)
		check_host(a->mx[i].host);
	for (size_t i = 0; i < a->n && a->type == DNS_SRV; i++)
		check_host(a->srv[i].target);
	for (size_t i = 0; i < a->n && a->type == DNS_TXT; i++)
		assert(a->txt[i].text[a->txt[i].n] == '\0');
	for (size_t i = 0; i < a->n && a->type == DNS_TLSA; i++)
		assert(a->tlsa[i].n > 0);
	for (size_t i = 0; i < a->n && a->ip; i++)
		assert(a->ip[i].version == (a->type == DNS_A ? 4 : 6));
}

static void
check(const struct dns_answer *a, const char *name)
{
	struct buf text = { 0 };

	assert((a->status == DNS_FOUND) == (a->n > 0));
	assert((a->status == DNS_FOUND) == !a->why);
	assert(a->n <= DNS_RECORDS_MAX && a->n <= a->total);
	check_records(a);
	assert(a->ttl <= DNS_TTL_MAX);
	assert(a->status != DNS_SOFT || a->ttl == 0);
	if (a->canonical)
		assert(strcmp(a->canonical, name) != 0 &&
		    dns_name_is_host(a->canonical));
	dns_answer_put(&text, a);
	assert(text.n > 0 && !ascii_has_control(buf_slice(&text)));
	buf_free(&text);
}

static void
parse_and_check(struct slice packet, enum dns_type type)
{
	struct dns_answer a, copy;

	dns_answer_matches(packet, slice_of(pool[0]), type, 1);
	dns_answer_parse(packet, slice_of(pool[0]), type, &a);
	check(&a, pool[0]);
	dns_answer_copy(&copy, &a);
	dns_answer_free(&a);
	check(&copy, pool[0]);
	dns_answer_free(&copy);
}

/* ---- packets made to order ---- */

struct order {
	enum { ORDER_MX, ORDER_A, ORDER_AAAA, ORDER_CNAME } kind;
	unsigned owner, target;
};

static struct order
order_read(uint8_t byte)
{
	return (struct order){ byte & 3, byte >> 2 & 3, byte >> 4 & 3 };
}

static void
order_put(struct buf *b, struct order o)
{
	switch (o.kind) {
	case ORDER_MX:
		packet_mx(b, pool[o.owner], o.target, pool[o.target]);
		break;
	case ORDER_A:
		packet_ip(b, pool[o.owner], "192.0.2.1");
		break;
	case ORDER_AAAA:
		packet_ip(b, pool[o.owner], "2001:db8::1");
		break;
	case ORDER_CNAME:
		packet_cname(b, pool[o.owner], pool[o.target]);
		break;
	}
}

static size_t
count(const struct order *o, size_t n, unsigned owner, unsigned kind)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += o[i].owner == owner && o[i].kind == kind;
	return found;
}

static unsigned
target_of(const struct order *o, size_t n, unsigned owner)
{
	for (size_t i = 0; i < n; i++)
		if (o[i].owner == owner && o[i].kind == ORDER_CNAME)
			return o[i].target;
	return owner;
}

/* What the orders mean: records at the end of the CNAMEs, or a loop. */
static enum dns_status
meaning(const struct order *o, size_t n, unsigned kind, size_t *total)
{
	unsigned at = 0;

	for (unsigned hops = 0; hops < 4; hops++) {
		*total = count(o, n, at, kind);
		if (*total > 0)
			return DNS_FOUND;
		if (count(o, n, at, ORDER_CNAME) == 0)
			return DNS_NODATA;
		at = target_of(o, n, at);
	}
	return DNS_SOFT; /* four names: a fourth hop is a loop */
}

static void
build_and_check(unsigned kind, const uint8_t *data, size_t size)
{
	struct order orders[ORDERS_MAX];
	struct buf b = { 0 };
	struct dns_answer a;
	size_t n, total = 0;

	packet_begin(&b, 1, FLAGS_RECURSIVE, pool[0], types[kind]);
	for (n = 0; n < size && n < ORDERS_MAX; n++) {
		orders[n] = order_read(data[n]);
		order_put(&b, orders[n]);
	}
	assert(dns_answer_matches(buf_slice(&b), slice_of(pool[0]),
	    types[kind], 1));
	dns_answer_parse(buf_slice(&b), slice_of(pool[0]), types[kind], &a);
	check(&a, pool[0]);
	assert(a.status == meaning(orders, n, kind, &total));
	assert(a.total == (a.status == DNS_FOUND ? total : 0));
	dns_answer_free(&a);
	/* one octet damaged, wherever it hurts */
	if (size > 1)
		b.base[data[0] * 257U % b.n] ^= (char)data[1];
	parse_and_check(buf_slice(&b), types[kind]);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	if (data[0] & 0x80)
		build_and_check(data[0] % 3, data + 1, size - 1);
	else
		parse_and_check((struct slice){ (const char *)data + 1,
		    size - 1 }, types[data[0] % 6]);
	return 0;
}
