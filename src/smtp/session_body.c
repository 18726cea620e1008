/* SPDX-License-Identifier: ISC */
/*
 * session_body.c - the message text: through the encoder into the output,
 * counted so that what was announced is what is sent, or the end is never said.
 */
#include "smtp/session_impl.h"

#include <assert.h>

static void
show_text(struct session *s, size_t from)
{
	struct slice made = slice_from(buf_slice(&s->out), from);
	struct slice line;
	size_t at;

	if (!events_wanted(s->events) || !s->events->bodies)
		return;
	for (; (at = slice_find(made, '\n')) < made.n;
	     made = slice_from(made, at + 1)) {
		buf_put(&s->shown, slice_first(made, at));
		line = buf_slice(&s->shown);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		session_tell(s, EVENT_BODY_LINE, line);
		buf_clear(&s->shown);
	}
	buf_put(&s->shown, made);
}

/* Canonical or raw text into the output; tells it too. */
static void
put_text(struct session *s, struct slice text)
{
	size_t from = s->out.n;

	encode(&s->encoder, text, &s->out);
	s->put += s->out.n - from;
	show_text(s, from);
}

/* What the re-coder has made so far goes the way of other text. */
static void
put_coded(struct session *s)
{
	put_text(s, buf_slice(&s->coded));
	buf_clear(&s->coded);
}

static void
changed(struct session *s)
{
	session_give_up(s, outcome_make(DEFERRED, STAGE_READ, ESC(4, 3, 0),
	    "the message changed while it was being sent"));
}

static void
tell_size(struct session *s)
{
	struct event e = event_make(EVENT_BODY, s->lane);

	e.secure = s->tls[0] != '\0';
	event_number(&e, "sent", (int64_t)(s->put - s->text));
	event_number(&e, "size", (int64_t)mail_size(&s->mail));
	event_number(&e, "done", 1);
	events_put(s->events, &e);
}

/* For DATA nothing was, but that the body has so many octets. */
static bool
is_as_announced(const struct session *s)
{
	return s->encoder.dots ? s->raw == s->mail.message->body.length :
				 s->put == s->chunk;
}

void
session_end_body(struct session *s)
{
	if (s->encoder.dots)
		session_say(s, ".");
	s->commit = s->put;
	s->body = BODY_WHOLE;
	s->phase++;
}

/* All of the text is in: end it, unless it is not what was announced. */
static void
end_body(struct session *s)
{
	size_t from;

	if (s->recode) {
		recode_finish(s->recode, &s->coded);
		put_coded(s);
	}
	from = s->out.n;
	encode_finish(&s->encoder, &s->out);
	s->put += s->out.n - from;
	show_text(s, from);
	if (!is_as_announced(s)) {
		changed(s);
		return;
	}
	tell_size(s);
	s->body = BODY_HELD;
	if (!session_holds(s, STAGE_END))
		session_end_body(s);
}

/*
 * Nothing more can come: the body is used up, or BDAT has what it announced.
 * The end is said in the call that brought the last octet, because from there
 * on the server may have all of it.
 */
static bool
is_whole(const struct session *s)
{
	return s->raw >= s->mail.message->body.length ||
	    (!s->encoder.dots && s->put >= s->chunk);
}

void
session_open_body(struct session *s, bool dots)
{
	const struct message *m = s->mail.message;

	s->encoder = (struct encoder){ .dots = dots };
	s->body = BODY_OPEN;
	s->raw = 0;
	s->text = s->put;
	put_text(s, s->mail.signature);
	if (s->mail.seven_bit)
		s->recode = recode_new(m->recode, buf_slice(&m->head),
		    &s->coded); /* goes out with what is re-coded next */
	else
		put_text(s, buf_slice(&m->head));
	if (is_whole(s))
		end_body(s);
}

void
session_close_body(struct session *s)
{
	recode_free(s->recode);
	s->recode = NULL;
	buf_clear(&s->coded);
	s->body = BODY_NONE;
}

static void
put_raw(struct session *s, struct slice raw)
{
	if (!s->recode) {
		put_text(s, raw);
		return;
	}
	recode_feed(s->recode, raw, &s->coded);
	put_coded(s);
}

bool
session_wants_body(const struct session *s)
{
	return s->body == BODY_OPEN && s->out.n < OUTPUT_FULL;
}

uint64_t
session_body_at(const struct session *s)
{
	return s->raw;
}

void
session_body(struct session *s, struct slice raw)
{
	assert(s->body == BODY_OPEN);
	s->raw += raw.n;
	if (raw.n > 0)
		put_raw(s, raw);
	if (raw.n == 0 || is_whole(s))
		end_body(s);
}
