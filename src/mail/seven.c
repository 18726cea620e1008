/* SPDX-License-Identifier: ISC */
/* seven.c - see seven.h */
#include "mail/seven.h"

#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "base/codec.h"
#include "mail/lines.h"

#define QP_LINE	    75	/* RFC 2045 6.7 (5), less the "=" of a soft break */
#define BASE64_LINE 76

static void
put_crlf(struct seven *s, struct buf *out)
{
	buf_put(out, SLICE("\r\n"));
	s->column = 0;
}

/* Put a run of octets that stay as they are, in lines of that many. */
static void
put_run(struct seven *s, struct slice run, size_t line, const char *end,
    struct buf *out)
{
	assert(s->column <= line);
	while (run.n > 0) {
		struct slice part = slice_first(run, line - s->column);

		buf_put(out, part);
		s->column += part.n;
		run = slice_from(run, part.n);
		if (run.n == 0)
			break;
		buf_puts(out, end);
		put_crlf(s, out);
	}
}

/* The octets at the front of *text that are, or are not, of a kind. */
static struct slice
take_run(struct slice *text, bool (*is)(char), bool so)
{
	struct slice run = *text;
	size_t n = 0;

	while (n < run.n && is(run.p[n]) == so)
		n++;
	*text = slice_from(*text, n);
	return slice_first(run, n);
}

/* What text outside of parts is copied of. */
static bool
is_ascii(char c)
{
	return !ascii_is_high(c) && c != '\0';
}

/* Nobody is shown it, and no decoder sees it; but nothing is lost. */
static void
put_outside(struct seven *s, struct slice text, struct buf *out)
{
	while (text.n > 0) {
		struct slice other;

		put_run(s, take_run(&text, is_ascii, true), LINES_OCTETS, "",
		    out);
		other = take_run(&text, is_ascii, false);
		for (size_t i = 0; i < other.n; i++) {
			if (s->column + 3 > LINES_OCTETS)
				put_crlf(s, out);
			buf_putf(out, "=%02X", (unsigned char)other.p[i]);
			s->column += 3;
		}
	}
}

/* One character of quoted-printable, which fits with `room` octets in all. */
static void
put_unit(struct seven *s, struct slice unit, size_t room, struct buf *out)
{
	if (s->column + room > QP_LINE) {
		buf_put(out, SLICE("="));
		put_crlf(s, out);
	}
	buf_put(out, unit);
	s->column += unit.n;
}

static void
put_escaped(struct seven *s, char c, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char u = (unsigned char)c;
	char unit[3] = { '=', hex[u >> 4], hex[u & 15] };

	put_unit(s, (struct slice){ unit, 3 }, 3, out);
}

