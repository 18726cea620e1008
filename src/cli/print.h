/* SPDX-License-Identifier: ISC */
/* print.h - --print: the message as it would go. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "mail/message.h"

/*
 * Write it to standard output, with this system's line ends; where that is a
 * terminal, safe to look at.  The exit status, said on stderr when not 0.
 */
int put_message(const char *program, const struct message *m);

#endif
