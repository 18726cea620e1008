/* SPDX-License-Identifier: ISC */
/* queue_why.h - why a message is still here, in plain words. */
#ifndef CLI_QUEUE_WHY_H
#define CLI_QUEUE_WHY_H

#include "cli/queue_print.h"

/* Append what one object of the answer to `why` says; it is changed. */
void queue_why_put(struct buf *out, struct queue_print *p, char *line,
    size_t n);

#endif
