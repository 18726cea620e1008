/* SPDX-License-Identifier: ISC */
/*
 * speak.h - sendmail -bs and -bS: SMTP on standard input and output.
 *
 * The server is the queue's own, behind its socket for handing in: who we are
 * the kernel tells it, and what it says goes to standard output.  Where no
 * daemon runs and the spool is ours, one is started for as long as this takes.
 * Where there is no queue, or the user's own configuration says where his mail
 * goes, direct.h is the server.
 * Of -bS only refusals are shown, on standard error.
 *
 * Whoever ends the first line with a bare LF means that by all line ends; of
 * others a bare LF is for the server to judge.
 */
#ifndef CLI_SPEAK_H
#define CLI_SPEAK_H

#include "config/settings.h"

/* The exit status: of -bS 65 or 75 when anything was refused. */
int speak_run(const struct settings *s, int argc, char *const argv[]);

#endif
