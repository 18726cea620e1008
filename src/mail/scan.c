/* SPDX-License-Identifier: ISC */
/* scan.c - see scan.h */
#include "mail/scan.h"

#include "base/ascii.h"
#include "mail/plain.h"

static void
end_line(struct scan *s)
{
	s->not_utf8 = s->not_utf8 || s->utf8.need > 0;
	s->utf8.need = 0;
	if (s->line > s->longest_line)
		s->longest_line = s->line;
	s->size += 2;
	s->line = 0;
}

/* What no text has but NUL: BEL, BS, VT, FF, SO, SI and ESC it may have. */
static bool
is_odd(char c)
{
	return ascii_is_control(c) && c != '\t' && c != 0x7f && c != 0x1b &&
	    !(c >= 0x07 && c <= 0x0f);
}

static void
look_closely(struct scan *s, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		s->not_utf8 = !utf8_step(&s->utf8, text.p[i]) || s->not_utf8;
		s->has_control = s->has_control || is_odd(text.p[i]);
	}
}

static void
take_text(struct scan *s, struct slice text)
{
	s->line += text.n;
	s->size += text.n;
	if (s->look_closely && !(s->not_utf8 && s->has_control))
		look_closely(s, text);
}

static void
scan_lines(struct scan *s, struct slice raw)
{
	enum lines_piece got;
	struct slice text;

	s->eight_bit = s->eight_bit || ascii_has_high(raw);
	lines_feed(&s->lines, raw);
	while ((got = lines_next(&s->lines, &text)) != LINES_NONE)
		switch (got) {
		case LINES_TEXT:
			take_text(s, text);
			break;
		case LINES_NUL:
			s->nuls++;
			break;
		case LINES_CR:
			s->has_cr = true;
			end_line(s);
			break;
		case LINES_END:
		case LINES_NONE:
			end_line(s);
			break;
		}
}

/* Plain text is counted in one step, the rest line by line. */
void
scan_feed(struct scan *s, struct slice raw)
{
	s->length += raw.n;
	while (raw.n > 0) {
		bool begins = s->line == 0 && !s->lines.after_cr;
		struct plain run = { 0 };
		size_t n;

		if (begins && !s->look_closely)
			run = plain_find(raw, false);
		n = run.n > 0 ? run.n :
		    plain_retry(raw, begins ? PLAIN_RETRY : 0);
		s->eight_bit = s->eight_bit || run.eight_bit;
		s->size += run.n + run.bare;
		if (run.n == 0)
			scan_lines(s, slice_first(raw, n));
		raw = slice_from(raw, n);
	}
}

/* More than one octet in a hundred is no slip of a text. */
bool
scan_is_binary(const struct scan *s)
{
	return (s->not_utf8 && (s->nuls > 0 || s->has_control)) ||
	    s->nuls > s->length / 100;
}

void
scan_finish(struct scan *s)
{
	struct slice text;
	enum lines_piece got = lines_rest(&s->lines, &text);

	s->has_cr = s->has_cr || got == LINES_CR;
	if (got != LINES_NONE || s->line > 0)
		end_line(s);
}

bool
scan_is_as_is(const struct scan *s, struct outcome *why)
{
	const char *what = NULL;

	if (s->nuls > 0)
		what = "a NUL";
	else if (s->has_cr)
		what = "a CR without an LF";
	else if (s->longest_line > LINES_OCTETS)
		what = "a line of more than 998 octets";
	return !what || outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
	    "SMTP cannot carry the message as it is: it has %s", what);
}

void
scan_message(const struct scan *s, struct message *m)
{
	struct scan head = { 0 };

	scan_feed(&head, buf_slice(&m->head));
	scan_finish(&head);
	m->size = head.size + s->size;
	m->longest_line = head.longest_line > s->longest_line ?
	    head.longest_line : s->longest_line;
	m->eight_bit = s->eight_bit;
	m->has_nul = s->nuls > 0;
}
