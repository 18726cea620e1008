/* SPDX-License-Identifier: ISC */
/* report_page.c - see report_page.h */
#include "report/report_page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "mail/date.h"
#include "report/page.h"

struct report_page {
	const char *path;
	FILE *in_place;		/* what is no file cannot be replaced */
	struct buf when;
	struct page page;
};

/* A new file beside it that only we may read; -1 with errno. */
static int
open_beside(const char *path, struct buf *name)
{
	int fd;

	buf_clear(name);
	buf_putf(name, "%s.XXXXXX", path);
	buf_str(name);
	fd = mkostemp(name->base + name->off, O_CLOEXEC);
	return fd;
}

/* A device, a pipe, a link to something: written as it is. */
static bool
is_written_in_place(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* Can there be one?  Better said before anything is sent. */
static bool
try_place(struct report_page *page)
{
	struct buf name = { 0 };
	int fd;

	if (is_written_in_place(page->path)) {
		page->in_place = fopen(page->path, "we");
		return page->in_place != NULL;
	}
	fd = open_beside(page->path, &name);
	if (fd >= 0) {
		unlink(buf_str(&name));
		close(fd);
	}
	buf_free(&name);
	return fd >= 0;
}

static void
page_drop(struct report *r)
{
	page_free(&r->page->page);
	buf_free(&r->page->when);
	free(r->page);
	r->page = NULL;
}

bool
report_page_open(struct report *r, const struct report_config *c,
    struct outcome *why)
{
	if (!c->page_file)
		return true;
	r->page = mem_alloc(sizeof *r->page);
	r->page->path = c->page_file;
	date_put(&r->page->when, c->wall, c->offset);
	page_init(&r->page->page, r->start, c->bodies, c->wish);
	if (try_place(r->page))
		return true;
	outcome_fail(why, FAILED, STAGE_OPEN, ESC(0, 0, 0),
	    "cannot write %s: %s", c->page_file, strerror(errno));
	page_drop(r);
	return false;
}

void
report_page_event(struct report *r, const struct event *e)
{
	page_event(&r->page->page, e);
}

void
report_page_result(struct report *r, const struct recipient *rcpt)
{
	page_result(&r->page->page, rcpt);
}

void
report_page_plan(struct report *r, const struct plan *p, struct slice rcpts)
{
	page_plan(&r->page->page, p, rcpts);
}

void
report_page_failure(struct report *r, const struct outcome *why)
{
	page_failure(&r->page->page, why);
}

void
report_page_has_queue(struct report *r)
{
	r->page->page.wish.queued = true;
}

/* To f, which is closed; false with errno. */
static bool
write_out(FILE *f, const struct buf *text)
{
	struct slice s = buf_slice(text);
	bool good = fwrite(s.p, 1, s.n, f) == s.n && fflush(f) == 0;
	int error = errno;

	if (fclose(f) != 0 && good)
		return false;
	errno = error;
	return good;
}

static bool
replace(const char *path, const struct buf *text)
{
	struct buf name = { 0 };
	int fd = open_beside(path, &name), error;
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool good = f && write_out(f, text) &&
	    rename(buf_str(&name), path) == 0;

	error = errno;
	if (fd >= 0 && !f)
		close(fd);
	if (fd >= 0 && !good)
		unlink(buf_str(&name));
	buf_free(&name);
	errno = error;
	return good;
}

void
report_page_close(struct report *r)
{
	struct report_page *page = r->page;
	struct buf text = { 0 };
	bool good;

	if (!page)
		return;
	page_put(&text, &page->page, &r->phases, buf_slice(&page->when));
	good = page->in_place ? write_out(page->in_place, &text) :
				replace(page->path, &text);
	if (!good)
		fprintf(r->err, "%s: the page of --html-report could not be "
		    "written: %s\n", r->program, strerror(errno));
	buf_free(&text);
	page_drop(r);
}
