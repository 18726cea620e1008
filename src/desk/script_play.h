/* SPDX-License-Identifier: ISC */
/*
 * script_play.h - --script: a dialogue as it is written, until the first miss.
 */
#ifndef DESK_SCRIPT_PLAY_H
#define DESK_SCRIPT_PLAY_H

#include "deliver/deliver.h"
#include "report/report.h"

/* All of it outlives the play. */
struct script_call {
	const char *program, *file;
	const struct deliver_config *config;
	const char *domain;	/* as struct connect_call has it */
	const char *from, *to, *helo; /* ${from}, ${to}, ${helo} */
	const char *password_command; /* for @ auth; or NULL */
	struct report *report;
	struct events *events;
	bool tap;		/* --tap: on stdout */
	const char *junit;	/* --junit: this file; or NULL */
};

/*
 * The exit status: 0; 76 at the first miss; 65 for a fault in the script and 66
 * when it cannot be read, before anything is connected; or why there is no
 * connection.
 */
int script_play(const struct script_call *call);

#endif
