/* SPDX-License-Identifier: ISC */
/*
 * cli_script.c - any text as a script: it ends, and its expectations are asked
 * about any reply; and what a dialogue leaves is always a script.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "desk/record.h"
#include "desk/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* The steps of a script that can be read come to an end. */
static void
play(const struct script *s, struct slice reply)
{
	struct script_run r = { .script = s };
	const struct script_step *step;
	struct script_fault fault;
	struct buf text = { 0 };
	size_t n = 0;

	script_set(&r, "to", SLICE("bob"));
	while ((step = script_next(&r, &text, &fault)) && n++ < 1000)
		if (step->act == ACT_EXPECT)
			script_wants(buf_slice(&text), reply, n % 2);
	script_run_free(&r);
	buf_free(&text);
}

static void
read_text(struct slice text)
{
	struct script_fault fault;
	struct script s = { 0 };

	if (script_parse(&s, text, &fault))
		play(&s, text);
	else
		require(fault.line > 0 && fault.text[0] != '\0');
	script_free(&s);
}

/* Whatever was said and heard, line by line. */
static void
record_all(struct slice text)
{
	struct script_fault fault;
	struct script s = { 0 };
	struct buf b = { 0 };
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		record_said(&b, line, true);
		record_said(&b, line, false);
		record_heard(&b, line);
		record_reply(&b, 250);
		record_raw(&b, line.n > 0 ? line : SLICE("x"));
	}
	require(script_parse(&s, buf_slice(&b), &fault));
	script_free(&s);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice text = { (const char *)data, n };

	read_text(text);
	record_all(text);
	return 0;
}
