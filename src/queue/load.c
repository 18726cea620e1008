/* SPDX-License-Identifier: ISC */
/* load.c - see load.h */
#include "queue/load.h"

#include <string.h>
#include <unistd.h>

#include "config/idn.h"
#include "deliver/body.h"
#include "net/content.h"

bool
load_head(struct message *m, const struct entry *e, struct outcome *why)
{
	char block[CONTENT_BLOCK];
	struct slice part;

	while (m->head.n < e->mail.head) {
		if (!content_read(&e->text, m->head.n, block, &part, why))
			return false;
		if (part.n == 0)
			return outcome_fail(why, DEFERRED, STAGE_READ,
			    ESC(4, 3, 0), "the stored message is shorter than "
			    "its header");
		buf_put(&m->head, slice_first(part, e->mail.head -
		    m->head.n));
	}
	return true;
}

bool
load_message(struct message *m, const struct entry *e, struct outcome *why)
{
	const struct stored *s = &e->mail;

	*m = (struct message){
		.doubtful_head = s->doubtful_head,
		.size = s->size,
		.longest_line = s->longest_line,
		.eight_bit = s->eight_bit,
		.utf8_headers = s->utf8_headers,
		.has_nul = s->has_nul,
		.is_binary = s->is_binary,
		.recode_bar = s->recode_bar[0] != '\0' ? s->recode_bar : NULL,
		.body = content_from(e->text, s->head),
	};
	memcpy(m->utf8_field, s->utf8_field, sizeof m->utf8_field);
	if (!load_head(m, e, why))
		return false;
	if (m->recode_bar || !(recode_is_needed(m) || m->is_binary))
		return true;
	return body_plan_recoding(m, false, &config_idn, why);
}

void
load_free(struct message *m)
{
	recode_plan_free(m->recode);
	buf_free(&m->head);
	*m = (struct message){ .body.fd = -1 };
}

size_t
load_recipients(struct entry *e, const struct schedule *s, bool all,
    int64_t wall)
{
	struct envelope *v = &e->mail.envelope;
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct slot *slot = &e->slots[i];
		bool now = slot->state == SLOT_PENDING && (all ||
		    schedule_due_in(s, slot->next_try, 0, wall) == 0);

		v->rcpts[i].verdict = now ? PENDING :
		    slot->state == SLOT_DELIVERED ? DELIVERED :
		    slot->state == SLOT_PENDING ? DEFERRED : FAILED;
		n += now;
	}
	return n;
}

struct consignment
load_consignment(struct entry *e, const struct message *m, void *owner)
{
	return (struct consignment){
		.envelope = &e->mail.envelope,
		.message = m,
		.class = (enum mail_class)(e->mail.class < NCLASSES ?
		    e->mail.class : CLASS_NORMAL),
		.tls_floor = e->mail.require_tls ? TLS_VERIFY : TLS_NONE,
		.tls_floor_why = "-O requiretls",
		.require_tls = e->mail.require_tls,
		.tls_report = e->mail.is_bounce &&
		    e->mail.uid == geteuid() &&
		    strcmp(e->mail.tag, LOAD_TLS_REPORT) == 0,
		.owner = owner,
	};
}

bool
load_check(const struct entry *e, struct outcome *why)
{
	char block[CONTENT_BLOCK];
	struct slice part;
	uint64_t at = 0;

	do {
		if (!content_read(&e->text, at, block, &part, why))
			return false;
		at += part.n;
	} while (part.n > 0);
	return true;
}
