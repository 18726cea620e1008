/* SPDX-License-Identifier: ISC */
/*
 * cli_config.c - a configuration is refused with a line that names its line, or
 * --print-config prints one that says the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct loaded {
	struct config config;
	struct settings settings;
	struct buf says;
	bool parsed;
	int status;
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
load(struct loaded *l, struct slice text)
{
	*l = (struct loaded){ .status = 78 };
	options_init(&l->settings, "smtpsend");
	l->parsed = config_parse(&l->config, "f", text, &l->settings, &l->says);
	if (l->parsed)
		l->status = config_finish(&l->config, &l->settings, &l->says);
}

static void
unload(struct loaded *l)
{
	config_free(&l->config);
	buf_free(&l->says);
}

/* "f:12: what is wrong\n" */
static void
check_error(struct slice says)
{
	struct slice line = slice_from(says, 2);
	uint64_t n;

	must(slice_starts(says, SLICE("f:")));
	must(slice_to_uint(slice_first(line, slice_find(line, ':')),
	    UINT32_MAX, &n) && n > 0);
	must(slice_find(says, '\n') == says.n - 1);
	must(!ascii_has_control(slice_first(says, says.n - 1)));
	must(utf8_is_valid(says));
}

/* The lines that are no comments: those tell other places. */
static void
put_values(const struct config *c, struct buf *whole, struct buf *values)
{
	struct slice rest, line;

	config_put(c, whole);
	rest = buf_slice(whole);
	while (slice_cut(&rest, '\n', &line)) {
		if (line.n == 0 || line.p[0] == '#')
			continue;
		buf_put(values, line);
		buf_putc(values, '\n');
	}
}

static void
check_again(const struct loaded *l)
{
	struct buf whole = { 0 }, values = { 0 }, others = { 0 }, more = { 0 };
	struct loaded again;

	put_values(&l->config, &whole, &values);
	load(&again, buf_slice(&whole));
	must(again.parsed && again.status == l->status);
	must(again.config.rules.nrelays == l->config.rules.nrelays);
	must(again.config.rules.ndomains == l->config.rules.ndomains);
	put_values(&again.config, &more, &others);
	must(slice_eq(buf_slice(&values), buf_slice(&others)));
	unload(&again);
	buf_free(&whole);
	buf_free(&values);
	buf_free(&more);
	buf_free(&others);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loaded l;

	load(&l, (struct slice){ (const char *)data, size });
	must((l.status == 0) == (l.says.n == 0));
	if (l.status != 0)
		check_error(buf_slice(&l.says));
	if (l.parsed)
		check_again(&l);
	unload(&l);
	return 0;
}
