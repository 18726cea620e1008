/* SPDX-License-Identifier: ISC */
/* login.c - the relays that want a login, and what becomes of it. */
#include "deliver/job.h"
#include "deliver/site.h"

const struct relay_spec *
deliver_wants_login(struct deliver *d, bool *stale)
{
	const struct relay_spec *relay = NULL;
	struct site *s = list_first(&d->job.logins);

	*stale = false;
	for (; s; s = list_after(&s->ready)) {
		if (s->asked || (relay && s->relay != relay))
			continue;
		s->asked = true;
		relay = s->relay;
		*stale = *stale || s->stale;
	}
	return relay;
}

void
deliver_login(struct deliver *d, const struct relay_spec *relay,
    const struct deliver_secret *secret, int64_t now)
{
	struct site *s, *next;

	for (s = list_first(&d->job.logins); s; s = next) {
		next = list_after(&s->ready);
		if (s->asked && s->relay == relay)
			site_log_in(s, secret, now);
	}
}

void
deliver_no_login(struct deliver *d, const struct relay_spec *relay,
    const struct outcome *why)
{
	struct site *s, *next;

	for (s = list_first(&d->job.logins); s; s = next) {
		next = list_after(&s->ready);
		if (s->asked && s->relay == relay)
			site_refuse_login(s, why);
	}
}

const struct relay_spec *
deliver_refused_login(struct deliver *d)
{
	const struct relay_spec *relay = d->job.refused;

	d->job.refused = NULL;
	return relay;
}
