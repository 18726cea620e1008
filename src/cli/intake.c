/* SPDX-License-Identifier: ISC */
/* intake.c - see intake.h */
#include "cli/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/compose.h"
#include "cli/fill.h"
#include "cli/names.h"
#include "config/idn.h"
#include "deliver/body.h"
#include "mail/complete.h"
#include "mail/header.h"
#include "mail/label.h"
#include "mail/mbox.h"
#include "mail/refrom.h"
#include "mail/scan.h"
#include "net/clock.h"
#include "net/content.h"
#include "net/random.h"

/* rmail: who sent it stands before the header.  What is of no use is not so. */
static bool
read_mbox_sender(struct intake *in, const struct settings *s,
    const struct self *self, struct outcome *why)
{
	struct address_options o = names_options(s, self);
	char block[CONTENT_BLOCK];
	struct slice raw;
	struct buf text = { 0 };
	struct address from;

	if (s->personality != AS_RMAIL || s->message.from)
		return true;
	if (!content_read(&in->input.content, 0, block, &raw, why))
		return false;
	if (mbox_sender(raw, &text) &&
	    address_parse(buf_slice(&text), &o, &from, why)) {
		address_free(&in->envelope.from);
		in->envelope.from = from;
	}
	buf_free(&text);
	return true;
}

/* Are there recipients in the header? */
static bool
is_addressed(const struct settings *s)
{
	return s->message.read_recipients || make_has_recipients(&s->make);
}

/* Is what is hardly a header text?  Sendmail never doubts, and -t wants one. */
static bool
doubts(const struct settings *s)
{
	return s->personality == AS_SMTPSEND && !s->message.gateway &&
	    !is_addressed(s) && s->make.n == 0;
}

static struct complete_options
complete_options(const struct settings *s, const struct self *self,
    const struct envelope *e, const char *name)
{
	struct wall_time now = clock_wall();
	struct complete_options o = {
		.form = s->message.as_is ? COMPLETE_NOTHING :
		    s->message.gateway ? COMPLETE_TO_SEND : COMPLETE_ALL,
		.doubt = doubts(s),
		.recipients = is_addressed(s),
		.address = names_options(s, self),
		.from = slice_of(e->from.path),
		.full_name = slice_of(name),
		.host = names_id_host(s, self),
		.date = now.seconds,
		.offset = now.offset,
	};

	random_draw(&o.random, sizeof o.random);
	return o;
}

static bool
scan_body(struct message *m, const struct complete_options *o,
    struct outcome *why)
{
	bool as_is = o->form == COMPLETE_NOTHING;
	struct scan scan = { .lines.cr_ends = o->cr_ends,
		.look_closely = !as_is && label_is_missing(m) };

	if (!body_walk(m, &scan, NULL, why))
		return false;
	scan_finish(&scan);
	m->is_rewritten = m->is_rewritten || scan.has_cr;
	if (as_is && !scan_is_as_is(&scan, why))
		return false;
	if (o->form == COMPLETE_ALL)
		label_put(m, &scan);
	scan_message(&scan, m);
	if (as_is)
		m->recode_bar = "--as-is";
	else if (recode_is_needed(m) || scan.has_cr)
		return body_plan_recoding(m, o->cr_ends, &config_idn, why);
	return true;
}

/*
 * Find and finish the header: at once when all is in memory, else with as many
 * blocks of the file as it takes.
 */
static bool
read_head(struct intake *in, const struct complete_options *o, size_t *body_at,
    struct outcome *why)
{
	enum parse got = PARSE_MORE;
	struct buf front = { 0 };
	char block[CONTENT_BLOCK];
	struct slice raw;

	while (got == PARSE_MORE) {
		if (!content_read(&in->input.content, front.n, block, &raw,
			why)) {
			why->verdict = FAILED;
			got = PARSE_BAD;
			break;
		}
		buf_put(&front, raw);
		got = message_head(buf_slice(&front),
		    front.n == in->input.content.length, o, &in->message,
		    &in->envelope, body_at, why);
	}
	buf_free(&front);
	return got == PARSE_OK;
}

