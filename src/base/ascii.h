/* SPDX-License-Identifier: ISC */
/*
 * ascii.h - character classes that no locale can change, and making bytes from
 * strangers fit to be shown.
 */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool
ascii_is_alpha(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static inline bool
ascii_is_alnum(char c)
{
	return ascii_is_digit(c) || ascii_is_alpha(c);
}

/* C0 controls and DEL. */
static inline bool
ascii_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static inline bool
ascii_is_high(char c)
{
	return (unsigned char)c >= 0x80;
}

/* Any byte above 127? */
bool ascii_has_high(struct slice s);

/*
 * Has it only octets that a URI may have (RFC 3986 2), and any?  No blanks,
 * controls, quotes, braces, nor what is not ASCII.
 */
bool ascii_is_uri(struct slice s);

/* Any C0 control or DEL, NUL included? */
bool ascii_has_control(struct slice s);

/*
 * UTF-8 read octet by octet (RFC 3629: no overlongs, no surrogates).
 * Zero-initialise; in mid-character need is how many octets are still to come.
 */
struct utf8 {
	unsigned char need;
	unsigned char low, high; /* what the next one must be between */
};

/* May this octet come next?  If not, the next one begins a character. */
bool utf8_step(struct utf8 *u, char c);

/* Well-formed UTF-8? */
bool utf8_is_valid(struct slice s);

/*
 * Append s as a terminal or log may show it: well-formed UTF-8 stays, except
 * that C0, DEL, C1 controls, bidirectional overrides, what is not seen (U+200B)
 * and bytes of broken UTF-8 become \xNN, and a backslash becomes \\.
 * Everything that came from the network, a file or a user passes here before
 * it is shown.
 */
void text_escape(struct buf *out, struct slice s);

#endif
