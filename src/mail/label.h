/* SPDX-License-Identifier: ISC */
/* label.h - a message that does not say what it holds is made to say it. */
#ifndef MAIL_LABEL_H
#define MAIL_LABEL_H

#include <stdbool.h>

#include "mail/message.h"
#include "mail/scan.h"

/* Is the body to be looked at closely, since the finished head says nothing? */
bool label_is_missing(const struct message *m);

/*
 * Add to the head what RFC 2045 asks for and is not there: for 8-bit text
 * MIME-Version, Content-Type (text/plain in utf-8 when it is that, else
 * unknown-8bit) and Content-Transfer-Encoding; what is no text in any charset
 * becomes application/octet-stream and is_binary.  Servers with and without
 * 8BITMIME so get the same labels.  Call it before scan_message().
 */
void label_put(struct message *m, const struct scan *body);

#endif
