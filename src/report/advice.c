/* SPDX-License-Identifier: ISC */
/* advice.c - see advice.h */
#include "report/advice.h"

#include <string.h>

#include "base/ascii.h"
#include "base/slice.h"

#define ANY	  0xffff
#define AGAIN	  "nothing was queued: send it again later"
#define ANY_STAGE STAGE_NONE

/* What to do about an outcome; the first row that fits is taken. */
static const struct {
	enum verdict verdict;
	enum stage stage;
	unsigned short subject, detail;
	const char *advice;
} rows[] = {
	{ FAILED, STAGE_USAGE, ANY, ANY, "see smtpsend --help" },
	{ FAILED, STAGE_OPEN, ANY, ANY, NULL },
	{ FAILED, STAGE_CONFIG, ANY, ANY, NULL },
	{ FAILED, STAGE_READ, ANY, ANY, "nothing was sent" },
	{ FAILED, ANY_STAGE, 1, 1, "check the part before the @" },
	{ FAILED, ANY_STAGE, 1, 6, "ask the recipient for the new address" },
	{ FAILED, ANY_STAGE, 1, 2, "check the part behind the @" },
	{ FAILED, ANY_STAGE, 1, 3, "check how the address is written" },
	{ FAILED, ANY_STAGE, 1, 7, "check the sender's address (-f)" },
	{ FAILED, ANY_STAGE, 1, 8, "check the sender's domain (-f)" },
	{ FAILED, ANY_STAGE, 1, 10, "this domain takes no mail at all" },
	{ FAILED, ANY_STAGE, 2, 2, "the mailbox is full: tell the recipient" },
	{ FAILED, ANY_STAGE, 3, 4, "the message is too large for it" },
	{ FAILED, STAGE_DNS, 4, 4, "the domain exists, but DNS leads no mail "
	    "to it: check how it is written, or tell its owner" },
	{ FAILED, STAGE_ROUTE, 4, 4, NULL },
	{ FAILED, ANY_STAGE, 4, 4, "check the part behind the @" },
	{ FAILED, ANY_STAGE, 4, 6, "its MX is this machine: --server HOST "
	    "sends elsewhere, --allow-loopback-mx sends here" },
	{ FAILED, ANY_STAGE, 6, 7, "this server takes ASCII only" },
	{ FAILED, ANY_STAGE, 7, 0, "the server wants a login or TLS: try "
	    "its submission service, or --tls encrypt" },
	{ FAILED, ANY_STAGE, 7, ANY, "the server's policy refuses this "
	    "mail: its own words say why" },
	{ FAILED, STAGE_MESSAGE, ANY, ANY, "nothing was sent" },
	{ FAILED, ANY_STAGE, ANY, ANY, "-v shows the whole dialogue" },
	{ DEFERRED, STAGE_READ, ANY, ANY, "nothing was sent" },
	{ DEFERRED, STAGE_CONFIG, ANY, ANY, "nothing was queued: mend this, "
	    "then send it again" },
	{ DEFERRED, STAGE_AUTH, ANY, ANY, "nothing was queued: check user and "
	    "password, or where the password comes from" },
	{ DEFERRED, STAGE_TLS, 7, 5, "nothing was queued: --ca PATH trusts "
	    "another CA" },
	{ DEFERRED, STAGE_DNS, ANY, ANY, "nothing was queued: send it again "
	    "later, or ask another DNS server with --resolver ADDR" },
	{ DEFERRED, STAGE_RCPT, ANY, ANY, "nothing was queued: send it again "
	    "in some minutes" },
	{ DEFERRED, ANY_STAGE, ANY, ANY, AGAIN },
};

/* Where it is the sender's own wish that stands in the way. */
static const char *const waivers[] = {
	[WAIVER_TRUST] = "nothing was queued: -v shows the certificate; "
			 "--ca PATH trusts another CA, --tls encrypt takes any",
	[WAIVER_TLS] = "nothing was queued: send it again later; --tls may "
		       "would send without TLS",
};

