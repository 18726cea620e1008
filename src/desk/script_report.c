/* SPDX-License-Identifier: ISC */
/* script_report.c - see script_report.h */
#include "desk/script_report.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/markup.h"
#include "base/mem.h"

void
script_check(struct script_checks *c, unsigned line, struct slice want,
    const char *got)
{
	c->v = mem_resize(c->v, c->n + 1, sizeof *c->v);
	c->v[c->n++] = (struct script_check){ line, mem_dup(want),
		got ? mem_dup(slice_of(got)) : NULL };
}

void
script_checks_free(struct script_checks *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].want);
		free(c->v[i].got);
	}
	free(c->v);
	*c = (struct script_checks){ 0 };
}

/* A '#' would begin a directive of TAP. */
static void
put_name(struct buf *out, const struct script_check *check, const char *file)
{
	struct buf name = { 0 };
	struct slice s;

	text_escape(&name, slice_of(file));
	buf_putf(&name, ":%u ", check->line);
	text_escape(&name, slice_of(check->want));
	s = buf_slice(&name);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '#')
			buf_putc(out, '\\');
		buf_putc(out, s.p[i]);
	}
	buf_free(&name);
}

/* In the double quotes of YAML, where a backslash escapes too. */
static void
put_quoted(struct buf *out, const char *text)
{
	struct buf shown = { 0 };
	struct slice s;

	text_escape(&shown, slice_of(text));
	s = buf_slice(&shown);
	buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, s.p[i]);
	}
	buf_puts(out, "\"\n");
	buf_free(&shown);
}

void
script_put_tap(struct buf *out, const struct script_checks *c,
    const char *file)
{
	buf_puts(out, "TAP version 13\n");
	for (size_t i = 0; i < c->n; i++) {
		buf_putf(out, "%sok %zu - ", c->v[i].got ? "not " : "", i + 1);
		put_name(out, &c->v[i], file);
		buf_putc(out, '\n');
		if (!c->v[i].got)
			continue;
		buf_puts(out, "  ---\n  wanted: ");
		put_quoted(out, c->v[i].want);
		buf_puts(out, "  got: ");
		put_quoted(out, c->v[i].got);
		buf_puts(out, "  ...\n");
	}
	buf_putf(out, "1..%zu\n", c->n);
}

static void
put_xml(struct buf *out, const char *text)
{
	struct buf shown = { 0 };

	text_escape(&shown, slice_of(text));
	markup_put(out, buf_slice(&shown));
	buf_free(&shown);
}

static void
put_case(struct buf *out, const struct script_check *check, const char *file)
{
	buf_puts(out, "  <testcase classname=\"");
	put_xml(out, file);
	buf_putf(out, "\" name=\"%u: ", check->line);
	put_xml(out, check->want);
	if (check->got) {
		buf_puts(out, "\">\n    <failure message=\"got ");
		put_xml(out, check->got);
		buf_puts(out, "\"/>\n  </testcase>\n");
	} else {
		buf_puts(out, "\"/>\n");
	}
}

void
script_put_junit(struct buf *out, const struct script_checks *c,
    const char *file)
{
	size_t failures = 0;

	for (size_t i = 0; i < c->n; i++)
		failures += c->v[i].got != NULL;
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuite name=\"");
	put_xml(out, file);
	buf_putf(out, "\" tests=\"%zu\" failures=\"%zu\">\n", c->n, failures);
	for (size_t i = 0; i < c->n; i++)
		put_case(out, &c->v[i], file);
	buf_puts(out, "</testsuite>\n");
}
