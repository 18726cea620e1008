/* SPDX-License-Identifier: ISC */
/* transcript.c - see transcript.h */
#include "report/transcript.h"

#include "base/ascii.h"
#include "report/failure.h"

enum colour { PLAIN, DIM, GREEN, CYAN, YELLOW, RED };

static const char *const escapes[] = {
	[PLAIN] = "",
	[DIM] = "\033[2m",
	[GREEN] = "\033[32m",
	[CYAN] = "\033[36m",
	[YELLOW] = "\033[33m",
	[RED] = "\033[31m",
};

/* The columns before the text: times, connection, mark. */
static void
put_margin(struct transcript *t, struct buf *b, const struct event *e,
    const char *mark)
{
	int64_t since = e->at - t->start, step = e->at - t->last;

	if (t->last == 0)
		step = since;
	t->last = e->at;
	if (t->colour && !t->plain)
		buf_puts(b, escapes[DIM]);
	if (!t->plain)
		buf_putf(b, "%7.3f %+.3f ", (double)since / 1e6,
		    (double)step / 1e6);
	if (t->colour && !t->plain)
		buf_puts(b, "\033[0m");
	if (e->lane > t->lanes)
		t->lanes = e->lane;
	if (t->lanes > 1 && e->lane > 0)
		buf_putf(b, "%u ", e->lane);
	else if (t->lanes > 1)
		buf_puts(b, "  ");
	buf_puts(b, mark);
	buf_putc(b, ' ');
}

/* One line: margin, text (which is safe already), in one write. */
static void
print(struct transcript *t, const struct event *e, const char *mark,
    enum colour colour, struct buf *text)
{
	struct buf b = { 0 };

	put_margin(t, &b, e, mark);
	if (t->colour && colour != PLAIN)
		buf_puts(&b, escapes[colour]);
	buf_put(&b, buf_slice(text));
	if (t->colour && colour != PLAIN)
		buf_puts(&b, "\033[0m");
	buf_putc(&b, '\n');
	fwrite(b.base + b.off, 1, b.n, t->to);
	buf_free(&b);
}

static void
print_asked(struct transcript *t)
{
	struct event e = event_make(EVENT_LOOKUP, 0);

	if (t->asked.n == 0)
		return;
	e.at = t->asked_at;
	print(t, &e, "==", PLAIN, &t->asked);
	buf_free(&t->asked);
}

static void
put(struct buf *b, const char *before, const struct event *e, const char *key)
{
	struct slice s = event_get(e, key);

	if (s.n == 0)
		return;
	buf_puts(b, before);
	text_escape(b, s);
}

/* "mx1.example.org [192.0.2.1]:25" */
static void
put_target(struct buf *b, const struct event *e)
{
	int64_t port = event_get_number(e, "port");

	if (!slice_eq(event_get(e, "host"), event_get(e, "address")))
		put(b, " ", e, "host");
	if (event_get(e, "address").n == 0)
		return;
	put(b, " [", e, "address");
	buf_putc(b, ']');
	if (port > 0)
		buf_putf(b, ":%lld", (long long)port);
}

static enum colour
line_colour(const struct event *e)
{
	struct slice line = event_get(e, "line");

	if (e->kind != EVENT_RECEIVED || line.n == 0)
		return PLAIN;
	switch (line.p[0]) {
	case '2':
	case '3':
		return GREEN;
	case '4':
		return YELLOW;
	default:
		return RED;
	}
}

static void
print_line(struct transcript *t, const struct event *e, struct buf *b)
{
	const char *mark;

	if (t->plain && event_get_number(e, "typed") == 1)
		return;
	if (e->kind == EVENT_RECEIVED)
		mark = e->secure ? "<~" : "<-";
	else
		mark = e->secure ? "~>" : "->";
	put(b, "", e, "line");
	print(t, e, mark, line_colour(e), b);
}

/* "1,234,567" */
static void
put_thousands(struct buf *b, uint64_t n)
{
	if (n >= 1000) {
		put_thousands(b, n / 1000);
		buf_putf(b, ",%03u", (unsigned)(n % 1000));
	} else {
		buf_putu(b, n);
	}
}

