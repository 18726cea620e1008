/* SPDX-License-Identifier: ISC */
/*
 * submission.h - the plan for mail that goes by a relay.
 *
 * A relay is a host and port; or a domain, whose SRV records say where its
 * submission servers are: _submissions with TLS from the first byte, which is
 * preferred (RFC 8314 5.1), and _submission with STARTTLS (RFC 6186).
 *
 * Whoever forges such a record could send us, and the password, to a host of
 * his own, with a good certificate for its name.  So a target outside of the
 * domain is used only when the answer was validated, or when the relay has a
 * tls-name, which the certificate must then have (RFC 6186 6).
 */
#ifndef ROUTE_SUBMISSION_H
#define ROUTE_SUBMISSION_H

#include "dns/name.h"
#include "route/plan.h"

/*
 * The names to ask SRV for, with implicit TLS and with STARTTLS; false when the
 * relay's host is no domain.
 */
bool submission_names(const struct relay_spec *relay,
    char implicit[DNS_NAME_SIZE], char starttls[DNS_NAME_SIZE]);

/* One host, as the relay says. */
void submission_plan(const struct relay_spec *relay, struct plan *p);

/*
 * The usable hosts of both answers, in the order of RFC 2782: by priority,
 * inside of one by weight and config->seed; at most PLAN_HOSTS_MAX.  Or why
 * there is none: DEFERRED.
 */
void submission_plan_by_srv(const struct route_config *config,
    const struct dns_answer *implicit, const struct dns_answer *starttls,
    struct plan *p);

#endif
