/* SPDX-License-Identifier: ISC */
/* settings.c - what follows from the options together, and what clashes. */
#include "config/settings.h"

#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"

static const char *const modes[NMODES] = {
	[MODE_DELIVER] = "deliver (-bm)",
	[MODE_SINK] = "receive (--sink)",
	[MODE_PRINT_CONFIG] = "print the configuration (--print-config)",
	[MODE_IMPORT_CONFIG] = "import a configuration (--import-config)",
	[MODE_DKIM_KEYGEN] = "make a key (--dkim-keygen)",
	[MODE_DKIM_CHECK] = "check a key (--dkim-check)",
	[MODE_TLS_REPORT] = "show or send TLS reports (--tls-report)",
	[MODE_PROBE] = "look at servers (--probe)",
	[MODE_HELP] = "help (--help)",
	[MODE_VERSION] = "show versions (--version)",
	[MODE_SMTP] = "speak SMTP on stdin and stdout (-bs)",
	[MODE_BATCH_SMTP] = "read batched SMTP (-bS)",
	[MODE_TEST] = "test addresses (-bt)",
	[MODE_ALIASES] = "read aliases (-bi)",
	[MODE_QUEUE_LIST] = "list the queue (-bp)",
	[MODE_QUEUE_DESK] = "work on the queue (--queue)",
	[MODE_QUEUE_COUNT] = "count the queue (-bP)",
	[MODE_QUEUE_RUN] = "run the queue (-q)",
	[MODE_DAEMON] = "be a daemon (-bd)",
	[MODE_DAEMON_FOREGROUND] = "be a daemon (-bD)",
	[MODE_LOCAL_AGENT] = "write to mailboxes (--local-agent)",
	[MODE_HOST_STATUS] = "show hosts (-bh)",
	[MODE_HOST_PURGE] = "purge hosts (-bH)",
	[MODE_SHOW_OPTIONS] = "show options (-bO)",
	[MODE_CHECK_CONFIG] = "check the configuration (-bC)",
	[MODE_TALK] = "talk with a server (--talk)",
	[MODE_SCRIPT] = "play a script (--script)",
	[MODE_SCRIPT_FROM] = "make a script (--script-from)",
};

const char *
mode_name(enum mode mode)
{
	return modes[mode];
}

void
given_put(struct buf *out, const struct given *g, const char *option)
{
	if (!g->text) {
		buf_puts(out, "the default");
	} else if (g->file) {
		text_escape(out, slice_of(g->file));
		buf_putf(out, ":%u", g->line);
	} else {
		buf_putf(out, "--%s ", option);
		text_escape(out, slice_of(g->text));
	}
}

/* Nobody sees what it says. */
static bool
is_service(enum mode mode)
{
	return mode == MODE_DAEMON || mode == MODE_DAEMON_FOREGROUND ||
	    mode == MODE_LOCAL_AGENT || mode == MODE_QUEUE_RUN;
}

const char *
settings_log(const struct settings *s)
{
	if (s->show.log)
		return s->show.log;
	return s->personality == AS_SMTPSEND && !is_service(s->mode) ?
	    "none" : "syslog";
}

bool
settings_name_tls(const struct settings *s)
{
	const struct tls_settings *tls = &s->way.tls;
	const struct tls_terms *t = &tls->terms;

	return tls->ca || tls->cert || t->ciphers || t->groups || t->save ||
	    t->keylog;
}

/* -q alone runs the queue, -q30m alone is a daemon; -bd keeps its mode. */
void
settings_settle_mode(struct settings *s)
{
	if (!s->sendmail.queue_run || s->mode != MODE_DELIVER)
		return;
	s->mode = s->sendmail.queue_interval ? MODE_DAEMON : MODE_QUEUE_RUN;
}

static bool
wants_both_families(const struct settings *s)
{
	return s->route.only_ipv4 && s->route.only_ipv6;
}

static bool
has_key_alone(const struct settings *s)
{
	return s->way.tls.key && !s->way.tls.cert;
}

static bool
sinks_to_somebody(const struct settings *s)
{
	return s->mode == MODE_SINK && s->nrcpts > 0;
}

static bool
asks_for_certificates(const struct settings *s)
{
	return s->mode == MODE_SINK && s->way.tls.level >= TLS_VERIFY;
}

/* Anybody who reaches the page reads the mail. */
static bool
shows_to_others(const struct settings *s)
{
	return s->sink.web.ip.version != 0 && !s->sink.web_any &&
	    !ip_is_loopback(&s->sink.web.ip);
}

static bool
is_tls_without_tls(const struct settings *s)
{
	return s->mode == MODE_SINK && s->sink.tls &&
	    s->way.tls.level == TLS_NONE;
}

