/* SPDX-License-Identifier: ISC */
/* transcript_way.c - the way to a server, as a person reads it. */
#include "report/transcript_impl.h"

#include "base/ascii.h"

/* microseconds that what may be folded is kept back */
#define PATIENCE 300000

static void
print_asked(struct transcript *t)
{
	if (t->asked.n > 0)
		transcript_print(t, &t->asked_by, "==", PLAIN, &t->asked);
	buf_free(&t->asked);
}

/* "mx1.example.org [192.0.2.1]:25" */
static void
put_target(struct buf *b, const struct event *e)
{
	int64_t port = event_get_number(e, "port");

	if (!slice_eq(event_get(e, "host"), event_get(e, "address")))
		transcript_put(b, " ", e, "host");
	if (event_get(e, "address").n == 0)
		return;
	transcript_put(b, " [", e, "address");
	buf_putc(b, ']');
	if (port > 0)
		buf_putf(b, ":%lld", (long long)port);
}

/* "asking 127.0.0.1 for example.org: MX, A, AAAA", when all are known. */
void
transcript_lookup(struct transcript *t, const struct event *e,
    struct buf *b)
{
	transcript_put(b, "asking ", e, "resolver");
	transcript_put(b, " for ", e, "name");
	buf_putc(b, ':');
	if (t->asked.n > 0 &&
	    slice_starts(buf_slice(&t->asked), buf_slice(b))) {
		transcript_put(&t->asked, ", ", e, "type");
		return;
	}
	if (t->folded && t->asked.n > 0 &&
	    t->asked_by.kind == EVENT_LOOKUP) {
		if (t->asked.n < 300)
			transcript_put(&t->asked, "; ", e, "name");
		return;
	}
	print_asked(t);
	buf_put(&t->asked, buf_slice(b));
	transcript_put(&t->asked, " ", e, "type");
	t->asked_by = *e;
}

void
transcript_answer(struct transcript *t, const struct event *e,
    struct buf *b)
{
	bool soft = slice_eq(event_get(e, "status"), SLICE("soft"));
	const char *key = event_get(e, "answer").n > 0 ? "answer" :
	    event_get(e, "why").n > 0 ? "why" : "status";

	if (t->folded && fold_dns_keep(&t->fold_dns, e))
		return;
	transcript_put(b, "", e, "type");
	transcript_put(b, " ", e, "name");
	transcript_put(b, ": ", e, key);
	transcript_put(b, ", by CNAME ", e, "canonical");
	if (event_get_number(e, "validated") == 1)
		buf_puts(b, " (DNSSEC)");
	transcript_print(t, e, soft ? "**" : "==", soft ? YELLOW : CYAN,
	    b);
}

void
transcript_plan(struct transcript *t, const struct event *e,
    struct buf *b)
{
	if (event_get(e, "hosts").n == 0)
		return; /* the result says why there is no way */
	tls_level_parse(event_get(e, "tls"), &t->tls);
	transcript_put(b, "plan for ", e, "domain");
	transcript_put(b, ": ", e, "hosts");
	transcript_put(b, "; TLS ", e, "tls");
	transcript_put(b, " (", e, "reason");
	buf_putc(b, ')');
	transcript_print(t, e, "==", CYAN, b);
	buf_clear(b);
	transcript_put(b, "MTA-STS: ", e, "sts");
	if (b->n > 0)
		transcript_print(t, e, "==", CYAN, b);
	buf_clear(b);
	transcript_put(b, "", e, "policies");
	if (b->n > 0)
		transcript_print(t, e, "==", CYAN, b);
}

/* Addresses, now that it is clear which of them matter. */
static void
print_kept(struct transcript *t)
{
	struct event e = event_make(EVENT_ANSWER, 0);
	struct buf raw = { 0 }, b = { 0 };

	while (fold_dns_take(&t->fold_dns, &raw, &e.at)) {
		if (e.at < t->last)
			e.at = t->last;
		text_escape(&b, buf_slice(&raw));
		transcript_print(t, &e, "==", CYAN, &b);
		buf_clear(&raw);
		buf_clear(&b);
	}
	buf_free(&raw);
	buf_free(&b);
}

/* The attempt itself is worth a line only while nothing has come of it. */
static bool
is_told_later(struct transcript *t, const struct event *e, struct buf *b)
{
	if (!t->folded || e->kind != EVENT_CONNECT)
		return false;
	print_asked(t);
	buf_put(&t->asked, buf_slice(b));
	t->asked_by = *e;
	return true;
}

