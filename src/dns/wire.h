/* SPDX-License-Identifier: ISC */
/*
 * wire.h - does the data of each record end where its length says?
 *
 * ldns reads the fields it knows and silently skips what follows them, so an
 * overlong record looks like a good one (FAULTS row 9).
 */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * True when question and answer section can be walked and the A, AAAA, MX, SRV
 * and CNAME records of the answer section fill their RDLENGTH to the last
 * octet.
 */
bool dns_wire_is_exact(struct slice packet);

#endif
