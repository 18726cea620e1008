/* SPDX-License-Identifier: ISC */
/* outcome.c - see outcome.h */
#include "base/outcome.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct {
	const char *name;
	int exit; /* of a failure here; 0 = it depends on the enhanced code */
} stages[NSTAGES] = {
	[STAGE_NONE] = { "", 0 },
	[STAGE_USAGE] = { "usage", EX_USAGE },
	[STAGE_CONFIG] = { "configuration", EX_CONFIG },
	[STAGE_OPEN] = { "open", EX_NOINPUT },
	[STAGE_READ] = { "read", EX_IOERR },
	[STAGE_SYSTEM] = { "system", EX_OSERR },
	[STAGE_MESSAGE] = { "message", EX_DATAERR },
	[STAGE_ADDRESS] = { "address", EX_DATAERR },
	[STAGE_DNS] = { "DNS", EX_NOHOST },
	[STAGE_ROUTE] = { "route", EX_NOHOST },
	[STAGE_LOCAL] = { "local delivery", 0 },
	[STAGE_CONNECT] = { "connect", 0 },
	[STAGE_TLS] = { "TLS", 0 },
	[STAGE_GREETING] = { "greeting", 0 },
	[STAGE_EHLO] = { "EHLO", 0 },
	[STAGE_HELO] = { "HELO", 0 },
	[STAGE_LHLO] = { "LHLO", 0 },
	[STAGE_STARTTLS] = { "STARTTLS", 0 },
	[STAGE_XCLIENT] = { "XCLIENT", 0 },
	[STAGE_AUTH] = { "AUTH", 0 },
	[STAGE_MAIL] = { "MAIL", 0 },
	[STAGE_RCPT] = { "RCPT", 0 },
	[STAGE_DATA] = { "DATA", 0 },
	[STAGE_BODY] = { "message body", 0 },
	[STAGE_END] = { "end of data", 0 },
	[STAGE_RSET] = { "RSET", 0 },
	[STAGE_QUIT] = { "QUIT", 0 },
};

static const char *const verdicts[] = {
	[PENDING] = "pending",
	[VERIFIED] = "verified",
	[DELIVERED] = "delivered",
	[DEFERRED] = "deferred",
	[FAILED] = "failed",
};

static struct outcome
make(enum verdict verdict, enum stage stage, struct esc esc, const char *fmt,
    va_list ap)
{
	struct outcome o = { .verdict = verdict, .stage = stage, .esc = esc };

	vsnprintf(o.text, sizeof o.text, fmt, ap);
	return o;
}

struct outcome
outcome_make(enum verdict verdict, enum stage stage, struct esc esc,
    const char *fmt, ...)
{
	struct outcome o;
	va_list ap;

	va_start(ap, fmt);
	o = make(verdict, stage, esc, fmt, ap);
	va_end(ap);
	return o;
}

bool
outcome_fail(struct outcome *why, enum verdict verdict, enum stage stage,
    struct esc esc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*why = make(verdict, stage, esc, fmt, ap);
	va_end(ap);
	return false;
}

const char *
outcome_word(enum verdict v, enum stage s)
{
	if (outcome_is_queued(v, s))
		return "queued";
	return v == VERIFIED && s < STAGE_RCPT ? "reached" : verdicts[v];
}

/* Fill a fixed string of size bytes, cutting what is too long. */
static void
set_string(char *to, size_t size, struct slice s)
{
	s = slice_first(s, size - 1);
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

/* A NUL would end the string; it is seen as the symbol for it, U+2400. */
void
outcome_set_text(struct outcome *o, struct slice text)
{
	static const char nul[] = "\xe2\x90\x80";
	size_t n = 0;
	struct slice c;

	for (; text.n > 0; text = slice_from(text, 1)) {
		c = slice_first(text, 1);
		if (c.p[0] == '\0')
			c = slice_of(nul);
		if (n + c.n >= sizeof o->text)
			break;
		memcpy(o->text + n, c.p, c.n);
		n += c.n;
	}
	o->text[n] = '\0';
}

void
outcome_set_tls(struct outcome *o, const char *version)
{
	set_string(o->tls, sizeof o->tls, slice_of(version));
}

void __attribute__((format(printf, 2, 3)))
outcome_set_ours(struct outcome *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->ours, sizeof o->ours, fmt, ap);
	va_end(ap);
}

void
outcome_set_host(struct outcome *o, struct slice host,
    const struct endpoint *peer)
{
	set_string(o->host, sizeof o->host, host);
	o->peer = peer ? *peer : (struct endpoint){ 0 };
}

bool
outcome_is_worse(const struct outcome *a, const struct outcome *b)
{
	return a->verdict > b->verdict;
}

const char *
verdict_name(enum verdict v)
{
	return verdicts[v];
}

const char *
stage_name(enum stage s)
{
	return stages[s].name;
}

void
esc_put(struct buf *out, struct esc e)
{
	if (e.cls != 0)
		buf_putf(out, "%u.%u.%u", e.cls, e.subject, e.detail);
}

static bool
is_no_such_user(struct esc e)
{
	return e.subject == 1 && (e.detail == 1 || e.detail == 6);
}

int
outcome_exit(const struct outcome *o)
{
	assert(o->verdict != PENDING);
	if (o->verdict == VERIFIED || o->verdict == DELIVERED)
		return EX_OK;
	if (o->verdict == DEFERRED && o->stage != STAGE_CONFIG)
		return EX_TEMPFAIL;
	if (stages[o->stage].exit != 0)
		return stages[o->stage].exit;
	return is_no_such_user(o->esc) ? EX_NOUSER : EX_UNAVAILABLE;
}
