/* SPDX-License-Identifier: ISC */
/* connect_impl.h - what the files of a connection share. */
#ifndef DESK_CONNECT_IMPL_H
#define DESK_CONNECT_IMPL_H

#include "desk/connect.h"

/*
 * Sleep on what c->wait holds, and on signals: false with *why when one came
 * that ends it.
 */
bool connection_sleep(struct connection *c, const struct connect_call *call,
    struct outcome *why);

/* Connected to one of the plan's addresses: fills host, peer and stream. */
bool connection_reach(struct connection *c, struct outcome *why);

#endif
