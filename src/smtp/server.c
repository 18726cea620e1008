/* SPDX-License-Identifier: ISC */
/*
 * server.c - see server.h
 *
 * Here: bytes in and out, and replies.  server_verb.c does the commands,
 * server_text.c the text of messages.  The pump looks at the input until the
 * driver has something to do first; what is then left of it waits in s->in.
 */
#include "smtp/server.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "smtp/server_state.h"

static void
report_line(struct server *s, enum event_kind kind, struct slice line)
{
	struct event e;

	if (!events_wanted(s->events))
		return;
	e = event_make(kind, s->lane);
	e.secure = s->secure;
	event_text(&e, "line", line);
	events_put(s->events, &e);
}

void
server_put_line(struct server *s, struct slice line)
{
	if (slice_starts(line, SLICE("421")))
		s->need = SERVER_CLOSE;
	report_line(s, EVENT_SENT, line);
	buf_put(&s->out, line);
	buf_puts(&s->out, "\r\n");
}

void
server_reply_lines(struct server *s, const char *code, struct slice lines)
{
	struct buf line = { 0 };
	struct slice text;

	while (slice_cut(&lines, '\n', &text)) {
		buf_clear(&line);
		if (code[0])
			buf_putf(&line, "%s%c", code, lines.p ? '-' : ' ');
		buf_put(&line, text);
		server_put_line(s, buf_slice(&line));
	}
	buf_free(&line);
}

/* Where the text begins in "250 2.1.0 Ok", or in "250 Ok". */
static size_t
text_offset(struct slice reply)
{
	if (reply.n < 10 || reply.p[5] != '.' || reply.p[7] != '.')
		return 4;
	return slice_find(slice_from(reply, 4), ' ') + 5;
}

/* Enhanced codes are for those who were told of them (RFC 2034). */
void
server_reply(struct server *s, const char *reply)
{
	struct slice all = slice_of(reply);
	struct buf line = { 0 };

	if (s->offers & OFFER_ENHANCED) {
		server_put_line(s, all);
		return;
	}
	buf_put(&line, slice_first(all, 4));
	buf_put(&line, slice_from(all, text_offset(all)));
	server_put_line(s, buf_slice(&line));
	buf_free(&line);
}

void
server_accept(struct server *s, const char *reply)
{
	if (s->good)
		server_put_line(s, slice_of(s->good));
	else
		server_reply(s, reply);
	s->good = NULL;
}

void
server_refuse(struct server *s, const char *reply)
{
	server_reply(s, reply);
	if (++s->errors == SERVER_ERRORS_MAX)
		server_reply(s, "421 4.7.0 Too many errors");
}

static void
free_message(struct server_message *m)
{
	buf_free(&m->from);
	buf_free(&m->from_params);
	for (size_t i = 0; i < m->nrcpts; i++) {
		buf_free(&m->rcpt[i].to);
		buf_free(&m->rcpt[i].params);
	}
	free(m->rcpt);
	*m = (struct server_message){ 0 };
}

void
server_reset(struct server *s)
{
	if (s->mail == MAIL_TEXT)
		s->need = SERVER_DISCARD;
	free_message(&s->msg);
	buf_clear(&s->data);
	s->mail = MAIL_NONE;
	s->utf8 = false;
	s->reader = (struct data_reader){ 0 };
	s->refusal = NULL;
}

static void
greet(struct server *s)
{
	const struct server_fault *f =
	    fault_take(s->config, s->spent, SLICE("CONNECT"),
		(struct slice){ 0 });
	struct buf line = { 0 };

	if (f && f->kind == FAULT_REPLY) {
		if (!fault_is_positive(f->reply))
			s->hello = HELLO_REFUSED;
		server_put_line(s, slice_of(f->reply));
	} else if (f) {
		s->need = f->kind == FAULT_DROP ? SERVER_CLOSE : SERVER_STALL;
	} else {
		buf_putf(&line, "220 %s %s smtpsend", s->config->name,
		    s->config->lmtp ? "LMTP" : "ESMTP");
		server_put_line(s, buf_slice(&line));
		buf_free(&line);
	}
}

struct server *
server_new(const struct server_config *config, struct events *events,
    unsigned lane)
{
	struct server *s = mem_alloc(sizeof *s);

	s->config = config;
	s->events = events;
	s->lane = lane;
	s->spent = mem_alloc(config->nfaults);
	s->line.max = SERVER_LINE_MAX;
	if (config->implicit_tls)
		s->need = SERVER_TLS;
	else
		greet(s);
	return s;
}

void
server_free(struct server *s)
{
	if (!s)
		return;
	free_message(&s->msg);
	buf_free(&s->in);
	buf_free(&s->line);
	buf_free(&s->out);
	buf_free(&s->data);
	buf_free(&s->login);
	free(s->spent);
	free(s);
}

static bool
is_login(const struct server *s, struct slice line)
{
	return s->phase == PHASE_AUTH ||
	    slice_starts_nocase(line, SLICE("AUTH "));
}

static void
report_received(struct server *s, struct slice line)
{
	struct buf shown = { 0 };

	if (is_login(s, line)) {
		server_mask_login(s, line, &shown);
		line = buf_slice(&shown);
	}
	report_line(s, EVENT_RECEIVED, line);
	buf_free(&shown);
}

