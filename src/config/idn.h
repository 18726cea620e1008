/* SPDX-License-Identifier: ISC */
/* idn.h - this program's way to IDN: the module, when such a domain comes. */
#ifndef CONFIG_IDN_H
#define CONFIG_IDN_H

#include "mail/idn.h"

extern const struct idn config_idn;

#endif
