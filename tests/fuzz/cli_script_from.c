/* SPDX-License-Identifier: ISC */
/* cli_script_from.c - whatever a transcript holds, its script can be read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "desk/script.h"
#include "desk/script_from.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Octets in the order of what transcripts are made of, so that most inputs have
 * lines of one. */
static void
put_line(struct buf *out, uint8_t c)
{
	static const char *const lines[] = { "  0.001 +0.000 -> ",
		"  0.001 +0.000 <- ", "  0.001 +0.000 2 ~> ",
		"  0.001 +0.000 2 <~ ", "220 x", "250-y", "334", "354", "DATA",
		"BDAT 3", "BDAT 9 LAST", "AUTH PLAIN", "STARTTLS", ".",
		"[12 octets of message]", "\\x0a$\\", "\n-- x\n",
		"  0.001 +0.000 == connected to ", "\n", "\r\n" };

	if (c >= 128)
		buf_puts(out, lines[c % (sizeof lines / sizeof *lines)]);
	else
		buf_putc(out, (char)c);
	if (c >= 192)
		buf_putc(out, '\n');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf text = { 0 }, out = { 0 };
	struct script_fault fault;
	struct script s = { 0 };

	for (size_t i = 0; i < n; i++)
		put_line(&text, data[i]);
	if (script_from(&out, buf_slice(&text), "f") !=
	    script_parse(&s, buf_slice(&out), &fault) && out.n > 0)
		abort();
	script_free(&s);
	buf_free(&text);
	buf_free(&out);
	return 0;
}
