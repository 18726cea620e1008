/* SPDX-License-Identifier: ISC */
/* caps.c - see caps.h */
#include "smtp/caps.h"

#include <string.h>

#include "base/xclient.h"

static void
read_size(struct caps *c, struct slice arg)
{
	c->size = true;
	if (!slice_to_uint(slice_trim(arg), UINT64_MAX, &c->max_size))
		c->max_size = 0;
}

static void
set_limit(struct caps *c, struct slice name, uint64_t value)
{
	const struct {
		struct slice name;
		uint64_t *limit;
	} limits[] = {
		{ SLICE("RCPTMAX"), &c->max_rcpts },
		{ SLICE("MAILMAX"), &c->max_mails },
		{ SLICE("RCPTDOMAINMAX"), &c->max_domains },
	};

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
		if (slice_eq_nocase(name, limits[i].name))
			*limits[i].limit = value;
}

/* LIMITS SP name=value *( SP name=value ), RFC 9422 4 */
static void
read_limits(struct caps *c, struct slice args)
{
	struct slice word, name;
	uint64_t v;

	while (slice_cut(&args, ' ', &word))
		if (slice_cut(&word, '=', &name) && word.p &&
		    slice_to_uint(word, 999999, &v) && v > 0)
			set_limit(c, name, v);
}

static void
read_xclient(struct caps *c, struct slice args)
{
	struct slice word;

	while (slice_cut(&args, ' ', &word))
		c->xclient |= xclient_bit(word);
}

static void
read_keyword(struct caps *c, struct slice word, struct slice args)
{
	const struct {
		struct slice word;
		bool *flag;
	} flags[] = {
		{ SLICE("PIPELINING"), &c->pipelining },
		{ SLICE("8BITMIME"), &c->eight_bit },
		{ SLICE("SMTPUTF8"), &c->smtputf8 },
		{ SLICE("CHUNKING"), &c->chunking },
		{ SLICE("DSN"), &c->dsn },
		{ SLICE("STARTTLS"), &c->starttls },
		{ SLICE("ENHANCEDSTATUSCODES"), &c->enhanced },
		{ SLICE("REQUIRETLS"), &c->require_tls },
		{ SLICE("FUTURERELEASE"), &c->future_release },
		{ SLICE("DELIVERBY"), &c->deliver_by },
		{ SLICE("MT-PRIORITY"), &c->mt_priority },
		{ SLICE("XSMTPSEND"), &c->xsmtpsend },
	};

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (slice_eq_nocase(word, flags[i].word))
			*flags[i].flag = true;
	if (slice_eq_nocase(word, SLICE("SIZE")))
		read_size(c, args);
	else if (slice_eq_nocase(word, SLICE("XCLIENT")))
		read_xclient(c, args);
	else if (slice_eq_nocase(word, SLICE("LIMITS")))
		read_limits(c, args);
}

void
caps_parse(struct caps *c, struct slice text)
{
	struct slice line, word;

	memset(c, 0, sizeof *c);
	slice_cut(&text, '\n', &line); /* the server's name */
	while (slice_cut(&text, '\n', &line)) {
		line = slice_trim(line);
		slice_cut(&line, ' ', &word);
		read_keyword(c, word, line);
	}
}
