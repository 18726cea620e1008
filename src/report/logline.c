/* SPDX-License-Identifier: ISC */
/* logline.c - see logline.h */
#include "report/logline.h"

#include "base/ascii.h"

#define ADDRESS_MAX 258 /* a whole path of RFC 5321, with its <> */
#define HOST_MAX    100
#define WORDS_MIN   24	/* of the server's, whatever stands before them */

static bool
is_plain(char c)
{
	const struct slice others = SLICE("._@+-:/[]<>~%");

	return ascii_is_alnum(c) || slice_find(others, c) < others.n;
}

static bool
needs_quotes(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_plain(s.p[i]))
			return true;
	return s.n == 0;
}

/* As text_escape(), for inside quotes; line ends become blanks. */
static void
put_escaped(struct buf *out, struct slice s)
{
	struct slice line, part;
	const char *between = "";

	while (slice_cut(&s, '\n', &line)) {
		buf_puts(out, between);
		between = "";
		while (slice_cut(&line, '"', &part)) {
			buf_puts(out, between);
			text_escape(out, part);
			between = "\\\"";
		}
		between = " ";
	}
}

/* Without the last character, all of its octets. */
static struct slice
shorten(struct slice s)
{
	do
		s.n--;
	while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80);
	return s;
}

/* At most max octets of s when escaped. */
static void
put_bounded(struct buf *out, struct slice s, size_t max)
{
	struct slice some = slice_first(s, max + 1);
	size_t begin = out->n;

	put_escaped(out, some);
	while (out->n - begin > (some.n < s.n ? max - 3 : max)) {
		buf_cut(out, begin);
		some = shorten(some);
		put_escaped(out, some);
	}
	if (some.n < s.n)
		buf_puts(out, "...");
}

static void
put_value(struct buf *out, const char *key, struct slice value, size_t max)
{
	const char *quote = needs_quotes(value) ? "\"" : "";

	buf_putf(out, " %s=%s", key, quote);
	put_bounded(out, value, max);
	buf_puts(out, quote);
}

static void
put_path(struct buf *out, const char *key, const char *path)
{
	struct buf b = { 0 };

	buf_putf(&b, "<%s>", path ? path : "");
	put_value(out, key, buf_slice(&b), ADDRESS_MAX);
	buf_free(&b);
}

static void
put_host(struct buf *out, const struct outcome *o)
{
	struct buf b = { 0 };

	if (o->host[0] != '\0')
		put_value(out, "host", slice_of(o->host), HOST_MAX);
	if (o->peer.ip.version == 0)
		return;
	buf_putc(&b, '[');
	ip_put(&b, &o->peer.ip);
	buf_putf(&b, "]:%u", o->peer.port);
	put_value(out, "addr", buf_slice(&b), HOST_MAX);
	buf_free(&b);
}

static void
put_verdict(struct buf *out, const struct outcome *o)
{
	buf_putf(out, " status=%s", outcome_word(o->verdict, o->stage));
	if (o->verdict != DELIVERED && o->stage != STAGE_NONE)
		put_value(out, "stage", slice_of(stage_name(o->stage)),
		    HOST_MAX);
	if (o->maybe_sent)
		buf_puts(out, " maybe-sent=yes");
	if (o->code != 0)
		buf_putf(out, " code=%u", o->code);
	if (o->esc.cls == 0)
		return;
	buf_puts(out, " enhanced=");
	esc_put(out, o->esc);
}

/* Seconds between two of these times; what never began took none. */
static void
put_delay(struct buf *out, const char *before, int64_t from, int64_t to)
{
	int64_t ms = from != 0 && to > from ? (to - from) / 1000 : 0;

	buf_putf(out, "%s%lld.%03lld", before, (long long)(ms / 1000),
	    (long long)(ms % 1000));
}

/* Before sending, DNS and connecting, dialogue, text and its reply. */
static void
put_delays(struct buf *out, const struct logline_run *run,
    const struct recipient *r)
{
	int64_t begun = run->begun ? run->begun : r->decided;
	int64_t connected = r->connected ? r->connected : r->decided;
	int64_t text = r->text ? r->text : r->decided;

	put_delay(out, " delays=", run->start, begun);
	put_delay(out, "/", begun, connected);
	put_delay(out, "/", connected, text);
	put_delay(out, "/", text, r->decided);
}

/* What it was held to, where that came from DNS. */
static void
put_tls(struct buf *out, const struct result *r)
{
	put_value(out, "tls", slice_of(r->tls), HOST_MAX);
	if (r->policy > TLS_VERIFY)
		put_value(out, "policy", slice_of(tls_level_name(r->policy)),
		    HOST_MAX);
}

/* What is left of the line. */
static void
put_words(struct buf *out, size_t begin, const struct outcome *o)
{
	size_t used = out->n - begin + sizeof " said=\"\"", left = WORDS_MIN;

	if (o->text[0] == '\0')
		return;
	if (used + WORDS_MIN < LOGLINE_MAX)
		left = LOGLINE_MAX - used;
	put_value(out, o->code != 0 ? "said" : "why", slice_of(o->text), left);
}

void
logline_put(struct buf *out, const struct logline_run *run,
    const struct address *from, const struct recipient *r)
{
	struct outcome o = recipient_outcome(r);
	size_t begin = out->n;

	buf_putf(out, "uid=%u id=%s", run->uid, run->id ? run->id : "NOQUEUE");
	put_path(out, "from", from->path);
	put_path(out, "to", r->to.path);
	put_host(out, &o);
	if (r->result && r->result->tls[0] != '\0')
		put_tls(out, r->result);
	put_verdict(out, &o);
	put_delays(out, run, r);
	if (o.ours[0] != '\0')
		put_value(out, "why", slice_of(o.ours), HOST_MAX);
	put_words(out, begin, &o);
}

void
logline_put_queued(struct buf *out, const struct logline_queued *q)
{
	buf_putf(out, "uid=%u id=%s", q->uid, q->id);
	put_path(out, "from", q->from);
	buf_putf(out, " status=queued size=%llu recipients=%zu",
	    (unsigned long long)q->size, q->recipients);
	if (q->is_unknown)
		buf_puts(out, " user=unknown");
}

void
logline_put_failure(struct buf *out, unsigned uid, int status, struct slice why)
{
	buf_putf(out, "uid=%u id=NOQUEUE status=failed exit=%d", uid, status);
	put_value(out, "why", slice_trim(why), LOGLINE_MAX / 2);
}

void
logline_put_note(struct buf *out, unsigned uid, const char *id,
    struct slice what)
{
	buf_putf(out, "uid=%u id=%s", uid, id);
	put_value(out, "note", slice_trim(what), LOGLINE_MAX / 2);
}
