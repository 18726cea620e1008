/* SPDX-License-Identifier: ISC */
/* queue_carry.c - see queue_carry.h */
#include "cli/queue_carry.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/become.h"
#include "queue/control_client.h"
#include "queue/portable.h"

static int
fail(const struct settings *s, const char *id, const struct outcome *why)
{
	struct buf out = { 0 };

	text_escape(&out, slice_of(why->text));
	fprintf(stderr, "%s: %s%s%s\n", s->program, id, id[0] ? ": " : "",
	    buf_str(&out));
	buf_free(&out);
	return why->stage == STAGE_READ ? EX_DATAERR : outcome_exit(why);
}

static bool
has_waiting(const struct entry *e)
{
	for (size_t i = 0; i < e->mail.envelope.n; i++)
		if (e->slots[i].state != SLOT_DELIVERED &&
		    e->slots[i].state != SLOT_BOUNCED)
			return true;
	return false;
}

/* Of the places where it may be, the first where it is. */
static enum store_take
look(struct store *store, const char *id, struct entry **e,
    struct outcome *why)
{
	enum store_take got = store_look(store, id, e, why);

	return got == STORE_GONE ? store_look_at(store, STORE_HELD, id, e,
	    why) : got;
}

/* named: it was asked for by its id. */
static int
export_one(const struct settings *s, struct store *store, const char *id,
    bool named)
{
	struct outcome why = outcome_make(FAILED, STAGE_OPEN, ESC(5, 0, 0),
	    "there is no such message in the queue");
	struct entry *e = NULL;
	enum store_take got = look(store, id, &e, &why);
	int status = EX_OK;

	if (got == STORE_GONE && !named)
		return EX_OK;
	if (got == STORE_NEWER)
		outcome_set_text(&why, SLICE("a later version of smtpsend has "
		    "written it"));
	if (got != STORE_TAKEN)
		return fail(s, id, &why);
	if (has_waiting(e) && !portable_write(e, STDOUT_FILENO, &why)) {
		fail(s, id, &why);
		status = why.stage == STAGE_READ ? EX_DATAERR : EX_IOERR;
	}
	store_release(store, e);
	return status;
}

static int
export_all(const struct settings *s, struct store *store)
{
	static const enum store_place places[] = { STORE_QUEUE, STORE_HELD };
	struct outcome why;
	struct buf ids = { 0 };
	struct slice rest, id;
	int status = EX_OK, one;

	for (size_t i = 0; i < 2 && status != EX_IOERR; i++) {
		buf_clear(&ids);
		if (!store_list(store, places[i], &ids, &why)) {
			status = fail(s, "", &why);
			break;
		}
		rest = buf_slice(&ids);
		while (rest.n > 0 && status != EX_IOERR &&
		    slice_cut(&rest, '\0', &id)) {
			one = export_one(s, store, id.p, false);
			status = one ? one : status;
		}
	}
	buf_free(&ids);
	return status;
}

static int
export(const struct settings *s, struct store *store,
    const struct request *request)
{
	int status = EX_OK, one;

	if (request->nids == 0)
		return export_all(s, store);
	for (size_t i = 0; i < request->nids && status != EX_IOERR; i++) {
		one = export_one(s, store, request->ids[i].p, true);
		status = one ? one : status;
	}
	return status;
}

/* What was taken in is said, on stderr at the worst. */
static int
put_taken(const struct settings *s, unsigned long taken, unsigned long there)
{
	struct buf out = { 0 };
	bool ok;

	buf_putf(&out, "%lu message%s taken in", taken, taken == 1 ? "" : "s");
	if (there > 0)
		buf_putf(&out, ", %lu passed over that %s here, or lately "
		    "w%s", there, there == 1 ? "is" : "are",
		    there == 1 ? "as" : "ere");
	printf("%s\n", buf_str(&out));
	ok = fflush(stdout) == 0;
	if (!ok)
		fprintf(stderr, "%s: standard output cannot be written; all "
		    "the same: %s\n", s->program, buf_str(&out));
	buf_free(&out);
	return ok ? EX_OK : EX_IOERR;
}

/* Until the end, or what is damaged; the daemon is told of each. */
static int
import(const struct settings *s, struct store *store)
{
	struct portable_in in = { .fd = STDIN_FILENO };
	char id[STORE_ID + 1] = "";
	unsigned long taken = 0, there = 0;
	struct outcome why;
	enum portable got;
	int status;

	while ((got = portable_read(&in, store, id, &why)) <= PORTABLE_THERE) {
		taken += got == PORTABLE_TAKEN;
		there += got == PORTABLE_THERE;
		if (got == PORTABLE_TAKEN)
			control_wake(s->queue.run, id);
		id[0] = '\0';
	}
	portable_in_free(&in);
	status = put_taken(s, taken, there);
	return got == PORTABLE_BAD ? fail(s, id, &why) : status;
}

int
queue_carry(const struct settings *s, const struct queue_words *words)
{
	struct store_config config = { .path = s->queue.path,
		.reserve = s->queue.reserve };
	struct outcome why;
	struct store *store;
	int status;

	if (spool_reach(s->queue.path) == SPOOL_OTHERS) {
		fprintf(stderr, "%s: only root may do that\n", s->program);
		return EX_NOPERM;
	}
	if (!become_owner_of(s->queue.path, &why) ||
	    !(store = store_open(&config, &why)))
		return fail(s, "", &why);
	status = words->job == QUEUE_EXPORT ?
	    export(s, store, &words->request) : import(s, store);
	store_close(store);
	return status;
}
