/* SPDX-License-Identifier: ISC */
/* script_from.c - see script_from.h */
#include "desk/script_from.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "desk/escape.h"
#include "desk/record.h"
#include "report/transcript.h"

/* What stands for a message that is not in the transcript. */
static const char *const stand_in[] = {
	"Subject: in place of a message that the transcript did not have",
	"", "It was not kept.", NULL
};

/* What a connection is saying. */
enum saying {
	SAYING_COMMANDS,
	SAYING_LOGIN,		/* until a reply that is no 334 */
	SAYING_TEXT,		/* of DATA, until the dot */
	SAYING_CHUNK,		/* of BDAT, which is kept until its end */
};

struct conn {
	unsigned lane;
	enum saying saying;
	bool secure;		/* its last line was */
	bool asked_tls;
	bool said;		/* anything */
	bool last;		/* BDAT ... LAST */
	size_t octets;		/* of the chunk */
	struct buf chunk;	/* its lines, as the script has them */
	struct buf login;	/* "PLAIN" */
	struct buf out;
};

struct conns {
	struct conn *v;
	size_t n;
};

static void
conns_free(struct conns *all)
{
	for (size_t i = 0; i < all->n; i++) {
		buf_free(&all->v[i].chunk);
		buf_free(&all->v[i].login);
		buf_free(&all->v[i].out);
	}
	free(all->v);
	*all = (struct conns){ 0 };
}

static struct conn *
conn_of(struct conns *all, unsigned lane)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].lane == lane)
			return &all->v[i];
	all->v = mem_resize(all->v, all->n + 1, sizeof *all->v);
	all->v[all->n] = (struct conn){ .lane = lane };
	return &all->v[all->n++];
}

/* ---- what is said ---- */

/* The octets that a text stands for; itself, if that is not how it came. */
static void
read_text(struct buf *octets, struct slice text)
{
	size_t bad;

	if (escape_read(octets, text, &bad))
		return;
	buf_clear(octets);
	buf_put(octets, text);
}

static size_t
put_said(struct buf *out, struct slice text)
{
	struct buf octets = { 0 };
	size_t n;

	read_text(&octets, text);
	n = octets.n;
	record_said(out, buf_slice(&octets), true);
	buf_free(&octets);
	return n;
}

static size_t
put_stand_in(struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; stand_in[i]; i++) {
		record_said(out, slice_of(stand_in[i]), true);
		n += strlen(stand_in[i]) + 2;
	}
	return n;
}

/* BDAT with as many octets as the script has, which need not be those that
 * were sent. */
static void
end_chunk(struct conn *c)
{
	struct buf verb = { 0 };

	if (c->saying != SAYING_CHUNK)
		return;
	if (c->chunk.n == 0)
		c->octets = put_stand_in(&c->chunk);
	buf_putf(&verb, "BDAT %zu%s", c->octets, c->last ? " LAST" : "");
	record_said(&c->out, buf_slice(&verb), true);
	buf_put(&c->out, buf_slice(&c->chunk));
	buf_clear(&c->chunk);
	buf_free(&verb);
	c->octets = 0;
	c->saying = SAYING_COMMANDS;
}

/* "[1,234 octets of message]": it is not in the transcript. */
static bool
is_size(struct slice text)
{
	return slice_starts(text, SLICE("[")) &&
	    slice_ends_nocase(text, SLICE(" octets of message]"));
}

static bool
has_verb(struct slice text, struct slice verb)
{
	return slice_starts_nocase(text, verb) &&
	    (text.n == verb.n || text.p[verb.n] == ' ');
}

static void
begin_chunk(struct conn *c, struct slice text)
{
	end_chunk(c);
	c->saying = SAYING_CHUNK;
	c->last = slice_ends_nocase(text, SLICE(" LAST"));
}

static void
begin_login(struct conn *c, struct slice text)
{
	struct slice rest = slice_trim(slice_from(text, 4)), method;

	slice_cut(&rest, ' ', &method);
	buf_clear(&c->login);
	buf_put(&c->login, method);
	c->saying = SAYING_LOGIN;
}

static void
say_command(struct conn *c, struct slice text)
{
	if (has_verb(text, SLICE("BDAT"))) {
		begin_chunk(c, text);
		return;
	}
	if (has_verb(text, SLICE("AUTH"))) {
		begin_login(c, text);
		return;
	}
	c->asked_tls = c->asked_tls || has_verb(text, SLICE("STARTTLS"));
	put_said(&c->out, text);
}

static void
say_text(struct conn *c, struct slice text)
{
	if (is_size(text)) {
		put_stand_in(&c->out);
		return;
	}
	put_said(&c->out, text);
	if (slice_eq(text, SLICE(".")))
		c->saying = SAYING_COMMANDS;
}

static void
say_chunk(struct conn *c, struct slice text)
{
	if (!c->last && has_verb(text, SLICE("BDAT")))
		begin_chunk(c, text);
	else if (!is_size(text))
		c->octets += put_said(&c->chunk, text) + 2;
}

static void
say(struct conn *c, struct slice text)
{
	switch (c->saying) {
	case SAYING_COMMANDS:
		say_command(c, text);
		break;
	case SAYING_LOGIN: /* secrets */
		break;
	case SAYING_TEXT:
		say_text(c, text);
		break;
	case SAYING_CHUNK:
		say_chunk(c, text);
		break;
	}
}

/* ---- what is heard ---- */