/* What stands for itself wherever it is in a line. */
static bool
is_literal(char c)
{
	return c > ' ' && c < 0x7f && c != '=';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* White space waits: at a line's end it is another thing. */
static void
put_blank(struct seven *s, struct buf *out)
{
	if (s->blank)
		put_unit(s, (struct slice){ &s->blank, 1 }, 1, out);
	s->blank = 0;
}

static void
put_qp_octet(struct seven *s, char c, struct buf *out)
{
	put_blank(s, out);
	if (is_blank(c))
		s->blank = c;
	else if (c == '=' && s->form == SEVEN_QP_MEND)
		s->held[s->nheld++] = c;
	else if (is_literal(c))
		put_unit(s, (struct slice){ &c, 1 }, 1, out);
	else
		put_escaped(s, c, out);
}

/* The "=" was text, and what stands after it is, too. */
static void
free_held(struct seven *s, struct buf *out)
{
	size_t n = s->nheld;

	s->nheld = 0;
	if (n > 0)
		put_escaped(s, '=', out);
	for (size_t i = 1; i < n; i++)
		put_qp_octet(s, s->held[i], out);
}

/* What comes after a "=" to be mended: two digits, or blanks to the end. */
static void
put_after_held(struct seven *s, char c, struct buf *out)
{
	bool digits = s->nheld == 2 && hex_value(s->held[1]) >= 0;
	bool goes_on = s->nheld == 1 ? hex_value(c) >= 0 || is_blank(c) :
	    digits ? hex_value(c) >= 0 : is_blank(c);

	if (!goes_on || s->nheld == sizeof s->held) {
		free_held(s, out);
		put_qp_octet(s, c, out);
		return;
	}
	s->held[s->nheld++] = c;
	if (!digits)
		return;
	put_unit(s, (struct slice){ s->held, s->nheld }, s->nheld, out);
	s->nheld = 0;
}

static void
put_qp(struct seven *s, struct slice text, struct buf *out)
{
	while (text.n > 0) {
		if (s->nheld > 0) {
			put_after_held(s, text.p[0], out);
			text = slice_from(text, 1);
			continue;
		}
		struct slice run = take_run(&text, is_literal, true);

		if (run.n > 0)
			put_blank(s, out);
		put_run(s, run, QP_LINE, "=", out);
		while (text.n > 0 && s->nheld == 0 && !is_literal(text.p[0])) {
			put_qp_octet(s, text.p[0], out);
			text = slice_from(text, 1);
		}
	}
}

/* RFC 2045 6.7 (3): white space at a line's end is escaped, or was padding. */
static void
end_qp_line(struct seven *s, struct buf *out)
{
	if (s->nheld == 1 || (s->nheld > 1 && is_blank(s->held[1])))
		put_unit(s, SLICE("="), 1, out); /* a soft break */
	else
		free_held(s, out);
	s->nheld = 0;
	if (s->blank && s->form == SEVEN_QP)
		put_escaped(s, s->blank, out);
	s->blank = 0;
}

static void
put_base64_line(struct seven *s, struct buf *out)
{
	base64_put(out, (struct slice){ s->raw, s->n });
	s->n = 0;
	put_crlf(s, out);
}

static void
put_base64(struct seven *s, struct slice raw, struct buf *out)
{
	while (raw.n > 0) {
		size_t room = sizeof s->raw - s->n;
		struct slice part = slice_first(raw, room);

		memcpy(s->raw + s->n, part.p, part.n);
		s->n += part.n;
		raw = slice_from(raw, part.n);
		if (s->n == sizeof s->raw)
			put_base64_line(s, out);
	}
}

/* The line end that was held back turned out to be content. */
static void
put_held_eol(struct seven *s, struct buf *out)
{
	put_base64(s, (struct slice){ s->eol, s->eol_n }, out);
	s->eol_n = 0;
}

static bool
is_base64(char c)
{
	return ascii_is_alnum(c) || c == '+' || c == '/' || c == '=';
}

/* Only what base64 is made of, in lines of the right length. */
static void
put_mended(struct seven *s, struct slice text, struct buf *out)
{
	while (text.n > 0) {
		put_run(s, take_run(&text, is_base64, true), BASE64_LINE, "",
		    out);
		take_run(&text, is_base64, false);
	}
}

void
seven_text(struct seven *s, struct slice text, struct buf *out)
{
	switch (s->form) {
	case SEVEN_COPY:
		buf_put(out, text);
		s->column += text.n;
		break;
	case SEVEN_OUTSIDE:
		put_outside(s, text, out);
		break;
	case SEVEN_QP:
	case SEVEN_QP_MEND:
		put_qp(s, text, out);
		break;
	case SEVEN_BASE64:
	case SEVEN_BASE64_RAW:
		put_held_eol(s, out);
		put_base64(s, text, out);
		break;
	case SEVEN_BASE64_MEND:
		put_mended(s, text, out);
		break;
	}
}

void
seven_eol(struct seven *s, struct slice eol, struct buf *out)
{
	switch (s->form) {
	case SEVEN_QP:
	case SEVEN_QP_MEND:
		end_qp_line(s, out);
		/* fall through */
	case SEVEN_COPY:
	case SEVEN_OUTSIDE:
		put_crlf(s, out);
		break;
	case SEVEN_BASE64:
		eol = SLICE("\r\n");
		/* fall through */
	case SEVEN_BASE64_RAW:
		put_held_eol(s, out);
		memcpy(s->eol, eol.p, eol.n);
		s->eol_n = eol.n;
		break;
	case SEVEN_BASE64_MEND:
		break;
	}
}

void
seven_cr(struct seven *s, struct buf *out)
{
	if (s->form == SEVEN_COPY || s->form == SEVEN_OUTSIDE)
		seven_eol(s, SLICE("\r"), out);
	else
		seven_text(s, SLICE("\r"), out);
}

void
seven_delimit(struct seven *s, struct buf *out)
{
	end_qp_line(s, out);
	s->eol_n = 0;
	if (s->n > 0)
		put_base64_line(s, out);
	if (s->column > 0)
		put_crlf(s, out);
}

void
seven_finish(struct seven *s, struct buf *out)
{
	put_held_eol(s, out);
	seven_delimit(s, out);
}