static void
print_body(struct transcript *t, const struct event *e, struct buf *b)
{
	int64_t sent = event_get_number(e, "sent");

	if (t->bodies || event_get_number(e, "done") != 1 || sent < 0)
		return;
	buf_putc(b, '[');
	put_thousands(b, (uint64_t)sent);
	buf_puts(b, " octets of message]");
	print(t, e, e->secure ? "~>" : "->", PLAIN, b);
}

/* "asking 127.0.0.1 for example.org: MX, A, AAAA", when all are known. */
static void
gather_lookup(struct transcript *t, const struct event *e, struct buf *b)
{
	put(b, "asking ", e, "resolver");
	put(b, " for ", e, "name");
	buf_putc(b, ':');
	if (t->asked.n > 0 &&
	    slice_starts(buf_slice(&t->asked), buf_slice(b))) {
		put(&t->asked, ", ", e, "type");
		return;
	}
	print_asked(t);
	buf_put(&t->asked, buf_slice(b));
	put(&t->asked, " ", e, "type");
	t->asked_at = e->at;
}

static void
print_answer(struct transcript *t, const struct event *e, struct buf *b)
{
	bool soft = slice_eq(event_get(e, "status"), SLICE("soft"));
	const char *key = event_get(e, "answer").n > 0 ? "answer" :
	    event_get(e, "why").n > 0 ? "why" : "status";

	put(b, "", e, "type");
	put(b, " ", e, "name");
	put(b, ": ", e, key);
	if (event_get_number(e, "validated") == 1)
		buf_puts(b, " (DNSSEC)");
	print(t, e, soft ? "**" : "==", soft ? YELLOW : CYAN, b);
}

static void
print_plan(struct transcript *t, const struct event *e, struct buf *b)
{
	if (event_get(e, "hosts").n == 0)
		return; /* the result says why there is no way */
	tls_level_parse(event_get(e, "tls"), &t->tls);
	put(b, "plan for ", e, "domain");
	put(b, ": ", e, "hosts");
	put(b, "; TLS ", e, "tls");
	put(b, " (", e, "reason");
	buf_putc(b, ')');
	print(t, e, "==", CYAN, b);
}

static void
print_connection(struct transcript *t, const struct event *e, struct buf *b)
{
	if (e->kind == EVENT_CONNECT)
		buf_puts(b, "connecting to");
	else
		buf_puts(b, "connected to");
	put_target(b, e);
	put(b, " from ", e, "local");
	print(t, e, "==", e->kind == EVENT_CONNECT ? PLAIN : CYAN, b);
}

/* The reason mostly names the target itself. */
static void
print_failed(struct transcript *t, const struct event *e, struct buf *b)
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
	print(t, e, "**", RED, b);
}

static void
print_certificate(struct transcript *t, const struct event *e, struct buf *b)
{
	if (event_get(e, "subject").n == 0 && event_get(e, "names").n == 0)
		return;
	put(b, "certificate ", e, "subject");
	put(b, ", issued by ", e, "issuer");
	print(t, e, "==", PLAIN, b);
	buf_clear(b);
	put(b, "certificate names ", e, "names");
	put(b, b->n ? ", expires " : "certificate expires ", e, "expires");
	if (b->n > 0)
		print(t, e, "==", PLAIN, b);
	buf_clear(b);
}

static void
print_tls(struct transcript *t, const struct event *e, struct buf *b)
{
	bool trusted = slice_eq(event_get(e, "verdict"), SLICE("trusted"));

	put(b, "", e, "version");
	put(b, " ", e, "cipher");
	put(b, ", SNI ", e, "sni");
	print(t, e, "==", CYAN, b);
	buf_clear(b);
	print_certificate(t, e, b);
	put(b, "certificate is ", e, "verdict");
	put(b, ": ", e, "why");
	if (!trusted && (t->tls == TLS_MAY || t->tls == TLS_ENCRYPT))
		buf_putf(b, " (no matter at TLS level %s)",
		    tls_level_name(t->tls));
	print(t, e, "==", trusted ? GREEN : YELLOW, b);
}

