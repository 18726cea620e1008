/* SPDX-License-Identifier: ISC */
/* random.h - random bits, without ever waiting for them. */
#ifndef NET_RANDOM_H
#define NET_RANDOM_H

#include <stddef.h>

/*
 * Fill n octets, at least 8, from the kernel.  Where it has none yet (early at
 * boot) the clock and the process's number stand in: good enough for the order
 * of hosts, for the seed of a table, and to tell messages apart; no secret.
 */
void random_draw(void *to, size_t n);

#endif
