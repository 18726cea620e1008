/* SPDX-License-Identifier: ISC */
/* talk.c - see talk.h: settings into what the desk wants. */
#include "cli/talk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/ascii.h"
#include "cli/names.h"
#include "cli/reach.h"
#include "cli/show.h"
#include "desk/script_from.h"
#include "desk/script_play.h"
#include "desk/talk.h"
#include "net/clock.h"
#include "net/file.h"

#define TRANSCRIPT_MAX (256U << 20)

/* A script is silent unless -v; who talks wants to see what he does. */
static bool
is_shown(const struct settings *s)
{
	return s->mode == MODE_TALK || s->show.verbose > 0;
}

static bool
open_report(struct report *r, const struct settings *s)
{
	struct report_config c = {
		.style = s->show.json ? REPORT_JSON :
		    is_shown(s) ? REPORT_TEXT : REPORT_SILENT,
		.program = s->program,
		.transcript = s->show.transcript.text,
		.transcript_kept = s->show.transcript.file != NULL,
		.plain = true,
		.wish = { .port = s->way.port,
			.server = s->way.server[0] != '\0',
			.link = s->way.link, .verbose = true },
	};
	struct outcome why;

	show_note_date(&c);
	if (report_init(r, &c, clock_now(), &why))
		return true;
	report_failure(r, &why);
	return false;
}

/* An address would do better than this, where the host has no name. */
static const char *
helo_of(const struct deliver_config *config)
{
	return config->helo ? config->helo : "localhost";
}

/* What both want; the report may say that it cannot be written. */
struct desk {
	struct events events;
	struct report report;
	struct reach reach;
	struct deliver_config config;
};

static bool
open_desk(struct desk *d, const struct settings *s)
{
	*d = (struct desk){ .events.wanted = true };
	reach_init(&d->reach);
	d->config = reach_config(&d->reach, s);
	return open_report(&d->report, s);
}

static int
close_desk(struct desk *d, int status)
{
	if (!report_close(&d->report) && status == EX_OK)
		status = EX_IOERR;
	events_free(&d->events);
	reach_free(&d->reach);
	return status;
}

int
talk_job_run(const struct settings *s)
{
	struct desk d;
	int status = EX_CANTCREAT;

	if (open_desk(&d, s)) {
		const struct talk_call call = {
			.program = s->program,
			.config = &d.config,
			.domain = s->talk.host,
			.report = &d.report,
			.events = &d.events,
			.demands_tls = s->way.tls.given.text != NULL &&
			    s->way.tls.level >= TLS_ENCRYPT,
			.helo = helo_of(&d.config),
			.password_command = s->talk.password_command,
			.quiet = s->talk.quiet,
		};
		status = talk_run(&call);
	}
	return close_desk(&d, status);
}

/* The only word: ${to}, and whose mail server it is unless --server says. */
static bool
read_to(const struct settings *s, const struct self *self,
    struct envelope *e, struct outcome *why)
{
	names_recipients(e, s, self);
	if (e->nbad > 0) {
		*why = recipient_outcome(&e->bad[0]);
		return false;
	}
	return true;
}

static int
play(struct desk *d, const struct settings *s)
{
	struct envelope e = { 0 };
	struct outcome why;
	struct script_call call = {
		.program = s->program,
		.file = s->talk.script,
		.config = &d->config,
		.domain = "",
		.from = s->message.from ? s->message.from : "",
		.to = "postmaster",
		.helo = helo_of(&d->config),
		.password_command = s->talk.password_command,
		.report = &d->report,
		.events = &d->events,
		.tap = s->talk.tap,
		.junit = s->talk.junit,
	};
	int status;

	if (!read_to(s, &d->reach.self, &e, &why)) {
		status = report_failure(&d->report, &why);
	} else {
		if (e.n > 0) {
			call.to = e.rcpts[0].to.path;
			call.domain = e.rcpts[0].to.domain;
		}
		status = script_play(&call);
	}
	envelope_free(&e);
	return status;
}

int
talk_job_script(const struct settings *s)
{
	struct desk d;
	int status = open_desk(&d, s) ? play(&d, s) : EX_CANTCREAT;

	return close_desk(&d, status);
}

/* ---- a script from a transcript ---- */

static int
refuse_transcript(const struct settings *s, const char *name, const char *why,
    int status)
{
	struct buf line = { 0 };

	text_escape(&line, slice_of(name));
	fprintf(stderr, "%s: %s: %s\n", s->program, buf_str(&line), why);
	buf_free(&line);
	return status;
}

static int
put_script(const struct settings *s, const char *name, struct slice text)
{
	struct buf out = { 0 };
	int status = EX_OK;

	if (!script_from(&out, text, name))
		status = refuse_transcript(s, name, "there is no dialogue in "
		    "it: what -v or -X wrote is wanted", EX_DATAERR);
	else if (fwrite(buf_str(&out), 1, out.n, stdout) != out.n ||
	    fflush(stdout) != 0)
		status = refuse_transcript(s, "standard output",
		    strerror(errno), EX_IOERR);
	buf_free(&out);
	return status;
}

int
talk_job_script_from(const struct settings *s)
{
	const char *path = s->talk.script;
	const char *name = path ? path : "standard input";
	struct buf text = { .max = TRANSCRIPT_MAX };
	bool good = path ? file_read(path, &text) :
			   file_read_all(STDIN_FILENO, &text);
	int status = good ? put_script(s, name, buf_slice(&text)) :
	    refuse_transcript(s, name, strerror(errno), EX_NOINPUT);

	buf_free(&text);
	return status;
}
