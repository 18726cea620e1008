/* SPDX-License-Identifier: ISC */
/* tlsa_put.h - --show-cert=tlsa: what DNS would say of these certificates. */
#ifndef DESK_TLSA_PUT_H
#define DESK_TLSA_PUT_H

#include "desk/probe.h"

/*
 * Append TLSA records (RFC 6698) as lines of a zone file, each once, under
 * comments that say which certificate they are of: 3 1 1 of each server's own
 * key, 2 1 1 of the others that it sent (RFC 7672 3.1).  A server without a
 * name or TLS has a comment only.
 */
void tlsa_put(struct buf *out, const struct probe *p);

#endif
