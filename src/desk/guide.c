/* SPDX-License-Identifier: ISC */
/* guide.c - see guide.h */
#include "desk/guide.h"

static const struct {
	struct slice verb;	/* that does it */
	unsigned want;		/* the first digit of its reply */
	enum guide then;
	const char *sentence;
} steps[] = {
	[GUIDE_OFF] = { { "", 0 }, 0, GUIDE_OFF, NULL },
	[GUIDE_HELLO] = { { "EHLO", 4 }, 2, GUIDE_MAIL,
	    "step 1 of 6: say who you are. Type EHLO and the full name of "
	    "this computer, as EHLO laptop.example.org; the server answers "
	    "what it can do" },
	[GUIDE_MAIL] = { { "MAIL", 4 }, 2, GUIDE_RCPT,
	    "step 2 of 6: begin a mail. Type MAIL FROM:<you@example.org>, the "
	    "address that hears of it when it cannot be delivered" },
	[GUIDE_RCPT] = { { "RCPT", 4 }, 2, GUIDE_DATA,
	    "step 3 of 6: say who gets it. Type RCPT TO:<bob@example.org>, "
	    "an address that this server takes mail for" },
	[GUIDE_DATA] = { { "DATA", 4 }, 3, GUIDE_TEXT,
	    "step 4 of 6: type DATA; 354 means that the text may come. "
	    "Another RCPT first would add a recipient" },
	[GUIDE_TEXT] = { { ".", 1 }, 2, GUIDE_QUIT,
	    "step 5 of 6: type the message: lines such as Subject: hello, an "
	    "empty line, the text. A line with only a dot ends it, and 250 "
	    "means that the server has it now" },
	[GUIDE_QUIT] = { { "QUIT", 4 }, 2, GUIDE_OFF,
	    "step 6 of 6: type QUIT, and the server hangs up. MAIL would begin "
	    "another mail" },
};

const char *
guide_sentence(enum guide g)
{
	return steps[g].sentence;
}

static bool
is_hello(struct slice verb)
{
	return slice_eq_nocase(verb, SLICE("HELO")) ||
	    slice_eq_nocase(verb, SLICE("EHLO")) ||
	    slice_eq_nocase(verb, SLICE("LHLO"));
}

/* The step that this command is of; OFF = of none. */
static enum guide
step_of(struct slice said)
{
	struct slice verb = slice_first(said, slice_find(said, ' '));

	if (is_hello(verb))
		return GUIDE_HELLO;
	for (enum guide g = GUIDE_MAIL; g <= GUIDE_QUIT; g++)
		if (slice_eq_nocase(verb, steps[g].verb))
			return g;
	return GUIDE_OFF;
}

enum guide
guide_next(enum guide g, struct slice said, unsigned code)
{
	enum guide done = step_of(said);

	if (g == GUIDE_OFF || code == 0)
		return g;
	if (slice_eq_nocase(said, SLICE("RSET")) && code / 100 == 2)
		return g == GUIDE_HELLO ? g : GUIDE_MAIL;
	if (done == GUIDE_OFF || code / 100 != steps[done].want)
		return g == GUIDE_TEXT && done == GUIDE_TEXT ? GUIDE_MAIL : g;
	return steps[done].then;
}
