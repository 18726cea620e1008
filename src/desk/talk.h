/* SPDX-License-Identifier: ISC */
/*
 * talk.h - --talk: a person says SMTP, a line at a time.
 *
 * Lines come from a terminal, edited there, or from a pipe; the commands are
 * the same.  A line is sent as it stands, with CRLF, and its whole reply is
 * awaited; after 354 the lines are text until a dot alone.  A line that begins
 * with a slash is for us: /help lists them.
 */
#ifndef DESK_TALK_H
#define DESK_TALK_H

#include "deliver/deliver.h"
#include "report/report.h"

/* All of it outlives the talk. */
struct talk_call {
	const char *program;
	const struct deliver_config *config;
	const char *domain;	/* as struct connect_call has it */
	struct report *report;	/* style TEXT or JSON */
	struct events *events;
	const char *password_command; /* --password-command; or NULL */
	const char *helo;	/* our name, for an EHLO of our own */
	bool quiet;		/* explain no replies */
	bool demands_tls;	/* a --tls above may was given */
};

/* Until the end of input or /quit: the exit status. */
int talk_run(const struct talk_call *call);

#endif
