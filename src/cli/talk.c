/* SPDX-License-Identifier: ISC */
/* talk.c - see talk.h: settings into what the desk wants. */
#include "cli/talk.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/names.h"
#include "cli/reach.h"
#include "desk/script_play.h"
#include "desk/talk.h"
#include "net/clock.h"

/* A script is silent unless -v; who talks wants to see what he does. */
static bool
is_shown(const struct settings *s)
{
	return s->mode == MODE_TALK || s->show.verbose > 0;
}

static bool
open_report(struct report *r, const struct settings *s)
{
	const struct report_config c = {
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
