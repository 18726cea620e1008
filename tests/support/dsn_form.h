/* SPDX-License-Identifier: ISC */
/* dsn_form.h - what every report must be like, for the unit test and fuzzer. */
#ifndef SUPPORT_DSN_FORM_H
#define SUPPORT_DSN_FORM_H

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "mail/dsn.h"

/* Write it whole; the original in pieces of at most step octets. */
static inline void
dsn_form_write(struct dsn *d, const struct dsn_recipient *r, size_t n,
    struct slice original, struct buf *out)
{
	size_t step = 7;

	for (size_t i = 0; i < n; i++)
		dsn_notice(d, &r[i]);
	dsn_open(d, out);
	for (size_t i = 0; i < n; i++)
		dsn_words(d, &r[i], out);
	dsn_status_open(d, out);
	for (size_t i = 0; i < n; i++)
		dsn_status(d, &r[i], out);
	dsn_original_open(d, out);
	if (!dsn_is_whole(d))
		original = d->head;
	for (; original.n > 0; original = slice_from(original, step))
		dsn_original(d, slice_first(original, step), out);
	dsn_close(d, out);
}

static inline size_t
dsn_form_count(struct slice text, struct slice what)
{
	size_t n = 0;

	for (; text.n >= what.n; text = slice_from(text, 1))
		n += slice_starts(text, what);
	return n;
}

/* What is wrong with it, or NULL. */
static inline const char *
dsn_form_fault(const struct dsn *d, struct slice out)
{
	struct buf delimiter = { 0 };
	const char *fault = NULL;
	struct slice rest = out, line;

	buf_puts(&delimiter, "\r\n--=_");
	buf_put(&delimiter, d->id);
	if (dsn_form_count(out, buf_slice(&delimiter)) != 4)
		fault = "four delimiters";
	buf_free(&delimiter);
	if (memchr(out.p, '\0', out.n))
		fault = "a NUL";
	if (!d->global && ascii_has_high(out))
		fault = "8-bit";
	if (!slice_ends_nocase(out, SLICE("--\r\n")))
		fault = "no end";
	while (slice_cut(&rest, '\n', &line)) {
		if (line.n == 0 && !rest.p)
			break;
		if (line.n == 0 || line.p[line.n - 1] != '\r')
			fault = "a bare LF";
		else if (memchr(line.p, '\r', line.n - 1))
			fault = "a bare CR";
		if (line.n > 999)
			fault = "a line over 998";
	}
	return fault;
}

#endif
