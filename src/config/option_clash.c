/* SPDX-License-Identifier: ISC */
/* option_clash.c - see option_clash.h */
#include "config/option_clash.h"

#include "config/option_find.h"

/* One of each line can be used; the last would win in silence. */
static const char *const one_of[] = {
	("explain print print-config quit-after drop-after reset-after sink b "
	 "queue daemon probe show-cert ehlo-diff talk script script-from "
	 "dkim-keygen dkim-check"),
	("stall explain print print-config sink b queue daemon talk script "
	 "script-from dkim-keygen dkim-check"),
	("xclient explain print print-config sink b queue daemon talk script "
	 "script-from dkim-keygen dkim-check"),
	("exit-codes explain print print-config sink b queue daemon probe "
	 "show-cert ehlo-diff talk script script-from dkim-keygen dkim-check"),
	("proxy-protocol explain print print-config sink b queue daemon talk "
	 "script script-from dkim-keygen dkim-check"),
	("html-report print print-config b queue daemon talk script "
	 "script-from dkim-keygen dkim-check"),
	("fill explain print-config queue daemon talk script script-from "
	 "dkim-keygen dkim-check"),
	("save-cert explain print print-config queue daemon script-from "
	 "dkim-keygen dkim-check"),
	"config no-config",
	"json brief",
	"ipv4 ipv6",
	"server relay",
	"server proxy", /* a proxy is for relays */
	"relay xclient",
	"relay proxy-protocol",
	"relay port",	/* it stands in the relay's URL */
	"sink server",
	"sink relay",
	"sink-dir sink-maildir sink-mbox",
	"ignore-dots require-eom",
	"body body-file test-message",
	"test-message html-file",
	"queue-on-defer wait at",
	"queue-on-defer dedupe", /* it does not know what was delivered now */
};

/* By its long name, or the letter of one that has none. */
static const struct option *
find(struct slice word)
{
	const struct option *other;

	return word.n == 1 ? option_by_letter(word.p[0], true) :
			     option_by_name(word, &other);
}

static bool
was_met(const struct option_call *c, const struct option *o)
{
	return c->seen[o - option_at(0)];
}

static void
put_name(struct buf *out, const struct option *o)
{
	if (o->name)
		buf_putf(out, "--%s", o->name);
	else
		buf_putf(out, "-%c", o->letter);
}

static bool
clash(const struct option_call *c, const struct option *a, const char *text,
    const struct option *b, const char *end)
{
	buf_putf(c->says, "%s: ", c->program);
	put_name(c->says, a);
	buf_puts(c->says, text);
	put_name(c->says, b);
	buf_putf(c->says, "%s\n", end);
	return true;
}

static bool
check_line(const struct option_call *c, const char *line)
{
	struct slice rest = slice_of(line), word;
	const struct option *first = NULL, *o;

	while (slice_cut(&rest, ' ', &word)) {
		o = find(word);
		if (!was_met(c, o))
			continue;
		if (first)
			return clash(c, first, " and ", o,
			    " exclude each other");
		first = o;
	}
	return false;
}

/* Options of other groups that --sink heeds; of its own it heeds all. */
static const char with_sink[] = "timeout tls cert key verbose json transcript "
				"no-config help version";

static bool
goes_with_sink(const struct option *o)
{
	struct slice rest = SLICE(with_sink), word;

	if (o->group >= GROUP_SINK || !o->name)
		return true;
	while (slice_cut(&rest, ' ', &word))
		if (slice_eq(word, slice_of(o->name)))
			return true;
	return false;
}

/* What is for sending has no meaning with --sink, and the other way round. */
static bool
check_group(const struct option_call *c, const struct option *o)
{
	const struct option *sink = find(SLICE("sink"));

	if (o->group == GROUP_SINK && !was_met(c, sink))
		return clash(c, o, " needs ", sink, "");
	return was_met(c, sink) && !goes_with_sink(o) &&
	    clash(c, o, " has no meaning with ", sink, ", which receives mail");
}

/* Options of other groups that have a meaning for who only looks. */
static const char with_probe[] = "server port resolver ipv4 ipv6 source helo "
				 "timeout allow-loopback-mx tls "
				 "ca cert key tls-name tls-min tls-max "
				 "ciphers groups save-cert keylog verbose json "
				 "transcript config no-config default-domain "
				 "help version";

/* Is this the option of that name, without the one that it belongs to? */
static bool
needs(const struct option_call *c, const struct option *o, const char *name,
    const struct option *other)
{
	return o == find(slice_of(name)) && !was_met(c, other) &&
	    clash(c, o, " needs ", other, "");
}

