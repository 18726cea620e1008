/* SPDX-License-Identifier: ISC */
/*
 * chat.c - plays tests/chat/NAME.chat against the client session, in memory.
 *
 * The format is told at the head of tests/chat/plain.chat.  Each file is played
 * with what the server says fed whole, byte by byte, and in pieces at random.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "mail/encode.h"
#include "mail/recode.h"
#include "smtp/session.h"
#include "../support/idn.h"

#define HEAD "Subject: t\r\n\r\n"

enum pieces { WHOLE, BYTES, RANDOM, NPIECES };

struct line {
	char kind;	/* S R C M T X = ~ */
	bool maybe;	/* "C?:", "S?:" */
	unsigned times;
	struct buf text;
	unsigned number;
};

struct script {
	char path[512];
	struct line *line;
	size_t n;
	struct session_config config;
	struct envelope env;
	struct message message;
	struct buf body;
	bool utf8, seven_bit, secure;
};

struct play {
	struct script *script;
	enum pieces pieces;
	struct session *s;
	struct recipient **offered;
	struct mail mail;
	size_t given, settled;	/* recipients, over all transactions */
	struct buf said, due;
	bool skipped;		/* the last C? was not said */
	struct events events;	/* of the plays at random */
	struct buf out, in;	/* all that was said, and heard */
	size_t clear_out, clear_in; /* of it before TLS; 0 = without any */
};

static void __attribute__((format(printf, 3, 4)))
wrong(const struct play *p, const struct line *l, const char *fmt, ...)
{
	static const char *const names[] = { "whole", "bytes", "random" };
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	fail_msg("%s:%u (%s): %s", p->script->path, l ? l->number : 0,
	    names[p->pieces], text);
}

/* ---- reading a script ---- */

static int
hex(char c)
{
	return ascii_is_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10;
}

static void
unescape(struct buf *out, struct slice s)
{
	for (; s.n > 0; s = slice_from(s, 1)) {
		if (s.p[0] != '\\' || s.n < 2) {
			buf_putc(out, s.p[0]);
			continue;
		}
		s = slice_from(s, 1);
		if (s.p[0] == 'x' && s.n > 2) {
			buf_putc(out, (char)(hex(s.p[1]) * 16 + hex(s.p[2])));
			s = slice_from(s, 2);
		} else {
			buf_putc(out, s.p[0] == 'r' ? '\r' :
				s.p[0] == 'n'	    ? '\n' :
						      s.p[0]);
		}
	}
}

static void
add_rcpt(struct script *sc, struct slice text)
{
	struct recipient *r;
	struct slice word;

	sc->env.rcpts = mem_resize(sc->env.rcpts, sc->env.n + 1, sizeof *r);
	r = &sc->env.rcpts[sc->env.n++];
	*r = (struct recipient){ 0 };
	slice_cut(&text, ' ', &word);
	r->to.path = mem_dup(word);
	while (slice_cut(&text, ' ', &word)) {
		if (slice_starts(word, SLICE("orcpt=")))
			r->orcpt = mem_dup(slice_from(word, 6));
		else if (slice_starts(word, SLICE("notify=")))
			assert_true(notify_parse(slice_from(word, 7),
			    &r->notify));
	}
}

static void
fill_body(struct buf *body, struct slice size)
{
	uint64_t n;

	assert_true(slice_to_uint(size, 1 << 24, &n));
	buf_clear(body);
	while (body->n + 64 <= n)
		buf_putf(body, "%062d\r\n", 0);
	while (body->n + 2 < n)
		buf_putc(body, 'x');
	buf_puts(body, "\r\n");
}

static void
read_switch(struct script *sc, struct slice key)
{
	if (slice_eq(key, SLICE("lmtp")))
		sc->config.link = LINK_LMTP;
	else if (slice_eq(key, SLICE("smtps")))
		sc->config.link = LINK_SMTPS, sc->secure = true;
	else if (slice_eq(key, SLICE("utf8")))
		sc->utf8 = true;
	else if (slice_eq(key, SLICE("seven-bit")))
		sc->seven_bit = true;
	else if (slice_eq(key, SLICE("eight-bit")))
		sc->message.eight_bit = true;
	else
		fail_msg("%s: what is %.*s?", sc->path, (int)key.n, key.p);
}

