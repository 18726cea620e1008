/* SPDX-License-Identifier: ISC */
/*
 * idn.h - domain names in other scripts than ASCII (IDNA 2008).
 *
 * Few addresses need it, so it is a table that its users are given: the program
 * opens the module with libidn2 only when such a domain comes (net/module.h).
 */
#ifndef MAIL_IDN_H
#define MAIL_IDN_H

#include "base/outcome.h"

struct idn {
	/*
	 * A-labels of a domain with U-labels, to be given back with free().
	 * NULL with *why: not a domain name (FAILED, STAGE_ADDRESS), or no
	 * module (STAGE_CONFIG, STAGE_SYSTEM).
	 */
	char *(*to_ascii)(struct slice domain, struct outcome *why);
};

#endif
