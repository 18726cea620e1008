/* SPDX-License-Identifier: ISC */
/* talk.c - see talk.h */
#include "desk/talk_impl.h"

#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "desk/act.h"
#include "net/clock.h"

bool
talk_stops_at(const struct talk *t, unsigned signal)
{
	return signal != 0 && (signal != SIGINT || !t->typing.terminal);
}

/* The reply to what was said; Ctrl-C gives up waiting, and nothing else. */
void
talk_await(struct talk *t)
{
	t->d.link.signal = 0;
	if (t->d.owed == 0)
		return;
	if (dialogue_await(&t->d) != HEARD_NOTHING) {
		if (t->d.link.is_open &&
		    reply_is_closing(dialogue_reply(&t->d)))
			dialogue_part(&t->d);
		return;
	}
	if (talk_stops_at(t, t->d.link.signal)) {
		t->over = true;
		t->status = EX_TEMPFAIL;
		return;
	}
	if (t->typing.terminal)
		dialogue_note(&t->d, "no reply yet: it will be shown when it "
		    "comes");
	else
		dialogue_note(&t->d, "no reply within %lld seconds",
		    (long long)(t->d.patience / SECONDS(1)));
	t->d.owed = 0;
}

/* A command, or a line of text after 354. */
static void
say(struct talk *t, struct slice line)
{
	bool text = t->d.in_text;
	size_t owed;

	if (!t->d.link.is_open) {
		dialogue_note(&t->d, "there is no connection: /connect makes "
		    "a new one, /quit ends");
		t->status = EX_TEMPFAIL;
		return;
	}
	if (!dialogue_say(&t->d, line, t->typing.terminal ? SAY_TYPED : 0))
		return;
	owed = t->d.owed;
	talk_await(t);
	if (t->guide != GUIDE_OFF && owed > 0) {
		t->guide = guide_next(t->guide, line,
		    dialogue_reply(&t->d)->code);
		talk_guide(t);
	}
	if (t->d.in_text && !text && t->typing.terminal && !t->guide)
		dialogue_note(&t->d, "now the message; a line with only a dot "
		    "ends it, Ctrl-D drops it with the connection");
}

/* "help 550 5.7.26": the HELP of servers has no numbers. */
static bool
is_question(struct slice line)
{
	return slice_starts_nocase(line, SLICE("HELP ")) && line.n > 5 &&
	    ascii_is_digit(line.p[5]);
}

/* What may be shown again: no text, and nothing of a login. */
static bool
is_to_remember(const struct talk *t, struct slice line)
{
	return !t->d.in_text && !t->d.secret_next &&
	    !slice_starts_nocase(line, SLICE("AUTH "));
}

static void
handle(struct talk *t, struct slice line)
{
	if (is_to_remember(t, line))
		talk_remember(t, line);
	if (!t->d.in_text && is_question(line))
		talk_explain(t, slice_from(line, 5));
	else if (t->d.in_text || line.n == 0 || line.p[0] != '/')
		say(t, line);
	else
		talk_command(t, slice_from(line, 1));
}

/* The end of input: what is half said must not be taken for whole. */
static void
end_of_input(struct talk *t)
{
	if (t->typing.terminal)
		putchar('\n');
	if (t->d.in_text) {
		dialogue_note(&t->d, "the message was not ended: the "
		    "connection is dropped, so that it is none");
		t->status = EX_TEMPFAIL;
	} else if (t->d.link.is_open) {
		talk_command(t, SLICE("quit"));
	}
	dialogue_drop(&t->d, false);
	t->over = true;
}

static void
turn(struct talk *t, struct buf *line)
{
	switch (talk_read(t, line)) {
	case TYPED_LINE:
		handle(t, buf_slice(line));
		break;
	case TYPED_INTERRUPT:
		puts("^C");
		break;
	case TYPED_END:
		end_of_input(t);
		break;
	case TYPED_STOP:
		t->over = true;
		t->status = EX_TEMPFAIL;
		break;
	}
}

/* --tls encrypt, verify: nothing is to be said in clear. */
static void
begin_tls(struct talk *t)
{
	const char *helo = t->call->helo;
	struct buf line = { 0 };

	buf_putf(&line, "EHLO %s", helo);
	if (dialogue_say(&t->d, buf_slice(&line), 0))
		talk_await(t);
	buf_free(&line);
	if (act_starttls(&t->d))
		return;
	t->over = true;
	t->status = EX_TEMPFAIL;
}

static void
converse(struct talk *t)
{
	struct buf line = { 0 };

	talk_read_begin(t);
	talk_await(t); /* the greeting */
	if (t->call->demands_tls && t->d.link.tls >= TLS_ENCRYPT &&
	    !t->d.link.secure)
		begin_tls(t);
	while (!t->over)
		turn(t, &line);
	if (t->d.dropped && t->status == EX_OK)
		t->status = EX_TEMPFAIL;
	buf_free(&line);
}

int
talk_run(const struct talk_call *call)
{
	struct talk t = { .call = call, .d = DIALOGUE_NONE,
		.stop = STOP_NONE };
	struct outcome why;

	t.typing.terminal = isatty(STDIN_FILENO) == 1 &&
	    isatty(STDOUT_FILENO) == 1;
	stop_catch(&t.stop, false);
	t.d.call = (struct connect_call){ call->config, call->domain,
		call->events, &t.stop };
	t.d.show = talk_show;
	t.d.self = &t;
	t.d.quiet = call->quiet;
	if (dialogue_open(&t.d, &why))
		converse(&t);
	else
		t.status = dialogue_fail(call->program, &why);
	talk_read_free(&t);
	dialogue_free(&t.d);
	wait_free(&t.wait);
	stop_free(&t.stop);
	return t.status;
}
