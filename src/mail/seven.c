/* SPDX-License-Identifier: ISC */
/* seven.c - see seven.h */
#include "mail/seven.h"

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

/* Nobody is shown it, and no decoder sees it; but nothing is lost. */
static void
put_outside(struct seven *s, char c, struct buf *out)
{
	bool plain = !ascii_is_high(c) && c != '\0';
	size_t n = plain ? 1 : 3;

	if (s->column + n > LINES_OCTETS)
		put_crlf(s, out);
	if (plain)
		buf_putc(out, c);
	else
		buf_putf(out, "=%02X", (unsigned char)c);
	s->column += n;
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

static void
put_qp(struct seven *s, char c, struct buf *out)
{
	bool mend = s->form == SEVEN_QP_MEND;

	if (s->blank)
		put_unit(s, (struct slice){ &s->blank, 1 }, 1, out);
	s->blank = 0;
	if (c == ' ' || c == '\t')
		s->blank = c;
	else if (c == '=' && mend) /* two digits will follow */
		put_unit(s, (struct slice){ &c, 1 }, 3, out);
	else if (c == '=' || ascii_is_control(c) || ascii_is_high(c))
		put_escaped(s, c, out);
	else
		put_unit(s, (struct slice){ &c, 1 }, 1, out);
}

/* RFC 2045 6.7 (3): white space at a line's end is escaped, or was padding. */
static void
end_qp_line(struct seven *s, struct buf *out)
{
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

/* Only what base64 is made of, in lines of the right length. */
static void
put_mended(struct seven *s, char c, struct buf *out)
{
	if (!ascii_is_alnum(c) && c != '+' && c != '/' && c != '=')
		return;
	if (s->column == BASE64_LINE)
		put_crlf(s, out);
	buf_putc(out, c);
	s->column++;
}

static void
put_each(struct seven *s, struct slice text,
    void (*put)(struct seven *, char, struct buf *), struct buf *out)
{
	for (size_t i = 0; i < text.n; i++)
		put(s, text.p[i], out);
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
		put_each(s, text, put_outside, out);
		break;
	case SEVEN_QP:
	case SEVEN_QP_MEND:
		put_each(s, text, put_qp, out);
		break;
	case SEVEN_BASE64:
	case SEVEN_BASE64_RAW:
		put_held_eol(s, out);
		put_base64(s, text, out);
		break;
	case SEVEN_BASE64_MEND:
		put_each(s, text, put_mended, out);
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