void
transcript_connection(struct transcript *t, const struct event *e,
    struct buf *b)
{
	if (e->kind == EVENT_CONNECT)
		buf_puts(b, "connecting to");
	else
		buf_puts(b, "connected to");
	put_target(b, e);
	if (is_told_later(t, e, b))
		return;
	transcript_put(b, " from ", e, "local");
	transcript_print(t, e, "==",
	    e->kind == EVENT_CONNECT ? PLAIN : CYAN, b);
}

/* The reason mostly names the target itself. */
void
transcript_failed(struct transcript *t, const struct event *e,
    struct buf *b)
{
	struct slice why = event_get(e, "why"), host = event_get(e, "host");
	bool named = false;

	for (size_t i = 0; host.n > 0 && i < why.n && !named; i++)
		named = slice_starts(slice_from(why, i), host);
	if (!named) {
		put_target(b, e);
		if (b->n > 0) {
			buf_consume(b, 1);
			buf_puts(b, ": ");
		}
	}
	text_escape(b, why);
	transcript_print(t, e, "**", RED, b);
}

static void
print_certificate(struct transcript *t, const struct event *e, struct buf *b)
{
	if (event_get(e, "subject").n == 0 && event_get(e, "names").n == 0)
		return;
	transcript_put(b, "certificate ", e, "subject");
	transcript_put(b, ", issued by ", e, "issuer");
	transcript_print(t, e, "==", PLAIN, b);
	buf_clear(b);
	transcript_put(b, "certificate names ", e, "names");
	transcript_put(b, b->n ? ", expires " : "certificate expires ", e,
	    "expires");
	if (b->n > 0)
		transcript_print(t, e, "==", PLAIN, b);
	buf_clear(b);
}

/* What is demanded of this host goes over what the plan says of all. */
static void
put_indifference(const struct transcript *t, const struct event *e,
    struct buf *b)
{
	bool trusted = slice_eq(event_get(e, "verdict"), SLICE("trusted"));
	enum tls_level level = t->tls;

	tls_level_parse(event_get(e, "level"), &level);
	transcript_put(b, " by TLSA ", e, "tlsa");
	if (!trusted && (level == TLS_MAY || level == TLS_ENCRYPT))
		buf_putf(b, " (no matter at TLS level %s)",
		    tls_level_name(level));
}

/* "...; certificate trusted; of CN=mx.example.org, by CN=R3, until 2027-..." */
static void
print_trust(struct transcript *t, const struct event *e, struct buf *b)
{
	bool trusted = slice_eq(event_get(e, "verdict"), SLICE("trusted"));

	transcript_put(b, "; certificate ", e, "verdict");
	transcript_put(b, ": ", e, "why");
	put_indifference(t, e, b);
	transcript_put(b, "; of ", e, "subject");
	transcript_put(b, ", by ", e, "issuer");
	transcript_put(b, ", until ", e, "expires");
	transcript_print(t, e, "==", trusted ? GREEN : YELLOW, b);
}

void
transcript_tls(struct transcript *t, const struct event *e,
    struct buf *b)
{
	bool trusted = slice_eq(event_get(e, "verdict"), SLICE("trusted"));

	transcript_put(b, "", e, "version");
	transcript_put(b, " ", e, "cipher");
	transcript_put(b, ", SNI ", e, "sni");
	if (t->folded) {
		print_trust(t, e, b);
		return;
	}
	transcript_print(t, e, "==", CYAN, b);
	buf_clear(b);
	print_certificate(t, e, b);
	transcript_put(b, "certificate is ", e, "verdict");
	transcript_put(b, ": ", e, "why");
	put_indifference(t, e, b);
	transcript_print(t, e, "==", trusted ? GREEN : YELLOW, b);
}

void
transcript_settle(struct transcript *t, const struct event *e)
{
	if (e->kind == EVENT_LOOKUP)
		return;
	if (t->folded && (e->kind == EVENT_ANSWER ||
	    (e->kind == EVENT_CONNECTED && t->asked_by.kind == EVENT_CONNECT)))
		buf_free(&t->asked);
	print_asked(t);
	if (e->kind != EVENT_ANSWER)
		print_kept(t);
}

void
transcript_settle_all(struct transcript *t)
{
	print_asked(t);
	print_kept(t);
}

int64_t
transcript_due(const struct transcript *t)
{
	int64_t since = fold_dns_since(&t->fold_dns);

	if (t->asked.n > 0 && t->asked_by.at < since)
		since = t->asked_by.at;
	if (t->fold.gathering > 0 && t->hidden.at < since)
		since = t->hidden.at;
	return since == INT64_MAX ? since : since + PATIENCE;
}
