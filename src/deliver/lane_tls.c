/* SPDX-License-Identifier: ISC */
/*
 * lane_tls.c - what came of TLS with a mail exchanger, for reports to its
 * domain (RFC 8460).
 *
 * One session is counted for each policy domain whose mail it carries.
 */
#include "deliver/lane_impl.h"

#include "deliver/destination.h"

/* Which policy was applied to what is aboard, for the host at hand. */
static struct tls_policy
policy_of(const struct lane *l)
{
	return (struct tls_policy){ .type = TLS_POLICY_NOT_FOUND,
		.domain = slice_of(l->parcel->destination->key.domain) };
}

static bool
is_told(const struct lane *l)
{
	const struct parcel *p = l->parcel;

	return !p || !l->job->config->tls_results ||
	    !p->destination->by_mx || p->consignment->tls_report ||
	    p->destination == l->tls_told;
}

static void
tell(struct lane *l, enum tls_result_type type, struct slice reason)
{
	const struct session_config *c = &l->call.config;

	l->tls_told = l->parcel->destination;
	tlsrpt_tally_add(l->job->config->tls_results, &(struct tls_result){
		.policy = policy_of(l), .type = type,
		.local = l->local, .peer = c->peer.ip,
		.host = slice_of(c->host),
		.helo = l->session ? session_peer_name(l->session) :
		    slice_of(""),
		.reason = reason }, 1);
}

void
lane_tell_tls_failure(struct lane *l, enum tls_result_type type,
    const char *reason)
{
	if (!is_told(l))
		tell(l, type, slice_of(reason));
}

/* A server that said no before it came to TLS has shown nothing of that. */
void
lane_tell_tls(struct lane *l)
{
	struct slice lacks;

	if (is_told(l) || !l->session)
		return;
	lacks = session_lacks_tls(l->session);
	if (lacks.n > 0)
		tell(l, TLS_RESULT_NO_STARTTLS, lacks);
	else if (l->secured)
		tell(l, TLS_RESULT_OK, lacks);
}
