/* SPDX-License-Identifier: ISC */
/* explain.c - see explain.h */
#include "report/explain.h"

#include <string.h>

#include "base/ascii.h"

#define NAMED 8 /* recipients */

const char *
link_name(enum link_kind link)
{
	switch (link) {
	case LINK_SMTP:
		return "smtp";
	case LINK_SMTPS:
		return "smtps";
	case LINK_LMTP:
		return "lmtp";
	}
	return "";
}

/* "mail.example.org:587" */
static void
put_host_name(struct buf *out, const struct plan_host *h)
{
	bool bare_v6 = h->port > 0 && strchr(h->name, ':');

	buf_puts(out, bare_v6 ? "[" : "");
	text_escape(out, slice_of(h->name));
	buf_puts(out, bare_v6 ? "]" : "");
	if (h->port > 0)
		buf_putf(out, ":%u %s", h->port, link_name(h->implicit_tls ?
		    LINK_SMTPS : LINK_SMTP));
	if (h->addresses)
		buf_putf(out, " at %s", h->addresses);
	if (h->canonical) {
		buf_puts(out, ", by CNAME ");
		text_escape(out, slice_of(h->canonical));
	}
}

/* ", TLS dane (2 TLSA records of _25._tcp.mx1.example.org)" */
static void
put_host_policy(struct buf *out, const struct plan_host *h)
{
	if (!h->tls_why || h->problem)
		return;
	buf_putf(out, ", TLS %s (", tls_level_name(h->tls));
	text_escape(out, slice_of(h->tls_why));
	buf_putc(out, ')');
}

static void
put_hosts(struct buf *out, const struct plan *p)
{
	for (size_t i = 0; i < p->nhosts; i++) {
		buf_putf(out, "  %-9s ", i == 0 ? "hosts" : "");
		if (plan_has_preferences(p))
			buf_putf(out, "%5u ", p->host[i].preference);
		put_host_name(out, &p->host[i]);
		put_host_policy(out, &p->host[i]);
		if (p->host[i].problem) {
			buf_puts(out, " -- not used: ");
			text_escape(out, slice_of(p->host[i].problem->text));
		}
		buf_putc(out, '\n');
	}
}

static void
put_addresses(struct buf *out, const struct plan *p)
{
	for (size_t i = 0; i < p->naddresses; i++) {
		buf_putf(out, "  %-9s %5zu ", i == 0 ? "tried" : "", i + 1);
		if (p->address[i].at.ip.version != 0) {
			endpoint_put(out, &p->address[i].at);
			buf_puts(out, "  ");
		}
		text_escape(out, slice_of(p->host[p->address[i].host].name));
		buf_putc(out, '\n');
	}
}

static void
put_relay(struct buf *out, const struct relay_spec *relay)
{
	buf_putf(out, "  %-9s ", "relay");
	text_escape(out, slice_of(relay->name));
	if (relay->user) {
		buf_puts(out, " as user ");
		text_escape(out, slice_of(relay->user));
	}
	buf_putc(out, '\n');
}

/* "MX"; "[local] mailbox, by LMTP to /run/dovecot/lmtp". */
static void
put_how(struct buf *out, const struct plan *p)
{
	buf_putf(out, "  %-9s %s", "found by", p->how ? p->how : "-");
	if (p->is_mailbox && p->nhosts > 0) {
		buf_puts(out, ", by LMTP to ");
		text_escape(out, slice_of(p->host[0].name));
	}
	buf_putc(out, '\n');
}

/* "for  bob@example.org, eve@example.org and 3 more" */
static void
put_recipients(struct buf *out, struct slice rcpts)
{
	struct slice one;
	size_t n = 0;

	if (rcpts.n == 0)
		return;
	buf_putf(out, "  %-9s ", "for");
	for (; slice_cut(&rcpts, '\n', &one) && one.n > 0; n++) {
		if (n >= NAMED)
			continue;
		buf_puts(out, n > 0 ? ", " : "");
		text_escape(out, one);
	}
	if (n > NAMED)
		buf_putf(out, " and %zu more", n - NAMED);
	buf_putc(out, '\n');
}

void
explain_put_signing(struct buf *out, const char *domain,
    const struct sign_rule *rule)
{
	const char *before = rule->source[SIGN_ANY_KEY].selector &&
	    rule->source[SIGN_ED25519_KEY].selector ? "selectors " :
						      "selector ";

	buf_puts(out, "DKIM\n");
	buf_putf(out, "  %-9s ", "signed by");
	text_escape(out, slice_of(domain));
	buf_putf(out, " ([dkim ");
	text_escape(out, slice_of(rule->pattern));
	buf_puts(out, "]), ");
	for (size_t i = 0; i < SIGN_SOURCES; i++)
		if (rule->source[i].selector) {
			buf_putf(out, "%s%s", before, rule->source[i].selector);
			before = " and ";
		}
	buf_putc(out, '\n');
}

void
explain_put(struct buf *out, const struct plan *p, struct slice rcpts)
{
	text_escape(out, slice_of(p->domain));
	buf_putc(out, '\n');
	put_recipients(out, rcpts);
	put_how(out, p);
	buf_putf(out, "  %-9s %s\n", "protocol", link_name(p->link));
	buf_putf(out, "  %-9s %s (%s)\n", "TLS", tls_level_name(p->tls),
	    p->tls_why ? p->tls_why : "the default");
	if (p->sts) {
		buf_putf(out, "  %-9s ", "MTA-STS");
		text_escape(out, slice_of(p->sts));
		buf_putc(out, '\n');
	}
	if (p->relay)
		put_relay(out, p->relay);
	put_hosts(out, p);
	put_addresses(out, p);
	if (!p->why)
		return;
	buf_putf(out, "  %-9s %s: ", "no way", verdict_name(p->why->verdict));
	text_escape(out, slice_of(p->why->text));
	buf_putc(out, '\n');
}