static bool
goes_with_probe(const struct option *o)
{
	struct slice rest = SLICE(with_probe), word;

	while (o->name && slice_cut(&rest, ' ', &word))
		if (slice_eq(word, slice_of(o->name)))
			return true;
	return false;
}

/* What is to be looked at; NULL = nothing. */
static const struct option *
looks(const struct option_call *c)
{
	static const char *const ways[] = { "probe", "show-cert", "ehlo-diff" };

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		if (was_met(c, find(slice_of(ways[i]))))
			return find(slice_of(ways[i]));
	return NULL;
}

/* Who says the dialogue himself; NULL = nobody. */
static const struct option *
says(const struct option_call *c)
{
	static const char *const ways[] = { "talk", "script" };

	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		if (was_met(c, find(slice_of(ways[i]))))
			return find(slice_of(ways[i]));
	return NULL;
}

/* A script has a ${from}, and completes its ${to}. */
static bool
is_for_script(const struct option *o)
{
	return o == find(SLICE("from")) || o == find(SLICE("default-domain"));
}

static bool
is_for_message(const struct option *o)
{
	return o->group == GROUP_MESSAGE || o->group == GROUP_MAKE ||
	    o->group == GROUP_DSN || o->group == GROUP_QUEUE;
}

/* No message is sent but the one that is said, and no relay is logged in at. */
static bool
check_saying(const struct option_call *c, const struct option *o)
{
	const struct option *way = says(c), *script = find(SLICE("script"));

	if (needs(c, o, "tap", script) || needs(c, o, "junit", script))
		return true;
	if (o == find(SLICE("password-command")) && !way)
		return clash(c, o, " needs ", find(SLICE("talk")),
		    " or --script; a relay's stands in its section");
	if (!way)
		return false;
	if (o == find(SLICE("relay")) || o == find(SLICE("proxy")))
		return clash(c, o, " has no meaning with ", way,
		    way == script ? ": --server HOST, and @ auth for a login" :
		    ": --talk HOST, and /auth for a login");
	if (!is_for_message(o) || (way == script && is_for_script(o)))
		return false;
	return clash(c, o, " has no meaning with ", way, way == script ?
	    ", which says its own message" : ", where you say the message: "
	    "/data FILE");
}

static bool
check_desk(const struct option_call *c, const struct option *o)
{
	const struct option *probe = looks(c);

	if (needs(c, o, "quiet", find(SLICE("talk"))) ||
	    needs(c, o, "xclient", find(SLICE("server"))) ||
	    needs(c, o, "proxy-protocol", find(SLICE("server"))))
		return true;
	if (o == find(SLICE("warn-days")) && (!probe ||
	    probe == find(SLICE("ehlo-diff"))))
		return clash(c, o, " needs ", find(SLICE("probe")), "");
	if (!probe || o->group == GROUP_DESK || goes_with_probe(o))
		return false;
	return clash(c, o, " has no meaning with ", probe, ", which only "
	    "looks at servers");
}

/* Options that put the message into the queue, which knows its ways itself. */
static const char queueing[] = "queue-on-defer wait at expire dedupe";

static bool
goes_by_itself(const struct option *o)
{
	struct slice rest = SLICE("explain quit-after drop-after reset-after "
				  "stall"), word;

	while (slice_cut(&rest, ' ', &word))
		if (o == find(word))
			return true;
	return o->group == GROUP_ROUTE || o->group == GROUP_TLS;
}

static bool
check_queueing(const struct option_call *c, const struct option *way)
{
	struct slice rest = SLICE(queueing), word;

	while (slice_cut(&rest, ' ', &word))
		if (was_met(c, find(word)))
			return clash(c, way, " has no meaning with ",
			    find(word), ", since the queue goes by this "
			    "machine's configuration");
	return false;
}

/* A message that is made does not come in too. */
static bool
check_made(const struct option_call *c, const struct option *o)
{
	static const char *const whole[] = { "file", "fill", "as-is" };

	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
		const struct option *w = find(slice_of(whole[i]));

		if (o->group == GROUP_MAKE && was_met(c, w))
			return clash(c, o, " makes a message, and ", w,
			    " is for one that comes in");
	}
	return false;
}

bool
option_clash(const struct option_call *c)
{
	const struct option *o;

	for (size_t i = 0; i < sizeof one_of / sizeof one_of[0]; i++)
		if (check_line(c, one_of[i]))
			return true;
	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if (was_met(c, o) && (check_group(c, o) || check_made(c, o) ||
		    check_desk(c, o) || check_saying(c, o) ||
		    (goes_by_itself(o) && check_queueing(c, o))))
			return true;
	return false;
}
