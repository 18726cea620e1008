/* SPDX-License-Identifier: ISC */
/* success.c - see success.h */
#include "report/success.h"

#include "base/ascii.h"
#include "report/failure.h"

/* "delivered to mx.example.org", "verified by ...", "reached EHLO at ..." */
static void
put_reached(struct buf *b, const struct outcome *o)
{
	bool early = o->verdict == VERIFIED && o->stage < STAGE_RCPT;

	buf_puts(b, outcome_word(o->verdict, o->stage));
	if (early)
		buf_putf(b, " %s", stage_name(o->stage));
	if (o->host[0] == '\0' && o->peer.ip.version == 0)
		return;
	buf_puts(b, o->verdict == DELIVERED ? " to " : early ? " at " : " by ");
	peer_put(b, o);
}

void
success_put_how(struct buf *b, const struct recipient *r)
{
	struct outcome o = recipient_outcome(r);

	put_reached(b, &o);
	if (o.tls[0] != '\0')
		buf_puts(b, ", ");
	else if (o.stage >= STAGE_MAIL)
		buf_puts(b, ", without TLS");
	text_escape(b, slice_of(o.tls));
	if (o.tls[0] != '\0' && o.policy > TLS_VERIFY)
		buf_putf(b, " by %s", tls_level_name(o.policy));
	if (o.verdict == VERIFIED && o.stage == STAGE_DATA)
		buf_puts(b, ", up to 354; no text was sent");
	if (r->result->queue_id[0]) {
		buf_puts(b, ", queue id ");
		text_escape(b, slice_of(r->result->queue_id));
	}
}

void
success_put(struct buf *b, const struct recipient *r)
{
	text_escape(b, slice_of(r->to.path));
	buf_puts(b, ": ");
	success_put_how(b, r);
}
