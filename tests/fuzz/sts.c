/* SPDX-License-Identifier: ISC */
/*
 * sts.c - fuzz MTA-STS: a record's id is well-formed; a policy that is taken is
 * whole, names hosts of one label more than a wildcard, and comes back from a
 * cache file as it went in, for its own domain only.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "route/sts.h"

static void
check_same(const struct sts_policy *a, const struct sts_policy *b)
{
	assert(a->mode == b->mode && a->max_age == b->max_age && a->n == b->n);
	for (size_t i = 0; i < a->n; i++)
		assert(strcmp(a->mx[i], b->mx[i]) == 0);
}

static void
check_mx(const struct sts_policy *p, const char *mx)
{
	char host[DNS_NAME_SIZE + 8] = "a";

	if (mx[0] != '*') {
		assert(sts_policy_names(p, mx) && dns_name_is_host(mx));
		return;
	}
	assert(dns_name_is_host(mx + 2));
	strcat(host, mx + 1);
	assert(sts_policy_names(p, host));
}

static void
check_kept(struct slice text, const struct sts_policy *p)
{
	struct sts_entry in = { .id = "20261127a", .fetched = 1795000000 }, out;
	struct buf file = { 0 };

	sts_entry_put(&file, "example.org", &in, text);
	assert(sts_entry_parse(buf_slice(&file), "example.org", &out));
	assert(strcmp(in.id, out.id) == 0 && in.fetched == out.fetched);
	check_same(p, &out.policy);
	sts_entry_free(&out);
	assert(!sts_entry_parse(buf_slice(&file), "example.com", &out));
	sts_entry_free(&out);
	buf_free(&file);
}

static void
check_policy(struct slice text)
{
	struct sts_policy p, *copy;
	const char *why = NULL;

	if (!sts_policy_parse(text, &p, &why)) {
		assert(why && p.n == 0 && !p.mx);
		return;
	}
	assert(p.max_age <= STS_MAX_AGE && (p.n > 0 || p.mode == STS_NONE));
	for (size_t i = 0; i < p.n; i++)
		check_mx(&p, p.mx[i]);
	copy = sts_policy_dup(&p);
	check_same(&p, copy);
	sts_policy_free(copy);
	free(copy);
	check_kept(text, &p);
	sts_policy_free(&p);
}

static void
check_record(struct slice text)
{
	char id[STS_ID_MAX + 1];
	const char *why = NULL;

	if (!sts_record_parse(text, id, &why)) {
		assert(why);
		return;
	}
	assert(slice_starts(text, SLICE("v=STSv1;")) && id[0] != '\0');
	for (const char *c = id; *c; c++)
		assert(ascii_is_alnum(*c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct sts_entry e;

	check_policy(text);
	check_record(text);
	sts_entry_parse(text, "example.org", &e);
	sts_entry_free(&e);
	return 0;
}
