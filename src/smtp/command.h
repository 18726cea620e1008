/* SPDX-License-Identifier: ISC */
/* command.h - SMTP commands with the parameters that an offer allows. */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "base/buf.h"
#include "smtp/caps.h"
#include "smtp/session.h"

/*
 * Append "MAIL FROM:<path> SIZE=..  BODY=..  SMTPUTF8 RET=..  ENVID=.." without
 * CRLF (RFC 1870, 6152, 6531, 3461).
 */
void command_mail(struct buf *out, const struct caps *caps,
    const struct mail *mail);

/* Append "RCPT TO:<path> NOTIFY=.. ORCPT=.." without CRLF (RFC 3461). */
void command_rcpt(struct buf *out, const struct caps *caps,
    const struct recipient *rcpt, bool home);

/*
 * Can a server with this offer take the mail at all?  When not, *why says which
 * extension or limit is missing: FAILED, 5.3.4 for the size, 5.6.7 for
 * SMTPUTF8, 5.6.3 for 8BITMIME where the message may not be re-coded.
 */
bool command_fits(const struct caps *caps, const struct mail *mail,
    struct outcome *why);

#endif
