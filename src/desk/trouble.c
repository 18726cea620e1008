/* SPDX-License-Identifier: ISC */
/* trouble.c - see trouble.h */
#include "desk/trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#define DAY 86400

static const struct {
	const char *name;
	int status;
} kinds[] = {
	[TROUBLE_NONE] = { "well", EX_OK },
	[TROUBLE_RECIPIENT] = { "recipient", EX_NOUSER },
	[TROUBLE_CERTIFICATE] = { "certificate", EX_NOPERM },
	[TROUBLE_PROTOCOL] = { "protocol", EX_PROTOCOL },
	[TROUBLE_UNREACHABLE] = { "unreachable", EX_UNAVAILABLE },
	[TROUBLE_NO_HOST] = { "no host", EX_NOHOST },
	[TROUBLE_UNKNOWN] = { "unknown", EX_TEMPFAIL },
};

const char *
trouble_name(enum trouble_kind kind)
{
	return kinds[kind].name;
}

int
trouble_exit(enum trouble_kind kind)
{
	return kinds[kind].status;
}

void
troubles_free(struct troubles *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_free(&t->v[i].text);
	t->n = 0;
}

enum trouble_kind
troubles_worst(const struct troubles *t)
{
	enum trouble_kind worst = TROUBLE_NONE;

	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind > worst)
			worst = t->v[i].kind;
	return worst;
}

int64_t
days_until(int64_t then, int64_t now)
{
	int64_t left = then - now;

	return left >= 0 ? left / DAY : -((-left + DAY - 1) / DAY);
}

