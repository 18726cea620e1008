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

#define TOLD_MAX 100 /* destinations that are remembered; then from anew */

/*
 * Which policy was applied to what is aboard, for the host at hand; it borrows
 * from *strings.
 */
static struct tls_policy
policy_of(const struct lane *l, struct buf *strings)
{
	const struct dane *dane = l->session ? l->call.dane[l->winner] : NULL;

	if (dane)
		dane_put_records(strings, dane);
	return (struct tls_policy){
		.type = dane ? TLS_POLICY_TLSA : TLS_POLICY_NOT_FOUND,
		.domain = slice_of(l->parcel->destination->key.domain),
		.strings = buf_slice(strings) };
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
	struct buf strings = { 0 };

	note_told(l, l->parcel->destination);
	tlsrpt_tally_add(l->job->config->tls_results, &(struct tls_result){
		.policy = policy_of(l, &strings), .type = type,
		.local = l->local, .peer = c->peer.ip,
		.host = slice_of(c->host),
		.helo = l->session ? session_peer_name(l->session) :
		    slice_of(""),
		.reason = reason }, 1);
	buf_free(&strings);
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
