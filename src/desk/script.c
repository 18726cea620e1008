/* SPDX-License-Identifier: ISC */
/* script.c - the text of a script into its steps; see script.h */
#include "desk/script_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "desk/escape.h"

/* What is being read. */
struct reading {
	struct script *script;
	struct script_fault *fault;
	unsigned line;
	size_t open[SCRIPT_LOOPS_MAX];
	size_t nopen;
};

static bool refuse(struct reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool
refuse(struct reading *r, const char *fmt, ...)
{
	va_list ap;

	r->fault->line = r->line;
	va_start(ap, fmt);
	vsnprintf(r->fault->text, sizeof r->fault->text, fmt, ap);
	va_end(ap);
	return false;
}

/* What is wrong, and where it begins; some of that is shown. */
static bool
refuse_at(struct reading *r, const char *what, struct slice at)
{
	return refuse(r, "%s: %.*s", what, (int)slice_first(at, 40).n,
	    at.n > 0 ? at.p : "");
}

static struct script_step *
add(struct reading *r, enum script_act act)
{
	struct script *s = r->script;

	s->v = mem_resize(s->v, s->n + 1, sizeof *s->v);
	s->v[s->n] = (struct script_step){ .act = act, .line = r->line };
	return &s->v[s->n++];
}

static bool
add_text(struct reading *r, enum script_act act, struct slice text)
{
	struct buf octets = { 0 };
	size_t bad;
	bool ok = escape_read(&octets, text, &bad);

	buf_free(&octets);
	if (!ok)
		return refuse_at(r, "a backslash that begins none of \\xNN "
		    "\\r \\n \\t \\0 \\\\", slice_from(text, bad));
	add(r, act)->text = mem_dup(text);
	return true;
}

static bool
read_say(struct reading *r, struct slice rest)
{
	return add_text(r, ACT_SAY, rest);
}

/* "250", "4xx", "closed" */
static bool
is_code(struct slice s)
{
	if (slice_eq(s, SLICE("closed")))
		return true;
	if (s.n != 3 || s.p[0] < '2' || s.p[0] > '5')
		return false;
	for (size_t i = 1; i < 3; i++)
		if (!ascii_is_digit(s.p[i]) && s.p[i] != 'x')
			return false;
	return true;
}

/* "250", "4xx|closed", from the front of an expectation. */
static bool
check_codes(struct reading *r, struct slice rest)
{
	struct slice codes = slice_first(rest, script_codes_end(rest)), code;

	do {
		slice_cut(&codes, '|', &code);
		if (!is_code(code))
			return refuse_at(r, "a code is wanted, as 250, 2xx or "
			    "4xx|5xx|closed, or \"nothing 2s\"", rest);
	} while (codes.p);
	return true;
}

static bool
read_expect(struct reading *r, struct slice rest)
{
	struct slice time = rest, word;

	if (slice_cut(&time, ' ', &word) && slice_eq(word, SLICE("nothing")))
		return add_text(r, ACT_NOTHING, slice_trim(time));
	return check_codes(r, rest) && add_text(r, ACT_EXPECT, rest);
}

static bool
read_done(struct reading *r, struct slice rest)
{
	return check_codes(r, rest) && add_text(r, ACT_DONE, rest);
}

static bool
read_break(struct reading *r, struct slice rest)
{
	if (slice_eq(rest, SLICE("drop")))
		add(r, ACT_DROP);
	else if (slice_eq(rest, SLICE("reset")))
		add(r, ACT_RESET);
	else
		return refuse(r, "'!' is followed by drop or reset");
	return true;
}

static const struct {
	const char *word;
	enum script_act act;
	bool wants;		/* something behind it */
} acts[] = {
	{ "tls", ACT_TLS, false },
	{ "handshake", ACT_HANDSHAKE, false },
	{ "connect", ACT_CONNECT, false },
	{ "auth", ACT_AUTH, true },
	{ "sleep", ACT_SLEEP, true },
	{ "data", ACT_DATA, true },
	{ "bdat", ACT_BDAT, true },
	{ "raw", ACT_RAW, true },
};

static bool
read_act(struct reading *r, struct slice rest)
{
	struct slice word;

	slice_cut(&rest, ' ', &word);
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
		if (!slice_eq(word, slice_of(acts[i].word)))
			continue;
		if (acts[i].act != ACT_RAW) /* whose blanks are octets */
			rest = slice_trim(rest);
		if (acts[i].wants != (rest.n > 0))
			return refuse(r, "@ %s %s", acts[i].word,
			    acts[i].wants ? "wants something behind it" :
					    "has nothing behind it");
		return add_text(r, acts[i].act,
		    rest.p ? rest : SLICE(""));
	}
	return refuse(r, "'@' is followed by tls, handshake, connect, auth, "
	    "sleep, data, bdat or raw");
}

