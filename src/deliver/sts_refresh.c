/* SPDX-License-Identifier: ISC */
/*
 * sts_refresh.c - the policies that are kept do not grow old unseen (RFC 8461
 * 3.3): once a day the record of each is asked for, and what has another id, or
 * half of its time behind it, is fetched, whether there is mail or not.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "deliver/sts_impl.h"
#include "net/clock.h"

#define DAY	    86400
#define AT_ONCE	    8	   /* records that are asked for */
#define REFRESH_MAX 100000 /* domains a day */

struct sts_refresh {
	char **name;
	size_t n, next;
	struct known *asked[AT_ONCE];
	size_t nasked;
};

/* The domains of the cache; a name that is none is nobody's file. */
static void
read_folder(struct sts_refresh *r, const char *dir)
{
	DIR *d = opendir(dir);
	char domain[DNS_NAME_SIZE];
	struct dirent *e;

	while (d && r->n < REFRESH_MAX && (e = readdir(d))) {
		if (!dns_name_parse(slice_of(e->d_name), domain) ||
		    strcmp(domain, e->d_name) != 0)
			continue;
		r->name = mem_resize(r->name, size_add(r->n, 1),
		    sizeof *r->name);
		r->name[r->n++] = mem_dup(slice_of(domain));
	}
	if (d)
		closedir(d);
}

void
sts_refresh_end(struct sts *s)
{
	struct sts_refresh *r = s->refresh;

	if (!r)
		return;
	for (size_t i = 0; i < r->nasked; i++) {
		resolver_release(s->resolver, r->asked[i]->record);
		r->asked[i]->record = NULL;
	}
	for (size_t i = 0; i < r->n; i++)
		free(r->name[i]);
	free(r->name);
	free(r);
	s->refresh = NULL;
}

static void
ask(struct sts *s, struct known *k)
{
	struct dns_question q = { .name = k->owner, .type = DNS_TXT,
		.spare = true };

	if (k->record || k->busy.in || !sts_record_name(k->domain, k->owner))
		return;
	k->record = resolver_ask(s->resolver, &q, s->now);
	s->refresh->asked[s->refresh->nasked++] = k;
}

/* What was fetched within a day, or is over, is left as it is. */
static void
consider(struct sts *s, const char *domain)
{
	int64_t wall = clock_wall().seconds;
	struct known *k = sts_known(s, domain);

	if (k->has && k->entry.fetched + DAY <= wall && sts_left(k, wall) > 0)
		ask(s, k);
}

static void
take_record(struct sts *s, struct known *k, const struct dns_answer *a)
{
	struct sts_wish w = { .domain = k->domain, .record = a->status };
	const char *why;

	if (w.record == DNS_FOUND && sts_record_find(a, w.id, &why))
		sts_look(s, k, &w, sts_left(k, clock_wall().seconds));
}

static void
take_records(struct sts *s)
{
	struct sts_refresh *r = s->refresh;
	const struct dns_answer *a;
	struct known *k;

	for (size_t i = 0; i < r->nasked;) {
		k = r->asked[i];
		a = resolver_answer(k->record);
		if (!a) {
			i++;
			continue;
		}
		take_record(s, k, a);
		resolver_release(s->resolver, k->record);
		k->record = NULL;
		r->asked[i] = r->asked[--r->nasked];
	}
}

static void
begin(struct sts *s)
{
	s->refresh_at = s->now + SECONDS(DAY);
	s->refresh = mem_alloc(sizeof *s->refresh);
	read_folder(s->refresh, s->config->sts_cache);
}

static bool
is_wanted(const struct sts *s)
{
	return s->config->sts_refresh && s->config->sts_cache;
}

void
sts_refresh_step(struct sts *s)
{
	struct sts_refresh *r;

	if (!s->refresh && is_wanted(s) && s->now >= s->refresh_at)
		begin(s);
	r = s->refresh;
	if (!r)
		return;
	take_records(s);
	while (r->next < r->n && r->nasked + s->busy.n < AT_ONCE)
		consider(s, r->name[r->next++]);
	if (r->next == r->n && r->nasked == 0)
		sts_refresh_end(s);
}

void
sts_refresh_wait(struct sts *s, struct wait *w)
{
	if (!s->refresh && is_wanted(s))
		wait_until(w, s->refresh_at);
}
