/* SPDX-License-Identifier: ISC */
/* awaited.c - what a run is at, for who looks on (see base/awaited.h). */
#include "deliver/destination.h"
#include "deliver/job.h"
#include "deliver/lane.h"

static struct awaited
lane_awaited(const struct lane *l)
{
	struct awaited a = { .since = l->since };
	const struct dial_target *to = &l->call.target[l->winner];

	if (l->state == LANE_DIAL) {
		a.stage = STAGE_CONNECT;
		to += l->dial.started > 0 ? l->dial.started - 1 : 0;
	} else if (l->state == LANE_RELAY) {
		a.stage = STAGE_AUTH;
	} else if (l->state == LANE_HANDSHAKE) {
		a.stage = STAGE_TLS;
	} else if (l->state == LANE_TALK) {
		a.stage = session_stage(l->session);
		a.what = session_awaits(l->session);
	}
	a.host = to->host;
	a.port = l->session ? l->call.config.peer.port : to->at.port;
	return a;
}

/* One that nobody's verdict depends on is awaited by nobody. */
static bool
is_longer(const struct awaited *a, const struct awaited *than)
{
	return a->stage != STAGE_NONE &&
	    (than->stage == STAGE_NONE || a->since < than->since);
}

struct awaited
job_awaited(const struct job *job)
{
	const struct destination *d = list_first(&job->routing);
	struct awaited longest = { 0 }, a;
	const struct lane *l;

	if (d)
		return (struct awaited){ .stage = STAGE_DNS,
			.host = d->key.domain };
	for (l = list_first(&job->lanes); l; l = list_after(&l->node)) {
		a = lane_awaited(l);
		if (l->parcel && l->parcel->open > 0 && is_longer(&a, &longest))
			longest = a;
	}
	return longest;
}
