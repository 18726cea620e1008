/* SPDX-License-Identifier: ISC */
/* address_test.c - see address_test.h */
#include "cli/address_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "cli/send.h"

static int
worse(int a, int b)
{
	return a == EX_OK || (a == EX_TEMPFAIL && b != EX_OK) ? b : a;
}

static int
explain(const struct settings *s, char *address)
{
	struct settings own = *s;

	own.mode = MODE_DELIVER;
	own.show.stop_after = STAGE_ROUTE;
	own.message.read_recipients = false;
	own.rcpt = &address;
	own.nrcpts = 1;
	return send_run(&own);
}

/* "3,0", and nothing else: rule sets are Sendmail's. */
static bool
is_rule_sets(struct slice word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!ascii_is_digit(word.p[i]) && word.p[i] != ',')
			return false;
	return word.n > 0;
}

static struct slice
address_in(struct slice line)
{
	struct slice all = slice_trim(line), rest = all, word;

	slice_cut(&rest, ' ', &word);
	return is_rule_sets(word) && rest.n > 0 ? slice_trim(rest) : all;
}

/* What Sendmail's own test mode knows besides: its macros, classes, maps. */
static bool
is_command(struct slice line)
{
	return line.n > 0 && strchr("/.$=-?", line.p[0]) != NULL;
}

/* False: that was all. */
static bool
take_line(const struct settings *s, struct slice line, int *status)
{
	struct slice text = address_in(line);
	char *address;

	if (slice_eq(text, SLICE("/quit")))
		return false;
	if (text.n == 0 || text.p[0] == '#')
		return true;
	if (is_command(text)) {
		puts("only addresses are understood here, one a line, and "
		    "/quit");
		return true;
	}
	address = mem_dup(text);
	*status = worse(*status, explain(s, address));
	free(address);
	return true;
}

static void
prompt(bool typed)
{
	if (typed) {
		fputs("> ", stdout);
		fflush(stdout);
	}
}

int
address_test_run(const struct settings *s)
{
	bool typed = isatty(STDIN_FILENO) == 1, more = true;
	int status = EX_OK;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	for (size_t i = 0; i < s->nrcpts; i++)
		status = worse(status, explain(s, s->rcpt[i]));
	if (typed)
		puts("an address a line: what becomes of it, nothing is sent; "
		    "/quit ends");
	for (prompt(typed); more && (n = getline(&line, &size, stdin)) >= 0;) {
		more = take_line(s, (struct slice){ line, (size_t)n }, &status);
		prompt(typed && more);
	}
	free(line);
	return status;
}