/*
 * The header was completed with the sender as he came, or one rule would follow
 * another.  What is sent as it is has an author who means it.
 */
static void
rewrite_senders(struct intake *in, const struct settings *s,
    const struct self *self)
{
	struct address_options o = names_options(s, self);
	bool replaced = senders_replace(s->message.senders, &o,
	    &in->envelope.from, &in->rewritten);

	if (s->message.senders && !s->message.as_is &&
	    in->message.head.n > 0)
		in->resigned = message_rewrite_senders(&in->message,
		    s->message.senders, &o,
		    replaced ? in->envelope.from.path : NULL, &in->rewritten);
}

/* Sendmail ends at a lone dot; smtpsend only where one is typed. */
static enum input_dots
dots(const struct settings *s)
{
	if (s->message.require_eom)
		return DOTS_MUST_END;
	if (s->message.ignore_dots)
		return DOTS_ARE_CONTENT;
	return s->personality == AS_SMTPSEND ? DOTS_END_TYPING : DOTS_END;
}

/* Whoever types at a terminal is told that the program waits, and for what. */
static void
say_it_is_typed(const struct settings *s)
{
	if (s->message.file || s->personality != AS_SMTPSEND ||
	    !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "%s: type the %s; it ends with Ctrl-D%s\n",
	    s->program, s->make.n > 0 ? "text" :
	    "message: header, empty line, text",
	    s->message.ignore_dots ? "" : " or a line that is only a dot");
}

/* --explain and --quit-after send no message, so they ask for none. */
static bool
sends_message(const struct settings *s)
{
	return s->show.stop_after == STAGE_NONE;
}

/* Is the text of a message that is made to come from standard input? */
static bool
asks_for_text(const struct settings *s)
{
	const struct make_settings *m = &s->make;

	return m->n == 0 ||
	    (sends_message(s) && !make_find(m, MADE_BODY) &&
		!make_find(m, MADE_BODY_FILE) && !make_find(m, MADE_TEST) &&
		!make_find(m, MADE_HTML_FILE));
}

/* It comes in, or is made. */
static bool
get_message(struct intake *in, const struct settings *s,
    const struct self *self, struct outcome *why)
{
	const struct input_options from = { .path = s->message.file,
		.dots = dots(s), .stop = in->stop,
		.max_size = s->message.max_size,
		.has_header = header_is_whole };
	const struct compose_call call = { s, &from, self->name,
		!sends_message(s) };

	if (in->has_input)
		return true;
	if (asks_for_text(s))
		say_it_is_typed(s);
	return s->make.n > 0 ? compose_message(&in->input, &call, why) :
			       input_read(&in->input, &from, why);
}

static bool
read_message(struct intake *in, const struct settings *s,
    const struct self *self, struct outcome *why)
{
	struct complete_options o;
	size_t body_at;
	const char *name;

	if (!get_message(in, s, self, why) ||
	    !read_mbox_sender(in, s, self, why))
		return false;
	name = names_full(s, &in->envelope, &in->user);
	o = complete_options(s, self, &in->envelope, name);
	if (s->message.fill && !fill_input(in, s, &o, why))
		return false;
	o.cr_ends = in->input.cr_ends;
	if (!read_head(in, &o, &body_at, why))
		return false;
	rewrite_senders(in, s, self);
	in->message.body = content_from(in->input.content, body_at);
	return scan_body(&in->message, &o, why);
}

static bool
needs_message(const struct settings *s)
{
	return is_addressed(s) || s->message.file || sends_message(s);
}

/* -oem, -oee: also a message for nobody goes back, and so is read. */
static bool
has_readers(const struct envelope *e, const struct settings *s)
{
	return e->n > 0 || is_addressed(s) || s->show.print ||
	    s->sendmail.errors == ERRORS_MAIL ||
	    s->sendmail.errors == ERRORS_MAIL_OK;
}

