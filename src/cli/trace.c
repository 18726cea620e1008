/* SPDX-License-Identifier: ISC */
/* trace.c - see trace.h */
#include "cli/trace.h"

#include <unistd.h>

#include "net/clock.h"
#include "report/logline.h"

struct maillog_config
trace_config(const struct settings *s, int64_t start)
{
	struct maillog_config c = {
		.to = settings_log(s),
		.program = s->program,
		.tag = s->sendmail.log_tag,
		.start = start,
		.clock = clock_now,
	};
	struct wall_time now = { 0 };

	if (!slice_eq(slice_of(c.to), SLICE("none")))
		now = clock_wall();
	c.wall = now.seconds;
	c.offset = now.offset;
	return c;
}

void
trace_failure(const struct settings *s, int status, struct slice text)
{
	struct maillog_config c = trace_config(s, clock_now());
	struct maillog log;
	struct buf line = { 0 };
	struct slice first;

	maillog_init(&log, &c);
	if (!maillog_is_wanted(&log))
		return;
	slice_cut(&text, '\n', &first);
	logline_put_failure(&line, (unsigned)getuid(), status, first);
	maillog_put(&log, MAILLOG_ERROR, c.start, buf_slice(&line));
	maillog_close(&log);
	buf_free(&line);
}
