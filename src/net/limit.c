/* SPDX-License-Identifier: ISC */
/* limit.c - see limit.h */
#include "net/limit.h"

#include <errno.h>
#include <sys/resource.h>

size_t
limit_descriptors(size_t wanted)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return wanted;
	if (r.rlim_cur < wanted && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max < wanted ? r.rlim_max : wanted;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
	return r.rlim_cur < wanted ? (size_t)r.rlim_cur : wanted;
}

bool
limit_is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == ENOBUFS;
}
