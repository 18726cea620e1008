/* SPDX-License-Identifier: ISC */
/*
 * option_order.h - options that stand after a recipient.
 *
 * They are not options: a word of a variable must never become one.  Nothing
 * is sent, and the same command is shown with its words in the right order.
 */
#ifndef CONFIG_OPTION_ORDER_H
#define CONFIG_OPTION_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Append the command as a shell would read it: its options, those from word
 * `first` on too, then the recipients.  False with nothing appended where that
 * cannot be said: an unknown option, a missing value, octets that are not safe
 * to show, or what may be a password.
 */
bool option_order_put(struct buf *out, char *const *argv, size_t n,
    size_t first);

/*
 * The first word from `first` on that looks like an option and is none of ours,
 * or lacks its value; NULL when there is none.
 */
const char *option_order_unknown(char *const *argv, size_t n, size_t first);

/* Append a word so that a shell reads it as it is. */
void shell_word_put(struct buf *out, struct slice word);

#endif
