/* SPDX-License-Identifier: ISC */
/* job.h - what all lanes and destinations of one run share. */
#ifndef DELIVER_JOB_H
#define DELIVER_JOB_H

#include "deliver/deliver.h"
#include "net/module.h"
#include "relay/relay.h"

struct job {
	const struct deliver_config *config;
	struct envelope *envelope;
	const struct message *message;
	struct events *events;
	struct resolver *resolver;	/* made with the first question */
	const struct net_module *net;	/* opened for TLS */
	struct tls_context *tls;	/* made when a greeting is awaited */
	struct outcome tls_why;		/* why it could not be made */
	bool tls_tried;
	const struct relay_module *relays; /* opened with the first relay */
	unsigned lanes;			/* ever begun: their numbers */
	size_t busy;			/* lanes under way now */
	uint64_t text_sent, text_size;	/* octets, of the lanes that are over */
};

/* The client's TLS state, made once; NULL with job->tls_why. */
struct tls_context *job_tls(struct job *job);

/* The module for relays, opened once; NULL with *why. */
const struct relay_module *job_relays(struct job *job, struct outcome *why);

/* How long one phase may last: seconds, or --timeout when that is shorter. */
int64_t job_patience(const struct job *job, unsigned seconds);

#endif
