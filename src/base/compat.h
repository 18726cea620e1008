/* SPDX-License-Identifier: ISC */
/* compat.h - what only some compilers and machines have. */
#ifndef BASE_COMPAT_H
#define BASE_COMPAT_H

/*
 * Before a function that works on vectors: compile it once more for machines
 * with vectors of 32 octets, and choose when the program starts.
 */
#if defined __x86_64__ && defined __GLIBC__ && !defined __clang__
#define FOR_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define FOR_WIDE_VECTORS
#endif

#endif
