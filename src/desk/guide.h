/* SPDX-License-Identifier: ISC */
/*
 * guide.h - a mail by hand for who does it the first time: which line is next,
 * and a sentence on it.  Pure.
 */
#ifndef DESK_GUIDE_H
#define DESK_GUIDE_H

#include <stdbool.h>

#include "base/slice.h"

enum guide {
	GUIDE_OFF,
	GUIDE_HELLO,
	GUIDE_MAIL,
	GUIDE_RCPT,
	GUIDE_DATA,
	GUIDE_TEXT,
	GUIDE_QUIT,
};

/* What is to be typed now; NULL when it is off. */
const char *guide_sentence(enum guide g);

/*
 * Where a line and the code of its reply lead: on, when that was the step;
 * the same one when it was refused; where another command leads, whoever goes
 * his own way.  code 0: no reply came.
 */
enum guide guide_next(enum guide g, struct slice said, unsigned code);

#endif
