/* SPDX-License-Identifier: ISC */
/*
 * template.h - a message with places to be filled: --fill.
 *
 *	%{to}		the recipients, joined by ", "
 *	%{date}		the date, as a header has it
 *	%{message-id}	an identifier with its angle brackets
 *	%%		a percent sign
 *
 * and what the caller has names for (a column of a list).
 *
 * Any other % is one.  Values have no line ends and no other controls, so that
 * none begins a field of its own.
 */
#ifndef MAIL_TEMPLATE_H
#define MAIL_TEMPLATE_H

#include "base/buf.h"
#include "base/outcome.h"

enum template_value { VALUE_TO, VALUE_DATE, VALUE_MESSAGE_ID, NVALUES };

/* More names, whose case does not count, and what they stand for. */
struct template_field {
	struct slice name, value;
};

/* Zero-initialise, then set what is above the line, which outlives it. */
struct template {
	const char *file;	/* for messages */
	struct slice value[NVALUES]; /* empty: there is none */
	const struct template_field *more; /* these go first */
	size_t nmore;

	size_t line;		/* line ends so far */
	enum { TEMPLATE_TEXT, TEMPLATE_SIGN, TEMPLATE_NAME } at;
	char name[64];
	size_t n;
};

/*
 * Fill a piece of any size, and append it to out.  False with *why
 * (STAGE_MESSAGE, FAILED), which names file and line: a name that is not known,
 * has no end on its line, or has no value.
 */
bool template_feed(struct template *t, struct slice piece, struct buf *out,
    struct outcome *why);

/* The end: false as above when it is within a name. */
bool template_finish(struct template *t, struct buf *out, struct outcome *why);

#endif