static void
end_line(struct server *s)
{
	struct slice line = buf_slice(&s->line);

	s->done++;
	if (slice_ends_nocase(line, SLICE("\r\n"))) {
		line.n -= 2;
		report_received(s, line);
		if (s->phase == PHASE_AUTH)
			server_auth_line(s, line);
		else
			server_command(s, line);
	} else {
		server_refuse(s, "550 5.5.2 Bare <LF> received");
	}
	buf_clear(&s->line);
}

static void
read_line(struct server *s)
{
	size_t at = slice_find(s->rest, '\n');
	bool whole = at < s->rest.n;
	struct slice piece = slice_first(s->rest, at + 1);

	s->rest = slice_from(s->rest, piece.n);
	if (s->phase != PHASE_LONG && !buf_put(&s->line, piece))
		s->phase = PHASE_LONG;
	if (!whole)
		return;
	if (s->phase != PHASE_LONG) {
		end_line(s);
		return;
	}
	s->phase = PHASE_COMMAND;
	buf_clear(&s->line);
	server_refuse(s, "500 5.5.2 Line too long");
}

static void
pump(struct server *s)
{
	while (s->need == SERVER_IO && s->rest.n > 0) {
		switch (s->phase) {
		case PHASE_COMMAND:
		case PHASE_AUTH:
		case PHASE_LONG:
			read_line(s);
			break;
		case PHASE_DATA:
			server_read_data(s);
			break;
		case PHASE_CHUNK:
			server_read_chunk(s);
			break;
		}
	}
}

/* Go on with what was put aside. */
static void
resume(struct server *s)
{
	s->rest = buf_slice(&s->in);
	pump(s);
	buf_consume(&s->in, s->in.n - s->rest.n);
	s->rest = (struct slice){ 0 };
}

enum server_need
server_need(const struct server *s)
{
	return s->need;
}

void
server_input(struct server *s, struct slice in)
{
	if (s->need == SERVER_TLS)	/* clear text after STARTTLS */
		s->need = SERVER_CLOSE;
	if (s->need == SERVER_CLOSE || s->need == SERVER_STALL)
		return;
	if (s->in.n > 0) {
		buf_put(&s->in, in);
		resume(s);
		return;
	}
	s->rest = in;
	pump(s);
	buf_put(&s->in, s->rest);
	s->rest = (struct slice){ 0 };
}

struct slice
server_output(const struct server *s)
{
	return buf_slice(&s->out);
}

void
server_sent(struct server *s, size_t n)
{
	buf_consume(&s->out, n);
}

void
server_secured(struct server *s)
{
	assert(s->need == SERVER_TLS);
	s->secure = true;
	s->need = SERVER_IO;
	s->hello = HELLO_NONE;
	s->offers = 0;
	s->logged_in = false;
	buf_clear(&s->login);
	if (s->config->implicit_tls)
		greet(s);
}

void
server_dismiss(struct server *s, const char *reply)
{
	s->need = SERVER_CLOSE;
	server_reply(s, reply);
}

void
server_expire(struct server *s)
{
	server_dismiss(s, "421 4.4.2 Idle for too long, closing");
}

struct slice
server_data(const struct server *s)
{
	return buf_slice(&s->data);
}

void
server_data_taken(struct server *s, size_t n)
{
	buf_consume(&s->data, n);
}

struct slice
server_login(const struct server *s)
{
	return s->logged_in ? buf_slice(&s->login) : SLICE("");
}

unsigned
server_progress(const struct server *s)
{
	return s->done;
}

void
server_mail(struct server *s, const char *refusal)
{
	assert(s->need == SERVER_MAIL);
	s->need = SERVER_IO;
	if (refusal) {
		server_reset(s);
		server_reply(s, refusal);
	} else {
		server_accept(s, "250 2.1.0 Ok");
	}
	resume(s);
}

void
server_rcpt(struct server *s, const char *refusal)
{
	struct server_rcpt *last = &s->msg.rcpt[s->msg.nrcpts - 1];

	assert(s->need == SERVER_RCPT);
	s->need = SERVER_IO;
	if (refusal) {
		buf_free(&last->to);
		buf_free(&last->params);
		s->msg.nrcpts--;
		server_reply(s, refusal);
	} else {
		server_accept(s, "250 2.1.5 Ok");
	}
	resume(s);
}

const struct server_message *
server_message(const struct server *s)
{
	return &s->msg;
}

void
server_done(struct server *s, bool kept, const char *text)
{
	struct buf reply = { 0 };

	assert(s->need == SERVER_MESSAGE);
	s->done++;
	if (kept)
		buf_putf(&reply, "250 2.0.0 Ok: queued as %s", text);
	else
		buf_puts(&reply, text ? text : "451 4.3.0 Cannot keep it now");
	if (kept)
		s->errors = 0;
	s->need = SERVER_IO;
	server_answer_text(s, kept, buf_str(&reply));
	buf_free(&reply);
	resume(s);
}

void
server_discarded(struct server *s)
{
	assert(s->need == SERVER_DISCARD);
	s->need = SERVER_IO;
	resume(s);
}
