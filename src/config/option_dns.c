/* SPDX-License-Identifier: ISC */
/* option_dns.c - how DNS is believed (option_take.h). */
#include "config/option_take.h"

#include <string.h>

bool
take_dnssec(struct option_call *c, const char *value)
{
	static const char *const words[] = {
		[DNSSEC_AUTO] = "auto",
		[DNSSEC_VALIDATE] = "validate",
		[DNSSEC_TRUST_AD] = "trust-ad",
		[DNSSEC_OFF] = "off",
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(value, words[i]) != 0)
			continue;
		c->settings->route.dnssec = (enum resolver_dnssec)i;
		return true;
	}
	return option_refuse(c, value,
	    "auto, validate, trust-ad or off is wanted");
}