/* A login that was refused cannot be tried again as it was. */
static void
end_login(struct conn *c, unsigned code)
{
	struct buf act = { 0 };

	if (code == 334)
		return;
	c->saying = SAYING_COMMANDS;
	text_escape(&act, buf_slice(&c->login));
	if (code >= 200 && code < 300)
		buf_putf(&c->out, "# a login, whose secrets are not in a "
		    "transcript: $ user = NAME above, and\n"
		    "# --password-command, say it again\n"
		    "@ auth %s ${user}\n", buf_str(&act));
	else
		buf_putf(&c->out, "# a login by %s was refused with %u\n",
		    buf_str(&act), code);
	buf_free(&act);
}

/* 0: it is no reply that a script could expect. */
static unsigned
code_of(struct slice text)
{
	uint64_t code;

	if (text.n < 3 || (text.n > 3 && text.p[3] != ' ' &&
	    text.p[3] != '-') ||
	    !slice_to_uint(slice_first(text, 3), 599, &code) || code < 200)
		return 0;
	return (unsigned)code;
}

static void
hear(struct conn *c, struct slice text)
{
	unsigned code = code_of(text);
	struct buf octets = { 0 };

	end_chunk(c);
	read_text(&octets, text);
	record_heard(&c->out, buf_slice(&octets));
	buf_free(&octets);
	if (code == 0 || (text.n > 3 && text.p[3] == '-'))
		return;
	if (c->saying == SAYING_LOGIN) {
		end_login(c, code);
		return;
	}
	record_reply(&c->out, code);
	if (code == 354)
		c->saying = SAYING_TEXT;
}

/* ---- lines ---- */

struct line {
	unsigned lane;		/* 0: none was named */
	struct slice mark, text;
};

/* Numbers of a transcript: digits, a point, a sign. */
static bool
cut_time(struct slice *rest)
{
	struct slice word;

	return slice_cut(rest, ' ', &word) && word.n >= 5 &&
	    memchr(word.p, '.', word.n) && rest->p;
}

/* "  0.012 +0.003 2 -> EHLO me" */
static bool
read_line(struct slice raw, struct line *l)
{
	struct slice rest, word;
	uint64_t lane;

	*l = (struct line){ 0 };
	if (raw.n > 0 && raw.p[raw.n - 1] == '\r')
		raw.n--;
	while (slice_starts(raw, SLICE(" ")))
		raw = slice_from(raw, 1);
	for (int i = 0; i < 2; i++) /* since the start, since the line before */
		if (!cut_time(&raw))
			return false;
	rest = raw;
	if (slice_starts(raw, SLICE("  "))) {
		raw = slice_from(raw, 2);
	} else if (slice_cut(&rest, ' ', &word) && rest.p &&
	    slice_to_uint(word, UINT32_MAX, &lane)) {
		l->lane = (unsigned)lane;
		raw = rest;
	}
	slice_cut(&raw, ' ', &l->mark);
	l->text = raw.p ? raw : SLICE("");
	return l->mark.n == 2;
}

/* The same connection is there again. */
static void
connected(struct conn *c, struct slice text)
{
	struct buf octets = { 0 };

	end_chunk(c);
	if (c->said)
		record_act(&c->out, "connect", SLICE(""));
	c->saying = SAYING_COMMANDS;
	c->secure = c->asked_tls = false;
	read_text(&octets, text);
	record_heard(&c->out, buf_slice(&octets));
	buf_free(&octets);
}

static void
note_tls(struct conn *c, bool secure)
{
	if (secure && !c->secure && c->asked_tls)
		record_tls(&c->out);
	c->secure = secure;
}

static bool
is_said(struct slice mark)
{
	return mark.p[1] == '>';
}

static void
take_line(struct conns *all, const struct line *l)
{
	struct conn *c = conn_of(all, l->lane > 0 ? l->lane : 1);
	bool secure = memchr(l->mark.p, '~', 2) != NULL;

	if (slice_eq(l->mark, SLICE("==")) &&
	    slice_starts(l->text, SLICE("connected to ")))
		connected(c, l->text);
	if (!is_said(l->mark) && l->mark.p[0] != '<')
		return;
	note_tls(c, secure);
	c->said = true;
	if (is_said(l->mark))
		say(c, l->text);
	else
		hear(c, l->text);
}

static bool
has_dialogue(const struct conns *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].said)
			return true;
	return false;
}

/* One connection after the other. */
static void
put_all(struct buf *out, const struct conns *all)
{
	bool any = false;

	for (size_t i = 0; i < all->n; i++) {
		struct conn *c = &all->v[i];

		end_chunk(c);
		if (!c->said)
			continue;
		if (any)
			record_act(out, "connect", SLICE(""));
		buf_put(out, buf_slice(&c->out));
		any = true;
	}
}

/* "-- smtpsend, Fri, 27 Nov 2026 14:00:00 +0000": another run begins. */
static bool
begins_run(struct slice line)
{
	return slice_starts(line, SLICE("-- ")) && line.n > 3 &&
	    ascii_is_alpha(line.p[3]);
}

bool
script_from(struct buf *out, struct slice text, const char *name)
{
	struct conns all = { 0 };
	struct buf made = { 0 };
	struct slice raw;
	struct line l;

	while (slice_cut(&text, '\n', &raw)) {
		if (begins_run(raw) && has_dialogue(&all)) {
			buf_clear(&made);
			put_all(&made, &all);
			conns_free(&all);
		} else if (read_line(raw, &l)) {
			take_line(&all, &l);
		}
	}
	if (has_dialogue(&all)) {
		buf_clear(&made);
		put_all(&made, &all);
	}
	conns_free(&all);
	if (made.n > 0) {
		buf_puts(out, "# from ");
		text_escape(out, slice_of(name));
		buf_puts(out, "; smtpsend --script FILE --server HOST plays "
		    "it\n");
		buf_put(out, buf_slice(&made));
	}
	buf_free(&made);
	return out->n > 0;
}
