/* SPDX-License-Identifier: ISC */
/* show.c - see show.h */
#include "cli/show.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/trace.h"
#include "net/clock.h"

/* ---- the files that are written ---- */

struct output {
	const char *option, *path;
	struct stat file;
	bool is_there;	/* before anything is written */
};

enum { OUTPUTS = 5 };

static bool
is_file(const struct output *o, const struct stat *st)
{
	return o->is_there && o->file.st_dev == st->st_dev &&
	    o->file.st_ino == st->st_ino;
}

/* Would it be written over, or into, while it is read or afterwards? */
static bool
is_message(const struct output *o, const struct settings *s)
{
	struct stat st;

	if (s->message.file && stat(s->message.file, &st) == 0)
		return is_file(o, &st);
	return fstat(STDIN_FILENO, &st) == 0 && is_file(o, &st);
}

static bool
check_output(const struct output *v, size_t n, const struct settings *s,
    struct outcome *why)
{
	const struct output *o = &v[n];

	if (is_message(o, s))
		return outcome_fail(why, FAILED, STAGE_OPEN, ESC(0, 0, 0),
		    "%s %s: that file is the message", o->option, o->path);
	for (size_t i = 0; i < n; i++)
		if (v[i].path && (strcmp(v[i].path, o->path) == 0 ||
		    (v[i].is_there && is_file(o, &v[i].file))))
			return outcome_fail(why, FAILED, STAGE_OPEN,
			    ESC(0, 0, 0), "%s %s: %s writes that file",
			    o->option, o->path, v[i].option);
	return true;
}

/* A file that one option writes is not read or written by another. */
static bool
check_outputs(const struct settings *s, struct outcome *why)
{
	struct output v[OUTPUTS] = {
		{ .option = "--transcript", .path = s->show.transcript.file ?
		    NULL : s->show.transcript.text },
		{ .option = "--timing", .path = s->show.timing_file },
		{ .option = "--html-report", .path = s->show.page },
		{ .option = "--save-cert", .path = s->way.tls.terms.save },
		{ .option = "--keylog", .path = s->way.tls.terms.keylog },
	};

	for (size_t i = 0; i < OUTPUTS; i++) {
		if (!v[i].path)
			continue;
		v[i].is_there = stat(v[i].path, &v[i].file) == 0;
		if (v[i].is_there && !S_ISREG(v[i].file.st_mode))
			v[i].path = NULL; /* a device keeps nothing */
		else if (!check_output(v, i, s, why))
			return false;
	}
	return true;
}

/* ---- */

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
	struct outcome none;

	show_note_date(&c);
	if (check_outputs(s, why))
		return report_init(r, &c, now, why);
	c.transcript = c.timing_file = c.page_file = NULL;
	report_init(r, &c, now, &none);
	return false;
}
