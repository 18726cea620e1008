/* SPDX-License-Identifier: ISC */
/*
 * file_edit.c - the same message with another envelope: a new file of the next
 * generation, which takes the name of the old one while that is locked.
 */
#include "spool/file_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/octets.h"
#include "net/content.h"

/* ---- the slots of who was there before ---- */

/* An old recipient of this path, or NULL; his place is most likely at. */
static const struct slot *
slot_of(const struct entry *e, const char *path, size_t at)
{
	const struct envelope *old = &e->mail.envelope;

	for (size_t i = 0; i < old->n; i++) {
		size_t k = (at + i) % old->n;

		if (strcmp(old->rcpts[k].to.path, path) == 0)
			return &e->slots[k];
	}
	return NULL;
}

static void
keep_slots(struct draft *d, const struct entry *e,
    const struct envelope *envelope)
{
	struct slot *slots = mem_alloc(size_mul(envelope->n, sizeof *slots));

	for (size_t i = 0; i < envelope->n; i++) {
		const struct slot *old =
		    slot_of(e, envelope->rcpts[i].to.path, i);

		slots[i] = old ? *old : (struct slot){ .state = SLOT_PENDING };
	}
	draft_states(d, &e->slot, slots);
	free(slots);
}

/* ---- the text ---- */

/* Checked on its way, as when it is sent. */
static bool
copy_text(struct draft *d, const struct content *text, struct outcome *why)
{
	char *block = mem_alloc(CONTENT_BLOCK);
	struct slice part;
	uint64_t at = 0;
	bool ok;

	do {
		ok = content_read(text, at, block, &part, why) &&
		    store_write(d, part, why);
		at += part.n;
	} while (ok && part.n > 0);
	free(block);
	return ok;
}

static struct draft *
make_draft(struct store *s, const struct entry *e,
    const struct envelope *envelope, struct outcome *why)
{
	struct stored m = e->mail;
	struct draft *d;

	m.generation++;
	m.envelope = *envelope;
	d = store_begin(s, &m, why);
	if (!d)
		return NULL;
	keep_slots(d, e, envelope);
	if (copy_text(d, &e->text, why) &&
	    file_draft_finish(d, (struct slice){ 0 }, 0, why))
		return d;
	store_discard(s, d);
	return NULL;
}

/* ---- the request ---- */

void
store_edit(struct store *s, struct entry *entry, struct envelope *envelope,
    void *owner)
{
	struct file_entry *e = (struct file_entry *)entry;
	struct request *r = file_request_new(s, JOB_EDIT, owner);
	struct outcome why;

	if (file_folder(s, IN_TMP, &why) >= 0 &&
	    file_key_into(s, &entry->mail, &r->job, &why))
		r->draft = make_draft(s, entry, envelope, &why);
	envelope_free(envelope);
	if (!r->draft) {
		file_request_refuse(s, r, &why);
		return;
	}
	r->entry = e;
	file_draft_into(s, r->draft, &r->job);
	file_request_start(s, r);
}
