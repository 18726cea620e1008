/* SPDX-License-Identifier: ISC */
/* server_fault.h - which fault on demand is due now (parsing: server.h). */
#ifndef SMTP_SERVER_FAULT_H
#define SMTP_SERVER_FAULT_H

#include <stdbool.h>

#include "base/slice.h"
#include "smtp/server.h"

/*
 * The fault for this verb and address, or NULL.  spent has a flag per fault of
 * the config, and remembers which of several were used up.
 */
const struct server_fault *fault_take(const struct server_config *c,
    bool *spent, struct slice verb, struct slice address);

/* Is this EHLO keyword hidden from a client that says verb (EHLO or LHLO)? */
bool fault_hides(const struct server_config *c, struct slice verb,
    struct slice keyword);

/* A reply that lets the client go on: 2yz or 3yz. */
bool fault_is_positive(const char *reply);

#endif
