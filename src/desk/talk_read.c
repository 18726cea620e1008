/* SPDX-License-Identifier: ISC */
/* talk_read.c - lines that are typed, while the server may speak too. */
#include "desk/talk_impl.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "net/clock.h"

#define LINE_MAX_OCTETS 1048576

static const char *
prompt_of(const struct talk *t)
{
	if (t->d.in_text)
		return "text> ";
	if (!t->d.link.is_open)
		return "closed> ";
	return t->d.link.secure ? "smtp+tls> " : "smtp> ";
}

static void
put_prompt(struct talk *t)
{
	if (!t->typing.terminal)
		return;
	t->typing.prompting = true;
	if (t->typing.editor) {
		t->typing.module->redraw(t->typing.editor);
		return;
	}
	fputs(prompt_of(t), stdout);
	fflush(stdout);
}

void
talk_show(void *talk)
{
	struct talk *t = talk;
	struct event e;
	bool prompting = t->typing.prompting;

	if (prompting)
		fputs("\r\033[K", stdout);
	t->typing.prompting = false;
	while (events_take(t->call->events, &e)) {
		report_event(t->call->report, &e);
		if (e.kind == EVENT_TLS)
			talk_certificate(t, event_get(&e, "expires"));
	}
	report_flush(t->call->report, INT64_MAX);
	if (prompting)
		put_prompt(t);
}

/* All that the server has said by now. */
static void
hear_all(struct talk *t)
{
	enum heard got = HEARD_LINE;

	while (t->d.link.is_open && got != HEARD_NOTHING && got != HEARD_END)
		got = dialogue_hear(&t->d);
}

/* Until something can be read from standard input. */
static enum typed
await_octets(struct talk *t)
{
	size_t keys;
	unsigned signal;

	for (;;) {
		hear_all(t);
		wait_clear(&t->wait);
		keys = wait_add(&t->wait, STDIN_FILENO, POLLIN);
		stop_wait(&t->stop, &t->wait);
		if (t->d.link.is_open)
			wait_add(&t->wait, t->d.link.stream.fd, POLLIN);
		wait_poll(&t->wait, clock_now());
		signal = wait_ready(&t->wait, t->stop.slot) ?
		    stop_taken(&t->stop) : 0;
		if (signal != 0)
			return talk_stops_at(t, signal) ? TYPED_STOP :
							  TYPED_INTERRUPT;
		if (wait_ready(&t->wait, keys) != 0)
			return TYPED_LINE;
	}
}

static void
read_octets(struct typing *in)
{
	char block[4096];
	ssize_t n = read(STDIN_FILENO, block, sizeof block);

	if (n > 0)
		buf_put(&in->in, (struct slice){ block, (size_t)n });
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		in->ended = true;
}

/* The line that is there; the last one may have no end. */
static bool
take_line(struct typing *in, struct buf *line)
{
	struct slice all = buf_slice(&in->in);
	size_t n = slice_find(all, '\n');
	struct slice s = slice_first(all, n);

	if (n == all.n && !(in->ended && n > 0) && n < LINE_MAX_OCTETS)
		return false;
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	buf_clear(line);
	buf_put(line, s);
	buf_consume(&in->in, n < all.n ? n + 1 : n);
	return true;
}

static enum typed
read_plainly(struct talk *t, struct buf *line)
{
	enum typed got;

	put_prompt(t);
	while (!take_line(&t->typing, line)) {
		if (t->typing.ended)
			return TYPED_END;
		got = await_octets(t);
		if (got != TYPED_LINE)
			return got;
		read_octets(&t->typing);
	}
	return TYPED_LINE;
}

/* ---- with an editor ---- */

static enum editor_key
key(void *talk, char *octet)
{
	struct talk *t = talk;

	t->typing.why = await_octets(t);
	if (t->typing.why != TYPED_LINE)
		return EDITOR_GIVE_UP;
	if (read(STDIN_FILENO, octet, 1) == 1)
		return EDITOR_OCTET;
	t->typing.why = TYPED_END;
	return EDITOR_END;
}

static const char *
prompt(void *talk)
{
	return prompt_of(talk);
}

static const char *
complete(void *talk, struct slice typed, size_t i)
{
	struct talk *t = talk;

	return complete_at(&t->typing.said, typed, i);
}

void
talk_read_begin(struct talk *t)
{
	static const struct door door = EDITOR_DOOR;
	const struct editor_call call = { key, prompt, complete, t };
	struct typing *in = &t->typing;
	struct outcome why;

	if (!in->terminal)
		return;
	in->module = door_open(&door, &why);
	if (in->module)
		in->editor = in->module->open(&call);
	else
		dialogue_note(&t->d, "lines cannot be edited: %s", why.text);
}

void
talk_remember(struct talk *t, struct slice line)
{
	struct buf text = { 0 };

	complete_said(&t->typing.said, line);
	buf_put(&text, line);
	if (t->typing.editor && line.n > 0)
		t->typing.module->remember(t->typing.editor, buf_str(&text));
	buf_free(&text);
}

/* Ctrl-D in an empty line is an end that key() does not know of. */
static enum typed
read_edited(struct talk *t, struct buf *line)
{
	bool got;

	t->typing.why = TYPED_LINE;
	t->typing.prompting = true;
	got = t->typing.module->read(t->typing.editor, line);
	if (!got && t->typing.why == TYPED_LINE)
		t->typing.why = TYPED_END;
	return t->typing.why;
}

enum typed
talk_read(struct talk *t, struct buf *line)
{
	enum typed got = t->typing.editor ? read_edited(t, line) :
					    read_plainly(t, line);

	t->typing.prompting = false;
	return got;
}

void
talk_read_free(struct talk *t)
{
	if (t->typing.editor)
		t->typing.module->close(t->typing.editor);
	complete_free(&t->typing.said);
	buf_free(&t->typing.in);
}
