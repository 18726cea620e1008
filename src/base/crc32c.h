/* SPDX-License-Identifier: ISC */
/*
 * crc32c.h - CRC-32C (Castagnoli, RFC 3720 appendix B.4): were these octets
 * changed by accident?  With the processor's own instruction where it has one.
 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stdint.h>

#include "base/slice.h"

/*
 * The sum of s.  Of what comes in parts: begin with 0, and give each part the
 * sum of those before it.
 */
uint32_t crc32c(uint32_t before, struct slice s);

/* The same by table, on any machine. */
uint32_t crc32c_by_table(uint32_t before, struct slice s);

#endif
