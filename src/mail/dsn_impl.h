/* SPDX-License-Identifier: ISC */
/* dsn_impl.h - what the files of a report share. */
#ifndef MAIL_DSN_IMPL_H
#define MAIL_DSN_IMPL_H

#include "mail/dsn.h"

#define DSN_LINE 76 /* octets of a header line that is ours to break */
#define DSN_TEXT 74 /* ... of one of the words, which so fits when encoded */

/*
 * Append text that came from elsewhere in one line: blanks for line ends, and
 * escapes for what is not printable; unless other letters may stand there, for
 * those too.  At most max octets of it, and "..." then.
 */
void dsn_clean(struct buf *out, struct slice text, size_t max, bool letters);

/* Begin a part: delimiter and header, with the empty line. */
void dsn_part(const struct dsn *d, struct buf *out, const char *type,
    const char *encoding, const char *description);

/* Append text with LF line ends to the words, as they are encoded. */
void dsn_put_text(const struct dsn *d, struct slice text, struct buf *out);

/* The words before those of the recipients, and after them. */
void dsn_put_greeting(const struct dsn *d, struct buf *text);
void dsn_put_ending(const struct dsn *d, struct buf *text);

/* What happened, a sentence, and what can be done, which may be NULL. */
struct dsn_reason {
	const char *what, *advice;
};
struct dsn_reason dsn_reason(const struct dsn *d,
    const struct dsn_recipient *r);

#endif
