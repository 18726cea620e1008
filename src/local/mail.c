/* SPDX-License-Identifier: ISC */
/* mail.c - see mail.h */
#include "local/mail.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "mail/unix_text.h"
#include "net/content.h"

/* ---- what is written ---- */

static bool
flush(const struct local_sink *to, struct buf *out)
{
	bool ok = out->n == 0 || to->put(to->self, buf_slice(out));

	buf_clear(out);
	return ok;
}

static void
put_from_line(struct buf *out, const struct local_request *r)
{
	time_t t = (time_t)r->created;
	struct tm tm;
	char date[40];

	if (!gmtime_r(&t, &tm) ||
	    strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &tm) == 0)
		date[0] = '\0';
	buf_putf(out, "From %s %s\n", r->from[0] ? r->from : "MAILER-DAEMON",
	    date);
}

static void
put_head(struct buf *out, const struct local_request *r, enum local_form form)
{
	if (form == LOCAL_MBOX)
		put_from_line(out, r);
	buf_putf(out, "Return-Path: <%s>\nDelivered-To: %s\n", r->from, r->to);
}

bool
local_mail_copy(const struct local_mail *m, enum local_form form,
    const struct local_sink *to, struct outcome *why)
{
	struct unix_text text = { .kind = form == LOCAL_MBOX ? TEXT_MBOX
							     : TEXT_PLAIN };
	char block[CONTENT_BLOCK];
	struct buf out = { 0 };
	struct slice raw;
	uint64_t at = 0;
	bool ok;

	*why = (struct outcome){ 0 };
	put_head(&out, m->request, form);
	do {
		ok = content_read(&m->text, at, block, &raw, why);
		if (ok)
			unix_text_put(&text, raw, &out);
		ok = ok && flush(to, &out);
		at += raw.n;
	} while (ok && raw.n > 0);
	if (ok) {
		unix_text_end(&text, &out);
		if (form == LOCAL_MBOX)
			buf_putc(&out, '\n');
		ok = flush(to, &out);
	}
	buf_free(&out);
	return ok;
}

/* ---- why not ---- */

static enum verdict
verdict_of(int error, struct esc *esc)
{
	switch (error) {
	case EDQUOT:
	case EFBIG:
		*esc = ESC(5, 2, 2);
		return FAILED;
	case ELOOP:
	case EISDIR:
	case EMLINK:
	case ENXIO:
		*esc = ESC(5, 2, 0);
		return FAILED;
	case ENOSPC:
	case EIO:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		*esc = ESC(4, 3, 0);
		return DEFERRED;
	default:
		*esc = ESC(4, 2, 0);
		return DEFERRED;
	}
}

bool
local_fail(struct outcome *why, const char *what, const char *path, int error)
{
	struct esc esc;
	enum verdict verdict = verdict_of(error, &esc);

	return outcome_fail(why, verdict, STAGE_LOCAL, esc, "%s %s: %s", what,
	    path, strerror(error));
}
