/* SPDX-License-Identifier: ISC */
/* idn.h - domain names in other scripts than ASCII, by libidn2. */
#ifndef DNS_IDN_H
#define DNS_IDN_H

#include "base/outcome.h"

/*
 * A-labels of a domain with U-labels (IDNA 2008, after UTS 46 mapping), to be
 * given back with free().  NULL with *why (FAILED, STAGE_ADDRESS).
 */
char *dns_idn_to_ascii(struct slice domain, struct outcome *why);

#endif
