/* SPDX-License-Identifier: ISC */
/* complete.c - see complete.h */
#include "desk/complete.h"

#include <stdlib.h>

#include "base/mem.h"

static const char *const known[] = { "AUTH ", "BDAT ", "DATA", "EHLO ",
	"EXPN ", "HELO ", "HELP", "LHLO ", "MAIL FROM:<", "NOOP", "QUIT",
	"RCPT TO:<", "RSET", "STARTTLS", "VRFY ", "/auth ", "/bdat ",
	"/connect", "/data ", "/explain ", "/guide", "/help", "/quit",
	"/raw ", "/save ", "/sleep ", "/tls", "/wait" };

#define NKNOWN (sizeof known / sizeof known[0])

void
complete_free(struct complete *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->said[i]);
	*c = (struct complete){ 0 };
}

static bool
is_known(const struct complete *c, struct slice line)
{
	for (size_t i = 0; i < NKNOWN; i++)
		if (slice_eq(slice_of(known[i]), line))
			return true;
	for (size_t i = 0; i < c->n; i++)
		if (slice_eq(slice_of(c->said[i]), line))
			return true;
	return false;
}

void
complete_said(struct complete *c, struct slice line)
{
	if (line.n == 0 || is_known(c, line))
		return;
	if (c->n < COMPLETE_LINES)
		c->n++;
	else
		free(c->said[c->next]);
	c->said[c->next] = mem_dup(line);
	c->next = (c->next + 1) % COMPLETE_LINES;
}

const char *
complete_at(const struct complete *c, struct slice typed, size_t i)
{
	const char *line;

	for (size_t k = 0; k < NKNOWN + c->n; k++) {
		line = k < NKNOWN ? known[k] : c->said[k - NKNOWN];
		if (slice_starts_nocase(slice_of(line), typed) && i-- == 0)
			return line;
	}
	return NULL;
}
