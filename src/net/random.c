/* SPDX-License-Identifier: ISC */
/* random.c - see random.h */
#include "net/random.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "net/clock.h"

void
random_draw(void *to, size_t n)
{
	uint64_t poor;

	assert(n >= sizeof poor);
	if (getrandom(to, n, GRND_NONBLOCK) == (ssize_t)n)
		return;
	poor = (uint64_t)clock_now() ^ (uint64_t)getpid() << 40;
	memcpy(to, &poor, sizeof poor);
}
