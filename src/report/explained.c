/* SPDX-License-Identifier: ISC */
/* explained.c - see explained.h; its sentences are in explained_rows.c */
#include "report/explained.h"

#include "report/explained_rows.h"

static bool
contains(struct slice text, const char *word)
{
	for (size_t i = 0; i < text.n; i++)
		if (slice_starts_nocase(slice_from(text, i), slice_of(word)))
			return true;
	return false;
}

static const char *
by_text(struct slice text)
{
	const struct explained_text *t = explained_texts;

	while (t->sentence && (!contains(text, t->first) ||
	    (t->second && !contains(text, t->second))))
		t++;
	return t->sentence;
}

static const char *
by_enhanced(struct esc esc)
{
	const struct explained_detail *d = explained_details;

	if (esc.cls == 0)
		return NULL;
	while (d->sentence &&
	    (d->subject != esc.subject || d->detail != esc.detail))
		d++;
	if (d->sentence || esc.subject == 0 || esc.subject > 7)
		return d->sentence;
	return explained_subjects[esc.subject];
}

static const char *
by_code(unsigned code, struct esc esc)
{
	const struct explained_code *c = explained_codes;

	while (c->sentence && c->code != code)
		c++;
	if (c->sentence)
		return c->sentence;
	switch (code > 0 ? code / 100 : esc.cls) {
	case 2:
		return "it was done";
	case 3:
		return "the server waits for more";
	case 4:
		return "not now: the same may be taken later";
	case 5:
		return "refused for good: the same will not be taken later";
	default:
		return "that is no reply of SMTP";
	}
}

/* "5.7.26: ...", "550: ..."; the words of a provider say both. */
static void
put_label(struct buf *out, unsigned code, struct esc esc, bool enhanced)
{
	if (enhanced && esc.cls != 0)
		esc_put(out, esc);
	else if (code > 0)
		buf_putf(out, "%u", code);
	else
		esc_put(out, esc);
	buf_puts(out, ": ");
}

/* The words of its lines one behind the other: they may break anywhere. */
static void
put_words(struct buf *out, struct slice text)
{
	struct slice line, word;

	while (slice_cut(&text, '\n', &line)) {
		while (slice_cut(&line, ' ', &word)) {
			if (word.n == 0)
				continue;
			buf_put(out, word);
			buf_putc(out, ' ');
		}
	}
}

static const char *
by_words(struct slice text)
{
	struct buf words = { 0 };
	const char *sentence;

	put_words(&words, text);
	sentence = by_text(buf_slice(&words));
	buf_free(&words);
	return sentence;
}

void
explained_put(struct buf *out, unsigned code, struct esc esc,
    struct slice text)
{
	bool done = code > 0 && code < 400;
	const char *sentence = done ? NULL : by_words(text);
	bool enhanced = true;

	if (!sentence && !done)
		sentence = by_enhanced(esc);
	if (!sentence) {
		enhanced = false;
		sentence = by_code(code, esc);
	}
	put_label(out, code, esc, enhanced);
	buf_puts(out, sentence);
}

bool
explained_at(size_t row, const char **sentence)
{
	const struct explained_text *t = explained_texts;
	const struct explained_detail *d = explained_details;
	const struct explained_code *c = explained_codes;

	while (t->sentence && row > 0)
		t++, row--;
	while (!t->sentence && d->sentence && row > 0)
		d++, row--;
	while (!d->sentence && c->sentence && row > 0)
		c++, row--;
	*sentence = t->sentence ? t->sentence :
	    d->sentence	       ? d->sentence : c->sentence;
	return *sentence != NULL;
}
