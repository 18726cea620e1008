/* SPDX-License-Identifier: ISC */
/* job.h - what all parts of one deliver share. */
#ifndef DELIVER_JOB_H
#define DELIVER_JOB_H

#include "base/table.h"
#include "deliver/deliver.h"
#include "net/module.h"
#include "relay/relay.h"

struct parcel;
struct sts;

struct job {
	const struct deliver_config *config;
	struct events *events;
	struct resolver *resolver;
	struct sts *sts;		/* made with the first policy */
	const struct net_module *net;	/* opened for TLS */
	struct tls_context *tls;	/* made when a greeting is awaited */
	struct outcome tls_why;		/* why it could not be made */
	bool tls_tried;			/* and there is no use in more tries */
	const struct relay_module *relays; /* opened with the first relay */
	bool closed;			/* no more consignments will come */

	struct list open, finished;	/* consignments */
	struct list unrecorded;		/* parcels with verdicts to record */
	struct list stranded;		/* parcels that no host here can help */

	struct table destinations, sites;
	size_t sweep_at, sites_sweep_at; /* so many: look for old ones */
	int64_t now;			/* of the step under way */
	struct list todo;		/* destinations that want a route, */
	struct list routing;		/* ... that are finding it */
	struct list plans;		/* all of them, for --explain */
	struct list ready;		/* sites that want a lane, */
	struct list logins;		/* ... and a login for it, */
	struct list paced;		/* ... that are not due for a mail */
	int64_t pace;			/* ... before then */
	struct list every;		/* all sites, in the order they came */
	struct list down;		/* ... that wait as a whole; */
	int64_t due;			/* no one's wait is over before then */
	struct list news;		/* ... of which there is news */
	struct table gates;		/* addresses that lanes lead to */
	const struct relay_spec *refused; /* did not take our login */

	struct list lanes;		/* all, in the order they began */
	struct list idle;		/* ... that wait for a mail */
	size_t max_lanes, most_lanes;	/* at once: now, and at best */
	unsigned begun;			/* lanes ever: their numbers */
	int64_t pause;			/* short of descriptors: no lane is
					   begun before then */
	uint64_t text_sent, text_size;	/* octets, of the mails that are over */
};

struct deliver {
	struct job job;
};

/* The client's TLS state, made once; NULL with job->tls_why. */
struct tls_context *job_tls(struct job *job);

/* The module for relays, opened once; NULL with *why. */
const struct relay_module *job_relays(struct job *job, struct outcome *why);

/* Events from here on are about this parcel's mail; NULL = of none. */
void job_about(struct job *job, const struct parcel *p);

/* What has been awaited for the longest time. */
struct awaited job_awaited(const struct job *job);

/* How long one phase may last: seconds, or --timeout when that is shorter. */
int64_t job_patience(const struct job *job, unsigned seconds);

#endif