static enum stage
stage_of(struct slice name)
{
	static const struct {
		const char *name;
		enum stage stage;
	} names[] = { { "GREETING", STAGE_GREETING }, { "EHLO", STAGE_EHLO },
		{ "HELO", STAGE_HELO }, { "LHLO", STAGE_LHLO },
		{ "STARTTLS", STAGE_STARTTLS }, { "TLS", STAGE_TLS },
		{ "MAIL", STAGE_MAIL }, { "RCPT", STAGE_RCPT },
		{ "DATA", STAGE_DATA }, { "BODY", STAGE_BODY },
		{ "END", STAGE_END }, { "RSET", STAGE_RSET },
		{ "QUIT", STAGE_QUIT }, { "NONE", STAGE_NONE } };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (slice_eq_nocase(name, slice_of(names[i].name)))
			return names[i].stage;
	fail_msg("no stage is called %.*s", (int)name.n, name.p);
	return STAGE_NONE;
}

static void
read_header(struct script *sc, struct slice key, struct slice text)
{
	if (slice_eq(key, SLICE("rcpt"))) {
		add_rcpt(sc, text);
	} else if (slice_eq(key, SLICE("from"))) {
		free(sc->env.from.path);
		sc->env.from.path = mem_dup(slice_eq(text, SLICE("<>")) ?
			SLICE("") : text);
	} else if (slice_eq(key, SLICE("tls"))) {
		assert_true(tls_level_parse(text, &sc->config.tls));
	} else if (slice_eq(key, SLICE("helo"))) {
		sc->config.helo = mem_dup(text);
	} else if (slice_eq(key, SLICE("local"))) {
		sc->config.helo = NULL;
		assert_true(ip_parse(text, &sc->config.local));
	} else if (slice_eq(key, SLICE("ret"))) {
		sc->env.ret = slice_eq_nocase(text, SLICE("full")) ? RET_FULL :
								     RET_HDRS;
	} else if (slice_eq(key, SLICE("envid"))) {
		sc->env.envid = mem_dup(text);
	} else if (slice_eq(key, SLICE("text"))) {
		buf_clear(&sc->body);
		unescape(&sc->body, text);
	} else if (slice_eq(key, SLICE("size"))) {
		fill_body(&sc->body, text);
	} else if (slice_eq(key, SLICE("quit-after"))) {
		sc->config.quit_after = stage_of(text);
	} else {
		read_switch(sc, key);
	}
}

static void
read_line(struct script *sc, struct slice kind, struct slice text, unsigned n)
{
	struct line *l;
	uint64_t times = 1;
	size_t star = slice_find(kind, '*');

	if (star < kind.n)
		assert_true(slice_to_uint(slice_from(kind, star + 1), 999999,
		    &times));
	sc->line = mem_resize(sc->line, sc->n + 1, sizeof *sc->line);
	l = &sc->line[sc->n++];
	*l = (struct line){ .kind = kind.p[0], .times = (unsigned)times,
		.number = n, .maybe = slice_find(kind, '?') < kind.n };
	if (l->kind == 'R')
		unescape(&l->text, text);
	else
		buf_put(&l->text, text);
	if (l->kind == 'S')
		buf_puts(&l->text, "\r\n");
}

static bool
is_dialogue(struct slice key)
{
	return key.n > 0 && memchr("SRCMTX", key.p[0], 6) &&
	    (key.n == 1 || key.p[1] == '*' || key.p[1] == '?');
}

