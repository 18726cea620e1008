/* SPDX-License-Identifier: ISC */
/* word.h - RFC 2047 encoded words: other letters in header text. */
#ifndef MAIL_WORD_H
#define MAIL_WORD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Append what the encoded word s says, as UTF-8.  False, nothing appended,
 * when s is none or in another charset than UTF-8, US-ASCII or ISO-8859-1.
 * What it says may hold control bytes; broken UTF-8 is read as latin1.
 */
bool word_decode(struct buf *out, struct slice s);

/*
 * Append text as encoded words of at most 75 octets with a blank between them,
 * fit to stand in a phrase: in Q, or in B where Q is half as long again.
 * column is how many octets stand before it in the line: the first word is kept
 * short enough for lines of 76 when that is less than 50.
 */
void word_put(struct buf *out, struct slice text, size_t column,
    const char *charset);

/*
 * Append text in ASCII: the words that are not, and those that no line can
 * hold, become encoded words.
 */
void word_put_text(struct buf *out, struct slice text, size_t column,
    const char *charset);

/* The charset to name for text: "utf-8" when it is that, else the other. */
const char *word_charset(struct slice text, const char *other);

/* Append text as UTF-8: as it is when it is that, else read as latin1. */
void utf8_put(struct buf *out, struct slice text);

#endif
