/* SPDX-License-Identifier: ISC */
/* submit_reply.c - see submit_reply.h */
#include "queue/submit_reply.h"

#include "base/ascii.h"
#include "queue/submit_impl.h"

#define WORDS_MAX 400 /* octets of a reply's text, below RFC 5321's 512 */

static unsigned
code_of(const struct outcome *why)
{
	struct esc e = why->esc;

	if (why->verdict == DEFERRED)
		return e.subject == 3 && e.detail == 1 ? 452 : 451;
	if (e.subject == 3 && e.detail == 4)
		return 552;
	if (why->stage == STAGE_LOCAL)
		return 550;
	if (e.subject == 1)
		return 553;
	return e.subject == 7 ? 550 : 554;
}

/* One line of ASCII, whatever the text has in it from outside. */
static void
put_words(struct buf *out, struct slice text)
{
	struct buf shown = { 0 };
	struct slice s;

	text_escape(&shown, text);
	s = slice_first(buf_slice(&shown), WORDS_MAX);
	for (size_t i = 0; i < s.n; i++)
		buf_putc(out, ascii_is_high(s.p[i]) ? '?' : s.p[i]);
	buf_free(&shown);
}

void
submit_put_reply(struct buf *out, const struct outcome *why)
{
	struct esc e = why->esc;

	e.cls = why->verdict == DEFERRED ? 4 : 5;
	buf_putf(out, "%u ", code_of(why));
	esc_put(out, e);
	buf_putc(out, ' ');
	put_words(out, slice_of(why->text));
}

void
submit_put_said(struct buf *out, const struct outcome *why)
{
	if (why->code < 400) {
		submit_put_reply(out, why);
		return;
	}
	buf_putf(out, "%u ", why->code);
	if (why->esc.cls != 0) {
		esc_put(out, why->esc);
		buf_putc(out, ' ');
	}
	put_words(out, slice_of(why->text));
}

const char *
submit_refuse(struct submit *s, const struct outcome *why)
{
	buf_clear(&s->reply);
	submit_put_reply(&s->reply, why);
	return buf_str(&s->reply);
}