static void __attribute__((format(printf, 4, 5)))
add(struct troubles *t, enum trouble_kind kind, const char *advice,
    const char *fmt, ...)
{
	struct trouble *one;
	char text[800];
	va_list ap;

	if (t->n == TROUBLES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	one = &t->v[t->n++];
	*one = (struct trouble){ .kind = kind, .advice = advice };
	buf_puts(&one->text, text);
}

static bool
mentions(const struct outcome *o, const char *words)
{
	struct slice rest = slice_of(o->text);

	for (; rest.n > 0; rest = slice_from(rest, 1))
		if (slice_starts(rest, slice_of(words)))
			return true;
	return false;
}

/* ---- the way there ---- */

static const char *
advice_for_dial(const struct outcome *o)
{
	if (o->timed_out)
		return "packets get lost: by a firewall there, or one that "
		       "keeps port 25 from this machine";
	if (mentions(o, "refused"))
		return "nothing listens there: start the server, or take the "
		       "address out of DNS";
	if (mentions(o, "unreachable"))
		return "there is no way from here: has this machine IPv6 at "
		       "all? -4 looks at IPv4 only";
	if (mentions(o, "assign requested address"))
		return "this machine has no address to come from: is IPv6 off "
		       "here? -4 looks at IPv4 only";
	return "is the address right, and the host up?";
}

static const char *
advice_for_garbage(const struct visit *v)
{
	if (v->why.stage == STAGE_STARTTLS)
		return "something stands between, or the server is at fault: "
		       "see RFC 3207, and CVE-2011-0411";
	return "is the port right, and does an SMTP server listen there?";
}

/* A row for each way to end. */
static void
add_fault(struct troubles *t, const struct visit *v, const struct demands *d)
{
	const char *text = v->why.text;

	switch (v->fault) {
	case VISIT_FINE:
		return;
	case VISIT_LOCAL:
		add(t, TROUBLE_UNKNOWN, "this machine is why: mend that, and "
		    "ask again", "%s", text);
		return;
	case VISIT_UNREACHABLE:
		add(t, TROUBLE_UNREACHABLE, advice_for_dial(&v->why), "%s",
		    text);
		return;
	case VISIT_SILENT:
		add(t, TROUBLE_UNREACHABLE, "is it overloaded, or does it look "
		    "up who we are for longer than --timeout?", "%s", text);
		return;
	case VISIT_LOST:
		add(t, TROUBLE_UNREACHABLE, "its log may say why: is our "
		    "address blocked there?", "%s", text);
		return;
	case VISIT_TURNED_AWAY:
		add(t, v->why.stage == STAGE_GREETING ? TROUBLE_UNREACHABLE :
		    TROUBLE_PROTOCOL, "its words say why, and its log may say "
		    "more", "%s", text);
		return;
	case VISIT_GARBAGE:
		add(t, TROUBLE_PROTOCOL, advice_for_garbage(v), "%s", text);
		return;
	case VISIT_NO_STARTTLS:
		if (d->tls)
			add(t, TROUBLE_PROTOCOL, "mail to it goes in clear: "
			    "give it a certificate and switch STARTTLS on",
			    "%s", text);
		return;
	case VISIT_NO_HANDSHAKE:
		if (d->tls)
			add(t, TROUBLE_PROTOCOL, "mail to it may go in clear: "
			    "look at the TLS settings and the log of the "
			    "server", "%s", text);
		return;
	}
}

/* ---- certificates ---- */

static void
put_date(struct buf *out, int64_t seconds)
{
	time_t at = seconds;
	struct tm tm;

	if (gmtime_r(&at, &tm))
		buf_putf(out, "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
}

/* "the certificate", or "the certificate of its issuer CN=R3" */
static void
put_whose(struct buf *out, const struct tls_facts *f, size_t i)
{
	buf_puts(out, "the certificate");
	if (i == 0)
		return;
	buf_puts(out, " of its issuer ");
	buf_put(out, buf_slice(&f->chain[i].subject));
}

/* Of those that were sent; a root that is sent needs not be good. */
static void
add_end(struct troubles *t, const struct tls_facts *f, size_t i,
    const struct demands *d)
{
	int64_t days = days_until(f->chain[i].to, d->now);
	struct buf text = { 0 };

	put_whose(&text, f, i);
	buf_puts(&text, days < 0 ? " ended on " : " ends on ");
	put_date(&text, f->chain[i].to);
	if (days < 0)
		add(t, TROUBLE_CERTIFICATE, "renew it, and have the server "
		    "load the new one", "%s, %lld day%s ago", buf_str(&text),
		    (long long)-days, days == -1 ? "" : "s");
	else
		add(t, TROUBLE_CERTIFICATE, "renew it in time", "%s, in %lld "
		    "day%s", buf_str(&text), (long long)days,
		    days == 1 ? "" : "s");
	buf_free(&text);
}

static bool
is_root(const struct tls_link *l)
{
	return slice_eq(buf_slice(&l->subject), buf_slice(&l->issuer));
}

static void
add_ends(struct troubles *t, const struct tls_facts *f, const struct demands *d)
{
	for (size_t i = 0; i < f->n; i++) {
		int64_t left = f->chain[i].to - d->now;
		bool over = left < 0 && (f->wrong & TLS_EXPIRED) != 0;
		bool soon = left >= 0 && d->warn_days > 0 &&
		    left < (int64_t)d->warn_days * DAY;

		if ((over || soon) && (i == 0 || !is_root(&f->chain[i])))
			add_end(t, f, i, d);
	}
}

static void
add_name(struct troubles *t, const struct tls_facts *f)
{
	struct slice names = { 0 };

	if (f->n > 0)
		names = slice_first(buf_slice(&f->chain[0].names), 300);
	if (names.n > 0)
		add(t, TROUBLE_CERTIFICATE, "have one made with this name in "
		    "it, or let the MX record say a name that it has",
		    "the certificate is for %.*s, and not for %s",
		    (int)names.n, names.p, f->name);
	else
		add(t, TROUBLE_CERTIFICATE, "have one made with the host's "
		    "name as a DNS name in it", "the certificate has no host "
		    "name in it, so it is not for %s", f->name);
}

static void
add_issuer(struct troubles *t, const struct tls_facts *f)
{
	const struct tls_link *last = &f->chain[f->n - 1];
	struct slice by = slice_first(buf_slice(&last->issuer), 300);

	if (is_root(last))
		add(t, TROUBLE_CERTIFICATE, "use one of a public authority, or "
		    "trust this one with --ca", "nobody here knows the "
		    "authority %.*s", (int)by.n, by.p);
	else
		add(t, TROUBLE_CERTIFICATE, "let the server send its whole "
		    "chain (fullchain.pem), or trust that issuer with --ca",
		    "the chain ends before an authority that is known here: "
		    "the certificate of %.*s is missing", (int)by.n, by.p);
}

static void
add_trust(struct troubles *t, const struct tls_facts *f,
    const struct demands *d)
{
	size_t before = t->n;

	if ((f->wrong & TLS_NO_RECORD) != 0) {
		add(t, TROUBLE_CERTIFICATE, "publish records of the "
		    "certificate that is used (--show-cert=tlsa prints them), "
		    "or let the server use the one that they are of",
		    "by its TLSA records the certificate is not trusted: %.*s",
		    (int)buf_slice(&f->why).n, buf_slice(&f->why).p);
		return;
	}
	if ((f->wrong & TLS_WRONG_NAME) != 0)
		add_name(t, f);
	add_ends(t, f, d);
	if ((f->wrong & TLS_NOT_YET) != 0)
		add(t, TROUBLE_CERTIFICATE, "is the clock right, there and "
		    "here?", "the certificate is good only later");
	if ((f->wrong & TLS_UNKNOWN_ISSUER) != 0 && f->n > 0)
		add_issuer(t, f);
	if ((f->wrong & TLS_SELF_SIGNED) != 0)
		add(t, TROUBLE_CERTIFICATE, "use one of a public authority, or "
		    "trust this one with --ca", "the server has signed its "
		    "certificate itself");
	if (!f->trusted && ((f->wrong & TLS_UNFIT) != 0 || t->n == before))
		add(t, TROUBLE_CERTIFICATE, "have another certificate made",
		    "the certificate is not trusted: %.*s",
		    (int)buf_slice(&f->why).n, buf_slice(&f->why).p);
}

bool
chain_is_complete(const struct tls_facts *f)
{
	return f->n > 0 && ((f->wrong & TLS_UNKNOWN_ISSUER) == 0 ||
	    is_root(&f->chain[f->n - 1]));
}

/* ---- recipients ---- */

static void
add_rcpts(struct troubles *t, const struct visit *v)
{
	for (size_t i = 0; i < v->call->nrcpts; i++) {
		const struct said *s = visit_rcpt(v, i);
		struct buf text = { 0 };

		if (s->code == 0 || s->code / 100 == 2)
			continue;
		said_put(&text, s);
		add(t, TROUBLE_RECIPIENT, s->code / 100 == 4 ?
		    "ask again in some minutes: it may be greylisting" :
		    "its words say why", "%s is refused: %s",
		    v->call->rcpt[i].path, buf_str(&text));
		buf_free(&text);
	}
}

/* Each host has its own under DANE. */
static struct demands
demands_of(const struct demands *d, const struct probe_target *target,
    size_t i)
{
	const struct plan_host *h = d->dane ? probe_host(target, i) : NULL;
	struct demands here = *d;

	if (h && h->tls_why) {
		here.tls = h->tls >= TLS_ENCRYPT;
		here.trust = h->tls >= TLS_VERIFY;
	}
	return here;
}

void
troubles_find(struct troubles *t, const struct probe_target *target, size_t i,
    const struct demands *d)
{
	const struct visit *v = &target->visit[i];
	const struct demands here = demands_of(d, target, i);

	add_fault(t, v, &here);
	if (v->secured && here.trust)
		add_trust(t, &v->facts, &here);
	add_rcpts(t, v);
}

/* ---- DNS ---- */

static void
add_dns(struct troubles *t, const struct outcome *o)
{
	if (o->verdict == FAILED)
		add(t, TROUBLE_NO_HOST, "mend the DNS records, or is it "
		    "spelled otherwise?", "%s", o->text);
	else
		add(t, TROUBLE_UNKNOWN, "ask again when the name servers "
		    "answer", "%s", o->text);
}

void
troubles_find_host(struct troubles *t, const struct plan_host *h)
{
	if (h->problem)
		add_dns(t, h->problem);
}

void
troubles_find_plan(struct troubles *t, const struct plan *p)
{
	if (p->why)
		add_dns(t, p->why);
}
