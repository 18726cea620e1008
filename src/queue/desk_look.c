/* SPDX-License-Identifier: ISC */
/* desk_look.c - looking at messages: list, count, status, why, show. */
#include "queue/desk_impl.h"

#include <string.h>
#include <sysexits.h>

#include "base/codec.h"
#include "net/clock.h"
#include "net/content.h"
#include "queue/glob.h"
#include "queue/told.h"
#include "queue/wire.h"
#include "report/json.h"

#define PLAN_PATIENCE SECONDS(60)

void
task_absent(struct task *t, const char *id, enum store_take got,
    const struct outcome *why, struct buf *out)
{
	switch (got) {
	case STORE_TAKEN:
	case STORE_BUSY:
		break;
	case STORE_GONE:
		task_problem(t, id, EX_NOINPUT, out, "there is no such message "
		    "in the queue%s", t->viewer.all ? "" : " of yours");
		break;
	case STORE_CORRUPT:
		task_problem(t, id, EX_DATAERR, out, "it cannot be read: %s",
		    why->text);
		break;
	case STORE_NEWER:
		task_problem(t, id, EX_DATAERR, out,
		    "a later version of smtpsend has written it");
		break;
	case STORE_UNREADABLE:
	case STORE_REFUSED:
		task_problem(t, id, EX_TEMPFAIL, out, "%s", t->viewer.all ?
		    why->text : "it cannot be looked for now");
		break;
	}
}

/* The histories of messages that nobody has tried are empty. */
void
task_fill_row(struct task *t, const struct entry *e)
{
	bool tried = false;

	buf_clear(&t->told);
	for (size_t i = 0; i < e->mail.envelope.n && !tried; i++)
		tried = e->slots[i].attempts > 0;
	if (tried)
		store_told_at(t->desk->store, e->place, e->mail.id, &t->told);
	listing_fill(&t->row, e, &t->told, t->desk->runner &&
	    runner_is_active(t->desk->runner, e->mail.id));
}

/* In the queue, or where it was put aside. */
static enum store_take
look_anywhere(struct store *s, const char *id, struct entry **e,
    struct outcome *why)
{
	enum store_take got = store_look(s, id, e, why);

	if (got == STORE_GONE)
		got = store_look_at(s, STORE_HELD, id, e, why);
	if (got == STORE_GONE)
		got = store_look_at(s, STORE_BAD, id, e, why);
	return got;
}

/* Whose it is that cannot be read nobody knows: not one of his, then. */
static enum store_take
seen_by(const struct task *t, enum store_take got)
{
	bool reads = got == STORE_TAKEN || got == STORE_BUSY ||
	    got == STORE_REFUSED; /* of any, when descriptors are short */

	return reads || t->viewer.all ? got : STORE_GONE;
}

bool
task_owns(struct task *t, const char *id)
{
	struct runner *r = t->desk->runner;
	struct outcome ignored;
	struct entry *e;
	unsigned uid;

	if (t->viewer.all)
		return true;
	if (r && runner_owner(r, id, &uid))
		return uid == t->viewer.uid;
	if (look_anywhere(t->desk->store, id, &e, &ignored) != STORE_TAKEN)
		return false;
	uid = e->mail.uid;
	store_release(t->desk->store, e);
	return uid == t->viewer.uid;
}

struct entry *
task_look(struct task *t, const char *id, struct buf *out)
{
	struct outcome why = { 0 };
	struct entry *e = NULL;
	enum store_take got = look_anywhere(t->desk->store, id, &e, &why);
	bool named = t->request.nids > 0;

	if (got == STORE_TAKEN && !t->viewer.all &&
	    e->mail.uid != t->viewer.uid) {
		store_release(t->desk->store, e);
		got = STORE_GONE;
		t->others++;
	}
	if (got == STORE_TAKEN && !task_matches(t, e)) {
		store_release(t->desk->store, e);
		return NULL;
	}
	if (got != STORE_TAKEN && named)
		task_absent(t, id, seen_by(t, got), &why, out);
	return got == STORE_TAKEN ? e : NULL;
}

static struct slice
domain_of(struct slice path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '@')
		n--;
	return slice_from(path, n);
}

static bool
waits(const struct slot *s)
{
	return s->state != SLOT_DELIVERED && s->state != SLOT_BOUNCED;
}

/* The domain of who waits, or the host that was tried last. */
static bool
host_matches(struct task *t, const struct entry *e, struct slice pattern)
{
	char *p;
	size_t n;
	struct told told;

	for (size_t i = 0; i < e->mail.envelope.n; i++)
		if (waits(&e->slots[i]) && glob_matches(pattern, domain_of(
		    slice_of(e->mail.envelope.rcpts[i].to.path))))
			return true;
	buf_clear(&t->told);
	store_told_at(t->desk->store, e->place, e->mail.id, &t->told);
	p = t->told.base ? t->told.base + t->told.off : NULL;
	n = t->told.n;
	while (p && told_next(&p, &n, &told))
		if (told.host.n > 0 && glob_matches(pattern, told.host))
			return true;
	return false;
}

bool
task_matches(struct task *t, const struct entry *e)
{
	const struct request *r = &t->request;
	bool found = r->rcpt.n == 0;

	for (size_t i = 0; i < e->mail.envelope.n && !found; i++)
		found = waits(&e->slots[i]) && glob_matches_address(r->rcpt,
		    slice_of(e->mail.envelope.rcpts[i].to.path));
	return found && (r->from.n == 0 || glob_matches_address(r->from,
	    slice_of(e->mail.envelope.from.path))) &&
	    (r->host.n == 0 || host_matches(t, e, r->host));
}

