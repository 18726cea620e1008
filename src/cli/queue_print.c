/* SPDX-License-Identifier: ISC */
/* queue_print.c - see queue_print.h */
#include "cli/queue_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "base/mem.h"
#include "cli/queue_why.h"
#include "net/clock.h"
#include "queue/control.h"
#include "queue/control_client.h"
#include "queue/health.h"
#include "queue/wire.h"

void
queue_print_free(struct queue_print *p)
{
	for (size_t i = 0; i < LISTING_CLASSES; i++)
		buf_free(&p->rows[i]);
	listing_free(&p->row);
}

static void
put(struct queue_print *p, const struct buf *text)
{
	struct slice s = buf_slice(text);

	p->failed |= fwrite(s.p, 1, s.n, stdout) != s.n;
}

static void
put_line(struct queue_print *p, const char *line, size_t n)
{
	p->failed |= fwrite(line, 1, n, stdout) != n || putchar('\n') == EOF;
}

/* Rows are kept until all are there: urgent mail stands first. */
void
queue_print_row(void *self, const struct listing_row *row)
{
	struct queue_print *p = self;
	struct buf *rows = &p->rows[row->class % LISTING_CLASSES];

	p->octets += row->size;
	p->nrows++;
	if (p->words->style == QUEUE_JSON) {
		listing_put_json(rows, row);
	} else {
		listing_put_text(rows, row, clock_offset(row->arrival));
		buf_putc(rows, '\n'); /* between rows */
	}
}

/* Text has an empty line between rows, and so behind each but the last. */
static void
end_list(struct queue_print *p)
{
	static const unsigned order[LISTING_CLASSES] = { 1, 0, 2 };
	bool json = p->words->style == QUEUE_JSON;
	struct buf text = { 0 };

	if (!json && p->nrows > 0)
		listing_put_head(&text);
	put(p, &text);
	for (size_t i = 0; i < LISTING_CLASSES; i++)
		put(p, &p->rows[order[i]]);
	buf_clear(&text);
	if (!json)
		listing_put_end(&text, p->nrows, p->octets);
	if (p->nrows > 0 && !json)
		buf_consume(&text, 1); /* the empty line is there */
	put(p, &text);
	buf_free(&text);
}

/* To a terminal line by line, escaped; else the octets, with LF. */
static void
put_text(struct queue_print *p, struct slice text)
{
	struct buf out = { 0 };
	struct slice line;

	while (p->tty && slice_cut(&text, '\n', &line)) {
		text_escape(&out, line);
		if (text.p)
			buf_putc(&out, '\n');
	}
	buf_put(&out, text);
	put(p, &out);
	buf_free(&out);
}

/* CR LF becomes LF, also where a block ends between them. */
static void
show_data(struct queue_print *p, struct slice data)
{
	struct buf raw = { 0 }, text = { 0 };
	struct slice s;

	if (!base64_decode(&raw, data))
		return;
	s = buf_slice(&raw);
	for (size_t i = 0; i < s.n; i++) {
		if (p->cr && s.p[i] != '\n')
			buf_putc(&text, '\r');
		p->cr = s.p[i] == '\r';
		if (!p->cr)
			buf_putc(&text, s.p[i]);
	}
	put_text(p, buf_slice(&text));
	buf_free(&raw);
	buf_free(&text);
}

/* Not the machine's. */
static void
put_whose(const struct queue_print *p, struct buf *out)
{
	if (!p->own || p->words->style != QUEUE_TEXT)
		return;
	buf_puts(out, p->told ? "\nyour own queue, " : "your own queue, ");
	text_escape(out, slice_of(p->own));
	buf_puts(out, ":\n");
}

static void
put_health(struct queue_print *p, char *line, size_t n)
{
	struct health h;
	struct buf text = { 0 };
	char *copy = mem_dup((struct slice){ line, n });

	if (health_read(&h, copy, n)) {
		int status = health_status(&h, p->words->warn_age);

		p->status = status > p->status ? status : p->status;
		put_whose(p, &text);
		if (p->words->style == QUEUE_METRICS)
			health_put_metrics(&text, &h);
		else if (p->words->style == QUEUE_TEXT)
			health_put_text(&text, &h);
	}
	put(p, &text);
	if (p->words->style == QUEUE_JSON)
		put_line(p, line, n);
	health_free(&h);
	buf_free(&text);
	free(copy);
}

static void
put_site(struct queue_print *p, char *line, size_t n)
{
	int64_t lanes = 0, waiting = 0, sent = 0, in = 0;
	struct slice hosts = { 0 }, relay = { 0 }, why = { 0 };
	const struct wire_field fields[] = {
		WIRE_NUMBER("lanes", &lanes), WIRE_NUMBER("waiting", &waiting),
		WIRE_NUMBER("sent", &sent), WIRE_NUMBER("in", &in),
		WIRE_TEXT("hosts", &hosts), WIRE_TEXT("relay", &relay),
		WIRE_TEXT("why", &why), { 0 }
	};
	struct buf text = { 0 };

	if (!wire_read(line, n, fields))
		return;
	text_escape(&text, relay.n > 0 ? relay : hosts);
	buf_putf(&text, "\n  %lld connection%s, %lld message%s sent, %lld "
	    "waiting\n", (long long)lanes, lanes == 1 ? "" : "s",
	    (long long)sent, sent == 1 ? "" : "s", (long long)waiting);
	if (in > 0) {
		buf_puts(&text, "  tried again in ");
		span_put(&text, in);
		buf_putc(&text, '\n');
	}
	if (why.n > 0) {
		buf_puts(&text, "  ");
		text_escape(&text, why);
		buf_putc(&text, '\n');
	}
	put(p, &text);
	buf_free(&text);
}

