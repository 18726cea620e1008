/* SPDX-License-Identifier: ISC */
/* file.h - reading a file, writing one, and why it cannot be used. */
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

/* Write all of it where fd stands; false with errno, and some may be there. */
bool file_write(int fd, struct slice s);

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