static void
read_any(struct script *sc, struct slice line, unsigned n)
{
	size_t colon = slice_find(line, ':');
	struct slice key = slice_first(line, colon);
	struct slice text = slice_from(line, colon + 1);

	if (line.n == 0 || line.p[0] == '#')
		return;
	if (line.p[0] == '=' || line.p[0] == '~') {
		read_line(sc, slice_first(line, 1), slice_from(line, 2), n);
		return;
	}
	if (text.n > 0 && text.p[0] == ' ')
		text = slice_from(text, 1);
	if (is_dialogue(key))
		read_line(sc, key, text, n);
	else
		read_header(sc, key, text);
}

static void
script_finish(struct script *sc)
{
	struct encoder e = { 0 };
	struct buf out = { 0 };

	encode(&e, buf_slice(&sc->body), &out);
	encode_finish(&e, &out);
	buf_puts(&sc->message.head, HEAD);
	sc->message.body.fd = -1;
	sc->message.body.memory = buf_slice(&sc->body);
	sc->message.body.length = sc->body.n;
	sc->message.size = sc->message.head.n + out.n;
	buf_free(&out);
	if (!sc->seven_bit)
		return;
	sc->message.recode = recode_plan_new(buf_slice(&sc->message.head),
	    false, &idn_table);
	recode_plan_feed(sc->message.recode, sc->message.body.memory);
	recode_plan_finish(sc->message.recode);
}

static void
script_read(struct script *sc, const char *path)
{
	FILE *f = fopen(path, "r");
	char text[4096];
	unsigned n = 0;

	assert_non_null(f);
	*sc = (struct script){ .config = { .helo = "client.test",
				   .tls = TLS_MAY } };
	snprintf(sc->path, sizeof sc->path, "%s", path);
	sc->env.from.path = mem_dup(SLICE("a@client.test"));
	buf_puts(&sc->body, "hi\r\n");
	while (fgets(text, sizeof text, f)) {
		text[strcspn(text, "\n")] = '\0';
		read_any(sc, slice_of(text), ++n);
	}
	fclose(f);
	script_finish(sc);
}

/* ---- playing ---- */

static void
take_settled(struct play *p)
{
	while (session_take_settled(p->s))
		p->settled++;
}

static void
give_mail(struct play *p)
{
	struct script *sc = p->script;
	size_t n = 0;

	take_settled(p);
	if (session_need(p->s) != SESSION_MAIL)
		return;
	if (p->settled != p->given)
		wrong(p, NULL, "of %zu recipients %zu are settled", p->given,
		    p->settled);
	for (size_t i = 0; i < sc->env.n; i++)
		if (sc->env.rcpts[i].verdict == PENDING)
			p->offered[n++] = &sc->env.rcpts[i];
	p->mail = (struct mail){ .from = &sc->env.from, .ret = sc->env.ret,
		.envid = sc->env.envid, .rcpt = p->offered, .n = n,
		.message = &sc->message, .smtputf8 = sc->utf8,
		.seven_bit = sc->seven_bit };
	if (n == 0)
		session_quit(p->s);
	else
		session_mail(p->s, &p->mail);
	p->given += n;
}

static void
feed_body(struct play *p)
{
	struct slice raw = slice_from(p->script->message.body.memory,
	    (size_t)session_body_at(p->s));

	raw = slice_first(raw, p->pieces == WHOLE ? 65536 : 7);
	session_body(p->s, raw);
}

/* Take all that the client has to say for now. */
static void
hear(struct play *p)
{
	struct slice out;

	for (;;) {
		give_mail(p);
		out = session_output(p->s);
		buf_put(&p->said, out);
		buf_put(&p->out, out);
		session_sent(p->s, out.n);
		if (session_wants_body(p->s))
			feed_body(p);
		else if (out.n == 0 && session_need(p->s) != SESSION_MAIL)
			return;
	}
}

static void
feed(struct play *p, struct slice in)
{
	size_t n = in.n;

	for (; in.n > 0; in = slice_from(in, n)) {
		if (p->pieces != WHOLE)
			n = p->pieces == BYTES ? 1 : 1 + (size_t)rand() % 9;
		buf_put(&p->in, slice_first(in, n));
		session_input(p->s, slice_first(in, n));
		give_mail(p);
	}
}

