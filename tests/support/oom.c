/* SPDX-License-Identifier: ISC */
/* oom.c - the tests' own mem_exhausted(). */
#include <stdlib.h>

#include "base/mem.h"

void
mem_exhausted(void)
{
	abort();
}
