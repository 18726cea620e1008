/* SPDX-License-Identifier: ISC */
/* sink.c - see sink.h */
#include "serve/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

bool
sink_has_enough(const struct sink *s)
{
	return s->count != 0 && s->store.kept >= s->count;
}

static void *
begin(void *self, const struct serve_mail *mail)
{
	struct sink *s = self;
	struct draft *d = mem_alloc(sizeof *d);

	draft_open(d, &s->store, mail->message);
	return d;
}

static void
write_text(void *self, void *draft, struct slice text)
{
	(void)self;
	draft_write(draft, text);
}

static void
discard(void *self, void *draft)
{
	(void)self;
	draft_discard(draft);
	free(draft);
}

/* "<b@y>,<c@y>": whoever was not refused at the end. */
static void
put_rcpts(struct buf *out, const struct server_message *m)
{
	for (size_t i = 0; i < m->nrcpts; i++) {
		if (m->rcpt[i].reply && m->rcpt[i].reply[0] != '2')
			continue;
		buf_puts(out, out->n > 0 ? ",<" : "<");
		buf_put(out, buf_slice(&m->rcpt[i].to));
		buf_putc(out, '>');
	}
}

static void
tell(struct sink *s, const struct serve_mail *mail, const struct draft *d)
{
	struct event e = event_make(EVENT_MESSAGE, mail->lane);
	struct buf from = { 0 }, to = { 0 };

	if (!events_wanted(s->events))
		return;
	e.secure = mail->tls != NULL;
	buf_puts(&from, "<");
	buf_put(&from, buf_slice(&mail->message->from));
	buf_puts(&from, ">");
	put_rcpts(&to, mail->message);
	event_text(&e, "id", slice_of(d->id));
	event_text(&e, "from", buf_slice(&from));
	event_text(&e, "to", buf_slice(&to));
	event_number(&e, "size", (int64_t)mail->message->size);
	event_text(&e, "tls", slice_of(mail->tls));
	event_text(&e, "login", mail->login);
	event_text(&e, "file", slice_of(d->path));
	events_put(s->events, &e);
	buf_free(&from);
	buf_free(&to);
}

/* That it cannot be shown is no reason to refuse it. */
static void
show(struct sink *s, const struct sink_kept *kept)
{
	if (kept->fd < 0 || !s->show(s->caller, kept))
		events_warn(s->events, kept->mail->lane,
		    "message %s cannot be shown: %s", kept->draft->id,
		    strerror(errno));
}

static bool
keep(struct sink *s, struct draft *d, const struct serve_mail *mail,
    struct buf *answer)
{
	struct sink_kept kept = { .mail = mail, .draft = d, .fd = -1 };
	bool good;

	if (s->before)
		s->before(s->caller);
	if (s->show && draft_in_file(d)) /* keeping it closes its own */
		kept.fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 0);
	good = draft_keep(d, &s->store, mail);
	if (good && s->show)
		show(s, &kept);
	if (kept.fd >= 0)
		close(kept.fd);
	if (!good) {
		buf_puts(answer, draft_refusal(d));
		return false;
	}
	tell(s, mail, d);
	buf_puts(answer, d->id);
	return true;
}

static enum serve_commit
commit(void *self, void *draft, const struct serve_mail *mail,
    struct buf *answer)
{
	struct sink *s = self;
	bool kept = false;

	if (sink_has_enough(s)) {
		draft_discard(draft);
		buf_puts(answer, "421 4.3.2 That was enough");
	} else {
		kept = keep(s, draft, mail, answer);
		draft_discard(draft);
	}
	free(draft);
	return kept ? SERVE_KEPT : SERVE_REFUSED;
}

const struct serve_owner sink_owner = {
	.begin = begin,
	.write = write_text,
	.commit = commit,
	.discard = discard,
};