/* Head and body in 7-bit form; tests/unit/recode.c proves that it is one. */
static void
recode_whole(struct script *sc, struct buf *out)
{
	struct recode *r = recode_new(sc->message.recode,
	    buf_slice(&sc->message.head), out);

	recode_feed(r, sc->message.body.memory, out);
	recode_finish(r, out);
	recode_free(r);
}

/* The message as it must be on the wire, written without encode.c. */
static void
due_message(struct play *p)
{
	bool dots = slice_ends_nocase(buf_slice(&p->due), SLICE("DATA\r\n"));
	struct slice rest = p->script->message.body.memory, line;
	struct buf coded = { 0 };

	dots = dots || p->due.n == 0;
	if (p->script->seven_bit) {
		recode_whole(p->script, &coded);
		rest = buf_slice(&coded);
	} else {
		buf_puts(&p->due, HEAD);
	}
	while (slice_cut(&rest, '\n', &line)) {
		if (line.n == 0 && !rest.p)
			break;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (dots && line.n > 0 && line.p[0] == '.')
			buf_putc(&p->due, '.');
		buf_put(&p->due, line);
		buf_puts(&p->due, "\r\n");
	}
	buf_free(&coded);
}

static void
put_sized(struct play *p, struct buf *out, struct slice text)
{
	static const struct slice mark = { "{size}", 6 };

	for (; text.n > 0; text = slice_from(text, 1)) {
		if (slice_starts(text, mark)) {
			buf_putu(out, p->script->message.size);
			text = slice_from(text, mark.n - 1);
		} else {
			buf_putc(out, text.p[0]);
		}
	}
}

/* A client's line, or an answer to one that was not said. */
static bool
is_clients(const struct play *p, const struct line *l)
{
	return l->kind == 'C' || l->kind == 'M' ||
	    (l->kind == 'S' && l->maybe && p->skipped);
}

/* The client lines from i on; returns the index behind them. */
static size_t
client_run(struct play *p, size_t i)
{
	struct script *sc = p->script;
	size_t first = i, before;

	buf_clear(&p->due);
	hear(p);
	p->skipped = false;
	for (; i < sc->n && is_clients(p, &sc->line[i]); i++) {
		if (sc->line[i].kind == 'S')
			continue;
		before = p->due.n;
		if (sc->line[i].kind == 'M') {
			due_message(p);
			continue;
		}
		put_sized(p, &p->due, buf_slice(&sc->line[i].text));
		buf_puts(&p->due, "\r\n");
		if (sc->line[i].maybe &&
		    !slice_starts(buf_slice(&p->said), buf_slice(&p->due))) {
			buf_cut(&p->due, before);
			p->skipped = true;
		}
	}
	if (!slice_eq(buf_slice(&p->said), buf_slice(&p->due)))
		wrong(p, &sc->line[first < sc->n ? first : first - 1],
		    "said \"%.300s\", due was \"%.300s\"", buf_str(&p->said),
		    buf_str(&p->due));
	buf_clear(&p->said);
	return i;
}

static size_t
server_run(struct play *p, size_t i)
{
	struct script *sc = p->script;
	struct buf in = { 0 };

	for (; i < sc->n && strchr("SR", sc->line[i].kind); i++) {
		if (sc->line[i].maybe && p->skipped)
			continue;
		for (unsigned k = 0; k < sc->line[i].times; k++)
			buf_put(&in, buf_slice(&sc->line[i].text));
	}
	feed(p, buf_slice(&in));
	buf_free(&in);
	return i;
}

static void
lose(struct play *p, struct line *l)
{
	struct outcome why = outcome_make(DEFERRED, STAGE_NONE, ESC(4, 4, 2),
	    "%s", buf_str(&l->text));

	session_lost(p->s, &why);
}

static void
secure(struct play *p, struct line *l)
{
	if (!p->script->secure && session_need(p->s) != SESSION_TLS)
		wrong(p, l, "TLS is not wanted here");
	p->clear_out = p->out.n;
	p->clear_in = p->in.n;
	session_secured(p->s, "TLSv1.3");
}

