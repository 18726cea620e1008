/* SPDX-License-Identifier: ISC */
/* daemon_tell.c - what the daemon says: to the log, and to who manages it. */
#include "cli/daemon_impl.h"

#include <unistd.h>

#include "base/ascii.h"
#include "net/clock.h"

#define HOURLY	 SECONDS(3600)
#define MENDED	 SECONDS(5) /* between two looks whether it is */
#define STATUSES SECONDS(1) /* between two that are told, at least */

void
daemon_note(struct daemon *d, enum maillog_level level, const char *text)
{
	struct buf line = { 0 };

	if (!maillog_is_wanted(&d->report.maillog))
		return;
	logline_put_note(&line, (unsigned)getuid(), "NOQUEUE", slice_of(text));
	maillog_put(&d->report.maillog, level, clock_now(), buf_slice(&line));
	buf_free(&line);
}

static bool
has_changed(const struct daemon *d, const struct runner_counts *c)
{
	return c->known != d->told.known || c->active != d->told.active ||
	    c->due != d->told.due || c->held != d->told.held;
}

void
daemon_tell_status(struct daemon *d, int64_t now)
{
	struct runner_counts c = runner_counts(d->now->turn.runner);
	const struct outcome *blocked = runner_blocked(d->now->turn.runner);
	struct buf text = { 0 };

	if (d->notify.fd < 0 || !has_changed(d, &c))
		return;
	if (now < d->told_at + STATUSES) {
		wait_until(&d->wait, d->told_at + STATUSES);
		return;
	}
	d->told = c;
	d->told_at = now;
	buf_putf(&text, "STATUS=%zu in the queue, %zu of them under way, %zu "
	    "due, %zu held", c.known, c.active, c.due, c.held);
	if (blocked) {
		buf_puts(&text, "; nothing is sent: ");
		text_escape(&text, slice_of(blocked->text));
	}
	notify_put(&d->notify, buf_str(&text));
	buf_free(&text);
}

void
daemon_tell_watchdog(struct daemon *d, int64_t now)
{
	if (d->notify.interval == 0)
		return;
	if (now >= d->ping) {
		notify_put(&d->notify, "WATCHDOG=1");
		d->ping = now + d->notify.interval / 2;
	}
	wait_until(&d->wait, d->ping);
}

void
daemon_tell_blocked(struct daemon *d, int64_t now)
{
	const struct outcome *blocked = runner_blocked(d->now->turn.runner);

	if (!blocked)
		return;
	if (now >= d->complain) {
		daemon_note(d, MAILLOG_ERROR, blocked->text);
		d->complain = now + HOURLY;
	}
	wait_until(&d->wait, now + MENDED);
}
