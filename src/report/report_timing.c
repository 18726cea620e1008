/* SPDX-License-Identifier: ISC */
/* report_timing.c - see report_timing.h */
#include "report/report_timing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "report/timing.h"

bool
report_timing_open(struct report *r, const struct report_config *c,
    struct outcome *why)
{
	if (!c->timing_file)
		return true;
	r->drawing = fopen(c->timing_file, "we");
	return r->drawing || outcome_fail(why, FAILED, STAGE_OPEN,
	    ESC(0, 0, 0), "cannot write %s: %s", c->timing_file,
	    strerror(errno));
}

static unsigned
columns_of(FILE *f)
{
	struct winsize size = { 0 };

	if (ioctl(fileno(f), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* A drawing that is lost changes nothing of what became of the mail. */
static void
draw_timing(struct report *r)
{
	struct buf text = { 0 };

	timing_put_svg(&text, &r->phases, r->start);
	fwrite(buf_str(&text), 1, text.n, r->drawing);
	if (fflush(r->drawing) != 0 || ferror(r->drawing))
		fprintf(r->err, "%s: the drawing of --timing could not be "
		    "written: %s\n", r->program, strerror(errno));
	fclose(r->drawing);
	r->drawing = NULL;
	buf_free(&text);
}

void
report_timing_close(struct report *r)
{
	struct buf text = { 0 };

	if (r->timing) {
		timing_put_text(&text, &r->phases, r->start,
		    columns_of(r->out));
		fwrite(buf_str(&text), 1, text.n, r->out);
		buf_free(&text);
	}
	if (r->drawing)
		draw_timing(r);
}

bool
report_has_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;

	for (size_t i = 0; i < 3 && !(value && value[0]); i++)
		value = getenv(names[i]);
	return value && (strcasestr(value, "UTF-8") ||
	    strcasestr(value, "utf8"));
}
