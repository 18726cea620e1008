/* SPDX-License-Identifier: ISC */
/* keygen.h - --dkim-keygen: a key that signs, and what DNS needs for it. */
#ifndef CLI_KEYGEN_H
#define CLI_KEYGEN_H

#include "config/settings.h"

/*
 * Make a key of 2048 bits RSA, or Ed25519, in the working directory, in a new
 * file DOMAIN.SELECTOR.pem that only its user can read; print its record as
 * lines of a zone, and under comment signs what our configuration needs.  Words
 * behind the domain are the selector, "rsa" and "ed25519".  An exit status: 73
 * when the file is there already or cannot be written; said on standard error.
 */
int keygen_run(const struct settings *s);

#endif
