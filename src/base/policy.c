/* SPDX-License-Identifier: ISC */
/* policy.c - see policy.h */
#include "base/policy.h"

static const char *const levels[] = {
	[TLS_NONE] = "none",
	[TLS_MAY] = "may",
	[TLS_ENCRYPT] = "encrypt",
	[TLS_VERIFY] = "verify",
	[TLS_DANE] = "dane",
	[TLS_DANE_ONLY] = "dane-only",
	[TLS_SECURE] = "secure",
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

static const char *const methods[] = {
	[AUTH_ANY] = NULL,
	[AUTH_PLAIN] = "PLAIN",
	[AUTH_LOGIN] = "LOGIN",
	[AUTH_CRAM_MD5] = "CRAM-MD5",
	[AUTH_XOAUTH2] = "XOAUTH2",
	[AUTH_OAUTHBEARER] = "OAUTHBEARER",
	[AUTH_EXTERNAL] = "EXTERNAL",
	[AUTH_GSSAPI] = "GSSAPI",
};

const char *
auth_method_name(enum auth_method method)
{
	return methods[method];
}

bool
auth_method_parse(struct slice s, enum auth_method *out)
{
	for (size_t i = AUTH_PLAIN; i < sizeof methods / sizeof methods[0];
	     i++)
		if (slice_eq_nocase(s, slice_of(methods[i]))) {
			*out = (enum auth_method)i;
			return true;
		}
	return false;
}

bool
auth_method_needs_secret(enum auth_method method)
{
	return method != AUTH_EXTERNAL && method != AUTH_GSSAPI;
}
