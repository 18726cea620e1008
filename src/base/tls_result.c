/* SPDX-License-Identifier: ISC */
/* tls_result.c - see tls_result.h */
#include "base/tls_result.h"

static const char *const policies[NTLS_POLICIES] = {
	[TLS_POLICY_NOT_FOUND] = "no-policy-found",
	[TLS_POLICY_TLSA] = "tlsa",
	[TLS_POLICY_STS] = "sts",
};

static const char *const results[NTLS_RESULTS] = {
	[TLS_RESULT_OK] = "successful",
	[TLS_RESULT_NO_STARTTLS] = "starttls-not-supported",
	[TLS_RESULT_HOST_MISMATCH] = "certificate-host-mismatch",
	[TLS_RESULT_EXPIRED] = "certificate-expired",
	[TLS_RESULT_NOT_TRUSTED] = "certificate-not-trusted",
	[TLS_RESULT_FAILURE] = "validation-failure",
	[TLS_RESULT_TLSA_INVALID] = "tlsa-invalid",
	[TLS_RESULT_DNSSEC_INVALID] = "dnssec-invalid",
	[TLS_RESULT_DANE_REQUIRED] = "dane-required",
	[TLS_RESULT_STS_FETCH] = "sts-policy-fetch-error",
	[TLS_RESULT_STS_INVALID] = "sts-policy-invalid",
	[TLS_RESULT_STS_WEBPKI] = "sts-webpki-invalid",
};

/* Which of n names is it?  n: none. */
static size_t
find(const char *const *names, size_t n, struct slice s)
{
	size_t i = 0;

	while (i < n && !slice_eq(s, slice_of(names[i])))
		i++;
	return i;
}

const char *
tls_policy_type_name(enum tls_policy_type type)
{
	return policies[type];
}

bool
tls_policy_type_parse(struct slice s, enum tls_policy_type *out)
{
	size_t i = find(policies, NTLS_POLICIES, s);

	if (i < NTLS_POLICIES)
		*out = (enum tls_policy_type)i;
	return i < NTLS_POLICIES;
}

const char *
tls_result_type_name(enum tls_result_type type)
{
	return results[type];
}

bool
tls_result_type_parse(struct slice s, enum tls_result_type *out)
{
	size_t i = find(results, NTLS_RESULTS, s);

	if (i < NTLS_RESULTS)
		*out = (enum tls_result_type)i;
	return i < NTLS_RESULTS;
}
