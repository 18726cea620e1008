/* SPDX-License-Identifier: ISC */
/* extras.c - see extras.h */
#include "smtp/extras.h"

#include <inttypes.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "mail/date.h"

static bool
wants_ours(const struct mail_extras *e)
{
	return e->form != FORM_RAW || e->key || e->hold || e->no_alias ||
	    e->queue_only || e->hops;
}

bool
extras_fit(const struct mail_extras *e, const struct caps *caps,
    struct outcome *why)
{
	const struct {
		bool wanted, offered;
		const char *keyword;
	} needs[] = {
		{ e->require_tls, caps->require_tls, "REQUIRETLS" },
		{ e->hold_until != 0, caps->future_release, "FUTURERELEASE" },
		{ e->return_after != 0, caps->deliver_by, "DELIVERBY" },
		{ wants_ours(e), caps->xsmtpsend, "XSMTPSEND" },
	};

	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
		if (needs[i].wanted && !needs[i].offered)
			return outcome_fail(why, FAILED, STAGE_MAIL,
			    ESC(5, 3, 3), "the server does not offer %s",
			    needs[i].keyword);
	return true;
}

/* "2026-11-22T09:20:00Z" */
static void
put_time(struct buf *out, int64_t seconds)
{
	struct civil c = civil_from_seconds(seconds);

	buf_putf(out, "%04" PRId64 "-%02u-%02uT%02u:%02u:%02uZ", c.year,
	    c.month, c.day, c.hour, c.minute, c.second);
}

/* Is it one that would be taken? */
static bool
is_tag(const char *tag)
{
	struct buf word = { 0 };
	struct mail_params m;
	bool ok;

	buf_putf(&word, " TAG=%s", tag);
	ok = params_parse_mail(buf_slice(&word), OFFER_XSMTPSEND, &m) == NULL &&
	    m.tag.n == slice_of(tag).n;
	buf_free(&word);
	return ok;
}

/* Each part is a message of its own. */
static void
put_key(struct buf *out, const char *key, unsigned part)
{
	buf_puts(out, " KEY=");
	xtext_put(out, slice_of(key));
	if (part > 0)
		buf_putf(out, "+20%u", part);
}

/* Control octets cannot be said. */
static void
put_hold(struct buf *out, const char *reason)
{
	struct slice s = slice_first(slice_of(reason ? reason : ""),
	    PARAM_REASON_MAX);
	char c;

	buf_puts(out, s.n > 0 ? " HOLD=" : " HOLD");
	for (size_t i = 0; i < s.n; i++) {
		c = ascii_is_control(s.p[i]) ? ' ' : s.p[i];
		xtext_put(out, (struct slice){ &c, 1 });
	}
}

static void
put_ours(struct buf *out, const struct mail_extras *e)
{
	if (e->form != FORM_RAW)
		buf_putf(out, " FORM=%s",
		    e->form == FORM_AS_IS ? "AS-IS" : "FINISHED");
	if (e->key)
		put_key(out, e->key, e->part);
	if (e->tag && is_tag(e->tag))
		buf_putf(out, " TAG=%s", e->tag);
	if (e->hold)
		put_hold(out, e->hold_reason);
	if (e->no_alias)
		buf_puts(out, " NOALIAS");
	if (e->queue_only)
		buf_puts(out, " QUEUEONLY");
	if (e->hops)
		buf_putf(out, " HOPS=%u", e->hops);
}

void
extras_put(struct buf *out, const struct mail_extras *e,
    const struct caps *caps)
{
	if (e->require_tls && caps->require_tls)
		buf_puts(out, " REQUIRETLS");
	if (e->hold_until && caps->future_release) {
		buf_puts(out, " HOLDUNTIL=");
		put_time(out, e->hold_until);
	}
	if (e->return_after && caps->deliver_by)
		buf_putf(out, " BY=%" PRIu32 ";R", e->return_after);
	if (e->priority && caps->mt_priority)
		buf_putf(out, " MT-PRIORITY=%d", e->priority);
	if (caps->xsmtpsend)
		put_ours(out, e);
}