static size_t
play_dialogue(struct play *p)
{
	struct script *sc = p->script;
	size_t i = 0;

	while (i < sc->n && !strchr("=~", sc->line[i].kind)) {
		if (strchr("SR", sc->line[i].kind)) {
			i = server_run(p, i);
			i = client_run(p, i);
		} else if (sc->line[i].kind == 'T') {
			secure(p, &sc->line[i++]);
			i = client_run(p, i);
		} else if (sc->line[i].kind == 'X') {
			lose(p, &sc->line[i++]);
			i = client_run(p, i);
		} else {
			i = client_run(p, i);
		}
	}
	return i;
}

/* ---- the outcomes ---- */

static bool
same(struct slice want, const char *have)
{
	return slice_eq(want, SLICE("*")) ||
	    slice_eq_nocase(want, slice_of(have));
}

static struct outcome
outcome_of(struct play *p, struct slice path)
{
	for (size_t i = 0; i < p->script->env.n; i++)
		if (slice_eq(path,
			slice_of(p->script->env.rcpts[i].to.path)))
			return recipient_outcome(&p->script->env.rcpts[i]);
	return *session_end(p->s);
}

static void
check_outcome(struct play *p, struct line *l, const struct outcome *o)
{
	struct slice rest = buf_slice(&l->text), word;
	struct buf esc = { 0 };
	char code[8];

	esc_put(&esc, o->esc);
	snprintf(code, sizeof code, "%u", o->code);
	slice_cut(&rest, ' ', &word);
	slice_cut(&rest, ' ', &word);
	if (!same(word, verdict_name(o->verdict)))
		wrong(p, l, "verdict is %s (%s)", verdict_name(o->verdict),
		    o->text);
	slice_cut(&rest, ' ', &word);
	if (!same(word, code))
		wrong(p, l, "code is %s", code);
	slice_cut(&rest, ' ', &word);
	if (!same(word, esc.n ? buf_str(&esc) : "-"))
		wrong(p, l, "enhanced code is %s", buf_str(&esc));
	slice_cut(&rest, ' ', &word);
	if (!slice_eq(word, SLICE("*")) && stage_of(word) != o->stage)
		wrong(p, l, "stage is %s (%s)", stage_name(o->stage), o->text);
	if (!slice_starts(buf_slice(&l->text), SLICE("* ")) &&
	    slice_eq(rest, SLICE("maybe")) != o->maybe_sent)
		wrong(p, l, "maybe_sent is %d", o->maybe_sent);
	buf_free(&esc);
}

static void
check_outcomes(struct play *p, size_t i)
{
	struct script *sc = p->script;
	struct outcome o = { 0 };
	struct slice path, rest;
	bool end_told = false;

	for (; i < sc->n; i++) {
		rest = buf_slice(&sc->line[i].text);
		if (sc->line[i].kind == '~') {
			if (!strstr(o.text, buf_str(&sc->line[i].text)))
				wrong(p, &sc->line[i], "text is %s", o.text);
			continue;
		}
		slice_cut(&rest, ' ', &path);
		o = outcome_of(p, path);
		check_outcome(p, &sc->line[i], &o);
		end_told = end_told || slice_eq(path, SLICE("*"));
	}
	if (session_need(p->s) != SESSION_CLOSE)
		wrong(p, NULL, "the session is not over");
	if (!end_told && session_end(p->s)->verdict != PENDING)
		wrong(p, NULL, "the end is no orderly one: %s",
		    session_end(p->s)->text);
}

/* A line that was told as said: it is the next of the wire. */
static void
check_said(struct play *p, const struct event *e, struct buf *told)
{
	size_t from = told->n;
	struct slice next;

	buf_put(told, event_get(e, "line"));
	buf_puts(told, "\r\n");
	next = slice_from(buf_slice(&p->out), from);
	if (next.n == 0)
		return; /* it was never taken */
	next = slice_first(next, told->n - from);
	if (!slice_eq(next, slice_first(slice_from(buf_slice(told), from),
	    next.n)))
		wrong(p, NULL, "told \"%s\", said \"%.*s\"",
		    buf_str(told) + from, (int)next.n, next.p);
	if (!p->script->secure)
		assert_int_equal(e->secure, p->clear_out > 0 &&
		    from >= p->clear_out);
}

