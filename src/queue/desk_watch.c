/* SPDX-License-Identifier: ISC */
/* desk_watch.c - following one message, and what concerns no single one. */
#include "queue/desk_impl.h"

#include <string.h>
#include <sysexits.h>

#include "net/clock.h"
#include "queue/control.h"
#include "queue/control_client.h"
#include "queue/wire.h"

static void
put_verdict(struct buf *out, const struct runner_news *news)
{
	const struct outcome *o = &news->outcome;
	struct buf addr = { 0 }, esc = { 0 };

	if (o->peer.ip.version != 0)
		endpoint_put(&addr, &o->peer);
	esc_put(&esc, o->esc);
	watch_put(out, &(struct watch){
		.event = WATCH_VERDICT,
		.id = slice_of(news->id),
		.rcpt = slice_of(news->rcpt),
		.orcpt = slice_of(news->orcpt),
		.verdict = slice_of(verdict_name(o->verdict)),
		.host = slice_of(o->host),
		.addr = buf_slice(&addr),
		.code = o->code,
		.esc = buf_slice(&esc),
		.stage = slice_of(stage_name(o->stage)),
		.text = slice_of(o->text),
		.ours = slice_of(o->ours),
	});
	buf_free(&addr);
	buf_free(&esc);
}

void
watch_news(struct task *t, const struct runner_news *news)
{
	switch (news->kind) {
	case NEWS_TRY:
		watch_put(&t->text, &(struct watch){ .event = WATCH_TRY,
		    .id = slice_of(news->id) });
		break;
	case NEWS_VERDICT:
		put_verdict(&t->text, news);
		break;
	case NEWS_END:
		watch_put(&t->text, &(struct watch){ .event = WATCH_END,
		    .id = slice_of(news->id), .next = news->next });
		t->answered = true;
		break;
	}
}

static enum turn
begin_watch(struct task *t, const char *id, struct buf *out)
{
	struct runner *r = t->desk->runner;
	struct entry *e;

	if (!r)
		return task_problem(t, id, EX_UNAVAILABLE, out,
		    "no daemon is here that could be watched");
	e = task_look(t, id, out);
	if (!e)
		return TURN_NEXT;
	store_release(t->desk->store, e);
	runner_watch(r, id);
	t->watching = true;
	if (t->request.wake)
		runner_add(r, id);
	return TURN_WAIT;
}

enum turn
watch_one(struct task *t, const char *id, struct buf *out)
{
	if (!t->watching && !t->answered)
		return begin_watch(t, id, out);
	buf_put(out, buf_slice(&t->text));
	buf_clear(&t->text);
	if (!t->answered)
		return TURN_WAIT;
	if (t->watching)
		runner_unwatch(t->desk->runner, id);
	t->watching = false;
	t->n++;
	return TURN_NEXT;
}

/* A site that deliver knows: its hosts, and what became of them. */
static void
put_site(struct buf *out, const struct site_report *site, int64_t now)
{
	buf_putf(out, "{\"lanes\":%zu,\"most\":%zu", site->lanes, site->most);
	wire_put_text(out, "hosts", site->hosts);
	wire_put_text(out, "relay", slice_of(site->relay));
	wire_put_number(out, "waiting", (int64_t)site->waiting);
	wire_put_number(out, "sent", (int64_t)site->sent);
	wire_put_number(out, "failures", site->failures);
	if (site->next > now)
		wire_put_number(out, "in", (site->next - now) / SECONDS(1) + 1);
	if (site->why)
		wire_put_text(out, "why", slice_of(site->why->text));
	buf_puts(out, "}\n");
}

static void
put_sites(struct task *t, struct buf *out, int64_t now)
{
	const void *at = NULL;
	struct site_report site;

	while (deliver_sites(runner_deliver(t->desk->runner), &at, &site)) {
		put_site(out, &site, now);
		t->n++;
	}
}

void
whole_put(struct task *t, struct buf *out, int64_t now)
{
	struct runner *r = t->desk->runner;

	if (!t->viewer.all)
		task_error(t, out, EX_NOPERM, "only root and the group "
		    CONTROL_ADMINS " may ask that");
	else if (r && t->request.verb == VERB_FLUSH)
		t->n = runner_flush(r, &(struct runner_filter){ 0 });
	else if (r && t->request.verb == VERB_FORGET)
		deliver_wake_sites(runner_deliver(r));
	else if (r)
		put_sites(t, out, now);
}
