/* SPDX-License-Identifier: ISC */
/* result.c - see result.h */
#include "base/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Copy a string to where *to points, and go on after it. */
static const char *
put(char **to, struct slice s)
{
	char *at = *to;

	if (s.n > 0)
		memcpy(at, s.p, s.n);
	at[s.n] = '\0';
	*to += s.n + 1;
	return at;
}

struct result *
result_new(const struct outcome *o, struct slice queue_id)
{
	struct slice host = slice_of(o->host), text = slice_of(o->text);
	struct slice ours = slice_of(o->ours), version = slice_of(o->tls);
	struct result *r = mem_alloc(sizeof *r + host.n + text.n + ours.n +
	    version.n + queue_id.n + 5);
	char *room = (char *)(r + 1);

	r->refs = 1;
	r->verdict = o->verdict;
	r->esc = o->esc;
	r->code = o->code;
	r->stage = o->stage;
	r->maybe_sent = o->maybe_sent;
	r->timed_out = o->timed_out;
	r->waiver = o->waiver;
	r->relay = o->relay;
	r->late = o->late;
	r->posed = o->posed;
	r->policy = o->policy;
	r->peer = o->peer;
	r->host = put(&room, host);
	r->text = put(&room, text);
	r->ours = put(&room, ours);
	r->tls = put(&room, version);
	r->queue_id = put(&room, queue_id);
	return r;
}

struct result *
result_share(struct result *r)
{
	if (r)
		r->refs++;
	return r;
}

void
result_release(struct result *r)
{
	if (r && --r->refs == 0)
		free(r);
}

struct outcome
result_outcome(const struct result *r)
{
	struct outcome o = { 0 };

	if (!r)
		return o;
	o.verdict = r->verdict;
	o.esc = r->esc;
	o.code = r->code;
	o.stage = r->stage;
	o.maybe_sent = r->maybe_sent;
	o.timed_out = r->timed_out;
	o.waiver = r->waiver;
	o.relay = r->relay;
	o.late = r->late;
	o.posed = r->posed;
	outcome_set_host(&o, slice_of(r->host), &r->peer);
	outcome_set_text(&o, slice_of(r->text));
	outcome_set_ours(&o, "%s", r->ours);
	outcome_set_tls(&o, r->tls);
	o.policy = r->policy;
	return o;
}
