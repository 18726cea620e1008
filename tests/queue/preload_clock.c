/* SPDX-License-Identifier: ISC */
/*
 * preload_clock - the wall clock is wrong by so many seconds (FAULTS 72).
 *
 * $CLOCK_FILE holds eight octets, an int64_t: what is added.  Who writes them
 * makes the clock of running processes jump.  Clocks that only count are right;
 * but with $CLOCK_SLEEPS the machine was asleep for so long, which the clock
 * since boot counts (FAULTS 73).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t
jump(void)
{
	static const volatile int64_t *by;
	static const int64_t none;

	if (by == NULL) {
		const char *path = getenv("CLOCK_FILE");
		int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		void *p = fd < 0 ? MAP_FAILED
		    : mmap(NULL, sizeof *by, PROT_READ, MAP_SHARED, fd, 0);
		by = p != MAP_FAILED ? p : &none;
		if (fd >= 0)
			close(fd);
	}
	return *by;
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	long got = syscall(SYS_clock_gettime, id, t);

	if (got == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE ||
	    (id == CLOCK_BOOTTIME && getenv("CLOCK_SLEEPS") != NULL)))
		t->tv_sec += jump();
	return (int)got;
}

time_t
time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

int
gettimeofday(struct timeval *tv, void *tz)
{
	struct timespec t;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &t);
	tv->tv_sec = t.tv_sec;
	tv->tv_usec = t.tv_nsec / 1000;
	return 0;
}
