/* SPDX-License-Identifier: ISC */
/* health.c - see health.h */
#include "queue/health.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/json.h"
#include "queue/wire.h"
#include "report/json.h"

#define RESERVE	       (64 << 20)
#define RESERVE_PART   5
#define RESERVE_INODES 1000

void
health_free(struct health *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->domains[i]->kept);
		free(h->domains[i]);
	}
	free(h->domains);
	table_free(&h->table);
	*h = (struct health){ 0 };
}

static struct slice
domain_of(struct slice path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '@')
		n--;
	return n > 0 ? slice_from(path, n) : SLICE("");
}

static struct health_domain *
add_domain(struct health *h)
{
	struct health_domain *d = mem_alloc(sizeof *d);

	if (h->n == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 16;
		h->domains = mem_resize(h->domains, h->cap,
		    sizeof(struct health_domain *));
	}
	h->domains[h->n++] = d;
	return d;
}

/* Name and reason, in one piece of memory. */
static void
keep(struct health_domain *d, struct slice name, struct slice reason)
{
	char *kept = mem_alloc(size_add(name.n, reason.n) + 1);

	memcpy(kept, name.p, name.n);
	if (reason.n > 0)
		memcpy(kept + name.n, reason.p, reason.n);
	free(d->kept);
	d->kept = kept;
	d->name = (struct slice){ kept, name.n };
	d->reason = (struct slice){ kept + name.n, reason.n };
}

/* NULL when there are too many. */
static struct health_domain *
find_domain(struct health *h, struct slice name)
{
	struct health_domain *d = table_find(&h->table, name);

	if (d || h->n == HEALTH_DOMAINS)
		return d;
	d = add_domain(h);
	keep(d, name, SLICE(""));
	table_add(&h->table, &d->node, d->name, d);
	return d;
}

bool
health_wants_reason(const struct health *h, const struct listing_row *row)
{
	const struct health_domain *d;

	for (size_t i = 0; i < row->n; i++) {
		d = table_find(&h->table, domain_of(row->rcpts[i].address));
		if (row->rcpts[i].attempts > 0)
			return h->n < HEALTH_DOMAINS && (!d ||
			    d->reason.n == 0);
	}
	return false;
}

static void
add_rcpt(struct health *h, const struct listing_row *row,
    const struct listing_rcpt *r)
{
	struct health_domain *d = find_domain(h, domain_of(r->address));

	if (!d)
		return;
	if (r->reason.n > 0 && d->reason.n == 0) {
		table_remove(&h->table, &d->node);
		keep(d, d->name, r->reason);
		table_add(&h->table, &d->node, d->name, d);
	}
	if (d->waiting == 0 || r->next < d->next)
		d->next = r->next;
	if (d->oldest == 0 || row->arrival < d->oldest)
		d->oldest = row->arrival;
	d->waiting++;
}

void
health_add(struct health *h, const struct listing_row *row)
{
	h->state[row->state]++;
	h->octets += (int64_t)row->size;
	if (row->state == LISTING_HELD)
		return;
	if (h->oldest == 0 || row->arrival < h->oldest)
		h->oldest = row->arrival;
	for (size_t i = 0; i < row->n; i++)
		if (row->rcpts[i].state != SLOT_HELD)
			add_rcpt(h, row, &row->rcpts[i]);
}

/* The lesser of a part of the disk and a number of octets (QUEUE.md). */
static uint64_t
reserve_of(const struct store_space *space, const struct store_config *c)
{
	unsigned part = c->reserve_percent ? c->reserve_percent : RESERVE_PART;
	uint64_t least = c->reserve ? c->reserve : RESERVE;

	return space->octets / 100 * part < least ?
	    space->octets / 100 * part : least;
}

void
health_add_space(struct health *h, const struct store_space *space,
    const struct store_config *config)
{
	uint64_t inodes = config->reserve_inodes ? config->reserve_inodes :
	    RESERVE_INODES;

	h->free_octets = (int64_t)space->free_octets;
	h->disk_octets = (int64_t)space->octets;
	h->free_inodes = (int64_t)space->free_inodes;
	h->inodes = (int64_t)space->inodes;
	h->full = space->free_octets < reserve_of(space, config) ||
	    (space->inodes > 0 && space->free_inodes < inodes);
}

/* Those with the most that waits come first. */
static int
compare(const void *a, const void *b)
{
	const struct health_domain *x = *(struct health_domain *const *)a;
	const struct health_domain *y = *(struct health_domain *const *)b;

	if (x->waiting != y->waiting)
		return x->waiting < y->waiting ? 1 : -1;
	return x->oldest < y->oldest ? -1 : x->oldest > y->oldest;
}

