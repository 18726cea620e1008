/* SPDX-License-Identifier: ISC */
/* run_sign.c - who signs a message on its way to servers. */
#include "queue/runner_impl.h"

#include <unistd.h>

struct sign_facts
run_sign_facts(const struct entry *e, const struct message *m)
{
	return (struct sign_facts){
		.head = buf_slice(&m->head),
		.sender = e->mail.envelope.from.domain,
		.uid = e->mail.uid,
		.is_ours = e->mail.is_bounce && e->mail.uid == geteuid(),
	};
}

/* Is anybody left who is for a server? */
static bool
goes_out(const struct run *run)
{
	const struct envelope *v = &run->entry->mail.envelope;

	for (size_t k = 0; k < v->n; k++)
		if (v->rcpts[k].verdict == PENDING &&
		    deliver_takes(&run->runner->way, &v->rcpts[k]))
			return true;
	return false;
}

/* A line for each. */
static void
log_weak(struct run *run, struct slice says)
{
	struct slice line;

	while (slice_cut(&says, '\n', &line))
		if (line.n > 0)
			runner_log(run->runner, MAILLOG_WARNING, 0,
			    run->item->id, "%.*s", (int)line.n, line.p);
}

bool
run_sign(struct run *run, struct outcome *why)
{
	struct runner *r = run->runner;
	const struct sign_facts facts = run_sign_facts(run->entry,
	    &run->message);
	char domain[SIGN_DOMAIN];
	const struct sign_rule *rule;
	struct buf says = { 0 };
	bool ok;

	if (!r->config->signing || !goes_out(run))
		return true;
	rule = sign_rule_for(r->config->signing, &facts, domain);
	if (!rule)
		return true;
	if (!sign_is_sound(facts.head, why))
		return false;
	ok = keyring_open(&r->keyring, rule, domain, &run->signing, &says,
	    why);
	log_weak(run, buf_slice(&says));
	buf_free(&says);
	if (!ok)
		return false;
	run->consignment.signer = &run->signing.signer;
	run->consignment.signed_at = r->wall;
	return true;
}
