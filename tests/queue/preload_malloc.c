/* SPDX-License-Identifier: ISC */
/*
 * preload_malloc - the Nth allocation of a process fails (FAULTS 74).
 *
 * $FAIL_ALLOC is N; $FAIL_MARK a file that a line is appended to when that
 * happened, so that who counts up knows when to stop.  Children go on counting
 * where their parent was.  What glibc allocates to look up users does not fail,
 * nor what ldns does: glibc 2.36 (nss_database.c) and ldns 1.8.3 (wire2host.c,
 * ldns_rr_list_push_rr() among others) crash themselves then.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);

static long at = -1, calls;
static int ready;

/* backtrace() allocates when it is called first, and ours do not count. */
__attribute__((constructor)) static void
warm_up(void)
{
	void *frames[4];

	backtrace(frames, 4);
	ready = 1;
}

static int
crashes_itself(void)
{
	void *frames[40];
	int n = backtrace(frames, 40);
	Dl_info info;

	for (int i = 0; i < n; i++)
		if (dladdr(frames[i], &info) == 0)
			continue;
		else if (strstr(info.dli_fname, "/libldns.so") != NULL)
			return 1;
		else if (info.dli_sname != NULL &&
		    (strncmp(info.dli_sname, "getpw", 5) == 0 ||
		        strncmp(info.dli_sname, "getgr", 5) == 0 ||
		        strncmp(info.dli_sname, "initgroups", 10) == 0))
			return 1;
	return 0;
}

static int
is_time(void)
{
	if (!ready)
		return 0;
	if (at < 0) {
		const char *s = getenv("FAIL_ALLOC");
		at = s != NULL ? atol(s) : 0;
	}
	if (at == 0 || __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) != at)
		return 0;
	if (crashes_itself()) {
		at++;
		return 0;
	}
	const char *mark = getenv("FAIL_MARK");
	int fd = mark != NULL
	    ? open(mark, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
	if (fd >= 0) {
		if (write(fd, "x\n", 2) < 0)
			at = 0;
		close(fd);
	}
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t n)
{
	return is_time() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return is_time() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return is_time() ? NULL : __libc_realloc(p, n);
}
