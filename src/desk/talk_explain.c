/* SPDX-License-Identifier: ISC */
/* talk_explain.c - what replies mean, and what comes next. */
#include "desk/talk_impl.h"

#include "base/ascii.h"
#include "report/explained.h"

/* "5.7.26" */
static bool
read_esc(struct slice word, struct esc *esc)
{
	uint64_t part[3];
	struct slice one;

	for (size_t i = 0; i < 3; i++)
		if (!slice_cut(&word, '.', &one) ||
		    !slice_to_uint(one, i == 0 ? 5 : 999, &part[i]))
			return false;
	if (word.p || part[0] < 2)
		return false;
	*esc = ESC((unsigned char)part[0], (unsigned short)part[1],
	    (unsigned short)part[2]);
	return true;
}

/* "550 5.7.26 words", each of which may be missing. */
static void
explain_words(struct talk *t, struct slice rest)
{
	struct buf b = { 0 };
	struct slice after = rest, word;
	struct esc esc = { 0 };
	uint64_t code = 0;

	slice_cut(&after, ' ', &word);
	if (word.n == 3 && slice_to_uint(word, 599, &code)) {
		rest = after;
		slice_cut(&after, ' ', &word);
	}
	if (read_esc(word, &esc))
		rest = after;
	explained_put(&b, (unsigned)code, esc, rest);
	dialogue_note(&t->d, "%s", buf_str(&b));
	buf_free(&b);
}

void
talk_explain(struct talk *t, struct slice rest)
{
	const struct reply *r = dialogue_reply(&t->d);
	struct buf b = { 0 };

	rest = slice_trim(rest);
	if (rest.n > 0) {
		explain_words(t, rest);
	} else if (r->code == 0) {
		dialogue_note(&t->d, "there was no reply yet");
	} else {
		explained_put(&b, r->code, r->esc, buf_slice(&r->text));
		dialogue_note(&t->d, "%s", buf_str(&b));
	}
	buf_free(&b);
}

void
talk_guide(struct talk *t)
{
	const char *sentence = guide_sentence(t->guide);

	dialogue_note(&t->d, "%s", sentence ? sentence :
	    "that was all of it; /guide begins anew");
}
