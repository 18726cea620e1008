/* SPDX-License-Identifier: ISC */
/*
 * option_foreign.h - options of other programs that people know by heart.
 *
 * swaks, curl, msmtp, mail, mutt, sendemail, git-send-email: their words mean
 * nothing under the name smtpsend, or something else, and are refused there
 * with a line that says what to write.  Only what this version has is advised
 * (tests/unit/cli_options.c).
 */
#ifndef CONFIG_OPTION_FOREIGN_H
#define CONFIG_OPTION_FOREIGN_H

#include <stddef.h>

#include "base/slice.h"

struct foreign {
	const char *words;	/* "--to -to", divided by blanks */
	const char *advice;	/* goes after "unknown option --to; " */
};

/* The rows; NULL past the last. */
const struct foreign *foreign_at(size_t i);

/* What to write instead of a word with its dashes and no value; or NULL. */
const char *foreign_advice(struct slice word);

#endif