bool
script_is_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alnum(s.p[i]) && s.p[i] != '_' && s.p[i] != '-')
			return false;
	return s.n > 0;
}

static bool
read_set(struct reading *r, struct slice rest)
{
	struct slice name;

	slice_cut(&rest, '=', &name);
	name = slice_trim(name);
	if (!rest.p || !script_is_name(name))
		return refuse(r, "'$' wants a name of letters, digits, - and "
		    "_, and = VALUE");
	if (!add_text(r, ACT_SET, slice_trim(rest)))
		return false;
	r->script->v[r->script->n - 1].name = mem_dup(name);
	return true;
}

static bool
end_loop(struct reading *r)
{
	size_t begin;

	if (r->nopen == 0)
		return refuse(r, "end without a loop");
	begin = r->open[--r->nopen];
	add(r, ACT_END)->other = begin;
	r->script->v[begin].other = r->script->n - 1;
	return true;
}

static bool
read_loop(struct reading *r, struct slice rest)
{
	uint64_t times;

	if (!slice_to_uint(rest, SCRIPT_TIMES_MAX, &times) || times == 0)
		return refuse(r, "'*' wants a number from 1 to %d",
		    SCRIPT_TIMES_MAX);
	if (r->nopen == SCRIPT_LOOPS_MAX)
		return refuse(r, "at most %d loops inside of each other",
		    SCRIPT_LOOPS_MAX);
	r->open[r->nopen++] = r->script->n;
	add(r, ACT_LOOP)->times = (unsigned)times;
	return true;
}

/* A mark, a blank, the rest; a mark alone has an empty rest. */
static bool
read_line(struct reading *r, struct slice line)
{
	static bool (*const readers[128])(struct reading *r,
	    struct slice rest) = {
		['>'] = read_say,
		['<'] = read_expect,
		['?'] = read_done,
		['!'] = read_break,
		['@'] = read_act,
		['$'] = read_set,
		['*'] = read_loop,
	};
	struct slice trimmed = slice_trim(line), rest;

	if (trimmed.n == 0 || trimmed.p[0] == '#')
		return true;
	if (slice_eq(trimmed, SLICE("end")))
		return end_loop(r);
	line = slice_from(line, (size_t)(trimmed.p - line.p));
	if (ascii_is_high(line.p[0]) || !readers[(int)line.p[0]] ||
	    (line.n > 1 && line.p[1] != ' '))
		return refuse_at(r, "a line begins with > < ? ! @ $ * or # "
		    "and a blank, or is end", line);
	rest = slice_from(line, 2);
	if (!rest.p)
		rest = SLICE("");
	return readers[(int)line.p[0]](r,
	    line.p[0] == '>' || line.p[0] == '@' ? rest : slice_trim(rest));
}

bool
script_parse(struct script *s, struct slice text, struct script_fault *fault)
{
	struct reading r = { .script = s, .fault = fault };
	struct slice line;

	*fault = (struct script_fault){ 0 };
	while (slice_cut(&text, '\n', &line)) {
		r.line++;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (memchr(line.p ? line.p : "", '\0', line.n))
			return refuse(&r, "a NUL; it is written \\0");
		if (!read_line(&r, line))
			return false;
	}
	if (r.nopen > 0) {
		r.line = s->v[r.open[r.nopen - 1]].line;
		return refuse(&r, "a loop without its end");
	}
	return true;
}

void
script_free(struct script *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].text);
		free(s->v[i].name);
	}
	free(s->v);
	*s = (struct script){ 0 };
}
