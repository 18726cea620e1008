/* SPDX-License-Identifier: ISC */
/* submit_reply.h - outcomes in words of SMTP. */
#ifndef QUEUE_SUBMIT_REPLY_H
#define QUEUE_SUBMIT_REPLY_H

#include "base/buf.h"
#include "base/outcome.h"

/* Append a reply, a 4yz or 5yz without its line end: one line of ASCII. */
void submit_put_reply(struct buf *out, const struct outcome *why);

/* The same with the code of the server that said it, where one did. */
void submit_put_said(struct buf *out, const struct outcome *why);

#endif
