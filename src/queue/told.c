/* SPDX-License-Identifier: ISC */
/* told.c - see told.h */
#include "queue/told.h"

#include <string.h>

#include "config/json.h"
#include "queue/wire.h"
#include "report/json.h"

void
told_put(struct buf *out, const struct told *t)
{
	buf_putf(out, "{\"at\":%lld", (long long)t->at);
	wire_put_text(out, "rcpt", t->rcpt);
	wire_put_text(out, "verdict", t->verdict);
	wire_put_text(out, "host", t->host);
	wire_put_text(out, "addr", t->addr);
	wire_put_number(out, "code", t->code);
	wire_put_text(out, "esc", t->esc);
	wire_put_text(out, "stage", t->stage);
	wire_put_text(out, "text", t->text);
	wire_put_text(out, "ours", t->ours);
	wire_put_number(out, "next", t->next);
	buf_puts(out, "}\n");
}

void
told_put_outcome(struct buf *out, struct slice rcpt, const struct outcome *o,
    int64_t at, int64_t next)
{
	struct buf addr = { 0 }, esc = { 0 };

	if (o->peer.ip.version != 0)
		endpoint_put(&addr, &o->peer);
	esc_put(&esc, o->esc);
	told_put(out, &(struct told){
		.at = at,
		.rcpt = rcpt,
		.verdict = slice_of(outcome_word(o->verdict, o->stage)),
		.host = slice_of(o->host),
		.addr = buf_slice(&addr),
		.code = o->code,
		.esc = buf_slice(&esc),
		.stage = slice_of(stage_name(o->stage)),
		.text = slice_of(o->text),
		.ours = slice_of(o->ours),
		.next = next,
	});
	buf_free(&addr);
	buf_free(&esc);
}

void
told_put_hold(struct buf *out, struct slice reason, int64_t at)
{
	told_put(out, &(struct told){ .at = at, .verdict = SLICE("held"),
	    .text = reason });
}

static bool
read_line(char *line, size_t n, struct told *t)
{
	const struct wire_field fields[] = {
		WIRE_NUMBER("at", &t->at), WIRE_TEXT("rcpt", &t->rcpt),
		WIRE_TEXT("verdict", &t->verdict), WIRE_TEXT("host", &t->host),
		WIRE_TEXT("addr", &t->addr), WIRE_UINT("code", &t->code),
		WIRE_TEXT("esc", &t->esc), WIRE_TEXT("stage", &t->stage),
		WIRE_TEXT("text", &t->text), WIRE_TEXT("ours", &t->ours),
		WIRE_NUMBER("next", &t->next), { 0 }
	};

	*t = (struct told){ 0 };
	return wire_read(line, n, fields) && t->at > 0;
}

bool
told_next(char **rest, size_t *n, struct told *out)
{
	while (*n > 0) {
		char *line = *rest, *end = memchr(line, '\n', *n);
		size_t len = end ? (size_t)(end - line) : *n;
		size_t whole = len + (end != NULL);

		*rest += whole;
		*n -= whole;
		if (read_line(line, len, out))
			return true;
	}
	return false;
}

/* "mx[192.0.2.1]"; a name that is the address stands alone. */
static void
put_host(struct buf *out, const struct told *t)
{
	struct slice ip = t->addr;

	while (ip.n > 0 && ip.p[ip.n - 1] != ':')
		ip.n--;
	if (ip.n > 0)
		ip.n--;
	if (ip.n > 1 && ip.p[0] == '[') {
		ip.p++;
		ip.n -= 2;
	}
	buf_put(out, t->host.n > 0 ? t->host : ip);
	if (ip.n > 0) {
		buf_putc(out, '[');
		buf_put(out, ip);
		buf_putc(out, ']');
	}
}

/* What it was in reply to, in Postfix's words. */
static const char *
in_reply_to(struct slice stage)
{
	static const struct {
		enum stage stage;
		const char *words;
	} rows[] = {
		{ STAGE_EHLO, "EHLO command" }, { STAGE_HELO, "HELO command" },
		{ STAGE_LHLO, "LHLO command" }, { STAGE_AUTH, "AUTH command" },
		{ STAGE_STARTTLS, "STARTTLS command" },
		{ STAGE_MAIL, "MAIL FROM command" },
		{ STAGE_RCPT, "RCPT TO command" },
		{ STAGE_DATA, "DATA command" },
		{ STAGE_BODY, "message text" },
		{ STAGE_END, "end of DATA command" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (slice_eq(stage, slice_of(stage_name(rows[i].stage))))
			return rows[i].words;
	return NULL;
}

/* Does text say the code itself already? */
static bool
says_code(const struct told *t)
{
	struct buf code = { 0 };
	bool says;

	buf_putf(&code, "%u", t->code);
	says = slice_starts(t->text, buf_slice(&code));
	buf_free(&code);
	return says;
}

static void
put_said(struct buf *out, const struct told *t)
{
	const char *command = in_reply_to(t->stage);

	buf_puts(out, t->host.n + t->addr.n > 0 ? "host " : "the server");
	put_host(out, t);
	buf_puts(out, " said:");
	if (!says_code(t))
		buf_putf(out, " %u", t->code);
	if (t->esc.n > 0 && !says_code(t)) {
		buf_putc(out, ' ');
		buf_put(out, t->esc);
	}
	if (t->text.n > 0) {
		buf_putc(out, ' ');
		buf_put(out, t->text);
	}
	if (command)
		buf_putf(out, " (in reply to %s)", command);
}

void
told_put_reason(struct buf *out, const struct told *t)
{
	if (t->code > 0)
		put_said(out, t);
	else
		buf_put(out, t->text);
	if (t->ours.n == 0)
		return;
	buf_puts(out, t->code > 0 || t->text.n > 0 ? "; " : "");
	buf_put(out, t->ours);
}
