/* SPDX-License-Identifier: ISC */
/* probe_table.h - a line for each address; and what is counted of them. */
#ifndef DESK_PROBE_TABLE_H
#define DESK_PROBE_TABLE_H

#include "desk/trouble.h"

/* Append it; where it does not fit, each row takes three lines. */
void probe_table_put(struct buf *out, const struct probe *p,
    const struct demands *d, size_t columns);

/* Append "[192.0.2.1]:25", as error texts have it. */
void address_column_put(struct buf *out, const struct endpoint *at);

#endif
