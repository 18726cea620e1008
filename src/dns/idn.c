/* SPDX-License-Identifier: ISC */
/* idn.c - see idn.h */
#include "dns/idn.h"

#include <idn2.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"

#define SHOWN_MAX 200 /* how much of a bad name a text repeats */

static char *
refuse(struct outcome *why, struct slice domain, int status)
{
	domain = slice_first(domain, SHOWN_MAX);
	outcome_fail(why, FAILED, STAGE_ADDRESS, ESC(5, 1, 3),
	    "\"%.*s\" is not a domain name (%s)", (int)domain.n, domain.p,
	    idn2_strerror(status));
	return NULL;
}

/* IDNA 2008, after UTS 46 mapping, non-transitional. */
char *
dns_idn_to_ascii(struct slice domain, struct outcome *why)
{
	const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
	char *u = mem_dup(domain), *copy = NULL;
	uint8_t *a = NULL;
	int status;

	status = utf8_is_valid(domain) ?
	    idn2_lookup_u8((const uint8_t *)u, &a, flags) : IDN2_ENCODING_ERROR;
	if (status == IDN2_OK)
		copy = mem_dup(slice_of((const char *)a));
	else
		refuse(why, domain, status);
	idn2_free(a);
	free(u);
	return copy;
}
