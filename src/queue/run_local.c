/* SPDX-License-Identifier: ISC */
/*
 * run_local.c - recipients of this machine: the agent has each of them, and
 * brings a verdict; but for mailboxes that deliver reaches by LMTP.
 *
 * Before a mailbox is appended to, where is written into the recipient's slot:
 * killed after that, the next try finds what this one has left.
 */
#include "queue/runner_impl.h"

#include <stdlib.h>

#include "base/mem.h"

struct local_ask {
	struct list_node node; /* in run->local */
	struct run *run;
	size_t rcpt;
	struct local_request request;
};

static void
ask_free(struct local_ask *a)
{
	list_remove(&a->node);
	local_request_free(&a->request);
	free(a);
}

/* ---- asking ---- */

/* Whose .forward led here is not asked for it again. */
static void
stop_forwarding(struct run *run, size_t k)
{
	const struct here *here = run->runner->config->here;
	struct local_target *t = run->entry->mail.envelope.rcpts[k].local;

	if (here && here->config->forward && t && t->kind == LOCAL_MAILBOX &&
	    t->index == 0 && run_forward_is_over(run, k))
		t->index = LOCAL_ITSELF;
}

static struct local_request
request_for(const struct run *run, size_t k)
{
	const struct entry *e = run->entry;
	const struct envelope *v = &e->mail.envelope;
	const struct local_target *t = v->rcpts[k].local;

	return (struct local_request){
		.target = { t->kind, t->index, mem_dup(slice_of(t->name)),
		    mem_dup(slice_of(t->extension)) },
		.from = mem_dup(slice_of(v->from.path)),
		.to = mem_dup(slice_of(v->rcpts[k].to.path)),
		.id = mem_dup(slice_of(e->mail.id)),
		.created = e->mail.created,
		.offset = e->text.offset,
		.size = e->text.length,
		.summed = e->text.summed,
		.sums = e->text.sums,
		.inode = e->slots[k].inode,
		.at = e->slots[k].offset,
	};
}

void
run_local_settle(struct run *run, size_t k, const struct outcome *o)
{
	struct recipient *r = &run->entry->mail.envelope.rcpts[k];
	struct recipient_list list = { 0 };
	struct result *result = result_new(o, SLICE(""));

	recipient_say(r, o->verdict, result);
	result_release(result);
	r->decided = run->runner->now;
	recipient_append(&list, r);
	run_record(run,
	    &(const struct deliver_batch){ &run->consignment, list, 1, NULL });
}

static void
ask_for(struct run *run, size_t k)
{
	const struct outcome nobody = outcome_make(DEFERRED, STAGE_LOCAL,
	    ESC(4, 3, 2),
	    "no mail is delivered on this machine itself "
	    "([local] deliver = no)");
	struct runner *r = run->runner;
	struct local_ask *a;

	if (!r->agent) {
		run_local_settle(run, k, &nobody);
		return;
	}
	a = mem_alloc(sizeof *a);
	a->run = run;
	a->rcpt = k;
	a->request = request_for(run, k);
	list_append(&run->local, &a->node, a);
	agent_client_ask(r->agent, &a->request, run->entry->text.fd, a);
}

void
run_local(struct run *run)
{
	const struct envelope *v = &run->entry->mail.envelope;

	for (size_t k = 0; k < v->n; k++) {
		stop_forwarding(run, k);
		if (v->rcpts[k].verdict == PENDING &&
		    !deliver_takes(&run->runner->way, &v->rcpts[k]))
			ask_for(run, k);
	}
}

/* ---- answers ---- */

static void
take(struct local_ask *a, struct local_answer *answer)
{
	struct run *run = a->run;

	if (answer->word == LOCAL_AT) {
		run_record_place(run, a, a->rcpt, answer);
		return;
	}
	list_remove(&a->node);
	if (answer->word == LOCAL_FORWARD)
		run_forward(run, a->rcpt, answer);
	else
		run_local_settle(run, a->rcpt, &answer->outcome);
	ask_free(a);
}

void
run_local_noted(struct local_ask *a, bool ok)
{
	const struct outcome why = outcome_make(DEFERRED, STAGE_LOCAL,
	    ESC(4, 3, 0),
	    "where its mailbox is appended to could not be "
	    "recorded");

	agent_client_go(a->run->runner->agent, a, ok ? NULL : &why);
}

void
run_local_step(struct runner *r, const struct wait *w)
{
	struct local_answer answer;
	void *owner;

	if (!r->agent)
		return;
	agent_client_step(r->agent, w, r->now);
	while (agent_client_answer(r->agent, &owner, &answer))
		take(owner, &answer);
}

/* ---- no more ---- */

void
run_local_cancel(struct run *run, const struct outcome *why)
{
	for (struct local_ask *a = list_first(&run->local); a;
	     a = list_after(&a->node))
		agent_client_cancel(run->runner->agent, a, why);
}

void
run_local_stop(struct runner *r)
{
	if (r->agent)
		agent_client_stop(r->agent, &r->stop);
}

void
run_local_free(struct runner *r)
{
	struct local_ask *a;

	agent_client_free(r->agent);
	for (struct run *run = list_first(&r->runs); run;
	     run = list_after(&run->node))
		while ((a = list_first(&run->local)) != NULL)
			ask_free(a);
}
