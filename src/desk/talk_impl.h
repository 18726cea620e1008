/* SPDX-License-Identifier: ISC */
/* talk_impl.h - what the files of --talk share. */
#ifndef DESK_TALK_IMPL_H
#define DESK_TALK_IMPL_H

#include "desk/complete.h"
#include "desk/dialogue.h"
#include "desk/editor.h"
#include "desk/guide.h"
#include "desk/talk.h"

enum typed {
	TYPED_LINE,
	TYPED_END,		/* the end of input */
	TYPED_INTERRUPT,	/* Ctrl-C: the line is given up */
	TYPED_STOP,		/* a signal: the end */
};

/* Lines from a terminal or a pipe. */
struct typing {
	const struct editor_module *module; /* NULL: without */
	struct editor *editor;	/* NULL: lines as the terminal has them */
	enum typed why;		/* key() ended a line */
	struct complete said;
	bool terminal;		/* somebody sits there */
	bool prompting;		/* ... and sees a prompt */
	bool ended;		/* no more will come */
	struct buf in;		/* read, and not yet used */
};

struct talk {
	const struct talk_call *call;
	struct dialogue d;
	struct stop stop;
	struct typing typing;
	struct wait wait;
	enum guide guide;
	bool over;		/* /quit */
	int status;
};

/* The next line without its end; what the server says meanwhile is shown. */
enum typed talk_read(struct talk *t, struct buf *line);
void talk_read_free(struct talk *t);

/* In a terminal: lines are edited from now on, if that can be. */
void talk_read_begin(struct talk *t);

/* For history and completion. */
void talk_remember(struct talk *t, struct slice line);

/* Does this signal end it?  Ctrl-C of who sits there does not. */
bool talk_stops_at(const struct talk *t, unsigned signal);

/* Print the events there are, above a prompt that stands. */
void talk_show(void *talk);

/* A line for us, without its slash. */
void talk_command(struct talk *t, struct slice line);

/* The reply that is owed. */
void talk_await(struct talk *t);

/* The commands of several lines (talk_act.c). */
void talk_tls(struct talk *t, struct slice rest);
void talk_certificate(struct talk *t, struct slice expires);
void talk_auth(struct talk *t, struct slice rest);
void talk_data(struct talk *t, struct slice rest);
void talk_bdat(struct talk *t, struct slice rest);

/* "550 5.7.26 words", or of nothing the last reply; and the guide. */
void talk_explain(struct talk *t, struct slice rest);
void talk_guide(struct talk *t);

#endif
