/* SPDX-License-Identifier: ISC */
/* ehlo_diff.h - --ehlo-diff: what one server offers and another does not. */
#ifndef DESK_EHLO_DIFF_H
#define DESK_EHLO_DIFF_H

#include "desk/trouble.h"

/*
 * Append what the first address that answers of each of two targets offers, in
 * clear and under TLS, and the difference.  Lines as in lines.h.
 */
void ehlo_diff_put_text(struct buf *out, const struct probe *p,
    const struct demands *d, size_t columns);

/* The same as one object. */
void ehlo_diff_put_json(struct buf *out, const struct probe *p);

#endif
