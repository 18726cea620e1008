/* SPDX-License-Identifier: ISC */
/* script_play_impl.h - a script that is played. */
#ifndef DESK_SCRIPT_PLAY_IMPL_H
#define DESK_SCRIPT_PLAY_IMPL_H

#include <stdio.h>

#include "desk/dialogue.h"
#include "desk/script.h"
#include "desk/script_play.h"
#include "desk/script_report.h"

struct play {
	const struct script_call *call;
	struct script script;
	struct script_run run;
	struct dialogue d;
	struct stop stop;
	struct script_checks checks;
	struct buf text;	/* of the step under way */
	FILE *junit;
	bool done;		/* early, and well */
	bool stopped;		/* by a signal */
};

/* "smtpsend: FILE:LINE: TEXT" on stderr; returns the status. */
int play_complain(const struct play *p, unsigned line, const char *text,
    int status);

/* Do a step, its text in p->text; false: it was missed, which is told. */
bool play_step(struct play *p, const struct script_step *step);

#endif
