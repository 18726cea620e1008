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
#include "config/option_find.h"

static void
complain(struct option_call *c, const char *value, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof text, fmt, ap);
	text_escape(c->says, slice_of(c->file ? c->file : c->program));
	if (c->file)
		buf_putf(c->says, ":%u", c->line);
	buf_putf(c->says, ": %s", c->shown);
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

struct option_call
option_call(struct settings *s, struct buf *says)
{
	return (struct option_call){ .settings = s, .way = &s->way,
		.program = s->program, .says = says,
		.own = s->personality == AS_SMTPSEND };
}

/* Where the value of an option lives. */
static void *
place_of(const struct option_call *c, const struct option *o)
{
	char *part = o->at.part == PART_WAY ? (char *)c->way :
					      (char *)c->settings;

	return part + o->at.offset;
}

static void *
place(const struct option_call *c)
{
	return place_of(c, c->option);
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

bool
take_given(struct option_call *c, const char *value)
{
	*(struct given *)place(c) = (struct given){ value, c->file, c->line };
	return true;
}

/* Nothing is given. */
static void
clear(const struct option_call *c, const struct option *o)
{
	static const size_t sizes[] = {
		[KIND_OTHER] = 0,
		[KIND_FLAG] = sizeof(bool),
		[KIND_COUNT] = sizeof(unsigned),
		[KIND_NUMBER] = sizeof(unsigned),
		[KIND_PORT] = sizeof(uint16_t),
		[KIND_TEXT] = sizeof(const char *),
		[KIND_PATH] = sizeof(const char *),
		[KIND_GIVEN] = sizeof(struct given),
		[KIND_LIST] = sizeof(size_t),
	};

	memset(place_of(c, o), 0, sizes[o->kind]);
}

/* An option takes along what only made sense with its value before. */
static void
forget_partner(struct option_call *c)
{
	const struct option *other, *o = option_by_name(
	    slice_of(c->option->partner), &other);

	if (!c->seen[option_index(o)])
		clear(c, o);
}

/* Would a use add to what sources before said? */
static bool
adds(enum option_kind kind)
{
	return kind == KIND_FLAG || kind == KIND_COUNT || kind == KIND_LIST;
}

void
option_begin(struct option_call *c)
{
	bool *seen = &c->seen[option_index(c->option)];

	if (*seen)
		return;
	*seen = true;
	if (c->option->partner)
		forget_partner(c);
	if (adds(c->option->kind))
		clear(c, c->option);
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
	c->settings->show.stop_after = STAGE_ROUTE;
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
take_dkim_keygen(struct option_call *c, const char *value)
{
	c->settings->mode = MODE_DKIM_KEYGEN;
	c->settings->dkim.domain = value;
	return true;
}

bool
take_dkim_check(struct option_call *c, const char *value)
{
	c->settings->mode = MODE_DKIM_CHECK;
	c->settings->dkim.domain = value;
	return true;
}

bool
take_tls_report(struct option_call *c, const char *value)
{
	c->settings->mode = MODE_TLS_REPORT;
	c->settings->tls_report = value;
	return true;
}

bool
take_import_config(struct option_call *c, const char *value)
{
	c->settings->mode = MODE_IMPORT_CONFIG;
	c->settings->show.import = value;
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

/* k, M and G are powers of 1024; 0 for no unit. */
static unsigned
unit_shift(char c)
{
	switch (ascii_lower(c)) {
	case 'k':
		return 10;
	case 'm':
		return 20;
	case 'g':
		return 30;
	}
	return 0;
}

bool
size_parse(const char *text, uint64_t *octets)
{
	struct slice s = slice_of(text);
	unsigned shift = s.n > 0 ? unit_shift(s.p[s.n - 1]) : 0;
	uint64_t n;

	if (shift > 0)
		s.n--;
	if (!slice_to_uint(s, (uint64_t)INT64_MAX >> shift, &n) || n == 0)
		return false;
	*octets = n << shift;
	return true;
}

bool
take_max_size(struct option_call *c, const char *value)
{
	return size_parse(value, &c->settings->message.max_size) ||
	    option_refuse(c, value, "a size is wanted: 500k, 50M or 2G");
}

bool
take_timeout(struct option_call *c, const char *value)
{
	unsigned seconds;

	if (!duration_parse(value, 1, &seconds) || seconds == 0)
		return option_refuse(c, value,
		    "a time is wanted: 30, 30s, 5m or 1h");
	c->settings->route.timeout = (int64_t)seconds * 1000000;
	return true;
}

bool
take_tls(struct option_call *c, const char *value)
{
	struct tls_settings *tls = &c->way->tls;

	if (!tls_level_parse(slice_of(value), &tls->level))
		return option_refuse(c, value,
		    "none, may, encrypt, verify, dane, dane-only or secure "
		    "is wanted");
	tls->given = (struct given){ tls_level_name(tls->level), c->file,
		c->line };
	return true;
}

bool
take_mta_sts(struct option_call *c, const char *value)
{
	enum sts_use *use = &c->way->tls.sts;

	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return option_refuse(c, value, "yes or no is wanted");
	*use = strcmp(value, "yes") == 0 ? STS_WANTED : STS_UNWANTED;
	return true;
}

static bool
take_tls_version(struct option_call *c, const char *value,
    unsigned char *number)
{
	if (strcmp(value, "1.2") != 0 && strcmp(value, "1.3") != 0)
		return option_refuse(c, value, "1.2 or 1.3 is wanted: what is "
		    "older is not spoken here");
	*number = (unsigned char)(value[2] - '0');
	return true;
}

bool
take_tls_min(struct option_call *c, const char *value)
{
	return take_tls_version(c, value, &c->settings->way.tls.terms.min);
}

bool
take_tls_max(struct option_call *c, const char *value)
{
	return take_tls_version(c, value, &c->settings->way.tls.terms.max);
}

bool
take_timing(struct option_call *c, const char *value)
{
	struct show_settings *show = &c->settings->show;

	if (value && !slice_ends_nocase(slice_of(value), SLICE(".svg")))
		return option_refuse(c, value,
		    "the name of an .svg file is wanted");
	if (value)
		show->timing_file = value;
	else
		show->timing = true;
	return true;
}

bool
take_notify(struct option_call *c, const char *value)
{
	if (!notify_parse(slice_of(value), &c->settings->message.notify))
		return option_refuse(c, value, "never is wanted, or a list of "
		    "success, failure and delay");
	return true;
}

bool
take_return(struct option_call *c, const char *value)
{
	if (slice_eq_nocase(slice_of(value), SLICE("full")))
		c->settings->message.ret = RET_FULL;
	else if (slice_eq_nocase(slice_of(value), SLICE("hdrs")))
		c->settings->message.ret = RET_HDRS;
	else
		return option_refuse(c, value, "full or hdrs is wanted");
	return true;
}
