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

/*
 * Open a regular file to read it: -1 with errno, ENOTSUP for what is none.  For
 * files that others make: nothing there can keep us waiting (a FIFO, a device,
 * somebody's lease: EAGAIN).
 */
int file_open_plain(const char *path);

/* A new file in a folder that nobody else sees: -1 with errno. */
int file_open_unseen(const char *dir);

/* Append all of an open file, from where it stands; false as file_read(). */
bool file_read_all(int fd, struct buf *out);

/* Why file_open_plain() said no, or a read, in words. */
const char *file_error(int error);

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
