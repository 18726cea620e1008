/* SPDX-License-Identifier: ISC */
/* sts_entry.c - a policy of MTA-STS as it is kept in a file; see sts.h */
#include <inttypes.h>
#include <string.h>

#include "route/sts.h"

#define FIRST_LINE "smtpsend-mta-sts 1"

void
sts_entry_free(struct sts_entry *e)
{
	sts_policy_free(&e->policy);
	*e = (struct sts_entry){ 0 };
}

int64_t
sts_entry_expires(const struct sts_entry *e)
{
	return e->fetched + e->policy.max_age;
}

void
sts_entry_put(struct buf *out, const char *domain, const struct sts_entry *e,
    struct slice text)
{
	buf_putf(out, FIRST_LINE "\ndomain %s\nid %s\nfetched %" PRId64 "\n\n",
	    domain, e->id, e->fetched);
	buf_put(out, text);
}

/* The next line is "KEY VALUE". */
static bool
take_line(struct slice *rest, struct slice key, struct slice *value)
{
	struct slice line;

	if (!slice_cut(rest, '\n', &line) || !rest->p ||
	    !slice_starts(line, key))
		return false;
	*value = slice_from(line, key.n);
	return true;
}

static bool
take_id(struct slice value, char id[STS_ID_MAX + 1])
{
	struct buf record = { 0 };
	const char *why;
	bool good;

	buf_puts(&record, "v=STSv1;id=");
	buf_put(&record, value);
	good = sts_record_parse(buf_slice(&record), id, &why) &&
	    strlen(id) == value.n;
	buf_free(&record);
	return good;
}

bool
sts_entry_parse(struct slice file, const char *domain, struct sts_entry *out)
{
	struct slice rest = file, value;
	const char *why;
	uint64_t fetched;

	*out = (struct sts_entry){ 0 };
	if (!take_line(&rest, SLICE(FIRST_LINE), &value) || value.n > 0 ||
	    !take_line(&rest, SLICE("domain "), &value) ||
	    !slice_eq(value, slice_of(domain)) ||
	    !take_line(&rest, SLICE("id "), &value) ||
	    !take_id(value, out->id) ||
	    !take_line(&rest, SLICE("fetched "), &value) ||
	    !slice_to_uint(value, INT32_MAX * (uint64_t)100, &fetched) ||
	    !take_line(&rest, SLICE(""), &value) || value.n > 0)
		return false;
	out->fetched = (int64_t)fetched;
	return sts_policy_parse(rest, &out->policy, &why);
}