/* Is it about a message that could not be served?  Then it is told. */
static bool
put_problem(struct queue_print *p, struct slice raw)
{
	char *line = mem_dup(raw);
	struct slice text = { 0 }, id = { 0 };
	const struct wire_field fields[] = {
		WIRE_TEXT("problem", &text), WIRE_TEXT("id", &id), { 0 }
	};
	struct buf out = { 0 };

	if (wire_read(line, raw.n, fields) && text.n > 0) {
		buf_putf(&out, "%s: ", p->program);
		text_escape(&out, id);
		buf_puts(&out, id.n > 0 ? ": " : "");
		text_escape(&out, text);
		buf_putc(&out, '\n');
		fputs(buf_str(&out), stderr);
	}
	buf_free(&out);
	free(line);
	return text.n > 0;
}

static void
put_show(struct queue_print *p, char *line, size_t n)
{
	struct slice data = { 0 };
	const struct wire_field fields[] = { WIRE_TEXT("data", &data), { 0 } };

	if (wire_read(line, n, fields))
		show_data(p, data);
}

void
queue_print_line(struct queue_print *p, char *line, size_t n)
{
	enum verb verb = p->words->request.verb;
	struct slice raw = { line, n };
	struct buf text = { 0 };

	if (slice_starts(raw, SLICE("{\"problem\":")) && put_problem(p, raw))
		return;
	if (verb == VERB_LIST) {
		if (listing_read(&p->row, line, n))
			queue_print_row(p, &p->row);
	} else if (verb == VERB_STATUS) {
		put_health(p, line, n);
	} else if (p->words->style == QUEUE_JSON) {
		put_line(p, line, n);
	} else if (verb == VERB_SHOW) {
		put_show(p, line, n);
	} else if (verb == VERB_SITES) {
		put_site(p, line, n);
	} else if (verb == VERB_WHY) {
		queue_why_put(&text, p, line, n);
		put(p, &text);
	}
	buf_free(&text);
}

/* Without a daemon nobody does it now: who asked has to know. */
static const char *
when_done(const struct queue_print *p, enum verb verb, long long n)
{
	bool tries = verb == VERB_NOW || verb == VERB_FLUSH;

	if (p->alone && n > 0 && (tries || verb == VERB_BOUNCE))
		return " by the next sendmail -q, for no daemon is here";
	return tries ? " now" : "";
}

/* "2 messages held"; empty for what changes nothing. */
static void
say_done(struct buf *out, const struct queue_print *p, long long n)
{
	static const char *const words[NVERBS] = {
		[VERB_HOLD] = "held", [VERB_RELEASE] = "released",
		[VERB_RM] = "removed", [VERB_NOW] = "will be tried",
		[VERB_FLUSH] = "will be tried",
		[VERB_EDIT] = "changed",
		[VERB_BOUNCE] = "will be returned to the sender",
	};
	enum verb verb = p->words->request.verb;

	if (words[verb])
		buf_putf(out, "%lld message%s %s%s", n, n == 1 ? "" : "s",
		    words[verb], when_done(p, verb, n));
}

/* What was done is said, on stderr at the worst. */
static bool
put_done(struct queue_print *p, long long n)
{
	bool counts = p->words->request.verb == VERB_COUNT;
	bool is_news = n > 0 || !(p->more || p->told);
	struct buf done = { 0 };

	say_done(&done, p, n);
	if (counts && !p->more)
		p->failed |= printf("%lld\n", n) < 0;
	else if (!counts && is_news && done.n > 0 &&
	    p->words->style == QUEUE_TEXT)
		p->failed |= printf("%s\n", buf_str(&done)) < 0;
	p->failed |= fflush(stdout) != 0;
	if (p->failed)
		fprintf(stderr, "%s: standard output cannot be written%s%s\n",
		    p->program, done.n > 0 ? "; all the same: " : "",
		    buf_str(&done));
	buf_free(&done);
	return !p->failed;
}

/*
 * What is not shown is said, and no queue is called empty that is not: who
 * watches it would believe that.
 */
static bool
put_others(struct queue_print *p, const struct control_end *end)
{
	enum verb verb = p->words->request.verb;
	bool none = end->n == 0;

	if (end->others == 0 || (verb != VERB_LIST && verb != VERB_COUNT))
		return false;
	fprintf(stderr, "%s: %lld message%s of other users %s not shown; root "
	    "and the group " CONTROL_ADMINS " see all\n", p->program,
	    (long long)end->others, end->others == 1 ? "" : "s",
	    end->others == 1 ? "is" : "are");
	return none && !request_filters(&p->words->request);
}

int
queue_print_end(struct queue_print *p, char *line, size_t n)
{
	enum verb verb = p->words->request.verb;
	struct control_end end;
	struct buf text = { 0 };
	bool hidden;

	if (!control_end_read(&end, line, n))
		return EX_PROTOCOL;
	if (end.error.n > 0) {
		buf_putf(&text, "%s: ", p->program);
		text_escape(&text, end.error);
		fprintf(stderr, "%s\n", buf_str(&text));
		buf_free(&text);
		return end.status ? (int)end.status : EX_SOFTWARE;
	}
	hidden = put_others(p, &end) || p->hidden;
	if (verb == VERB_LIST || verb == VERB_COUNT)
		end.n += p->n;
	if (!p->more && hidden && end.n == 0)
		return EX_NOPERM;
	if (!p->more && verb == VERB_LIST)
		end_list(p);
	if (!put_done(p, (long long)end.n))
		return EX_IOERR;
	p->n = end.n;
	p->hidden = hidden;
	p->told = end.n > 0 || verb == VERB_STATUS;
	return end.status ? (int)end.status : p->status;
}