static void
set_dsn(struct envelope *e, const struct message_settings *m)
{
	struct buf orcpt = { 0 };

	e->ret = m->ret;
	e->envid = m->envid ? mem_dup(slice_of(m->envid)) : NULL;
	for (size_t i = 0; i < e->n; i++) {
		e->rcpts[i].notify = m->notify;
		if (m->notify == 0 || e->rcpts[i].to.utf8)
			continue;
		buf_clear(&orcpt);
		if (m->orcpt)
			buf_puts(&orcpt, m->orcpt);
		else
			buf_putf(&orcpt, "rfc822;%s", e->rcpts[i].to.path);
		e->rcpts[i].orcpt = mem_dup(buf_slice(&orcpt));
	}
	buf_free(&orcpt);
}

static bool
no_recipients(struct outcome *why, const char *text)
{
	return outcome_fail(why, FAILED, STAGE_USAGE, ESC(5, 5, 4), "%s", text);
}

/* Tell what was taken for what. */
static void
remark(const struct message *m, const struct settings *s,
    struct events *events)
{
	if (m->doubtful_head && doubts(s))
		events_note(events, 0, "the message has no header: its first "
		    "line looks like a field that nobody knows, and no empty "
		    "line follows");
	else if (m->doubtful_head)
		events_warn(events, 0, "the whole message was taken as header "
		    "fields: its first line looks like one, and no empty line "
		    "follows");
	if (m->is_rewritten && header_has(buf_slice(&m->head),
	    "DKIM-Signature"))
		events_warn(events, 0, "what SMTP has no form for in the "
		    "message was changed, and bare names were completed: "
		    "its DKIM-Signature may not hold any more");
	if (m->is_binary && m->body.length > 0)
		events_note(events, 0, "the message holds binary data: it is "
		    "sent in base64");
}

static void
remark_senders(const struct intake *in, struct events *events)
{
	struct slice rest = buf_slice(&in->rewritten), line;

	while (rest.n > 0 && slice_cut(&rest, '\n', &line))
		events_note(events, 0, "%.*s", (int)line.n, line.p);
	if (in->resigned && header_has(buf_slice(&in->message.head),
	    "DKIM-Signature"))
		events_warn(events, 0, "a sender in the header was replaced: "
		    "its DKIM-Signature does not hold any more");
}

/* What was told of bad addresses was told now. */
static bool
finish_envelope(struct envelope *e, const struct settings *s)
{
	for (size_t i = 0; i < e->nbad; i++)
		e->bad[i].decided = clock_now();
	set_dsn(e, &s->message);
	return true;
}

/* Of a list: what is no address is one that cannot be used. */
static void
add_also(struct intake *in, const struct settings *s, const struct self *self)
{
	struct address_options o = names_options(s, self);
	struct address_list list = { 0 };

	if (in->also.n == 0)
		return;
	address_list_parse(in->also, &o, &list);
	envelope_add_list(&in->envelope, &list);
}

bool
intake_read(struct intake *in, const struct settings *s,
    const struct self *self, struct events *events, struct outcome *why)
{
	struct envelope *e = &in->envelope;

	if (!in->has_input)
		in->input = (struct input){ .content.fd = -1, .spill.fd = -1,
			.fd = -1 };
	in->message.body.fd = -1;
	random_draw(&e->key, sizeof e->key);
	person_init(&in->user);
	names_recipients(e, s, self);
	add_also(in, s, self);
	if (!names_sender(e, s, self, &in->user, why))
		return false;
	if (e->n == 0 && !is_addressed(s) && e->nbad == 0 && !s->show.print)
		return no_recipients(why, "no recipients: name them as "
		    "arguments, or take them from the header with -t");
	if (!has_readers(e, s) || !needs_message(s))
		rewrite_senders(in, s, self);
	else if (!read_message(in, s, self, why))
		return false;
	remark(&in->message, s, events);
	remark_senders(in, events);
	if (e->n == 0 && e->nbad == 0 && !s->show.print)
		return no_recipients(why, "no recipients: the header has no "
		    "address in To, Cc or Bcc");
	return finish_envelope(e, s);
}

void
intake_free(struct intake *in)
{
	envelope_free(&in->envelope);
	person_free(&in->user);
	recode_plan_free(in->message.recode);
	buf_free(&in->message.head);
	buf_free(&in->rewritten);
	input_free(&in->input);
}
