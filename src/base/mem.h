/* SPDX-License-Identifier: ISC */
/*
 * mem.h - allocation that cannot fail, and checked size arithmetic.
 *
 * Out of memory ends the program in one place with EX_TEMPFAIL:
 * mem_exhausted(), which each program that links this layer supplies
 * (cli/main.c, tests).
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/slice.h"

/* The program's own last word when memory is out.  Does not return. */
_Noreturn void mem_exhausted(void);

/* n zeroed bytes, to be given back with free(); never NULL. */
void *mem_alloc(size_t n);

/* p resized to count elements of size bytes; new bytes are not zeroed. */
void *mem_resize(void *p, size_t count, size_t size);

/* A NUL-terminated copy, to be given back with free(). */
char *mem_dup(struct slice s);

/* a + b, a * b; overflow ends the program as if memory were out. */
size_t size_add(size_t a, size_t b);
size_t size_mul(size_t a, size_t b);

#endif