static void
put_domain(struct buf *out, const struct health_domain *d)
{
	buf_putf(out, "{\"waiting\":%lld", (long long)d->waiting);
	wire_put_text(out, "domain", d->name);
	wire_put_number(out, "next", d->next);
	wire_put_number(out, "oldest", d->oldest);
	wire_put_text(out, "reason", d->reason);
	buf_putc(out, '}');
}

static const char *const states[] = {
	[LISTING_INCOMING] = "incoming", [LISTING_ACTIVE] = "active",
	[LISTING_DEFERRED] = "deferred", [LISTING_HELD] = "held",
};

void
health_put_json(struct buf *out, struct health *h)
{
	if (h->n > 1)
		qsort(h->domains, h->n, sizeof *h->domains, compare);
	buf_putf(out, "{\"at\":%lld", (long long)h->at);
	for (int i = 0; i <= LISTING_HELD; i++)
		buf_putf(out, ",\"%s\":%lld", states[i],
		    (long long)h->state[i]);
	buf_putf(out, ",\"aside\":%lld,\"corrupt\":%lld,\"octets\":%lld",
	    (long long)h->aside, (long long)h->corrupt, (long long)h->octets);
	wire_put_number(out, "oldest", h->oldest);
	wire_put_number(out, "free_octets", h->free_octets);
	wire_put_number(out, "disk_octets", h->disk_octets);
	wire_put_number(out, "free_inodes", h->free_inodes);
	wire_put_number(out, "inodes", h->inodes);
	wire_put_flag(out, "full", h->full);
	wire_put_flag(out, "daemon", h->daemon);
	wire_put_flag(out, "partial", h->partial);
	wire_put_text(out, "blocked", h->blocked);
	wire_put_text(out, "remark", h->remark);
	buf_puts(out, ",\"domains\":[");
	for (size_t i = 0; i < h->n && i < HEALTH_SHOWN; i++) {
		buf_puts(out, i > 0 ? "," : "");
		put_domain(out, h->domains[i]);
	}
	buf_puts(out, "]}\n");
}

static bool
read_domain(struct health *h, struct slice text)
{
	struct health_domain *d = add_domain(h);
	const struct wire_field fields[] = {
		WIRE_NUMBER("waiting", &d->waiting),
		WIRE_TEXT("domain", &d->name), WIRE_NUMBER("next", &d->next),
		WIRE_NUMBER("oldest", &d->oldest),
		WIRE_TEXT("reason", &d->reason), { 0 }
	};

	return wire_read(json_inside(text), text.n, fields);
}

static bool
read_domains(struct health *h, struct slice array)
{
	struct json_member m;
	struct json j;
	enum json_got got;

	json_begin_array(&j, json_inside(array), array.n);
	while ((got = json_next(&j, &m)) == JSON_MEMBER)
		if (!read_domain(h, m.value.text))
			return false;
	return got == JSON_END;
}

bool
health_read(struct health *h, char *line, size_t n)
{
	struct slice domains = { 0 };
	const struct wire_field fields[] = {
		WIRE_NUMBER("at", &h->at),
		WIRE_NUMBER("incoming", &h->state[LISTING_INCOMING]),
		WIRE_NUMBER("active", &h->state[LISTING_ACTIVE]),
		WIRE_NUMBER("deferred", &h->state[LISTING_DEFERRED]),
		WIRE_NUMBER("held", &h->state[LISTING_HELD]),
		WIRE_NUMBER("aside", &h->aside),
		WIRE_NUMBER("corrupt", &h->corrupt),
		WIRE_NUMBER("octets", &h->octets),
		WIRE_NUMBER("oldest", &h->oldest),
		WIRE_NUMBER("free_octets", &h->free_octets),
		WIRE_NUMBER("disk_octets", &h->disk_octets),
		WIRE_NUMBER("free_inodes", &h->free_inodes),
		WIRE_NUMBER("inodes", &h->inodes), WIRE_FLAG("full", &h->full),
		WIRE_FLAG("daemon", &h->daemon),
		WIRE_FLAG("partial", &h->partial),
		WIRE_TEXT("blocked", &h->blocked),
		WIRE_TEXT("remark", &h->remark),
		WIRE_ARRAY("domains", &domains), { 0 }
	};

	*h = (struct health){ 0 };
	return wire_read(line, n, fields) && domains.p &&
	    read_domains(h, domains);
}

int
health_status(const struct health *h, int64_t warn_age)
{
	if (h->full || h->blocked.n > 0)
		return 2;
	if (h->aside > 0 || h->corrupt > 0)
		return 1;
	return warn_age > 0 && h->oldest > 0 && h->at - h->oldest > warn_age;
}
