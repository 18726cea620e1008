/* SPDX-License-Identifier: ISC */
/* talk.c - see talk.h: settings into what the desk wants. */
#include "cli/talk.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/reach.h"
#include "desk/talk.h"
#include "net/clock.h"

static bool
open_report(struct report *r, const struct settings *s)
{
	const struct report_config c = {
		.style = s->show.json ? REPORT_JSON : REPORT_TEXT,
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

int
talk_job_run(const struct settings *s)
{
	struct events events = { .wanted = true };
	struct report report;
	struct reach reach;
	struct deliver_config config;
	int status = EX_CANTCREAT;

	reach_init(&reach);
	config = reach_config(&reach, s);
	if (open_report(&report, s)) {
		const struct talk_call call = {
			.program = s->program,
			.config = &config,
			.domain = s->talk.host,
			.report = &report,
			.events = &events,
			.demands_tls = s->way.tls.given.text != NULL &&
			    s->way.tls.level >= TLS_ENCRYPT,
			.helo = helo_of(&config),
			.password_command = s->talk.password_command,
			.quiet = s->talk.quiet,
		};
		status = talk_run(&call);
	}
	if (!report_close(&report) && status == EX_OK)
		status = EX_IOERR;
	events_free(&events);
	reach_free(&reach);
	return status;
}
