/* SPDX-License-Identifier: ISC */
/* settings.c - what follows from the options together, and what clashes. */
#include "config/settings.h"

#include <sysexits.h>

#include "base/ascii.h"

static const char *const modes[NMODES] = {
	[MODE_DELIVER] = "deliver (-bm)",
	[MODE_SINK] = "receive (--sink)",
	[MODE_PRINT_CONFIG] = "print the configuration (--print-config)",
	[MODE_HELP] = "help (--help)",
	[MODE_VERSION] = "show versions (--version)",
	[MODE_SMTP] = "speak SMTP on stdin and stdout (-bs)",
	[MODE_BATCH_SMTP] = "read batched SMTP (-bS)",
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

const char *
settings_log(const struct settings *s)
{
	if (s->show.log)
		return s->show.log;
	return s->personality == AS_SMTPSEND ? "none" : "syslog";
}

/* -q alone runs the queue, -q30m alone is a daemon; -bd keeps its mode. */
static void
settle_queue(struct settings *s)
{
	if (!s->sendmail.queue_run || s->mode != MODE_DELIVER)
		return;
	s->mode = s->sendmail.queue_interval ? MODE_DAEMON : MODE_QUEUE_RUN;
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
	return s->sink.dir ? "--sink-dir needs --sink" :
	    s->sink.mbox ? "--sink-mbox needs --sink" :
	    s->sink.name ? "--sink-name needs --sink" :
	    s->sink.nreplies > 0 ? "--sink-reply needs --sink" :
	    s->sink.count > 0 ? "--sink-count needs --sink" :
	    s->sink.tls ? "--sink-tls needs --sink" :
	    s->sink.lmtp ? "--sink-lmtp needs --sink" : NULL;
}

/* Only smtpsend's own options can clash. */
static const char *
find_clash(const struct settings *s)
{
	if (s->route.only_ipv4 && s->route.only_ipv6)
		return "--ipv4 and --ipv6 exclude each other";
	if (s->way.tls.key && !s->way.tls.cert)
		return "--key needs --cert";
	if (s->sink.dir && s->sink.mbox)
		return "--sink-dir and --sink-mbox exclude each other";
	if (s->mode == MODE_SINK && s->nrcpts > 0)
		return "--sink receives mail: it takes no recipients";
	if (s->way.link == LINK_SMTPS && s->way.tls.level == TLS_NONE)
		return "--tls none does not go with smtps://, which is TLS";
	if (s->message.require_tls && s->way.tls.level == TLS_NONE &&
	    !s->way.tls.given.file)
		return "--tls none does not go with -O requiretls=yes, which "
		       "demands TLS";
	return s->mode == MODE_SINK ? NULL : sink_option(s);
}

static bool
lacks_recipients(const struct settings *s)
{
	return s->mode == MODE_DELIVER && s->nrcpts == 0 &&
	    !s->message.read_recipients;
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
