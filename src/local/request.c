/* SPDX-License-Identifier: ISC */
/* request.c - see request.h */
#include "local/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/octets.h"
#include "local/forward.h"

#define MAGIC 0x314c5353 /* a later form has another */

/* ---- writing ---- */

static void
put_number(struct buf *out, uint64_t v)
{
	char octets[8];

	octets_put(octets, sizeof octets, v);
	buf_put(out, (struct slice){ octets, sizeof octets });
}

static void
put_string(struct buf *out, const char *s)
{
	put_number(out, s ? strlen(s) : 0);
	buf_puts(out, s ? s : "");
}

void
local_request_put(struct buf *out, const struct local_request *r)
{
	put_number(out, MAGIC);
	put_number(out, r->target.kind);
	put_number(out, r->target.index);
	put_number(out, (uint64_t)r->created);
	put_number(out, r->offset);
	put_number(out, r->size);
	put_number(out, r->summed);
	put_number(out, r->sums);
	put_number(out, r->inode);
	put_number(out, r->at);
	put_string(out, r->target.name);
	put_string(out, r->target.extension);
	put_string(out, r->from);
	put_string(out, r->to);
	put_string(out, r->id);
}

void
local_answer_put(struct buf *out, const struct local_answer *a)
{
	const struct outcome *o = &a->outcome;

	put_number(out, MAGIC);
	put_number(out, a->word);
	put_number(out, a->inode);
	put_number(out, a->at);
	put_number(out, o->verdict);
	put_number(out, o->esc.cls);
	put_number(out, o->esc.subject);
	put_number(out, o->esc.detail);
	put_string(out, o->text);
	if (a->word != LOCAL_FORWARD)
		return;
	put_number(out, a->uid);
	put_number(out, a->n);
	for (size_t i = 0; i < a->n; i++) {
		put_number(out, a->v[i].kind);
		put_string(out, a->v[i].text);
	}
}

void
local_answer_free(struct local_answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i].text);
	free(a->v);
	a->v = NULL;
	a->n = 0;
}

/* ---- reading ---- */

static bool
number(struct slice *in, uint64_t max, uint64_t *v)
{
	if (in->n < 8)
		return false;
	*v = octets_get(in->p, 8);
	*in = slice_from(*in, 8);
	return *v <= max;
}

static bool
text(struct slice *in, struct slice *out)
{
	uint64_t n;

	if (!number(in, LOCAL_TEXT, &n) || n > in->n)
		return false;
	*out = slice_first(*in, (size_t)n);
	*in = slice_from(*in, (size_t)n);
	return !ascii_has_control(*out);
}

static bool
string(struct slice *in, char **out)
{
	struct slice s;

	if (!text(in, &s))
		return false;
	*out = mem_dup(s);
	return true;
}

static bool
begins(struct slice *in)
{
	uint64_t magic;

	return number(in, UINT64_MAX, &magic) && magic == MAGIC;
}

static bool
get_numbers(struct slice *in, struct local_request *r)
{
	uint64_t kind, index, created;

	if (!begins(in) || !number(in, LOCAL_ALIAS, &kind) || kind == 0 ||
	    !number(in, UINT32_MAX, &index) || !number(in, INT64_MAX, &created))
		return false;
	r->target.kind = (enum local_kind)kind;
	r->target.index = (unsigned)index;
	r->created = (int64_t)created;
	return number(in, INT64_MAX, &r->offset) &&
	    number(in, INT64_MAX, &r->size) &&
	    number(in, INT64_MAX, &r->summed) &&
	    number(in, INT64_MAX, &r->sums) &&
	    number(in, UINT64_MAX, &r->inode) && number(in, INT64_MAX, &r->at);
}

/* It becomes part of a file's name. */
static bool
is_id(const char *s)
{
	bool ok = *s != '\0';

	for (; *s; s++)
		ok = ok && ascii_is_alnum(*s);
	return ok;
}

static bool
get_strings(struct slice *in, struct local_request *r)
{
	return string(in, &r->target.name) &&
	    string(in, &r->target.extension) && string(in, &r->from) &&
	    string(in, &r->to) && string(in, &r->id) && in->n == 0 &&
	    r->target.name[0] != '\0' && is_id(r->id);
}

bool
local_request_get(struct slice in, struct local_request *r)
{
	*r = (struct local_request){ 0 };
	if (get_numbers(&in, r) && get_strings(&in, r))
		return true;
	local_request_free(r);
	return false;
}

void
local_request_free(struct local_request *r)
{
	free(r->target.name);
	free(r->target.extension);
	free(r->from);
	free(r->to);
	free(r->id);
	*r = (struct local_request){ 0 };
}

static bool
get_outcome(struct slice *in, struct outcome *o)
{
	uint64_t verdict, cls, subject, detail;
	struct slice words;

	if (!number(in, FAILED, &verdict) || !number(in, 5, &cls) ||
	    !number(in, 999, &subject) || !number(in, 999, &detail) ||
	    !text(in, &words))
		return false;
	*o = (struct outcome){ .verdict = (enum verdict)verdict,
		.stage = STAGE_LOCAL,
		.esc = { (unsigned char)cls, (unsigned short)subject,
		    (unsigned short)detail } };
	outcome_set_text(o, words);
	return true;
}

static bool
get_target(struct slice *in, struct alias_target *t)
{
	uint64_t kind;

	if (!number(in, ALIAS_FILE, &kind) || !string(in, &t->text))
		return false;
	t->kind = (enum alias_kind)kind;
	return true;
}

static bool
get_targets(struct slice *in, struct local_answer *a)
{
	uint64_t uid, n;

	if (!number(in, UINT32_MAX - 1, &uid) ||
	    !number(in, FORWARD_TARGETS, &n) || n == 0)
		return false;
	a->uid = (unsigned)uid;
	a->v = mem_alloc(size_mul((size_t)n, sizeof *a->v));
	for (; a->n < n; a->n++)
		if (!get_target(in, &a->v[a->n]))
			return false;
	return true;
}

static bool
get_answer(struct slice *in, struct local_answer *a)
{
	uint64_t word;

	if (!begins(in) || !number(in, UINT8_MAX, &word) ||
	    !number(in, UINT64_MAX, &a->inode) ||
	    !number(in, INT64_MAX, &a->at) || !get_outcome(in, &a->outcome))
		return false;
	a->word = (enum local_word)word;
	switch (word) {
	case LOCAL_DONE:
		return a->outcome.verdict >= DELIVERED;
	case LOCAL_FORWARD:
		return get_targets(in, a);
	default:
		return word == LOCAL_AT || word == LOCAL_GO;
	}
}

bool
local_answer_get(struct slice in, struct local_answer *a)
{
	*a = (struct local_answer){ 0 };
	if (get_answer(&in, a) && in.n == 0)
		return true;
	local_answer_free(a);
	return false;
}
