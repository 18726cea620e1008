/* SPDX-License-Identifier: ISC */
/*
 * run_forward.c - a user of this machine has his mail elsewhere: what his
 * .forward says becomes recipients of a message of its own.
 *
 * That message and the mark that its parent's recipient has it are one durable
 * step, as a report is (store_bounce()): whatever is killed, both are there or
 * none.  One at a time of each parent, and its text in steps of the loop.
 *
 * It has the same sender, and begins with a Delivered-To of its user: one who
 * is in the text already has his mail in his mailbox, so what goes round in a
 * circle ends where it was before.
 */
#include "queue/runner_impl.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"
#include "local/aliases.h"
#include "mail/received.h"
#include "net/random.h"
#include "queue/copying.h"

#define DEPTH 10 /* Delivered-To fields, with which nothing is forwarded */

struct forwarding {
	struct list_node node; /* in run->forwards; the first is under way */
	struct list_node copies; /* in runner->copies, while it is copied */
	struct run *run;
	size_t rcpt;
	struct local_answer list;
	struct copying copying;
};

static void
forwarding_free(struct forwarding *f)
{
	list_remove(&f->node);
	list_remove(&f->copies);
	if (f->copying.to)
		store_discard(f->run->runner->store, f->copying.to);
	local_answer_free(&f->list);
	free(f);
}

bool
run_forward_is_over(const struct run *run, size_t k)
{
	const char *path = run->entry->mail.envelope.rcpts[k].to.path;
	struct slice head = buf_slice(&run->message.head);

	return received_deliveries(head, slice_of(path)) > 0 ||
	    received_deliveries(head, SLICE("")) >= DEPTH;
}

/* ---- to whom ---- */

/* What the sender asked to be told of him is asked of those in his place. */
static void
ask_the_same(struct envelope *e, size_t first, const struct recipient *r)
{
	for (size_t i = first; i < e->n; i++) {
		e->rcpts[i].notify = r->notify;
		if (!e->rcpts[i].orcpt)
			e->rcpts[i].orcpt = recipient_orcpt(r);
	}
}

/* Himself, at this machine's agent. */
static void
add_himself(struct envelope *e, const struct recipient *r, unsigned index)
{
	struct address to = { mem_dup(slice_of(r->to.path)),
		mem_dup(slice_of(r->to.domain)), mem_dup(slice_of(r->to.name)),
		r->to.utf8, r->to.bare };
	struct local_target *local = local_target_dup(r->local);

	local->index = index;
	envelope_add_local(e, &to, &local);
}

/* His own mailbox is not led round once more. */
static void
stop_at_himself(struct envelope *e, const char *login)
{
	for (size_t i = 0; i < e->n; i++) {
		struct local_target *t = e->rcpts[i].local;

		if (t && t->kind == LOCAL_MAILBOX && t->index == 0 &&
		    strcmp(t->name, login) == 0)
			t->index = LOCAL_ITSELF;
	}
}

/*
 * An address, or who that is by the aliases.  From <>: all of them are wanted
 * in one letter, which keeps its sender.  False: it is nobody's.
 */
static bool
add_address(struct here *here, struct envelope *e, const struct recipient *r,
    const char *text)
{
	struct letters l = { .main.from = { mem_dup(SLICE("")),
				 mem_dup(SLICE("")), mem_dup(SLICE("")), false,
				 false } };
	struct address a = { 0 };
	struct outcome why;
	bool ok = address_parse(slice_of(text), &here->config->address, &a,
		      &why) &&
	    a.path[0] != '\0';

	if (ok) {
		envelope_add(&l.main, &a);
		here_expand_letters(here, &l);
		ok = l.main.n > 0 && l.main.nbad == 0;
	}
	if (ok) {
		stop_at_himself(&l.main, r->local->name);
		envelope_take_all(e, &l.main);
	}
	address_free(&a);
	letters_free(&l);
	return ok;
}

/* Who cannot have it leaves it in the mailbox. */
static void
add_target(const struct run *run, struct envelope *e, const struct recipient *r,
    const struct alias_target *t, unsigned number)
{
	struct here *here = run->runner->config->here;

	if (t->kind == ALIAS_COMMAND || t->kind == ALIAS_FILE) {
		add_himself(e, r, number);
		return;
	}
	if (t->kind == ALIAS_ADDRESS && here &&
	    add_address(here, e, r, t->text))
		return;
	if (t->kind == ALIAS_ADDRESS)
		runner_log(run->runner, MAILLOG_WARNING, run->entry->mail.uid,
		    run->item->id,
		    "~/.forward of %s: \"%s\" is no address "
		    "that can be used; kept in the mailbox",
		    r->local->name, t->text);
	add_himself(e, r, LOCAL_ITSELF);
}

static void
make_envelope(const struct run *run, const struct forwarding *f,
    struct envelope *e)
{
	const struct envelope *old = &run->entry->mail.envelope;
	const struct recipient *r = &old->rcpts[f->rcpt];

	e->from = (struct address){ mem_dup(slice_of(old->from.path)),
		mem_dup(slice_of(old->from.domain)),
		mem_dup(slice_of(old->from.name)), old->from.utf8,
		old->from.bare };
	e->ret = old->ret;
	e->envid = old->envid ? mem_dup(slice_of(old->envid)) : NULL;
	random_draw(&e->key, sizeof e->key);
	for (size_t i = 0; i < f->list.n; i++) {
		size_t before = e->n;

		add_target(run, e, r, &f->list.v[i], (unsigned)i + 1);
		ask_the_same(e, before, r);
	}
}

