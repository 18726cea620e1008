/* SPDX-License-Identifier: ISC */
/* option_take.c - see option_take.h */
#include "config/option_take.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/slice.h"

static void
complain(struct option_call *c, const char *value, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof text, fmt, ap);
	buf_putf(c->says, "%s: %s",
	    c->where ? c->where : c->settings->program, c->shown);
	if (value) {
		buf_puts(c->says, " '");
		text_escape(c->says, slice_first(slice_of(value), 100));
		buf_putc(c->says, '\'');
	}
	buf_putf(c->says, ": %s", text);
}

bool
option_refuse(struct option_call *c, const char *value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, value, fmt, ap);
	va_end(ap);
	buf_puts(c->says, c->own ? "\n" : "; ignored\n");
	return !c->own;
}

bool
option_reject(struct option_call *c, const char *value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, value, fmt, ap);
	va_end(ap);
	buf_putc(c->says, '\n');
	return false;
}

/* Where the option's plain value lives. */
static void *
place(const struct option_call *c)
{
	return (char *)c->settings + c->option->at;
}

bool
take_flag(struct option_call *c, const char *value)
{
	(void)value;
	*(bool *)place(c) = true;
	return true;
}

bool
take_text(struct option_call *c, const char *value)
{
	*(const char **)place(c) = value;
	return true;
}

/* Was the option that stores at this place met in this source? */
static bool
was_seen(const struct option_call *c, size_t at)
{
	for (size_t i = 0; option_at(i) != NULL; i++)
		if (option_at(i)->at == at && c->seen[i])
			return true;
	return false;
}

/* An option takes along what only made sense with its value before. */
static void
forget_partner(struct option_call *c)
{
	size_t at = c->option->at, ipv4 = offsetof(struct settings, only_ipv4),
	       ipv6 = offsetof(struct settings, only_ipv6);

	if (at == ipv4 && !was_seen(c, ipv6))
		c->settings->only_ipv6 = false;
	if (at == ipv6 && !was_seen(c, ipv4))
		c->settings->only_ipv4 = false;
	if (at == offsetof(struct settings, cert) &&
	    !was_seen(c, offsetof(struct settings, key)))
		c->settings->key = NULL;
	if (c->option->take == take_server &&
	    !was_seen(c, offsetof(struct settings, port)))
		c->settings->port = 0;
}

void
option_begin(struct option_call *c)
{
	size_t row = (size_t)(c->option - option_at(0));
	bool first = !c->seen[row];

	c->seen[row] = true;
	if (!first)
		return;
	forget_partner(c);
	if (c->option->take == take_flag)
		*(bool *)place(c) = false;
	else if (c->option->take == take_count)
		*(unsigned *)place(c) = 0;
	else if (c->option->take == take_resolver)
		c->settings->nresolvers = 0;
	else if (c->option->take == take_relay)
		c->settings->nrelays = 0;
}

bool
take_nothing(struct option_call *c, const char *value)
{
	(void)c;
	(void)value;
	return true;
}

bool
take_number(struct option_call *c, const char *value)
{
	uint64_t n;

	if (!slice_to_uint(slice_of(value), c->option->max, &n) || n == 0)
		return option_refuse(c, value,
		    "a number from 1 to %u is wanted", c->option->max);
	*(unsigned *)place(c) = (unsigned)n;
	return true;
}

bool
take_count(struct option_call *c, const char *value)
{
	(void)value;
	++*(unsigned *)place(c);
	return true;
}

bool
take_explain(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_EXPLAIN;
	return true;
}

bool
take_print_config(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_PRINT_CONFIG;
	return true;
}

bool
take_help(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_HELP;
	return true;
}

bool
take_version(struct option_call *c, const char *value)
{
	(void)value;
	c->settings->mode = MODE_VERSION;
	return true;
}

static unsigned
unit_seconds(char c)
{
	switch (ascii_lower(c)) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	}
	return 0;
}

static size_t
count_digits(struct slice s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return n;
}

bool
duration_parse(const char *text, unsigned unit, unsigned *seconds)
{
	struct slice s = slice_of(text);
	uint64_t n, sum = 0;
	unsigned scale;
	size_t digits;

	if (s.n == 0)
		return false;
	while (s.n > 0) {
		digits = count_digits(s);
		if (!slice_to_uint(slice_first(s, digits), INT_MAX, &n))
			return false;
		scale = digits < s.n ? unit_seconds(s.p[digits]) : unit;
		if (scale == 0)
			return false;
		sum += n * scale;
		if (sum > INT_MAX)
			return false;
		s = slice_from(s, digits + 1);
	}
	*seconds = (unsigned)sum;
	return true;
}

bool
take_timeout(struct option_call *c, const char *value)
{
	unsigned seconds;

	if (!duration_parse(value, 1, &seconds) || seconds == 0)
		return option_refuse(c, value,
		    "a time is wanted: 30, 30s, 5m or 1h");
	c->settings->timeout = (int64_t)seconds * 1000000;
	return true;
}

bool
take_tls(struct option_call *c, const char *value)
{
	static const char *const why[] = {
		[TLS_NONE] = "--tls none",
		[TLS_MAY] = "--tls may",
		[TLS_ENCRYPT] = "--tls encrypt",
		[TLS_VERIFY] = "--tls verify",
	};

	if (!tls_level_parse(slice_of(value), &c->settings->tls))
		return option_refuse(c, value,
		    "none, may, encrypt or verify is wanted");
	c->settings->tls_given = true;
	c->settings->tls_by_file = false;
	c->settings->tls_why = why[c->settings->tls];
	return true;
}

bool
take_quit_after(struct option_call *c, const char *value)
{
	static const struct {
		const char *word;
		enum stage stage;
	} words[] = {
		{ "connect", STAGE_GREETING },
		{ "ehlo", STAGE_EHLO },
		{ "tls", STAGE_TLS },
		{ "mail", STAGE_MAIL },
		{ "rcpt", STAGE_RCPT },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (slice_eq_nocase(slice_of(value), slice_of(words[i].word))) {
			c->settings->quit_after = words[i].stage;
			return true;
		}
	return option_refuse(c, value,
	    "connect, ehlo, tls, mail or rcpt is wanted");
}

bool
take_notify(struct option_call *c, const char *value)
{
	if (!notify_parse(slice_of(value), &c->settings->notify))
		return option_refuse(c, value, "never is wanted, or a list of "
		    "success, failure and delay");
	return true;
}

bool
take_return(struct option_call *c, const char *value)
{
	if (slice_eq_nocase(slice_of(value), SLICE("full")))
		c->settings->ret = RET_FULL;
	else if (slice_eq_nocase(slice_of(value), SLICE("hdrs")))
		c->settings->ret = RET_HDRS;
	else
		return option_refuse(c, value, "full or hdrs is wanted");
	return true;
}
