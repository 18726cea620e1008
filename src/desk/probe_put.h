/* SPDX-License-Identifier: ISC */
/* probe_put.h - what a probe has found, as text and as JSON. */
#ifndef DESK_PROBE_PUT_H
#define DESK_PROBE_PUT_H

#include "desk/trouble.h"

/*
 * Append a block for each address, where the servers of a domain differ, a
 * table and a last line.  Lines are broken before this many columns; 0 = not at
 * all.  No colour, and ASCII but for what servers said in UTF-8.
 */
void probe_put_text(struct buf *out, const struct probe *p,
    const struct demands *d, size_t columns);

/* Append an object for each address or host without one, and a summary. */
void probe_put_json(struct buf *out, const struct probe *p,
    const struct demands *d);

/* The worst of all; how many addresses are well. */
enum trouble_kind probe_worst(const struct probe *p, const struct demands *d);
size_t probe_count_well(const struct probe *p, const struct demands *d);

/* Append "2027-01-31T12:00:00Z". */
void moment_put(struct buf *out, int64_t seconds);

#endif
