/* SPDX-License-Identifier: ISC */
/*
 * reply.c - see reply.h
 *
 *	Reply-line = *( Reply-code "-" [ textstring ] CRLF )
 *	             Reply-code [ SP textstring ] CRLF
 *
 * A bare LF is taken as a line end, as every client does.
 */
#include "smtp/reply.h"

#include "base/ascii.h"

void
reply_parser_free(struct reply_parser *p)
{
	buf_free(&p->line);
	buf_free(&p->reply.text);
}

/* Take 1*3DIGIT off the front; false when there is none. */
static bool
take_number(struct slice *s, unsigned short *out)
{
	unsigned v = 0;
	size_t n = 0;

	while (n < s->n && n < 3 && ascii_is_digit(s->p[n]))
		v = v * 10 + (unsigned)(s->p[n++] - '0');
	*s = slice_from(*s, n);
	*out = (unsigned short)v;
	return n > 0;
}

static bool
take_char(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = slice_from(*s, 1);
	return true;
}

/*
 * Take "2.1.5 " off the front of *s; none, and *s untouched, when it is not
 * there or its class does not fit the reply code (RFC 2034 4).
 */
static struct esc
take_esc(struct slice *s, unsigned code)
{
	struct slice rest = *s;
	unsigned short cls;
	struct esc e;

	if (!take_number(&rest, &cls) || cls != code / 100 ||
	    !take_char(&rest, '.') || !take_number(&rest, &e.subject) ||
	    !take_char(&rest, '.') || !take_number(&rest, &e.detail))
		return (struct esc){ 0 };
	if (rest.n > 0 && !take_char(&rest, ' '))
		return (struct esc){ 0 };
	*s = rest;
	e.cls = (unsigned char)cls;
	return e;
}

static enum parse
bad(struct reply_parser *p, const char *error)
{
	p->error = error;
	return PARSE_BAD;
}

static bool
take_code(struct slice *s, unsigned short *code)
{
	if (s->n < 3 || s->p[0] < '2' || s->p[0] > '5' ||
	    !ascii_is_digit(s->p[1]) || !ascii_is_digit(s->p[2]))
		return false;
	return take_number(s, code);
}

static void
begin(struct reply_parser *p, unsigned short code)
{
	buf_clear(&p->reply.text);
	p->reply.code = code;
	p->reply.esc = (struct esc){ 0 };
	p->lines = 0;
}

/* One line without its end. */
static enum parse
take_line(struct reply_parser *p, struct slice s)
{
	struct reply *r = &p->reply;
	unsigned short code;
	struct esc esc;
	bool more;

	if (!take_code(&s, &code))
		return bad(p, "not an SMTP reply");
	if (p->begun && code != r->code)
		return bad(p, "a reply of several lines changes its code");
	if (s.n > 0 && s.p[0] != ' ' && s.p[0] != '-')
		return bad(p, "not an SMTP reply");
	more = take_char(&s, '-');
	if (!more)
		take_char(&s, ' ');
	if (!p->begun)
		begin(p, code);
	if (++p->lines > REPLY_LINES_MAX)
		return bad(p, "a reply of too many lines");
	esc = take_esc(&s, code);
	if (p->lines == 1)
		r->esc = esc;
	else
		buf_putc(&r->text, '\n');
	buf_put(&r->text, s);
	p->begun = more;
	return more ? PARSE_MORE : PARSE_OK;
}

enum parse
reply_parse(struct reply_parser *p, struct slice *in, struct slice *line)
{
	size_t at = slice_find(*in, '\n');
	size_t room = REPLY_LINE_MAX - p->line.n;
	bool whole = at < in->n;

	*line = (struct slice){ 0 };
	buf_put(&p->line, slice_first(*in, at < room ? at : room));
	if (at > room) {
		*line = buf_slice(&p->line);
		return bad(p, "a reply line is too long");
	}
	*in = slice_from(*in, at + 1);
	if (!whole)
		return PARSE_MORE;
	*line = buf_slice(&p->line);
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	buf_clear(&p->line); /* the bytes stay until the next put */
	return take_line(p, *line);
}

struct outcome
outcome_from_reply(const struct reply *r, enum verdict good, enum stage stage)
{
	enum verdict v = DEFERRED;
	struct outcome o;

	if (reply_kind(r) == REPLY_DONE)
		v = good;
	else if (reply_kind(r) == REPLY_REFUSED)
		v = FAILED;
	o = outcome_make(v, stage, r->esc, "%s", "");
	outcome_set_text(&o, buf_slice(&r->text));
	o.code = r->code;
	return o;
}

struct outcome
outcome_from_garbage(const struct reply_parser *p, struct slice line,
    enum stage stage)
{
	struct outcome o = outcome_make(DEFERRED, stage, ESC(4, 5, 0), "%s",
	    "");
	struct buf text = { 0 };

	buf_putf(&text, "the server broke the protocol: %s%s", p->error,
	    line.n > 0 ? ": " : "");
	buf_put(&text, slice_first(line, 200));
	outcome_set_text(&o, buf_slice(&text));
	buf_free(&text);
	return o;
}

struct outcome
outcome_from_injection(void)
{
	return outcome_make(DEFERRED, STAGE_STARTTLS, ESC(4, 7, 0),
	    "octets in clear after the reply to STARTTLS: somebody may be "
	    "tampering with the connection");
}
