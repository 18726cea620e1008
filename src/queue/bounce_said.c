/* SPDX-License-Identifier: ISC */
/* bounce_said.c - what was said last of the recipients of a report */
#include "queue/bounce_impl.h"

#include <stdlib.h>

#include "base/mem.h"
#include "queue/told.h"

/* "192.0.2.1:25" or "[2001:db8::1]:25". */
static void
read_peer(struct slice s, struct endpoint *peer)
{
	struct slice host = s;

	if (s.n == 0 || !hostport_parse(s, &host, &peer->port) ||
	    !ip_parse(host, &peer->ip))
		*peer = (struct endpoint){ 0 };
}

/* "4.7.1" */
static struct esc
read_esc(struct slice s)
{
	struct slice part[3] = { 0 };
	uint64_t n[3] = { 0 };

	for (size_t i = 0; i < 3; i++)
		if (!slice_cut(&s, '.', &part[i]) ||
		    !slice_to_uint(part[i], 999, &n[i]))
			return ESC(0, 0, 0);
	return ESC((unsigned char)n[0], (unsigned short)n[1],
	    (unsigned short)n[2]);
}

static struct result *
from_line(const struct told *t)
{
	struct outcome o = { .verdict = DEFERRED, .esc = read_esc(t->esc),
		.code = (unsigned short)t->code };
	struct endpoint peer = { 0 };

	read_peer(t->addr, &peer);
	outcome_set_host(&o, t->host, peer.ip.version != 0 ? &peer : NULL);
	outcome_set_text(&o, t->text);
	outcome_set_ours(&o, "%.*s", (int)t->ours.n, t->ours.p);
	return result_new(&o, SLICE(""));
}

/* One that has expired was not refused: its status is ours. */
static struct result *
from_slot(const struct slot *s)
{
	struct outcome o = { .verdict = FAILED, .code = s->code,
		.esc = bounce_is_expired(s) ? ESC(0, 0, 0) : s->esc };

	return result_new(&o, SLICE(""));
}

/* Of him, or of all: what was done to the message else is no reason. */
static bool
is_of(const struct told *t, const struct entry *e, size_t rcpt)
{
	const char *path = e->mail.envelope.rcpts[rcpt].to.path;

	if (t->code != e->slots[rcpt].code)
		return false;
	if (t->rcpt.n == 0)
		return slice_eq(t->verdict, SLICE("failed"));
	return slice_eq(t->rcpt, slice_of(path));
}

/* The later lines come later, and so are what remains. */
static void
take_lines(struct store *s, const struct entry *e, const struct bounce *b,
    struct result **said)
{
	struct buf lines = { 0 };
	struct told t;
	char *rest;
	size_t n;

	store_told(s, e->mail.id, &lines);
	buf_str(&lines);
	rest = lines.base ? lines.base + lines.off : NULL;
	n = rest ? lines.n : 0;
	while (told_next(&rest, &n, &t))
		for (size_t i = 0; i < b->n; i++) {
			size_t rcpt = b->marks[i].rcpt;

			if (rcpt == STORE_MAIL || !is_of(&t, e, rcpt) ||
			    e->mail.envelope.rcpts[rcpt].result)
				continue;
			result_release(said[i]);
			said[i] = from_line(&t);
		}
	buf_free(&lines);
}

struct result **
bounce_said(struct store *s, const struct entry *e, const struct bounce *b)
{
	struct result **said = mem_alloc(size_mul(b->n, sizeof *said));
	bool all = true;

	for (size_t i = 0; i < b->n; i++) {
		size_t rcpt = b->marks[i].rcpt;

		if (rcpt == STORE_MAIL)
			continue;
		said[i] = result_share(e->mail.envelope.rcpts[rcpt].result);
		all = all && said[i];
	}
	if (!all && s)
		take_lines(s, e, b, said);
	for (size_t i = 0; i < b->n; i++)
		if (!said[i] && b->marks[i].rcpt != STORE_MAIL)
			said[i] = from_slot(&e->slots[b->marks[i].rcpt]);
	return said;
}

void
bounce_said_free(struct result **said, size_t n)
{
	for (size_t i = 0; i < n; i++)
		result_release(said[i]);
	free(said);
}
