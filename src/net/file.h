/* SPDX-License-Identifier: ISC */
/* file.h - files that the configuration names: reading one, and why not. */
#ifndef NET_FILE_H
#define NET_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/outcome.h"

/*
 * Append all of the file at path to *out.  False with errno; EISDIR for a
 * directory, EFBIG when it does not fit into out->max.
 */
bool file_read(const char *path, struct buf *out);

/*
 * A file or module cannot be used, by errno: fill *why with "WHAT PATH: reason"
 * and return false.  FAILED at STAGE_CONFIG; but what this machine is short of
 * (descriptors, memory, a disk that can be read) passes: DEFERRED at
 * STAGE_SYSTEM.
 */
bool file_fail(struct outcome *why, const char *what, const char *path,
    int error);

/* Is error such a shortage, or a disk that cannot be read? */
bool file_is_shortage(int error);

#endif
