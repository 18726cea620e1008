/* SPDX-License-Identifier: ISC */
/* policy.c - see policy.h */
#include "base/policy.h"

static const char *const levels[] = {
	[TLS_NONE] = "none",
	[TLS_MAY] = "may",
	[TLS_ENCRYPT] = "encrypt",
	[TLS_VERIFY] = "verify",
};

const char *
tls_level_name(enum tls_level level)
{
	return levels[level];
}

bool
tls_level_parse(struct slice s, enum tls_level *out)
{
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (slice_eq_nocase(s, slice_of(levels[i]))) {
			*out = (enum tls_level)i;
			return true;
		}
	return false;
}