/* Exit status 0 would mean that something was sent. */
static bool
answers_to_somebody(const struct settings *s)
{
	bool answers = s->mode == MODE_ALIASES || s->mode == MODE_QUEUE_LIST ||
	    s->mode == MODE_QUEUE_COUNT || s->mode == MODE_HOST_STATUS ||
	    s->mode == MODE_HOST_PURGE || s->mode == MODE_CHECK_CONFIG ||
	    s->mode == MODE_IMPORT_CONFIG || s->mode == MODE_SCRIPT_FROM ||
	    s->mode == MODE_DKIM_CHECK || s->mode == MODE_TLS_REPORT ||
	    s->mode == MODE_DAEMON_FOREGROUND;

	return answers && s->nrcpts > 0 && s->personality == AS_SMTPSEND;
}

static bool
talks_to_nobody(const struct settings *s)
{
	return s->mode == MODE_TALK && !s->way.server[0] && !s->talk.host[0];
}

static bool
talks_about_somebody(const struct settings *s)
{
	return s->mode == MODE_TALK && s->nrcpts > 0;
}

static bool
plays_to_nobody(const struct settings *s)
{
	return s->mode == MODE_SCRIPT && !s->way.server[0] && s->nrcpts == 0;
}

static bool
plays_to_many(const struct settings *s)
{
	return s->mode == MODE_SCRIPT && s->nrcpts > 1;
}

/* Is it an address of the family that is not to be used? */
static bool
is_other_family(const struct settings *s, const struct ip *ip)
{
	return (ip->version == 4 && s->route.only_ipv6) ||
	    (ip->version == 6 && s->route.only_ipv4);
}

static bool
comes_from_other_family(const struct settings *s)
{
	return is_other_family(s, &s->way.source);
}

static bool
goes_to_other_family(const struct settings *s)
{
	struct ip ip;

	return ip_parse(slice_of(s->way.server), &ip) &&
	    is_other_family(s, &ip);
}

/* A list has one in each row. */
static bool
has_list(const struct settings *s)
{
	return s->bulk.source && s->message.fill;
}

static bool
lists_and_names(const struct settings *s)
{
	return has_list(s) && s->nrcpts > 0;
}

static bool
reads_both(const struct settings *s)
{
	return has_list(s) && !s->message.file &&
	    strcmp(s->bulk.source, "-") == 0;
}

static bool
lacks_recipients(const struct settings *s)
{
	return s->mode == MODE_DELIVER && s->nrcpts == 0 &&
	    !s->message.read_recipients && !make_has_recipients(&s->make) &&
	    !s->show.print && !has_list(s);
}

static bool
is_no_version(const struct settings *s)
{
	const struct tls_terms *t = &s->way.tls.terms;

	return t->min && t->max && t->min > t->max;
}

/* A handshake that libcurl makes, or that comes at once, does not wait. */
static bool
stalls_elsewhere(const struct settings *s)
{
	return s->show.drill.stall[STAGE_STARTTLS] > 0 &&
	    (s->route.nrelays > 0 || s->way.link == LINK_SMTPS);
}

static bool
stalls_hello(const struct settings *s)
{
	return s->show.drill.stall[STAGE_EHLO] > 0 && s->route.nrelays > 0;
}

static bool
logs_in_nowhere(const struct settings *s)
{
	return s->show.stop_after == STAGE_AUTH && s->way.server[0];
}

static bool
mixes_timing(const struct settings *s)
{
	return s->show.timing && s->show.json;
}

/*
 * Steps before RCPT ask nothing about a recipient, so where the server is named
 * none is needed.  The one that every server has stands for it, and is not
 * named to it.
 */
static void
settle_probe(struct settings *s)
{
	static char *const somebody[] = { "postmaster" };
	enum stage stop = s->show.stop_after;

	if (!lacks_recipients(s) || stop < STAGE_CONNECT || stop >= STAGE_RCPT)
		return;
	if (!s->way.server[0] && s->route.nrelays == 0)
		return;
	s->rcpt = somebody;
	s->nrcpts = 1;
}

