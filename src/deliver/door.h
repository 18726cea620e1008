/* SPDX-License-Identifier: ISC */
/* door.h - opens the relay module, once, when a relay is used. */
#ifndef DELIVER_DOOR_H
#define DELIVER_DOOR_H

#include "base/outcome.h"
#include "relay/relay.h"

/*
 * The module: from the folder of the program itself when it was never
 * installed, else from ../lib/smtpsend beside that, else from the one it was
 * configured with (LIBDIR).  NULL with *why (FAILED, STAGE_CONFIG), which names
 * the file and the package that libcurl is in.
 */
const struct relay_module *door_open(struct outcome *why);

#endif