/* ---- the message ---- */

static struct draft *
begin(const struct run *run, const struct forwarding *f, struct outcome *why)
{
	struct stored m = run->entry->mail;
	struct draft *d;

	m.id[0] = m.key[0] = '\0';
	m.generation = 0;
	m.uid = f->list.uid;
	m.created = run->runner->wall;
	m.not_before = 0;
	m.hold = m.queue_only = m.may_fill = false;
	m.envelope = (struct envelope){ 0 };
	make_envelope(run, f, &m.envelope);
	d = store_begin(run->runner->store, &m, why);
	envelope_free(&m.envelope);
	return d;
}

/* It goes on top, as a mailbox has it. */
static bool
write_first_line(const struct run *run, size_t k, struct draft *d,
    struct outcome *why)
{
	const struct stored *old = &run->entry->mail;
	const struct address *to = &old->envelope.rcpts[k].to;
	struct buf line = { 0 };
	bool ok;

	buf_putf(&line, "Delivered-To: %s\r\n", to->path);
	draft_facts(d)->size = old->size + line.n;
	draft_facts(d)->head = old->head + line.n;
	ok = store_write(d, buf_slice(&line), why);
	buf_free(&line);
	return ok;
}

/* All but the text of the old one. */
static bool
begin_message(struct forwarding *f, struct outcome *why)
{
	f->copying.from = &f->run->entry->text;
	f->copying.to = begin(f->run, f, why);
	return f->copying.to &&
	    write_first_line(f->run, f->rcpt, f->copying.to, why);
}

/* ---- recording it ---- */

/* Who is in his place tells of his success. */
static void
say(struct run *run, size_t k, const struct outcome *o)
{
	struct recipient *r = &run->entry->mail.envelope.rcpts[k];
	struct result *result = result_new(o, SLICE(""));

	recipient_say(r, o->verdict, result);
	result_release(result);
	r->decided = run->runner->now;
	r->tells = o->verdict == DELIVERED;
}

/* Is it only that the agent does not write to mailboxes? */
static bool
is_itself(const struct forwarding *f)
{
	return f->list.n == 1 && f->list.v[0].kind == ALIAS_MAILBOX;
}

/* It could not be written, and is over. */
static void
give_up(struct forwarding *f, struct outcome *why)
{
	why->verdict = DEFERRED;
	run_local_settle(f->run, f->rcpt, why);
	forwarding_free(f);
}

static void
record(struct forwarding *f)
{
	struct draft *d = f->copying.to;
	const struct outcome done = outcome_make(DELIVERED, STAGE_LOCAL,
	    ESC(2, 0, 0), "%s as %s", is_itself(f) ?
	    "given on to the mailbox" : "forwarded by ~/.forward",
	    draft_id(d));

	f->copying.to = NULL;
	say(f->run, f->rcpt, &done);
	run_record_forward(f->run, d, f->rcpt);
}

/* A little of its text.  False: it is over, and the next one may begin. */
static bool
copy(struct forwarding *f)
{
	struct outcome why;

	switch (copying_step(&f->copying, &why)) {
	case COPY_MORE:
		list_append(&f->run->runner->copies, &f->copies, f);
		f->run->owed++; /* it is not to end meanwhile */
		return true;
	case COPY_DONE:
		record(f);
		return true;
	case COPY_FAILED:
		break;
	}
	give_up(f, &why);
	return false;
}

static bool
start(struct forwarding *f)
{
	struct outcome why;

	if (begin_message(f, &why))
		return copy(f);
	give_up(f, &why);
	return false;
}

static void
start_next(struct run *run)
{
	struct forwarding *f;

	while ((f = list_first(&run->forwards)) != NULL && !start(f))
		;
}

void
run_forward_step(struct runner *r)
{
	struct forwarding *f = list_first(&r->copies);
	struct run *run;

	if (!f)
		return;
	run = f->run;
	list_remove(&f->copies);
	run->owed--;
	if (!copy(f))
		start_next(run);
}

void
run_forward(struct run *run, size_t k, struct local_answer *list)
{
	struct forwarding *f = mem_alloc(sizeof *f);

	f->run = run;
	f->rcpt = k;
	f->list = *list;
	*list = (struct local_answer){ 0 };
	list_append(&run->forwards, &f->node, f);
	if (run->forwards.n == 1)
		start_next(run);
}

/*
 * What could not be recorded may be so all the same, and is found by the next
 * who takes the parent: so nothing is written in its place.
 */
static void
cannot_record(struct run *run, size_t k, const struct store_answer *a)
{
	struct runner *r = run->runner;

	runner_log(r, MAILLOG_ERROR, run->entry->mail.uid, run->item->id,
	    "it could not be forwarded: %s", a->why.text);
	say(run, k, &a->why);
	r->status = r->status ? r->status : EX_TEMPFAIL;
	run->is_paused = true;
	run->owes_report = true;
}

void
run_forwarded(struct run *run, const struct store_answer *a)
{
	struct forwarding *f = list_first(&run->forwards);

	if (a->ok)
		runner_add(run->runner, a->id);
	else
		cannot_record(run, f->rcpt, a);
	forwarding_free(f);
	start_next(run);
}

void
run_forward_free(struct run *run)
{
	struct forwarding *f;

	while ((f = list_first(&run->forwards)) != NULL)
		forwarding_free(f);
}
