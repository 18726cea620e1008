/* SPDX-License-Identifier: ISC */
/* settings.c - what follows from the options together, and what clashes. */
#include "config/option_take.h"

#include <sysexits.h>

static const char *const modes[NMODES] = {
	[MODE_DELIVER] = "deliver (-bm)",
	[MODE_EXPLAIN] = "explain (--explain)",
	[MODE_SINK] = "receive (--sink)",
	[MODE_PRINT_CONFIG] = "print the configuration (--print-config)",
	[MODE_HELP] = "help (--help)",
	[MODE_VERSION] = "show versions (--version)",
	[MODE_SMTP] = "speak SMTP on stdin and stdout (-bs)",
	[MODE_BATCH_SMTP] = "read batched SMTP (-bS)",
	[MODE_VERIFY] = "verify addresses (-bv)",
	[MODE_TEST] = "test addresses (-bt)",
	[MODE_ALIASES] = "read aliases (-bi)",
	[MODE_QUEUE_LIST] = "list the queue (-bp)",
	[MODE_QUEUE_COUNT] = "count the queue (-bP)",
	[MODE_QUEUE_RUN] = "run the queue (-q)",
	[MODE_DAEMON] = "be a daemon (-bd)",
	[MODE_DAEMON_FOREGROUND] = "be a daemon (-bD)",
	[MODE_HOST_STATUS] = "show hosts (-bh)",
	[MODE_HOST_PURGE] = "purge hosts (-bH)",
	[MODE_SHOW_OPTIONS] = "show options (-bO)",
	[MODE_CHECK_CONFIG] = "check the configuration (-bC)",
};

const char *
mode_name(enum mode mode)
{
	return modes[mode];
}

const char *
settings_log(const struct settings *s)
{
	if (s->log)
		return s->log;
	return s->personality == AS_SMTPSEND ? "none" : "syslog";
}

/* -q alone runs the queue, -q30m alone is a daemon; -bd keeps its mode. */
static void
settle_queue(struct settings *s)
{
	if (!s->queue_run || s->mode != MODE_DELIVER)
		return;
	s->mode = s->queue_interval ? MODE_DAEMON : MODE_QUEUE_RUN;
}

static int
clash(const struct settings *s, struct buf *says, const char *text)
{
	buf_putf(says, "%s: %s\n", s->program, text);
	return EX_USAGE;
}

/* The first option that says how to receive mail, or NULL. */
static const char *
sink_option(const struct settings *s)
{
	return s->sink_dir ? "--sink-dir needs --sink" :
	    s->sink_mbox ? "--sink-mbox needs --sink" :
	    s->sink_name ? "--sink-name needs --sink" :
	    s->nsink_replies > 0 ? "--sink-reply needs --sink" :
	    s->sink_count > 0 ? "--sink-count needs --sink" :
	    s->sink_tls ? "--sink-tls needs --sink" :
	    s->sink_lmtp ? "--sink-lmtp needs --sink" : NULL;
}

/* Only smtpsend's own options can clash. */
static const char *
find_clash(const struct settings *s)
{
	if (s->only_ipv4 && s->only_ipv6)
		return "--ipv4 and --ipv6 exclude each other";
	if (s->key && !s->cert)
		return "--key needs --cert";
	if (s->sink_dir && s->sink_mbox)
		return "--sink-dir and --sink-mbox exclude each other";
	if (s->mode == MODE_SINK && s->nrcpts > 0)
		return "--sink receives mail: it takes no recipients";
	if (s->link == LINK_SMTPS && s->tls == TLS_NONE)
		return "--tls none does not go with smtps://, which is TLS";
	if (s->require_tls && s->tls == TLS_NONE && !s->tls_by_file)
		return "--tls none does not go with -O requiretls=yes, which "
		       "demands TLS";
	return s->mode == MODE_SINK ? NULL : sink_option(s);
}

static bool
lacks_recipients(const struct settings *s)
{
	bool sends = s->mode == MODE_DELIVER || s->mode == MODE_EXPLAIN ||
	    s->mode == MODE_VERIFY;

	return sends && s->nrcpts == 0 && !s->read_recipients;
}

int
settings_settle(struct settings *s, struct buf *says)
{
	const char *text;

	settle_queue(s);
	text = find_clash(s);
	if (!text && lacks_recipients(s))
		text = "no recipients: name them, or take them from the header "
		       "with -t (smtpsend --help shows how)";
	return text ? clash(s, says, text) : 0;
}
