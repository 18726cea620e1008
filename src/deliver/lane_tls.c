/* SPDX-License-Identifier: ISC */
/*
 * lane_tls.c - what came of TLS with a mail exchanger, for reports to its
 * domain (RFC 8460).
 *
 * One session is counted for each policy domain whose mail it carries, once.
 */
#include "deliver/lane_impl.h"

#include "base/mem.h"
#include "deliver/destination.h"
#include "route/dane.h"
#include "route/sts.h"

#define TOLD_MAX 100 /* destinations that are remembered; then from anew */

/*
 * Which policy was applied to what is aboard, for the host at hand; it borrows
 * from the text.
 */
static struct tls_policy
policy_of(const struct lane *l, struct buf text[2])
{
	const struct dane *dane = l->session ? l->call.dane[l->winner] : NULL;
	const struct destination *d = l->parcel->destination;
	struct tls_policy p = { .type = TLS_POLICY_NOT_FOUND,
		.domain = slice_of(d->key.domain) };

	if (dane) {
		dane_put_records(&text[0], dane);
		p.type = TLS_POLICY_TLSA;
		p.strings = buf_slice(&text[0]);
	} else if (d->policy && d->policy->mode != STS_NONE) {
		destination_sts_policy(d, &p, text);
	}
	return p;
}

/* What a policy that is only tried out would not have let pass. */
static enum tls_result_type
result_of(const struct lane *l)
{
	const struct sts_policy *p = l->parcel->destination->policy;

	if (!p || p->mode != STS_TESTING || l->call.dane[l->winner])
		return TLS_RESULT_OK;
	return l->tls_result;
}

static bool
was_told(const struct lane *l, const struct destination *d)
{
	size_t i = 0;

	while (i < l->ntold && l->tls_told[i] != d)
		i++;
	return i < l->ntold;
}

static void
note_told(struct lane *l, const struct destination *d)
{
	if (l->ntold == TOLD_MAX)
		l->ntold = 0;
	if (l->ntold == 0 && !l->tls_told)
		l->tls_told = mem_alloc(TOLD_MAX * sizeof(void *));
	l->tls_told[l->ntold++] = d;
}

static bool
is_told(const struct lane *l)
{
	const struct parcel *p = l->parcel;

	return !p || !l->job->config->tls_results ||
	    !p->destination->by_mx || p->consignment->tls_report ||
	    p->destination->key.tls_waived ||
	    was_told(l, p->destination);
}

static void
tell(struct lane *l, enum tls_result_type type, struct slice reason)
{
	const struct session_config *c = &l->call.config;
	struct buf text[2] = { { 0 } };

	note_told(l, l->parcel->destination);
	tlsrpt_tally_add(l->job->config->tls_results, &(struct tls_result){
		.policy = policy_of(l, text), .type = type,
		.local = l->local, .peer = c->peer.ip,
		.host = slice_of(c->host),
		.helo = l->session ? session_peer_name(l->session) :
		    slice_of(""),
		.reason = reason }, 1);
	buf_free(&text[0]);
	buf_free(&text[1]);
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
		tell(l, result_of(l), lacks);
}
