/* SPDX-License-Identifier: ISC */
/* job.c - see job.h; job_awaited() is awaited.c's */
#include "deliver/job.h"

#include "base/duration.h"
#include "deliver/parcel.h"
#include "net/door.h"

struct tls_context *
job_tls(struct job *job)
{
	if (job->tls_tried)
		return job->tls;
	job->net = net_module_open(&job->tls_why);
	if (job->net)
		job->tls = job->net->tls->client(&job->config->tls,
		    &job->tls_why);
	if (!job->tls)
		job->tls_why.verdict = DEFERRED;
	/* a shortage passes: the next who asks may have more luck */
	job->tls_tried = job->tls || job->tls_why.stage != STAGE_SYSTEM;
	return job->tls;
}

int64_t
job_patience(const struct job *job, unsigned seconds)
{
	int64_t limit = job->config->timeout;

	return limit && limit < SECONDS(seconds) ? limit : SECONDS(seconds);
}

const struct relay_module *
job_relays(struct job *job, struct outcome *why)
{
	static const struct door door = RELAY_DOOR;

	if (!job->relays)
		job->relays = door_open(&door, why);
	return job->relays;
}

void
job_about(struct job *job, const struct parcel *p)
{
	if (job->events)
		job->events->mail = p ? p->consignment->owner : NULL;
}
