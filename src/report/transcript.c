/* SPDX-License-Identifier: ISC */
/* transcript.c - see transcript.h */
#include "report/transcript_impl.h"

#include "base/ascii.h"
#include "report/failure.h"
#include "report/success.h"

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

void
transcript_print(struct transcript *t, const struct event *e, const char *mark,
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

void
transcript_put(struct buf *b, const char *before, const struct event *e,
    const char *key)
{
	struct slice s = event_get(e, key);

	if (s.n == 0)
		return;
	buf_puts(b, before);
	text_escape(b, s);
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

static const char *
mark_of(const struct event *e)
{
	if (e->kind == EVENT_RECEIVED)
		return e->secure ? "<~" : "<-";
	return e->secure ? "~>" : "->";
}

static void
print_line(struct transcript *t, const struct event *e, struct buf *b)
{
	struct buf text = { 0 };

	if (t->plain && event_get_number(e, "typed") == 1)
		return;
	enum folded how = t->folded ? fold_event(&t->fold, e, &text) :
				      FOLD_SHOW;

	if (how == FOLD_HIDE) {
		t->hidden = *e;
	} else if (how == FOLD_INSTEAD) {
		text_escape(b, buf_slice(&text));
	} else {
		transcript_put(b, "", e, "line");
	}
	if (how == FOLD_TAG) {
		buf_puts(b, "  (");
		text_escape(b, buf_slice(&text));
		buf_putc(b, ')');
	}
	if (how != FOLD_HIDE)
		transcript_print(t, e, mark_of(e), line_colour(e), b);
	buf_free(&text);
}

/* A reply that was to be folded has not come to its end. */
static void
print_hidden(struct transcript *t)
{
	struct buf lines = { 0 }, b = { 0 };
	struct slice rest, line;

	fold_release(&t->fold, &lines);
	rest = buf_slice(&lines);
	while (slice_cut(&rest, '\n', &line) && line.n > 0) {
		text_escape(&b, line);
		transcript_print(t, &t->hidden, mark_of(&t->hidden), PLAIN, &b);
		buf_clear(&b);
	}
	buf_free(&lines);
	buf_free(&b);
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
	if (t->folded && fold_event(&t->fold, e, b) == FOLD_HIDE)
		return;
	buf_putc(b, '[');
	put_thousands(b, (uint64_t)sent);
	buf_puts(b, " octets of message]");
	transcript_print(t, e, e->secure ? "~>" : "->", PLAIN, b);
}

static void
print_note(struct transcript *t, const struct event *e, struct buf *b)
{
	transcript_put(b, "", e, "text");
	transcript_print(t, e, "==", PLAIN, b);
}

static void
print_signed(struct transcript *t, const struct event *e, struct buf *b)
{
	transcript_put(b, "DKIM: signed by ", e, "domain");
	transcript_put(b, ", selector ", e, "selector");
	transcript_put(b, ", ", e, "algorithm");
	transcript_print(t, e, "==", PLAIN, b);
}

static void
print_message(struct transcript *t, const struct event *e, struct buf *b)
{
	int64_t size = event_get_number(e, "size");

	transcript_put(b, "message ", e, "id");
	transcript_put(b, " from ", e, "from");
	transcript_put(b, " to ", e, "to");
	buf_puts(b, ", ");
	put_thousands(b, size > 0 ? (uint64_t)size : 0);
	buf_puts(b, " octets");
	transcript_put(b, ", ", e, "tls");
	transcript_put(b, ", logged in as ", e, "login");
	transcript_print(t, e, "==", CYAN, b);
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
		[EVENT_LOOKUP] = transcript_lookup,
		[EVENT_ANSWER] = transcript_answer,
		[EVENT_PLAN] = transcript_plan,
		[EVENT_CONNECT] = transcript_connection,
		[EVENT_CONNECTED] = transcript_connection,
		[EVENT_FAILED] = transcript_failed,
		[EVENT_TLS] = transcript_tls,
		[EVENT_SENT] = print_line,
		[EVENT_RECEIVED] = print_line,
		[EVENT_SIGNED] = print_signed,
		[EVENT_BODY] = print_body,
		[EVENT_BODY_LINE] = print_line,
		[EVENT_MESSAGE] = print_message,
		[EVENT_NOTE] = print_note,
		[EVENT_RESULT] = print_nothing,
	};
	struct buf b = { 0 };

	transcript_settle(t, e);
	printers[e->kind](t, e, &b);
	buf_free(&b);
}

void
transcript_flush(struct transcript *t, int64_t now)
{
	if (t->folded && now < transcript_due(t))
		return;
	transcript_settle_all(t);
	print_hidden(t);
}

void
transcript_free(struct transcript *t)
{
	buf_free(&t->asked);
	fold_free(&t->fold);
	fold_dns_free(&t->fold_dns);
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

	transcript_flush(t, INT64_MAX);
	e.at = r->decided > t->last ? r->decided : t->last;
	if (good)
		success_put(&b, r);
	else
		put_failure(t, &b, r);
	transcript_print(t, &e, good ? "==" : "**", good ? GREEN : RED, &b);
	buf_free(&b);
}
