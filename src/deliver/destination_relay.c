/* SPDX-License-Identifier: ISC */
/* destination_relay.c - a destination behind a relay: logging in there. */
#include "deliver/destination_impl.h"

#define LOGIN_MAX 120 /* seconds for a relay to let us in */

const struct relay_spec *
destination_wants_login(const struct destination *d)
{
	return d->state == WANTS_LOGIN ? d->choice.relay[d->relay] : NULL;
}

static struct relay_call
relay_call(const struct destination *d, const struct deliver_secret *secret)
{
	const struct relay_spec *spec = d->choice.relay[d->relay];
	const struct plan_host *h = &route_plan(d->route)->host[d->host];

	return (struct relay_call){
		.host = h->name,
		.port = h->port,
		.addresses = h->addresses,
		.implicit_tls = h->implicit_tls,
		.helo = spec->helo ? spec->helo : d->job->config->helo,
		.ca = spec->ca,
		.cert = spec->cert,
		.key = spec->key,
		.tls_name = spec->tls_name,
		.proxy = spec->proxy,
		.source = spec->source.version ? spec->source :
						 d->job->config->dial.source,
		.auth = secret->kind,
		.user = secret->user,
		.secret = secret->secret,
		.mechanism = auth_method_name(spec->auth),
		.timeout = job_patience(d->job, LOGIN_MAX),
	};
}

void
destination_login(struct destination *d, const struct deliver_secret *secret)
{
	struct relay_call login = relay_call(d, secret);
	struct lane_call call = {
		.config = destination_session(d),
		.target = { { .host = login.host } },
		.rcpt = d->rcpt,
		.nrcpts = d->nrcpts,
	};

	d->host++;
	lane_start_relay(&d->lane, d->job, &call, &login);
	d->state = SENDING;
	d->job->busy++;
}

void
destination_no_login(struct destination *d, const struct outcome *why,
    int64_t now)
{
	d->last = *why;
	d->last.verdict = DEFERRED;
	destination_add_problem(d, &d->last);
	d->host = route_plan(d->route)->nhosts; /* it would be the same there */
	d->state = READY;
	if (!destination_has_hosts(d))
		destination_give_up(d, now);
}

const struct relay_spec *
destination_refused_login(struct destination *d)
{
	const struct relay_spec *relay = d->refused_by;

	d->refused_by = NULL;
	return relay;
}
