/* SPDX-License-Identifier: ISC */
/*
 * queueid.c - see reply_queue_id() in reply.h
 *
 * No standard says where a server puts its id; these are the forms in use:
 *	Postfix, our sink   Ok: queued as 4VbX3k1Jz2z9s
 *	Exim                OK id=1rLq3k-0001Ab-2C
 *	Sendmail, OpenSMTPD 3A5K7Bq0012345 Message accepted for delivery
 *	Gmail               OK  1700000000 d9443c01a7336-1d4si.12 - gsmtp
 *	qmail               ok 1700000000 qp 12345
 *	Exchange            <id@host> [InternalId=123] Queued mail for delivery
 */
#include "smtp/reply.h"

#include "base/ascii.h"

static bool
is_id_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.' ||
	    c == '@' || c == '+' || c == '/';
}

/* The id at the front of s: quotes and brackets around it are left out. */
static struct slice
id_at(struct slice s)
{
	size_t n = 0;

	while (s.n > 0 && (s.p[0] == '<' || s.p[0] == '"' || s.p[0] == ' '))
		s = slice_from(s, 1);
	while (n < s.n && is_id_char(s.p[n]))
		n++;
	while (n > 0 && s.p[n - 1] == '.')
		n--;
	return slice_first(s, n);
}

/* What stands after the first `mark`, in any case. */
static struct slice
after(struct slice text, struct slice mark)
{
	for (; text.n > 0; text = slice_from(text, 1))
		if (slice_starts_nocase(text, mark))
			return slice_from(text, mark.n);
	return (struct slice){ 0 };
}

static bool
has_digit(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is_digit(s.p[i]))
			return true;
	return false;
}

/* "ID Message accepted": the first word, when it can be one. */
static struct slice
first_word(struct slice text)
{
	struct slice id = id_at(text);

	if (after(text, SLICE("accepted")).p && has_digit(id))
		return id;
	return (struct slice){ 0 };
}

struct slice
reply_queue_id(struct slice text)
{
	static const char *const marks[] = { "queued as ", " id=",
		"InternalId=", " qp " };
	struct slice id, gmail;

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		id = id_at(after(text, slice_of(marks[i])));
		if (id.n > 0)
			return id;
	}
	if (slice_ends_nocase(slice_trim(text), SLICE("- gsmtp"))) {
		gmail = slice_trim(after(text, SLICE("OK ")));
		return id_at(slice_from(gmail, slice_find(gmail, ' ')));
	}
	return first_word(text);
}
