/* SPDX-License-Identifier: ISC */
/* aliases_impl.h - what the files of aliases share. */
#ifndef LOCAL_ALIASES_IMPL_H
#define LOCAL_ALIASES_IMPL_H

#include "local/aliases.h"

/* Of one alias that is being read. */
struct reader {
	struct aliases *aliases;
	struct alias *alias;
	unsigned line;
};

/* Note a fault of this line, and show what it is about; false. */
bool alias_complain(struct reader *r, const char *what, struct slice at);

/* Append what is between quotes, without its backslashes; *rest is behind them.
 * False: they do not end. */
bool alias_unquote(struct slice *rest, struct buf *out);

/* Read a list of targets into r->alias. */
void alias_read_targets(struct reader *r, struct slice s);

#endif
