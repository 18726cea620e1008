/* SPDX-License-Identifier: ISC */
/*
 * script_run.c - the machine of a script: which step is next, with its
 * variables; and whether a reply is what was expected.  Pure.
 */
#include "desk/script_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "desk/escape.h"

#define TEXT_MAX 1048576 /* of one step, its variables put in */

void
script_run_free(struct script_run *r)
{
	for (size_t i = 0; i < r->nnames; i++) {
		free(r->name[i].name);
		free(r->name[i].value);
	}
	free(r->name);
	*r = (struct script_run){ 0 };
}

static struct script_name *
find(const struct script_run *r, struct slice name)
{
	for (size_t i = 0; i < r->nnames; i++)
		if (slice_eq(slice_of(r->name[i].name), name))
			return &r->name[i];
	return NULL;
}

void
script_set(struct script_run *r, const char *name, struct slice value)
{
	struct script_name *known = find(r, slice_of(name));

	if (!known) {
		r->name = mem_resize(r->name, r->nnames + 1, sizeof *r->name);
		known = &r->name[r->nnames++];
		*known = (struct script_name){ mem_dup(slice_of(name)), NULL };
	}
	free(known->value);
	known->value = mem_dup(value);
}

static bool
fail(struct script_fault *fault, unsigned line, const char *what,
    struct slice name)
{
	fault->line = line;
	snprintf(fault->text, sizeof fault->text, "%s%.*s", what,
	    (int)slice_first(name, 60).n, name.n > 0 ? name.p : "");
	return false;
}

/* "${name}" at the front of s: what is between the braces. */
static bool
is_variable(struct slice s, struct slice *name)
{
	size_t end = slice_find(s, '}');

	if (s.n < 4 || s.p[0] != '$' || s.p[1] != '{' || end == s.n)
		return false;
	*name = (struct slice){ s.p + 2, end - 2 };
	return script_is_name(*name);
}

/* The text with the values of its variables, whose own text is left alone. */
static bool
put_values(const struct script_run *r, const struct script_step *step,
    struct buf *out, struct script_fault *fault)
{
	struct slice rest = slice_of(step->text), name;
	const struct script_name *known;

	while (rest.n > 0) {
		if (!is_variable(rest, &name)) {
			buf_putc(out, rest.p[0]);
			rest = slice_from(rest, 1);
			continue;
		}
		known = find(r, name);
		if (!known)
			return fail(fault, step->line, "no such variable: ",
			    name);
		if (!buf_puts(out, known->value))
			return fail(fault, step->line, "a text of more than a "
			    "megabyte", (struct slice){ 0 });
		rest = slice_from(rest, name.n + 3);
	}
	return true;
}

static bool
put_text(const struct script_run *r, const struct script_step *step,
    struct buf *out, struct script_fault *fault)
{
	struct buf filled = { .max = TEXT_MAX };
	size_t bad;
	bool ok;

	buf_clear(out);
	if (!step->text)
		return true;
	ok = put_values(r, step, &filled, fault);
	if (ok && step->act == ACT_SET) /* they are read where it is used */
		buf_put(out, buf_slice(&filled));
	else if (ok && !escape_read(out, buf_slice(&filled), &bad))
		ok = fail(fault, step->line, "a backslash that begins "
		    "nothing: ", slice_from(buf_slice(&filled), bad));
	buf_free(&filled);
	return ok;
}

/* ${turn}: which time it is, in the innermost loop. */
static void
set_turn(struct script_run *r)
{
	char text[16];

	if (r->nloops == 0)
		return;
	snprintf(text, sizeof text, "%u", r->loop[r->nloops - 1].turn);
	script_set(r, "turn", slice_of(text));
}

static void
begin_loop(struct script_run *r, const struct script_step *step)
{
	r->loop[r->nloops].step = r->at;
	r->loop[r->nloops].left = step->times;
	r->loop[r->nloops].turn = 1;
	r->nloops++;
	r->at++;
	set_turn(r);
}

static void
end_turn(struct script_run *r)
{
	size_t i = r->nloops - 1;

	if (--r->loop[i].left > 0) {
		r->loop[i].turn++;
		r->at = r->loop[i].step + 1;
	} else {
		r->nloops--;
		r->at++;
	}
	set_turn(r);
}

const struct script_step *
script_next(struct script_run *r, struct buf *text, struct script_fault *fault)
{
	const struct script_step *step;

	*fault = (struct script_fault){ 0 };
	while (r->at < r->script->n) {
		step = &r->script->v[r->at];
		if (++r->done > SCRIPT_STEPS_MAX) {
			fail(fault, step->line, "it goes on for too long",
			    (struct slice){ 0 });
			return NULL;
		}
		if (!put_text(r, step, text, fault))
			return NULL;
		if (step->act == ACT_LOOP) {
			begin_loop(r, step);
		} else if (step->act == ACT_END) {
			end_turn(r);
		} else if (step->act == ACT_SET) {
			script_set(r, step->name, buf_slice(text));
			r->at++;
		} else {
			r->at++;
			return step;
		}
	}
	return NULL;
}

/* ---- expectations ---- */

size_t
script_codes_end(struct slice want)
{
	size_t n = 0;

	while (n < want.n && want.p[n] != ' ' && want.p[n] != '-')
		n++;
	return n;
}

/* "2xx" and "250" */
static bool
is_code_of(struct slice code, struct slice line)
{
	if (code.n != 3 || line.n < 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (code.p[i] != line.p[i] &&
		    !(code.p[i] == 'x' && ascii_is_digit(line.p[i])))
			return false;
	return true;
}

static bool
wants_code(struct slice codes, struct slice line, bool closed)
{
	struct slice code;

	while (slice_cut(&codes, '|', &code)) {
		if (closed && slice_eq(code, SLICE("closed")))
			return true;
		if (!closed && is_code_of(code, line))
			return true;
	}
	return false;
}

/* * any run, ? any octet; case does not count. */
static bool
matches(struct slice pattern, struct slice s)
{
	struct slice after = { 0 }, from = { 0 };

	while (s.n > 0) {
		if (pattern.n > 0 && pattern.p[0] == '*') {
			after = pattern = slice_from(pattern, 1);
			from = s;
		} else if (pattern.n > 0 && (pattern.p[0] == '?' ||
		    ascii_lower(pattern.p[0]) == ascii_lower(s.p[0]))) {
			pattern = slice_from(pattern, 1);
			s = slice_from(s, 1);
		} else if (from.n > 0) {
			from = s = slice_from(from, 1);
			pattern = after;
		} else {
			return false;
		}
	}
	while (pattern.n > 0 && pattern.p[0] == '*')
		pattern = slice_from(pattern, 1);
	return pattern.n == 0;
}

bool
script_wants(struct slice want, struct slice lines, bool closed)
{
	size_t end = script_codes_end(want);
	struct slice pattern = slice_trim(slice_from(want, end + 1)), line;
	bool any = end < want.n && want.p[end] == '-', matched = false;

	if (!wants_code(slice_first(want, end), lines, closed))
		return false;
	if (closed || pattern.n == 0)
		return true;
	while (slice_cut(&lines, '\n', &line)) {
		bool hit = matches(pattern, slice_from(line, 4));

		matched = any ? matched || hit : hit;
	}
	return matched;
}
