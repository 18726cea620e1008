/* SPDX-License-Identifier: ISC */
/*
 * script_from.h - a transcript of -v or -X as the script that says it again.
 *
 * Of several runs in a file the last one that has a dialogue counts; its
 * connections come one after the other.  What a transcript does not have cannot
 * be said again: in place of a message that it tells only the size of stands a
 * short one, and a login wants its user and password.
 */
#ifndef DESK_SCRIPT_FROM_H
#define DESK_SCRIPT_FROM_H

#include "base/buf.h"

/*
 * Append the script, which script_parse() can read; false when there is no
 * dialogue in the text.  name is the file's, for a comment.
 */
bool script_from(struct buf *out, struct slice text, const char *name);

#endif
