/* SPDX-License-Identifier: ISC */
/* report_log.c - see report_log.h */
#include "report/report_log.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "mail/date.h"

/* Which run is it, and where does the next one begin? */
static void
put_beginning(FILE *log, const struct report_config *c)
{
	struct buf line = { 0 };

	buf_putf(&line, "-- %s, ", c->program);
	date_put(&line, c->wall, c->offset);
	buf_putc(&line, '\n');
	fputs(buf_str(&line), log);
	fflush(log);
	buf_free(&line);
}

bool
report_log_open(struct report *r, const struct report_config *c,
    struct outcome *why)
{
	struct buf line = { 0 };

	if (!c->transcript)
		return true;
	r->log = fopen(c->transcript, "ae");
	if (r->log) {
		put_beginning(r->log, c);
		return true;
	}
	r->log_error = errno;
	outcome_fail(why, FAILED, STAGE_OPEN, ESC(0, 0, 0),
	    "cannot append to %s: %s", c->transcript, strerror(errno));
	if (!c->transcript_kept)
		return false;
	buf_putf(&line, "%s: ", r->program);
	text_escape(&line, slice_of(why->text));
	buf_puts(&line, "; sending goes on without this transcript\n");
	fputs(buf_str(&line), r->err);
	buf_free(&line);
	return true;
}
