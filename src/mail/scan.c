/* SPDX-License-Identifier: ISC */
/* scan.c - see scan.h */
#include "mail/scan.h"

#include "base/ascii.h"

static void
end_line(struct scan *s)
{
	if (s->line > s->longest_line)
		s->longest_line = s->line;
	s->size += 2;
	s->line = 0;
}

void
scan_feed(struct scan *s, struct slice raw)
{
	enum lines_piece got;
	struct slice text;

	s->length += raw.n;
	s->eight_bit = s->eight_bit || ascii_has_high(raw);
	lines_feed(&s->lines, raw);
	while ((got = lines_next(&s->lines, &text)) != LINES_NONE)
		if (got == LINES_NUL) {
			s->has_nul = true;
		} else if (got == LINES_TEXT) {
			s->line += text.n;
			s->size += text.n;
		} else {
			end_line(s);
		}
}

void
scan_finish(struct scan *s)
{
	if (s->lines.after_cr || s->line > 0)
		end_line(s);
	s->lines.after_cr = false;
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
	m->has_nul = s->has_nul;
}
