/* SPDX-License-Identifier: ISC */
/* compat.h - what only some compilers and machines have. */
#ifndef BASE_COMPAT_H
#define BASE_COMPAT_H

#include <stdbool.h>

/*
 * FOR_WIDE_VECTORS before a function: made for vectors of 32 octets.  It may be
 * called only where has_wide_vectors().  The C library knows: to ask the
 * processor again costs as much as a tenth of a start on a virtual machine.
 */
#if defined __x86_64__ && __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define FOR_WIDE_VECTORS __attribute__((target("avx2")))
#define HAS_WIDE	 CPU_FEATURE_ACTIVE(AVX2)
#define FOR_CRC32	 __attribute__((target("sse4.2")))
#define CRC32_WORD(c, w) __builtin_ia32_crc32di((c), (w))
#define HAS_CRC32	 CPU_FEATURE_ACTIVE(SSE4_2)
#else
#define FOR_WIDE_VECTORS
#define HAS_WIDE	 false
#define FOR_CRC32
#define CRC32_WORD(c, w) ((c) ^ (w))
#define HAS_CRC32	 false
#endif

static inline bool
has_wide_vectors(void)
{
	return HAS_WIDE;
}

/*
 * FOR_CRC32 before a function that uses CRC32_WORD(crc, word), eight octets of
 * a CRC-32C.  It may be called only where has_crc32(); elsewhere it is no sum.
 */
static inline bool
has_crc32(void)
{
	return HAS_CRC32;
}

#endif
