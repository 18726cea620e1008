/* SPDX-License-Identifier: ISC */
/* awaited.c - what a lane is at, for who looks on (see base/awaited.h). */
#include "deliver/destination_impl.h"

#include "smtp/session.h"

static struct awaited
lane_awaited(const struct lane *l)
{
	struct awaited a = { .since = l->since };
	const struct dial_target *to = &l->call.target[0];

	if (l->state == LANE_DIAL) {
		a.stage = STAGE_CONNECT;
		to += l->dial.started > 0 ? l->dial.started - 1 : 0;
	} else if (l->state == LANE_RELAY) {
		a.stage = STAGE_AUTH;
	} else {
		to = &l->at;
	}
	if (l->state == LANE_HANDSHAKE) {
		a.stage = STAGE_TLS;
	} else if (l->state == LANE_TALK) {
		a.stage = session_stage(l->session);
		a.what = session_awaits(l->session);
	}
	a.host = to->host;
	a.port = to->at.port;
	return a;
}

struct awaited
destination_awaited(const struct destination *d)
{
	if (d->state == ROUTING)
		return (struct awaited){ .stage = STAGE_DNS,
			.host = d->domain };
	if (d->state == SENDING && !lane_is_settled(&d->lane))
		return lane_awaited(&d->lane);
	return (struct awaited){ 0 };
}

void
lane_progress(const struct lane *l, uint64_t *sent, uint64_t *size)
{
	if (!l->session)
		return;
	*sent += session_text_sent(l->session);
	*size += l->job->message->size;
}
