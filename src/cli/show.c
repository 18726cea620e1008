/* SPDX-License-Identifier: ISC */
/* show.c - see show.h */
#include "cli/show.h"

#include <unistd.h>

#include "cli/trace.h"
#include "net/clock.h"

void
show_note_date(struct report_config *c)
{
	struct wall_time now;

	if (!c->page_file && !c->transcript)
		return;
	now = clock_wall();
	c->wall = now.seconds;
	c->offset = now.offset;
}

bool
show_open(struct report *r, const struct settings *s, struct outcome *why)
{
	int64_t now = clock_now();
	struct report_config c = {
		.style = s->show.json ? REPORT_JSON :
			 s->show.verbose > 0 ? REPORT_TEXT : REPORT_SILENT,
		.program = s->program,
		.transcript = s->show.transcript.text,
		.transcript_kept = s->show.transcript.file != NULL,
		.maillog = trace_config(s, now),
		.maillog_asked = s->show.log != NULL,
		.uid = (unsigned)getuid(),
		.quiet = s->sendmail.errors == ERRORS_QUIET,
		.brief = s->show.brief,
		.timing = s->show.timing || s->show.verbose > 1,
		.timing_file = s->show.timing_file,
		.page_file = s->show.page,
		.bodies = s->show.verbose > 1,
		.folded = s->show.verbose == 1,
		.wish = { .port = s->way.port,
			.server = s->way.server[0] != '\0',
			.link = s->way.link, .verbose = s->show.verbose > 0,
			/* the queue knows no options either */
			.keys = s->personality != AS_SMTPSEND ||
			    s->enqueue.wait },
	};

	show_note_date(&c);
	return report_init(r, &c, now, why);
}