/* A line that was told as heard: it comes next, among all that was. */
static void
check_heard(struct play *p, const struct event *e, size_t *at)
{
	struct slice line = event_get(e, "line");
	struct slice rest = slice_from(buf_slice(&p->in), *at);
	const char *hit = memmem(rest.p, rest.n, line.p, line.n);

	if (!hit)
		wrong(p, NULL, "heard \"%.*s\"?", (int)line.n, line.p);
	*at += (size_t)(hit - rest.p) + line.n;
	if (!p->script->secure)
		assert_int_equal(e->secure, p->clear_in > 0 &&
		    *at > p->clear_in);
}

/* Each line told is one line, and the text is told when its size is. */
static void
check_events(struct play *p)
{
	size_t bodies = 0, lines = 0, heard = 0;
	struct buf told = { 0 };
	struct event e;

	while (events_take(&p->events, &e)) {
		struct slice line = event_get(&e, "line");

		assert_int_equal(slice_find(line, '\n'), line.n);
		bodies += e.kind == EVENT_BODY;
		lines += e.kind == EVENT_BODY_LINE;
		if (e.kind == EVENT_SENT || e.kind == EVENT_BODY_LINE)
			check_said(p, &e, &told);
		if (e.kind == EVENT_RECEIVED)
			check_heard(p, &e, &heard);
	}
	assert_true(bodies == 0 || lines > 0);
	events_free(&p->events);
	buf_free(&told);
	buf_free(&p->out);
	buf_free(&p->in);
}

static void
play(const char *path, enum pieces pieces)
{
	struct script sc;
	struct play p = { .script = &sc, .pieces = pieces };
	size_t i;

	script_read(&sc, path);
	p.offered = mem_alloc(sc.env.n * sizeof *p.offered);
	p.events.wanted = p.events.bodies = pieces == RANDOM;
	p.s = session_new(&sc.config, &p.events, 1);
	i = play_dialogue(&p);
	if (session_is_leaving(p.s)) {
		buf_puts(&p.in, "221 bye\r\n");
		session_input(p.s, SLICE("221 bye\r\n"));
	}
	check_outcomes(&p, i);
	take_settled(&p);
	assert_int_equal(p.settled, p.given);
	session_free(p.s);
	free(p.offered);
	buf_free(&p.said);
	buf_free(&p.due);
	for (size_t k = 0; k < sc.n; k++)
		buf_free(&sc.line[k].text);
	free(sc.line);
	envelope_free(&sc.env);
	recode_plan_free(sc.message.recode);
	check_events(&p);
	buf_free(&sc.body);
	buf_free(&sc.message.head);
}

static void
test_file(void **state)
{
	for (int pieces = 0; pieces < NPIECES; pieces++)
		play(*state, (enum pieces)pieces);
}

static int
is_chat(const struct dirent *d)
{
	return slice_ends_nocase(slice_of(d->d_name), SLICE(".chat"));
}

int
main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "tests/chat";
	struct dirent **files;
	struct CMUnitTest tests[512] = { 0 };
	char path[600];
	int n = scandir(dir, &files, is_chat, alphasort), failed;

	for (int i = 0; i < n && i < 512; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, files[i]->d_name);
		tests[i].initial_state = mem_dup(slice_of(path));
		tests[i].name = tests[i].initial_state;
		tests[i].test_func = test_file;
		free(files[i]);
	}
	free(files);
	if (n <= 0) {
		fprintf(stderr, "no dialogue in %s\n", dir);
		return 1;
	}
	failed = _cmocka_run_group_tests("chat", tests, (size_t)n, NULL, NULL);
	for (int i = 0; i < n && i < 512; i++)
		free(tests[i].initial_state);
	return failed;
}