static bool
fits(size_t i, const struct outcome *o)
{
	return rows[i].verdict == o->verdict &&
	    (rows[i].stage == ANY_STAGE || rows[i].stage == o->stage) &&
	    (rows[i].subject == ANY || (o->esc.cls != 0 &&
	     rows[i].subject == o->esc.subject)) &&
	    (rows[i].detail == ANY || rows[i].detail == o->esc.detail);
}

static bool
is_walled(const struct outcome *o, uint16_t port)
{
	if (o->peer.port != 0)
		port = o->peer.port;
	return o->timed_out && (port == 25 || port == 0);
}

const char *
advice_for(const struct outcome *o, struct wish wish)
{
	if (o->maybe_sent)
		return "it may have arrived all the same: sending it again "
		       "makes a possible duplicate";
	if (wish.server && o->verdict == FAILED && o->stage == STAGE_DNS)
		return "check the name behind --server";
	if (is_walled(o, wish.port))
		return "nothing answered on port 25: outbound port 25 is "
		       "probably blocked on this network; use your provider's "
		       "submission relay (--relay smtps://HOST, see man "
		       "smtpsend.conf) or --server HOST --port 587";
	if (o->waiver != WAIVER_NONE)
		return waivers[o->waiver];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (fits(i, o))
			return rows[i].advice;
	return NULL;
}

void
advice_put(struct buf *out, const struct outcome *o, struct wish wish)
{
	const char *advice = advice_for(o, wish);

	if (advice)
		buf_putf(out, " -- %s", advice);
}

/* Is the host only its address again? */
static bool
is_nameless(const struct outcome *o)
{
	struct ip ip;

	return o->host[0] == '\0' || (ip_parse(slice_of(o->host), &ip) &&
	    o->peer.ip.version != 0);
}

void
peer_put(struct buf *out, const struct outcome *o)
{
	if (!is_nameless(o)) {
		text_escape(out, slice_of(o->host));
		if (o->peer.ip.version != 0)
			buf_putc(out, ' ');
	}
	if (o->peer.ip.version == 0)
		return;
	buf_putc(out, '[');
	ip_put(out, &o->peer.ip);
	buf_putc(out, ']');
	if (o->peer.port != 0)
		buf_putf(out, ":%u", o->peer.port);
}

/* The lines of a text joined by blanks, without a full stop at the end. */
static void
put_words(struct buf *out, const char *text)
{
	struct slice rest = slice_trim(slice_of(text)), line;
	bool first = true;

	while (slice_cut(&rest, '\n', &line)) {
		if (!first)
			buf_putc(out, ' ');
		text_escape(out, slice_trim(line));
		first = false;
	}
}

static void
put_server_words(struct buf *out, const struct outcome *o)
{
	if (o->ours[0] != '\0') {
		buf_puts(out, ": ");
		put_words(out, o->ours);
		buf_puts(out, ", it");
	}
	buf_putf(out, " said: %u ", o->code);
	if (o->esc.cls != 0) {
		esc_put(out, o->esc);
		buf_putc(out, ' ');
	}
	put_words(out, o->text);
}

/* Our own texts mostly name the host themselves. */
static bool
needs_peer(const struct outcome *o)
{
	return (o->host[0] != '\0' || o->peer.ip.version != 0) &&
	    (o->code != 0 || o->host[0] == '\0' || !strstr(o->text, o->host));
}

/* Our own texts may begin with the stage: "connect mx ... refused". */
static bool
needs_stage(const struct outcome *o)
{
	return o->stage != STAGE_NONE && (o->code != 0 ||
	    !slice_starts(slice_of(o->text), slice_of(stage_name(o->stage))));
}

void
failure_put(struct buf *out, const struct outcome *o)
{
	buf_puts(out, o->verdict == FAILED ? "failed" :
	    "not delivered, deferred");
	if (needs_stage(o))
		buf_putf(out, " at %s", stage_name(o->stage));
	if (needs_peer(o)) {
		buf_puts(out, ", ");
		peer_put(out, o);
	}
	if (o->code != 0) {
		put_server_words(out, o);
	} else {
		buf_puts(out, ": ");
		put_words(out, o->text);
	}
}
