/* SPDX-License-Identifier: ISC */
/* option_clash.c - see option_clash.h */
#include "config/option_clash.h"

#include "config/option_find.h"

/* One of each line can be used; the last would win in silence. */
static const char *const one_of[] = {
	("explain print print-config quit-after drop-after reset-after sink b "
	 "queue daemon probe show-cert ehlo-diff talk script script-from "
	 "dkim-keygen dkim-check tls-report"),
	("stall explain print print-config sink b queue daemon talk script "
	 "script-from dkim-keygen dkim-check tls-report"),
	("xclient explain print print-config sink b queue daemon talk script "
	 "script-from dkim-keygen dkim-check tls-report"),
	("exit-codes explain print print-config sink b queue daemon probe "
	 "show-cert ehlo-diff talk script script-from dkim-keygen dkim-check "
	 "tls-report"),
	("proxy-protocol explain print print-config sink b queue daemon talk "
	 "script script-from dkim-keygen dkim-check tls-report"),
	("html-report print print-config b queue daemon talk script "
	 "script-from dkim-keygen dkim-check tls-report"),
	("brief explain print print-config sink queue daemon talk script "
	 "script-from dkim-keygen dkim-check tls-report import-config"),
	("timing explain print print-config sink queue daemon talk script "
	 "script-from dkim-keygen dkim-check tls-report import-config"),
	("log explain print probe show-cert ehlo-diff talk script "
	 "script-from dkim-keygen dkim-check tls-report import-config"),
	("fill explain print-config queue daemon talk script script-from "
	 "dkim-keygen dkim-check tls-report"),
	("save-cert explain print print-config queue daemon script-from "
	 "dkim-keygen dkim-check tls-report"),
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

/* Those that were met, which are few: no run looks for the others' names. */
struct met {
	const struct option_call *call;
	const struct option *v[OPTIONS_MAX];
	size_t n;
};

/* Is that its long name, or the letter of one that has none? */
static bool
is(const struct option *o, struct slice word)
{
	return o->name ? slice_eq(word, slice_of(o->name)) :
			 word.n == 1 && word.p[0] == o->letter;
}

/* It, if it was met; or NULL. */
static const struct option *
find(const struct met *m, struct slice word)
{
	for (size_t i = 0; i < m->n; i++)
		if (is(m->v[i], word))
			return m->v[i];
	return NULL;
}

static bool
is_any(const struct option *o, struct slice words)
{
	struct slice word;

	while (slice_cut(&words, ' ', &word))
		if (is(o, word))
			return true;
	return false;
}

/* One of these that was met; or NULL. */
static const struct option *
find_any(const struct met *m, struct slice words)
{
	const struct option *o = NULL;
	struct slice word;

	while (!o && slice_cut(&words, ' ', &word))
		o = find(m, word);
	return o;
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
clash(const struct met *m, const struct option *a, const char *text,
    const struct option *b, const char *end)
{
	struct buf *says = m->call->says;

	buf_putf(says, "%s: ", m->call->program);
	put_name(says, a);
	buf_puts(says, text);
	put_name(says, b);
	buf_putf(says, "%s\n", end);
	return true;
}

/* The same, of an option that was not met. */
static bool
lacks(const struct met *m, const struct option *o, const char *name,
    const char *end)
{
	const struct option *other;

	return clash(m, o, " needs ", option_by_name(slice_of(name), &other),
	    end);
}

static bool
check_line(const struct met *m, const char *line)
{
	struct slice rest = slice_of(line), word;
	const struct option *first = NULL, *o;

	while (slice_cut(&rest, ' ', &word)) {
		o = find(m, word);
		if (!o)
			continue;
		if (first)
			return clash(m, first, " and ", o,
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
	return o->group >= GROUP_SINK || !o->name ||
	    is_any(o, SLICE(with_sink));
}

/* What is for sending has no meaning with --sink, and the other way round. */
static bool
check_group(const struct met *m, const struct option *o)
{
	const struct option *sink = find(m, SLICE("sink"));

	if (o->group == GROUP_SINK && !sink)
		return lacks(m, o, "sink", "");
	return sink && !goes_with_sink(o) &&
	    clash(m, o, " has no meaning with ", sink, ", which receives mail");
}

/* Options of other groups that have a meaning for who only looks. */
static const char with_probe[] = "server port resolver dnssec "
				 "trust-anchor mta-sts ipv4 ipv6 source helo "
				 "timeout allow-loopback-mx tls "
				 "ca cert key tls-name tls-min tls-max "
				 "ciphers groups save-cert keylog verbose json "
				 "transcript config no-config default-domain "
				 "help version";

/* Is this the option of that name, without the one that it belongs to? */
static bool
needs(const struct met *m, const struct option *o, const char *name,
    const char *other)
{
	return is(o, slice_of(name)) && !find(m, slice_of(other)) &&
	    lacks(m, o, other, "");
}

static bool
is_for_message(const struct option *o)
{
	return o->group == GROUP_MESSAGE || o->group == GROUP_MAKE ||
	    o->group == GROUP_BULK || o->group == GROUP_DSN ||
	    o->group == GROUP_QUEUE;
}

/* Jobs that get no message; some of them connect to nobody either. */
static const struct {
	const char *job, *why;
	bool alone;
} apart[] = {
	{ "script-from", ", which only reads a transcript", true },
	{ "dkim-keygen", ", which only makes a key", true },
	{ "import-config", ", which only reads a configuration", true },
	{ "dkim-check", ", which only looks at keys", false },
	{ "tls-report", ", which is about mail that was sent", false },
	{ "daemon", ", which sends what is in the queue", false },
	{ "queue", ", which is about what is queued", false },
};

/* A configuration is read for all, and may be left out. */
static const char with_apart[] = "config no-config help version";

static bool
check_apart(const struct met *m, const struct option *o)
{
	const struct option *job;

	for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
		job = find(m, slice_of(apart[i].job));
		if (job && job != o && o->name &&
		    (apart[i].alone ? !is_any(o, SLICE(with_apart)) :
				      is_for_message(o)))
			return clash(m, o, " has no meaning with ", job,
			    apart[i].why);
	}
	return false;
}

/* No message is sent but the one that is said, and no relay is logged in at. */
static bool
check_saying(const struct met *m, const struct option *o)
{
	/* who says the dialogue himself; NULL = nobody */
	const struct option *way = find_any(m, SLICE("talk script"));
	bool scripted = way && is(way, SLICE("script"));

	if (needs(m, o, "tap", "script") || needs(m, o, "junit", "script"))
		return true;
	if (is(o, SLICE("password-command")) && !way)
		return lacks(m, o, "talk",
		    " or --script; a relay's stands in its section");
	if (!way)
		return false;
	if (is_any(o, SLICE("max-sessions max-connections")))
		return clash(m, o, " has no meaning with ", way,
		    ", which has one connection");
	if (is_any(o, SLICE("relay proxy")))
		return clash(m, o, " has no meaning with ", way, scripted ?
		    ": --server HOST, and @ auth for a login" :
		    ": --talk HOST, and /auth for a login");
	/* a script has a ${from}, and completes its ${to} */
	if (!is_for_message(o) ||
	    (scripted && is_any(o, SLICE("from default-domain"))))
		return false;
	return clash(m, o, " has no meaning with ", way, scripted ?
	    ", which says its own message" : ", where you say the message: "
	    "/data FILE");
}

static bool
check_desk(const struct met *m, const struct option *o)
{
	/* what is to be looked at; NULL = nothing */
	const struct option *probe = find_any(m,
	    SLICE("probe show-cert ehlo-diff"));

	if (needs(m, o, "quiet", "talk") || needs(m, o, "xclient", "server") ||
	    needs(m, o, "proxy-protocol", "server"))
		return true;
	if (is(o, SLICE("warn-days")) &&
	    (!probe || is(probe, SLICE("ehlo-diff"))))
		return lacks(m, o, "probe", "");
	if (!probe || o->group == GROUP_DESK || is_any(o, SLICE(with_probe)))
		return false;
	return clash(m, o, " has no meaning with ", probe, ", which only "
	    "looks at servers");
}

static bool
goes_by_itself(const struct option *o)
{
	return o->group == GROUP_ROUTE || o->group == GROUP_TLS || is_any(o,
	    SLICE("explain quit-after drop-after reset-after stall"));
}

/* What is put into the queue, which knows its ways itself. */
static bool
check_queueing(const struct met *m, const struct option *way)
{
	const struct option *o = find_any(m,
	    SLICE("queue-on-defer wait at expire dedupe"));

	return o && goes_by_itself(way) &&
	    clash(m, way, " has no meaning with ", o, ", since the queue goes "
	    "by this machine's configuration");
}

/* A message that is made does not come in too. */
static bool
check_made(const struct met *m, const struct option *o)
{
	const struct option *whole = find_any(m, SLICE("file fill as-is"));

	return whole && o->group == GROUP_MAKE &&
	    clash(m, o, " makes a message, and ", whole,
	    " is for one that comes in");
}

/* What is about one message, with --mbox. */
static bool
check_bulk(const struct met *m, const struct option *o)
{
	const struct option *mbox = find(m, SLICE("mbox"));

	if (needs(m, o, "resume", "mbox") || needs(m, o, "rate", "mbox") ||
	    needs(m, o, "verp", "mbox"))
		return true;
	return mbox && (o->group == GROUP_MAKE || o->group == GROUP_QUEUE ||
	    is_any(o, SLICE("require-eom explain quit-after print timing "
	    "html-report")) || (is(o, SLICE("file")) &&
		!find(m, SLICE("fill")))) &&
	    clash(m, o, " has no meaning with ", mbox, ", which sends many "
	    "messages");
}

bool
option_clash(const struct option_call *c)
{
	const struct option *o;
	struct met m;

	m.call = c;
	m.n = 0;
	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if (c->seen[i])
			m.v[m.n++] = o;
	for (size_t i = 0; i < sizeof one_of / sizeof one_of[0]; i++)
		if (check_line(&m, one_of[i]))
			return true;
	for (size_t i = 0; i < m.n; i++)
		if (check_group(&m, m.v[i]) || check_apart(&m, m.v[i]) ||
		    check_made(&m, m.v[i]) || check_desk(&m, m.v[i]) ||
		    check_saying(&m, m.v[i]) || check_queueing(&m, m.v[i]) ||
		    check_bulk(&m, m.v[i]))
			return true;
	return false;
}
