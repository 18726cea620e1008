/* SPDX-License-Identifier: ISC */
/* server_text.c - the text of a message, from its first octet to its answer. */
#include "smtp/server_state.h"

/*
 * Look at the text that was just put into s->data, from before on.  All of it
 * is counted, refused or not, so that the reason does not hang on how it was
 * cut.
 */
static void
check_text(struct server *s, size_t before)
{
	s->msg.size += s->data.n - before;
	if (s->config->max_size && s->msg.size > s->config->max_size)
		s->refusal = "552 5.3.4 Message too big";
	else if (s->reader.bare)
		s->refusal = "550 5.5.2 Bare <CR> or <LF> received";
	if (s->refusal)
		buf_clear(&s->data);
}

/* LMTP answers the end of data for each recipient (RFC 2033 4.2). */
static size_t
replies_owed(const struct server *s)
{
	return s->config->lmtp && s->msg.nrcpts ? s->msg.nrcpts : 1;
}

/* Take the faults for the end of data; false when they end the connection. */
static bool
take_end_faults(struct server *s)
{
	const struct server_fault *f;

	for (size_t i = 0; i < replies_owed(s); i++) {
		s->msg.rcpt[i].reply = s->good;
		f = fault_take(s->config, s->spent, SLICE("."),
		    (struct slice){ 0 });
		if (f && f->kind == FAULT_REPLY)
			s->msg.rcpt[i].reply = f->reply;
		else if (f)
			s->need = f->kind == FAULT_DROP ? SERVER_CLOSE :
							  SERVER_STALL;
	}
	s->good = NULL;
	return s->need == SERVER_IO;
}

static bool
is_refused(const struct server_rcpt *r)
{
	return r->reply && !fault_is_positive(r->reply);
}

/* Answer the end of data, except where a fault has a better answer. */
void
server_answer_text(struct server *s, bool kept, const char *reply)
{
	for (size_t i = 0, n = replies_owed(s); i < n; i++) {
		const struct server_rcpt *r = &s->msg.rcpt[i];

		if (is_refused(r) || (kept && r->reply))
			server_put_line(s, slice_of(r->reply));
		else
			server_reply(s, reply);
	}
	s->mail = MAIL_OPEN;	/* its text has been seen to */
	server_reset(s);
}

static bool
is_refused_by_all(const struct server *s)
{
	for (size_t i = 0; i < replies_owed(s); i++)
		if (!is_refused(&s->msg.rcpt[i]))
			return false;
	return true;
}

static void
end_text(struct server *s)
{
	if (!s->refusal && !take_end_faults(s))
		return;
	if (s->refusal || is_refused_by_all(s)) {
		s->need = SERVER_DISCARD;
		server_answer_text(s, false, s->refusal);
	} else {
		s->need = SERVER_MESSAGE;
	}
}

/* The chunk has been swallowed; what is left of the transaction is RSET. */
static void
refuse_chunk(struct server *s, const char *reply)
{
	if (s->mail == MAIL_TEXT)
		s->need = SERVER_DISCARD;
	if (s->mail != MAIL_NONE)
		s->mail = MAIL_BROKEN;
	buf_clear(&s->data);
	s->bad = NULL;
	for (size_t n = s->last ? replies_owed(s) : 1; n > 0; n--)
		server_reply(s, reply);
}

static void
end_chunk(struct server *s)
{
	s->phase = PHASE_COMMAND;
	if (s->bad)
		refuse_chunk(s, s->bad);
	else if (s->last)
		end_text(s);
	else if (s->refusal)
		refuse_chunk(s, s->refusal);
	else
		server_accept(s, "250 2.0.0 Chunk taken");
}

void
server_read_chunk(struct server *s)
{
	struct slice part = s->rest;
	size_t before = s->data.n;

	if (part.n > s->chunk)
		part.n = (size_t)s->chunk;
	s->rest = slice_from(s->rest, part.n);
	s->chunk -= part.n;
	if (!s->bad) {
		data_read_chunk(&s->reader, part, s->last && s->chunk == 0,
		    &s->data);
		check_text(s, before);
	}
	if (s->chunk == 0)
		end_chunk(s);
}

void
server_read_data(struct server *s)
{
	size_t before = s->data.n;
	enum parse p = data_read_dots(&s->reader, &s->rest, &s->data);

	check_text(s, before);
	if (p == PARSE_MORE)
		return;
	s->phase = PHASE_COMMAND;
	end_text(s);
}
