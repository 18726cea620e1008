/* SPDX-License-Identifier: ISC */
/* printer.h - what the texts of --probe, --show-cert and --ehlo-diff share. */
#ifndef DESK_PRINTER_H
#define DESK_PRINTER_H

#include "desk/trouble.h"

struct printer {
	struct buf *out;
	const struct probe_target *target; /* NULL = more than one is shown */
	const struct demands *d;
	size_t columns;
};

/* Append a labelled line (lines.h), unless text is empty; it is used up. */
void printer_line(const struct printer *p, const char *label,
    struct buf *text);

#endif