/* Only a history says why, and it is a file of its own. */
static void
count_health(struct task *t, const struct entry *e)
{
	buf_clear(&t->told);
	listing_fill(&t->row, e, &t->told, t->desk->runner &&
	    runner_is_active(t->desk->runner, e->mail.id));
	if (e->place == STORE_HELD)
		return;		/* counted apart */
	if (health_wants_reason(&t->health, &t->row))
		task_fill_row(t, e);
	health_add(&t->health, &t->row);
}

enum turn
look_one(struct task *t, const char *id, struct buf *out)
{
	struct entry *e;
	bool plain = t->viewer.all && !request_filters(&t->request) &&
	    t->request.nids == 0;

	if (t->request.verb == VERB_COUNT && plain) {
		t->n++;
		return TURN_NEXT;
	}
	if (t->request.verb == VERB_LIST)
		return list_one(t, id, out);
	e = task_look(t, id, out);
	if (!e)
		return TURN_NEXT;
	t->n++;
	if (t->request.verb == VERB_STATUS)
		count_health(t, e);
	store_release(t->desk->store, e);
	return TURN_NEXT;
}

static int64_t
count_place(struct task *t, enum store_place place)
{
	struct outcome why;
	struct buf ids = { 0 };
	int64_t n = 0;

	if (store_list(t->desk->store, place, &ids, &why))
		for (size_t i = 0; i < ids.n; i++)
			n += ids.base[ids.off + i] == '\0';
	buf_free(&ids);
	return n;
}

void
status_put(struct task *t, struct buf *out, int64_t wall)
{
	struct desk *d = t->desk;
	struct health *h = &t->health;
	const struct outcome *blocked = d->runner ? runner_blocked(d->runner) :
	    NULL;
	struct store_space space;

	h->at = wall;
	h->daemon = d->runner != NULL;
	h->partial = !t->viewer.all;
	h->remark = slice_of(store_remark(d->store));
	h->blocked = slice_of(blocked ? blocked->text : NULL);
	if (t->viewer.all) {
		h->aside = count_place(t, STORE_HELD);
		h->corrupt = count_place(t, STORE_BAD);
	}
	if (store_space(d->store, &space))
		health_add_space(h, &space, &d->config);
	health_put_json(out, h);
}

/* ---- show ---- */

enum turn
show_one(struct task *t, const char *id, struct buf *out)
{
	char block[CONTENT_BLOCK];
	struct outcome why = { 0 };
	struct slice text;
	struct entry *e = task_look(t, id, out);
	bool ok;

	if (!e)
		return TURN_NEXT;
	ok = content_read(&e->text, t->shown, block, &text, &why);
	if (ok && text.n > 0) {
		buf_puts(out, "{\"data\":\"");
		base64_put(out, text);
		buf_puts(out, "\"}\n");
		t->shown += text.n;
	}
	store_release(t->desk->store, e);
	if (!ok)
		return task_problem(t, id, EX_DATAERR, out, "%s", why.text);
	if (text.n > 0)
		return TURN_AGAIN;
	t->n++;
	return TURN_NEXT;
}

/* ---- why ---- */

static void
put_history(struct task *t, const char *id, struct buf *out)
{
	struct told told;
	char *p;
	size_t n;

	buf_clear(&t->told);
	store_told(t->desk->store, id, &t->told);
	p = t->told.base ? t->told.base + t->told.off : NULL;
	n = t->told.n;
	while (p && told_next(&p, &n, &told))
		told_put(out, &told);
}

static void
put_fact(struct buf *out, const char *key, struct slice text)
{
	buf_putf(out, "{\"%s\":", key);
	json_put_string(out, text);
	buf_puts(out, "}\n");
}

/* What would happen now: asked of the runner, unless that is clear. */
static bool
ask_plan(struct task *t, const char *id, struct buf *out)
{
	struct runner *r = t->desk->runner;
	const struct outcome *blocked = r ? runner_blocked(r) : NULL;
	struct outcome why;

	if (t->place == STORE_BAD)
		put_fact(out, "note", SLICE("it is damaged and lies in "
		    "corrupt/: nobody sends it"));
	else if (!r)
		put_fact(out, "note", SLICE("no daemon is here to try it; "
		    "sendmail -q does it once"));
	else if (blocked)
		put_fact(out, "blocked", slice_of(blocked->text));
	else if (t->row.state == LISTING_HELD)
		put_fact(out, "note", SLICE("it is held: nobody tries it "
		    "before it is released"));
	else if (runner_plan(r, id, t, &why))
		return true;
	else
		put_fact(out, "note", slice_of(why.text));
	return false;
}

static enum turn
end_why(struct task *t, struct buf *out, int64_t now)
{
	struct runner *r = t->desk->runner;

	if (t->answered) {
		put_fact(out, "plan", buf_slice(&t->text));
		buf_clear(&t->text);
	} else if (now < t->until) {
		return TURN_WAIT;
	} else {
		put_fact(out, "note", SLICE("the way there could not be found "
		    "out in time"));
		if (t->planned)
			runner_unplan(r, t);
	}
	t->planned = false;
	return TURN_NEXT;
}

enum turn
why_one(struct task *t, const char *id, struct buf *out, int64_t now)
{
	struct entry *e;

	if (t->until > 0)
		return end_why(t, out, now);
	e = task_look(t, id, out);
	if (!e)
		return TURN_NEXT;
	task_fill_row(t, e);
	listing_put_json(out, &t->row);
	put_history(t, id, out);
	t->place = e->place;
	store_release(t->desk->store, e);
	t->n++;
	if (!ask_plan(t, id, out))
		return TURN_NEXT;
	t->planned = true;
	t->until = t->again = now + PLAN_PATIENCE;
	return TURN_WAIT;
}
