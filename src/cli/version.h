/* SPDX-License-Identifier: ISC */
/* version.h - --version. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/outcome.h"

/* The program, and the libraries that it was built with. */
void version_put(struct buf *out);

/*
 * The libraries that it runs with, for which all modules are opened; in place
 * of those of a module that cannot be, the reason.  False with *why when that
 * is not the relay's, which may be left out.
 */
bool version_put_running(struct buf *out, struct outcome *why);

#endif
