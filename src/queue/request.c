/* SPDX-License-Identifier: ISC */
/* request.c - see request.h */
#include "queue/request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "config/json.h"
#include "queue/wire.h"
#include "report/json.h"

static const struct {
	const char *name;
	bool wants_some;
} verbs[NVERBS] = {
	[VERB_LIST] = { "list", false },
	[VERB_COUNT] = { "count", false },
	[VERB_WHY] = { "why", true },
	[VERB_SHOW] = { "show", true },
	[VERB_STATUS] = { "status", false },
	[VERB_SITES] = { "sites", false },
	[VERB_HOLD] = { "hold", true },
	[VERB_RELEASE] = { "release", true },
	[VERB_RM] = { "rm", true },
	[VERB_NOW] = { "now", true },
	[VERB_EDIT] = { "edit", true },
	[VERB_BOUNCE] = { "bounce", true },
	[VERB_FLUSH] = { "flush", false },
	[VERB_FORGET] = { "forget", false },
	[VERB_WAKE] = { "wake", true },
	[VERB_WATCH] = { "watch", true },
};

const char *
verb_name(enum verb v)
{
	return v > VERB_NONE && v < NVERBS ? verbs[v].name : NULL;
}

enum verb
verb_find(struct slice name)
{
	for (int i = VERB_NONE + 1; i < NVERBS; i++)
		if (slice_eq(name, slice_of(verbs[i].name)))
			return (enum verb)i;
	return VERB_NONE;
}

bool
verb_wants_some(enum verb v)
{
	return v < NVERBS && verbs[v].wants_some;
}

void
request_free(struct request *r)
{
	free(r->ids);
	*r = (struct request){ 0 };
}

void
request_add(struct request *r, struct slice id)
{
	r->ids = mem_resize(r->ids, size_add(r->nids, 1), sizeof *r->ids);
	r->ids[r->nids++] = id;
}

size_t
request_tidy_id(struct slice given, char id[STORE_ID + 1])
{
	size_t n = 0;

	while (given.n > 0 && strchr("*!#", given.p[given.n - 1]))
		given.n--;
	if (given.n > STORE_ID)
		return 0;
	for (; n < given.n; n++) {
		char c = ascii_lower(given.p[n]);

		if (!ascii_is_alnum(c))
			return 0;
		id[n] = ascii_is_alpha(c) ? (char)(c - ('a' - 'A')) : c;
	}
	id[n] = '\0';
	return n;
}

bool
request_means(struct slice tidy, struct slice id)
{
	return slice_starts(id, tidy) || slice_ends_nocase(id, tidy);
}

void
request_put(struct buf *out, const struct request *r)
{
	buf_putf(out, "{\"verb\":\"%s\"", verb_name(r->verb));
	for (size_t i = 0; i < r->nids; i++) {
		buf_puts(out, i == 0 ? ",\"ids\":[" : ",");
		json_put_string(out, r->ids[i]);
	}
	buf_puts(out, r->nids > 0 ? "]" : "");
	wire_put_flag(out, "all", r->all);
	wire_put_flag(out, "wake", r->wake);
	wire_put_text(out, "rcpt", r->rcpt);
	wire_put_text(out, "from", r->from);
	wire_put_text(out, "host", r->host);
	wire_put_text(out, "old", r->old);
	wire_put_text(out, "new", r->new);
	buf_puts(out, "}\n");
}

static bool
read_ids(struct request *r, struct slice array)
{
	struct json_member m;
	struct json j;
	enum json_got got;

	json_begin_array(&j, json_inside(array), array.n);
	while ((got = json_next(&j, &m)) == JSON_MEMBER) {
		if (m.value.kind != JSON_STRING)
			return false;
		request_add(r, m.value.text);
	}
	return got == JSON_END;
}

bool
request_read(struct request *out, char *line, size_t n)
{
	struct slice verb = { 0 }, ids = { 0 };
	const struct wire_field fields[] = {
		WIRE_TEXT("verb", &verb), WIRE_ARRAY("ids", &ids),
		WIRE_FLAG("all", &out->all), WIRE_FLAG("wake", &out->wake),
		WIRE_TEXT("rcpt", &out->rcpt), WIRE_TEXT("from", &out->from),
		WIRE_TEXT("host", &out->host),
		WIRE_TEXT("old", &out->old), WIRE_TEXT("new", &out->new),
		{ 0 }
	};

	*out = (struct request){ 0 };
	if (!wire_read(line, n, fields) || (ids.p && !read_ids(out, ids))) {
		request_free(out);
		return false;
	}
	out->verb = verb_find(verb);
	return true;
}
