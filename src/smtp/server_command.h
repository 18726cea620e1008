/* SPDX-License-Identifier: ISC */
/*
 * server_command.h - reading what stands after MAIL, RCPT and BDAT.
 *
 * A parser returns NULL when all is well, else the whole reply to refuse with.
 */
#ifndef SMTP_SERVER_COMMAND_H
#define SMTP_SERVER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "smtp/server_params.h"

/* "FROM:<path> params" and "TO:<path> params" (RFC 5321 4.1.1.2, 4.1.1.3). */
struct path_command {
	struct slice path;	/* without <> and source route */
	struct slice params;	/* from the blank before the first on */
	struct mail_params mail; /* read from them; of the one verb, */
	struct rcpt_params rcpt; /* ... or the other */
};

const char *command_parse_mail(struct slice arg, unsigned offers,
    struct path_command *out);

/* utf8: the transaction's MAIL had SMTPUTF8. */
const char *command_parse_rcpt(struct slice arg, unsigned offers, bool utf8,
    struct path_command *out);

/* What stands between < and > after MAIL or RCPT, unchecked. */
struct slice command_path(struct slice arg);

/* "SIZE" or "SIZE LAST" (RFC 3030). */
const char *command_parse_bdat(struct slice arg, uint64_t *size, bool *last);

#endif
