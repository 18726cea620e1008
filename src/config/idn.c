/* SPDX-License-Identifier: ISC */
/* idn.c - see idn.h */
#include "config/idn.h"

#include "net/module.h"

const struct idn config_idn = { .to_ascii = net_idn_to_ascii };
