/* SPDX-License-Identifier: ISC */
/* sign.c - see sign.h */
#include "cli/sign.h"

#include "net/clock.h"

static const struct sign_rule *
rule_for(const struct sign_call *call, struct slice head,
    char domain[SIGN_DOMAIN])
{
	const struct sign_facts facts = {
		.head = head,
		.sender = call->intake->envelope.from.domain,
		.uid = call->uid,
	};

	return sign_rule_for(call->settings->message.signing, &facts, domain);
}

/* Where nothing is sent, nothing is signed. */
static const struct sign_rule *
rule_of(const struct sign_call *call, char domain[SIGN_DOMAIN])
{
	return call->settings->show.stop_after != STAGE_NONE ? NULL :
	    rule_for(call, buf_slice(&call->intake->message.head), domain);
}

/* No message was read: its author is who sends it, unless it says otherwise. */
void
sign_explain(const struct sign_call *call, struct report *report)
{
	const char *sender = call->intake->envelope.from.path;
	const struct sign_rule *rule;
	struct buf head = { 0 };
	char domain[SIGN_DOMAIN];

	buf_puts(&head, "From: ");
	address_put(&head, SLICE(""), slice_of(sender), head.n, "utf-8");
	buf_puts(&head, "\r\n");
	rule = rule_for(call, buf_slice(&head), domain);
	if (rule)
		report_signing(report, domain, rule);
	buf_free(&head);
}

bool
sign_is_for_queue(const struct sign_call *call)
{
	char domain[SIGN_DOMAIN];

	return !call->settings->own_way && !call->settings->given_way &&
	    rule_of(call, domain);
}

bool
sign_here(struct sign *s, const struct sign_call *call,
    struct consignment *c, struct events *events, struct outcome *why)
{
	char domain[SIGN_DOMAIN];
	const struct sign_rule *rule = rule_of(call, domain);
	struct buf says = { 0 };
	struct slice rest, line;
	bool ok;

	if (!rule)
		return true;
	if (!sign_is_sound(buf_slice(&call->intake->message.head), why))
		return false;
	ok = keyring_open(&s->keyring, rule, domain, &s->signing, &says, why);
	rest = buf_slice(&says);
	while (slice_cut(&rest, '\n', &line))
		if (line.n > 0)
			events_warn(events, 0, "%.*s", (int)line.n, line.p);
	buf_free(&says);
	if (!ok)
		return false;
	c->signer = &s->signing.signer;
	c->signed_at = clock_wall().seconds;
	return true;
}

void
sign_free(struct sign *s)
{
	signing_free(&s->signing);
	keyring_free(&s->keyring);
}