static void
print_note(struct transcript *t, const struct event *e, struct buf *b)
{
	put(b, "", e, "text");
	print(t, e, "==", PLAIN, b);
}

static void
print_message(struct transcript *t, const struct event *e, struct buf *b)
{
	int64_t size = event_get_number(e, "size");

	put(b, "message ", e, "id");
	put(b, " from ", e, "from");
	put(b, " to ", e, "to");
	buf_puts(b, ", ");
	put_thousands(b, size > 0 ? (uint64_t)size : 0);
	buf_puts(b, " octets");
	put(b, ", ", e, "tls");
	put(b, ", logged in as ", e, "login");
	print(t, e, "==", CYAN, b);
}

static void
print_nothing(struct transcript *t, const struct event *e, struct buf *b)
{
	(void)t;
	(void)e;
	(void)b;
}

void
transcript_event(struct transcript *t, const struct event *e)
{
	static void (*const printers[NEVENTS])(struct transcript *t,
	    const struct event *e, struct buf *b) = {
		[EVENT_LOOKUP] = gather_lookup,
		[EVENT_ANSWER] = print_answer,
		[EVENT_PLAN] = print_plan,
		[EVENT_CONNECT] = print_connection,
		[EVENT_CONNECTED] = print_connection,
		[EVENT_FAILED] = print_failed,
		[EVENT_TLS] = print_tls,
		[EVENT_SENT] = print_line,
		[EVENT_RECEIVED] = print_line,
		[EVENT_BODY] = print_body,
		[EVENT_BODY_LINE] = print_line,
		[EVENT_MESSAGE] = print_message,
		[EVENT_NOTE] = print_note,
		[EVENT_RESULT] = print_nothing,
	};
	struct buf b = { 0 };

	if (e->kind != EVENT_LOOKUP)
		print_asked(t);
	printers[e->kind](t, e, &b);
	buf_free(&b);
}

void
transcript_flush(struct transcript *t)
{
	print_asked(t);
}

/* "delivered to mx.example.org", "verified by ...", "reached EHLO at ..." */
static void
put_reached(struct buf *b, const struct outcome *o)
{
	bool early = o->verdict == VERIFIED && o->stage < STAGE_RCPT;

	buf_puts(b, outcome_word(o->verdict, o->stage));
	if (early)
		buf_putf(b, " %s", stage_name(o->stage));
	if (o->host[0] == '\0' && o->peer.ip.version == 0)
		return;
	buf_puts(b, o->verdict == DELIVERED ? " to " : early ? " at " : " by ");
	peer_put(b, o);
}

void
success_put(struct buf *b, const struct recipient *r)
{
	struct outcome o = recipient_outcome(r);

	text_escape(b, slice_of(r->to.path));
	buf_puts(b, ": ");
	put_reached(b, &o);
	if (o.tls[0] != '\0')
		buf_puts(b, ", ");
	else if (o.stage >= STAGE_MAIL)
		buf_puts(b, ", without TLS");
	text_escape(b, slice_of(o.tls));
	if (r->result->queue_id[0]) {
		buf_puts(b, ", queue id ");
		text_escape(b, slice_of(r->result->queue_id));
	}
}

static void
put_failure(const struct transcript *t, struct buf *b,
    const struct recipient *r)
{
	struct outcome o = recipient_outcome(r);

	text_escape(b, slice_of(r->to.path));
	buf_puts(b, ": ");
	failure_put(b, &o);
	advice_put(b, &o, t->wish);
}

void
transcript_result(struct transcript *t, const struct recipient *r)
{
	bool good = r->verdict == DELIVERED || r->verdict == VERIFIED;
	struct event e = event_make(EVENT_RESULT, 0);
	struct buf b = { 0 };

	e.at = r->decided > t->last ? r->decided : t->last;
	if (good)
		success_put(&b, r);
	else
		put_failure(t, &b, r);
	print(t, &e, good ? "==" : "**", good ? GREEN : RED, &b);
	buf_free(&b);
}
