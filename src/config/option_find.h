/* SPDX-License-Identifier: ISC */
/* option_find.h - looking options up in the table, also mistyped ones. */
#ifndef CONFIG_OPTION_FIND_H
#define CONFIG_OPTION_FIND_H

#include "base/slice.h"
#include "config/options.h"

/*
 * The option with this long name, or with the only one that it begins; NULL
 * when there is none.  *other is a second option it begins, or NULL.
 */
const struct option *option_by_name(struct slice name,
    const struct option **other);

/* The option with this letter under the name smtpsend, or one of sendmail's. */
const struct option *option_by_letter(char letter, bool own);

/*
 * Is a word, with its dashes and no value, another program's, or a long name
 * with one dash, which would be read as our letters or a shortened name?
 */
bool option_is_misread(struct slice word);

/* Looking for the name that was probably meant. */
struct nearest {
	struct slice wanted;
	const char *name;	/* the nearest so far; NULL = none is near */
	unsigned distance;	/* of it */
};

struct nearest nearest_begin(struct slice wanted);
void nearest_try(struct nearest *n, const char *name);

/* The long name that was probably meant, or NULL when none is near. */
const char *option_nearest(struct slice name);

/* May this be the value of an option that needs none?  NULL is no word. */
bool option_is_value(const char *word);

#endif
