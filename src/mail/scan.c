/* SPDX-License-Identifier: ISC */
/* scan.c - see scan.h; the walk is encode.c's, without the copying. */
#include "mail/scan.h"

#include <string.h>

struct walk {
	const char *p, *end;	   /* what is left of the input */
	const char *lf, *cr, *nul; /* the next of each, or end */
};

static const char *
find(const char *p, const char *end, char c)
{
	const char *hit = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;

	return hit ? hit : end;
}

/* Eight octets at a time. */
static bool
has_high(struct slice s)
{
	uint64_t all = 0, word = 0;

	for (; s.n >= sizeof word; s = slice_from(s, sizeof word)) {
		memcpy(&word, s.p, sizeof word);
		all |= word;
	}
	word = 0;
	if (s.n > 0)
		memcpy(&word, s.p, s.n);
	return ((all | word) & 0x8080808080808080u) != 0;
}

static void
end_line(struct scan *s)
{
	if (s->line > s->longest_line)
		s->longest_line = s->line;
	s->size += 2;
	s->line = 0;
	s->after_cr = false;
}

static void
take_special(struct scan *s, struct walk *w)
{
	char c = *w->p++;

	if (c == '\0') {
		s->has_nul = true;
		w->nul = find(w->p, w->end, '\0');
		return;
	}
	if (c == '\r') {
		w->cr = find(w->p, w->end, '\r');
		if (w->p == w->end) {
			s->after_cr = true;
			return;
		}
		if (*w->p == '\n')
			w->p++;
	}
	end_line(s);
	if (w->lf < w->p)
		w->lf = find(w->p, w->end, '\n');
}

static void
count_text(struct scan *s, struct walk *w)
{
	const char *stop = w->lf < w->cr ? w->lf : w->cr;

	if (w->nul < stop)
		stop = w->nul;
	s->line += (size_t)(stop - w->p);
	s->size += (uint64_t)(stop - w->p);
	w->p = stop;
}

void
scan_feed(struct scan *s, struct slice raw)
{
	struct walk w = { .p = raw.p, .end = raw.p + raw.n };

	if (raw.n == 0)
		return;
	s->length += raw.n;
	s->eight_bit = s->eight_bit || has_high(raw);
	if (s->after_cr) {
		if (*w.p == '\n')
			w.p++;
		end_line(s);
	}
	w.lf = find(w.p, w.end, '\n');
	w.cr = find(w.p, w.end, '\r');
	w.nul = find(w.p, w.end, '\0');
	while (w.p < w.end) {
		count_text(s, &w);
		if (w.p < w.end)
			take_special(s, &w);
	}
}

void
scan_finish(struct scan *s)
{
	if (s->after_cr || s->line > 0)
		end_line(s);
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
	m->utf8_headers = head.eight_bit;
	m->has_nul = s->has_nul;
}
