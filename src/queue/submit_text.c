/* SPDX-License-Identifier: ISC */
/* submit_text.c - the text of a submission, from the header to its facts. */
#include "queue/submit_impl.h"

#include <stdio.h>

#include "mail/complete.h"
#include "mail/received.h"
#include "mail/refrom.h"
#include "net/random.h"

#define LOOK_FIRST 4096 /* octets of a header without an empty line */

static void
write_text(struct submission *m, struct slice text)
{
	struct outcome why;

	if (m->draft && text.n > 0 && !store_write(m->draft, text, &why))
		submission_refuse(m, &why);
	for (size_t i = 0; m->draft && text.n > 0 && i < m->nparts; i++)
		if (!store_write(m->parts[i], text, &why))
			submission_refuse(m, &why);
}

/* ---- the header ---- */

static struct complete_options
options_of(const struct submission *m)
{
	const struct submit *s = m->submit;
	bool is_raw = m->form == FORM_RAW;
	struct complete_options o = {
		.form = is_raw ? COMPLETE_ALL : COMPLETE_NOTHING,
		.address = s->config.address,
		.from = buf_slice(&m->came_from),
		.host = slice_of(s->config.host),
		.date = s->wall.seconds,
		.offset = s->wall.offset,
	};

	if (is_raw)
		random_draw(&o.random, sizeof o.random);
	return o;
}

/* In front of all others (RFC 5321 4.4). */
static void
write_trace(struct submission *m)
{
	const struct submit *s = m->submit;
	const struct received r = {
		.by = slice_of(s->config.host),
		.with = m->utf8 ? SLICE("UTF8SMTP") : SLICE("ESMTP"),
		.id = slice_of(draft_id(m->draft)),
		.has_uid = true,
		.uid = m->tally->uid,
		.is_unknown = m->is_unknown,
		.rcpt = buf_slice(&m->only),
		.now = s->wall.seconds,
		.offset = s->wall.offset,
	};
	struct buf field = { 0 };

	if (s->config.queue->received)
		received_put(&field, &r);
	m->trace = field.n;
	write_text(m, buf_slice(&field));
	buf_free(&field);
}

static bool
goes_in_circles(struct submission *m, struct outcome *why)
{
	m->hops += received_count(buf_slice(&m->message.head));
	return m->hops > RECEIVED_MAX && !outcome_fail(why, FAILED,
	    STAGE_MESSAGE, ESC(5, 4, 6),
	    "it has been through %u hosts: it goes round in a circle", m->hops);
}

/* Our own clients have done it, by what their users configured. */
static void
rewrite_senders(struct submission *m)
{
	const struct submit *s = m->submit;
	bool replaced = !slice_eq(buf_slice(&m->from),
	    buf_slice(&m->came_from));
	struct buf told = { 0 };

	if (m->form == FORM_RAW && s->config.senders)
		message_rewrite_senders(&m->message, s->config.senders,
		    &s->config.address, replaced ? buf_str(&m->from) : NULL,
		    &told);
	submission_tell(m, buf_slice(&told));
	buf_free(&told);
}

/* Find and finish the header, if it is there whole; what follows is body. */
static void
look_for_head(struct submission *m, bool all)
{
	struct complete_options o = options_of(m);
	size_t body_at;
	struct outcome why;
	enum parse got = message_head(buf_slice(&m->front), all, &o,
	    &m->message, NULL, &body_at, &why);

	m->look_at = m->front.n * 2;
	if (got == PARSE_MORE)
		return;
	if (got == PARSE_BAD || goes_in_circles(m, &why)) {
		submission_refuse(m, &why);
		return;
	}
	m->has_head = true;
	rewrite_senders(m);
	write_trace(m);
	write_text(m, buf_slice(&m->message.head));
	scan_feed(&m->scan, slice_from(buf_slice(&m->front), body_at));
	write_text(m, slice_from(buf_slice(&m->front), body_at));
	buf_free(&m->front);
}

/* Does an empty line end in the last n octets? */
static bool
has_empty_line(const struct buf *front, size_t n)
{
	struct slice all = buf_slice(front);
	struct slice s = slice_from(all, all.n > n + 3 ? all.n - n - 3 : 0);

	if (slice_starts(all, SLICE("\r\n")))
		return true;
	for (; s.n >= 4; s = slice_from(s, 1)) {
		s = slice_from(s, slice_find(s, '\r'));
		if (slice_starts(s, SLICE("\r\n\r\n")))
			return true;
	}
	return false;
}

static void
write_front(struct submission *m, struct slice text)
{
	buf_put(&m->front, text);
	if (m->look_at == 0)
		m->look_at = LOOK_FIRST;
	if (m->front.n >= m->look_at || has_empty_line(&m->front, text.n))
		look_for_head(m, false);
}

/* ---- all of it ---- */

/* Is that still his? */
static bool
may_have(struct submission *m, size_t n)
{
	struct outcome why = outcome_make(DEFERRED, STAGE_MESSAGE, ESC(4, 3, 1),
	    "with this message you would have more in the queue than one user "
	    "may");
	bool may = submission_may_have(m, n);

	if (!may)
		submission_refuse(m, &why);
	return may;
}

void
submission_write(struct submission *m, struct slice text)
{
	if (!m->draft || !may_have(m, text.n))
		return;
	if (!m->has_head) {
		write_front(m, text);
		return;
	}
	scan_feed(&m->scan, text);
	write_text(m, text);
}

static void
set_facts(struct stored *to, const struct submission *m)
{
	const struct message *f = &m->message;

	to->head = m->trace + f->head.n;
	to->longest_line = f->longest_line;
	to->eight_bit = f->eight_bit;
	to->utf8_headers = f->utf8_headers;
	to->doubtful_head = f->doubtful_head;
	to->hops = (uint16_t)m->hops;
	snprintf(to->utf8_field, sizeof to->utf8_field, "%s", f->utf8_field);
	if (m->form == FORM_AS_IS)
		snprintf(to->recode_bar, sizeof to->recode_bar, "--as-is");
}

/* The last line has its end, in what is stored. */
static void
end_body(struct submission *m)
{
	bool cut = m->scan.line > 0;

	scan_finish(&m->scan);
	if (cut)
		write_text(m, SLICE("\r\n"));
}

void
submission_finish(struct submission *m)
{
	struct outcome why;

	if (m->draft && !m->has_head)
		look_for_head(m, true);
	if (!m->draft)
		return;
	end_body(m);
	if (!scan_is_as_is(&m->scan, &why)) {
		submission_refuse(m, &why);
		return;
	}
	scan_message(&m->scan, &m->message);
	if (m->draft)
		set_facts(draft_facts(m->draft), m);
	for (size_t i = 0; m->draft && i < m->nparts; i++)
		set_facts(draft_facts(m->parts[i]), m);
}
