/* SPDX-License-Identifier: ISC */
/* idn.h - IDN by the library itself, for tests that link it. */
#ifndef SUPPORT_IDN_H
#define SUPPORT_IDN_H

#include "dns/idn.h"
#include "mail/idn.h"

static const struct idn idn_table = { dns_idn_to_ascii };

#endif
