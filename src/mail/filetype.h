/* SPDX-License-Identifier: ISC */
/* filetype.h - what kind of thing a file is, by its name. */
#ifndef MAIL_FILETYPE_H
#define MAIL_FILETYPE_H

#include "base/slice.h"

/*
 * The type that a list of shared-mime-info (globs2: "50:image/png:*.png") gives
 * a file of that name, without its folder: of the patterns that are a name or
 * "*" and an ending, the one with the most weight and then the longest.  Empty
 * when there is none.  What is returned lies in the list.
 */
struct slice filetype_in(struct slice globs, struct slice name);

/* The same by a short list of our own, static; empty when it is not there. */
struct slice filetype_known(struct slice name);

#endif
