/* SPDX-License-Identifier: ISC */
/*
 * direct.h - the server of sendmail -bs where there is no queue: each message
 * is delivered before its last dot is answered.
 *
 * So it has one recipient: of two, one server might take it and the other not,
 * and there is one answer.  A second RCPT is told 452, and clients send again
 * for him (RFC 5321 4.5.3.1.10).
 */
#ifndef CLI_DIRECT_H
#define CLI_DIRECT_H

#include "config/settings.h"

/*
 * Serve this connected socket, which does not block, until the other end has
 * gone; false when there is no memory or descriptor for that.  Takes over the
 * socket, and standard input for the messages.
 */
bool direct_serve(const struct settings *s, int socket);

#endif
