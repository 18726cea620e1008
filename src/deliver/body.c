/* SPDX-License-Identifier: ISC */
/* body.c - see body.h */
#include "deliver/body.h"

#include "net/input.h"

bool
body_read(const struct message *m, uint64_t at, char block[BODY_BLOCK],
    struct slice *out, struct outcome *why)
{
	uint64_t left = at < m->length ? m->length - at : 0;
	size_t n = left < BODY_BLOCK ? (size_t)left : BODY_BLOCK;

	if (m->fd < 0) {
		*out = slice_first(slice_from(m->body, (size_t)at), n);
		return true;
	}
	*out = (struct slice){ block, n };
	return input_pread(m->fd, m->stamp, m->offset + at, block, n, why);
}