/* Values that cannot be together. */
static const struct {
	bool (*is)(const struct settings *s);
	const char *text;
} clashes[] = {
	{ wants_both_families, "--ipv4 and --ipv6 exclude each other" },
	{ comes_from_other_family, "the address of --source does not go with "
	    "--ipv4 or --ipv6" },
	{ goes_to_other_family, "the address of --server does not go with "
	    "--ipv4 or --ipv6" },
	{ has_key_alone, "--key needs --cert" },
	{ asks_for_certificates, "--tls verify, dane and dane-only have no "
	    "meaning with --sink: it asks nobody for a certificate" },
	{ shows_to_others, "--sink-web shows mail on loopback only; for other "
	    "machines --sink-web-any is wanted as well" },
	{ is_tls_without_tls, "--sink-tls and --tls none exclude each other" },
	{ answers_to_somebody, "this -b mode (or -I, --daemon or "
	    "--script-from) takes no recipients: nothing was sent" },
	{ is_no_version, "--tls-min 1.3 and --tls-max 1.2 leave no TLS version"
	    },
	{ stalls_elsewhere, "--stall tls is for STARTTLS of a server, not for "
	    "--relay or smtps://" },
	{ stalls_hello, "--stall ehlo is for servers: libcurl says EHLO to a "
	    "--relay" },
	{ logs_in_nowhere, "a login is made at relays: auth as a step goes "
	    "with --relay, not with --server" },
	{ mixes_timing, "--timing without =FILE.svg does not go with --json"
	    " on one output" },
	{ sinks_to_somebody, "--sink receives mail: it takes no recipients" },
	{ lists_and_names, "--mbox with --fill sends to the addresses of its "
	    "list: it takes no others" },
	{ reads_both, "--mbox - with --fill needs --file, as standard input "
	    "is the list" },
	{ talks_to_nobody, "--talk needs a HOST, or --server" },
	{ plays_to_nobody, "--script needs an address, whose mail server it "
	    "is, or --server" },
	{ plays_to_many, "--script takes one address" },
	{ talks_about_somebody, "--talk takes no recipients: say RCPT TO" },
};

static bool
probes_tls(const struct settings *s)
{
	return s->show.stop_after == STAGE_TLS;
}

static bool
leaves_tls(const struct settings *s)
{
	return probes_tls(s) && s->show.drill.leave != LEAVE_QUIT;
}

static bool
stalls_tls(const struct settings *s)
{
	return s->show.drill.stall[STAGE_STARTTLS] > 0;
}

static bool
saves_certificates(const struct settings *s)
{
	return s->way.tls.terms.save != NULL;
}

static bool
is_smtps(const struct settings *s)
{
	return s->way.link == LINK_SMTPS;
}

/* A file's `tls = none` is overridden by it. */
static bool
requires_tls(const struct settings *s)
{
	return s->message.require_tls && !s->way.tls.given.file;
}

/* A file's is for others than relays. */
static bool
names_relay(const struct settings *s)
{
	return s->route.nrelays > 0 && !s->route.relay[0].file &&
	    !s->way.tls.given.file;
}

/* What does not go with --tls none. */
static const struct {
	bool (*is)(const struct settings *s);
	const char *text;
} demands[] = {
	{ leaves_tls, "--drop-after tls (or --reset-after) does not go with "
	    "--tls none" },
	{ probes_tls, "--quit-after tls does not go with --tls none" },
	{ stalls_tls, "--stall tls does not go with --tls none" },
	{ saves_certificates, "--save-cert keeps what TLS shows and does not "
	    "go with --tls none" },
	{ is_smtps, "--server smtps:// is TLS and does not go with --tls "
	    "none" },
	{ requires_tls, "-O requiretls=yes demands TLS and does not go with "
	    "--tls none" },
	{ names_relay, "--relay demands TLS and does not go with --tls none" },
};

static const char *
find_clash(const struct settings *s)
{
	for (size_t i = 0; i < sizeof clashes / sizeof clashes[0]; i++)
		if (clashes[i].is(s))
			return clashes[i].text;
	return NULL;
}

static const char *
find_demand(const struct settings *s)
{
	bool none = s->way.tls.level == TLS_NONE && s->mode == MODE_DELIVER;

	for (size_t i = 0; none && i < sizeof demands / sizeof demands[0]; i++)
		if (demands[i].is(s))
			return demands[i].text;
	return NULL;
}

const char *
settings_clash(const struct settings *s)
{
	const char *text = find_clash(s);

	return text ? text : find_demand(s);
}

void
settings_put_clash(struct buf *out, const char *text, bool own)
{
	while (*text) {
		if (!own && text[0] == '-' && text[1] == '-')
			text += 2;
		else
			buf_putc(out, *text++);
	}
}

static int
fail(const struct settings *s, const char *text, bool is_tls, struct buf *says)
{
	buf_putf(says, "%s: ", s->program);
	settings_put_clash(says, text, s->personality == AS_SMTPSEND);
	if (is_tls && s->way.tls.given.file) {
		buf_puts(says, ", which is that of ");
		given_put(says, &s->way.tls.given, "tls");
	}
	buf_putc(says, '\n');
	return EX_USAGE;
}

int
settings_settle(struct settings *s, struct buf *says)
{
	const char *text;

	settle_probe(s);
	if ((text = find_clash(s)) != NULL)
		return fail(s, text, false, says);
	if ((text = find_demand(s)) != NULL)
		return fail(s, text, true, says);
	if (!lacks_recipients(s))
		return 0;
	buf_putf(says, "%s: no recipients: name them, or take them from the "
	    "header with -t (smtpsend --help shows how)\n", s->program);
	return EX_USAGE;
}
