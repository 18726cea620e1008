/* SPDX-License-Identifier: ISC */
/* word.c - see word.h */
#include "mail/word.h"

#include "base/ascii.h"
#include "base/codec.h"

#define WORD_MAX  75  /* RFC 2047 2 */
#define LINE_MAX_ 76  /* of lines that hold one */
#define WORD_FITS 997 /* after the blank of a folded line (RFC 5322 2.1.1) */
#define CHARACTER_MAX 12 /* octets of one, in Q */
#define CROWDED	  50  /* a word from here on goes to a line of its own */

void
utf8_put(struct buf *out, struct slice text)
{
	if (utf8_is_valid(text)) {
		buf_put(out, text);
		return;
	}
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c >= 0x80)
			buf_putc(out, (char)(0xc0 | c >> 6));
		buf_putc(out, (char)(c < 0x80 ? c : 0x80 | (c & 0x3f)));
	}
}

/* RFC 2047 4.2. */
static bool
q_decode(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		int high, low;

		if (s.p[i] != '=') {
			buf_putc(out, s.p[i] == '_' ? ' ' : s.p[i]);
			continue;
		}
		if (s.n - i < 3)
			return false;
		high = hex_value(s.p[i + 1]);
		low = hex_value(s.p[i + 2]);
		if (high < 0 || low < 0)
			return false;
		buf_putc(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

static bool
charset_is_known(struct slice s)
{
	s = slice_first(s, slice_find(s, '*')); /* RFC 2231 language */
	return slice_eq_nocase(s, SLICE("utf-8")) ||
	    slice_eq_nocase(s, SLICE("us-ascii")) ||
	    slice_eq_nocase(s, SLICE("iso-8859-1"));
}

static bool
text_decode(struct buf *out, struct slice encoding, struct slice text)
{
	if (slice_eq_nocase(encoding, SLICE("Q")))
		return q_decode(out, text);
	return slice_eq_nocase(encoding, SLICE("B")) &&
	    base64_decode(out, text);
}

bool
word_decode(struct buf *out, struct slice s)
{
	struct slice charset, encoding, text;
	struct buf raw = { 0 };
	bool ok;

	if (!slice_starts(s, SLICE("=?")) ||
	    !slice_ends_nocase(s, SLICE("?=")) || s.n < 8)
		return false;
	s = slice_from(slice_first(s, s.n - 2), 2);
	slice_cut(&s, '?', &charset);
	if (!slice_cut(&s, '?', &encoding) || !slice_cut(&s, '?', &text) || s.p)
		return false;
	ok = charset_is_known(charset) && text_decode(&raw, encoding, text);
	if (ok)
		utf8_put(out, buf_slice(&raw));
	buf_free(&raw);
	return ok;
}

/* RFC 2047 5 (3): what Q may leave as it is, in a phrase. */
static bool
is_plain(char c)
{
	return ascii_is_alnum(c) || c == '!' || c == '*' || c == '+' ||
	    c == '-' || c == '/';
}

static size_t
q_length(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += is_plain(s.p[i]) || s.p[i] == ' ' ? 1 : 3;
	return n;
}

static size_t
b_length(struct slice s)
{
	return (s.n + 2) / 3 * 4;
}

static void
q_put(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ' ')
			buf_putc(out, '_');
		else if (is_plain(s.p[i]))
			buf_putc(out, s.p[i]);
		else
			buf_putf(out, "=%02X", (unsigned char)s.p[i]);
}

/* Charsets whose characters begin with an octet above 127 and have more. */
static bool
is_multi_octet(struct slice charset)
{
	static const char *const fronts[] = { "gb", "big5", "euc-",
		"shift_jis", "ks_c_5601", "windows-31j", "cp9" };

	for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++)
		if (slice_starts_nocase(charset, slice_of(fronts[i])))
			return true;
	return false;
}

/*
 * Octets of the first character, which no encoded word may end inside (RFC 2047
 * 5): in the charsets of East Asia two, or four in GB 18030 before a digit.
 */
static size_t
character(struct slice s, struct slice charset)
{
	bool utf8 = slice_eq(charset, SLICE("utf-8"));
	size_t n = 1;

	if (utf8)
		while (n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n++;
	else if (ascii_is_high(s.p[0]) && is_multi_octet(charset))
		n = s.n < 2 ? s.n : ascii_is_digit(s.p[1]) && s.n >= 4 ? 4 : 2;
	return n;
}

/* As many whole characters as fit into `room` encoded octets. */
static struct slice
fitting(struct slice s, struct slice charset, size_t (*length)(struct slice),
    size_t room)
{
	size_t n = 0;

	while (n < s.n) {
		size_t more = n + character(slice_from(s, n), charset);

		if (length(slice_first(s, more)) > room)
			break;
		n = more;
	}
	return slice_first(s, n);
}

/* Octets for encoded text in a word that begins at this column. */
static size_t
room_at(size_t column, const char *charset)
{
	size_t around = slice_of(charset).n + sizeof "=?" "?Q?" "?=" - 1;
	size_t word = column > 0 && column < CROWDED ? LINE_MAX_ - column :
						       WORD_MAX;

	if (word < around + CHARACTER_MAX) /* it goes to a line of its own */
		word = WORD_MAX;
	return word - around;
}

const char *
word_charset(struct slice text, const char *other)
{
	return utf8_is_valid(text) ? "utf-8" : other;
}

void
word_put(struct buf *out, struct slice text, size_t column,
    const char *charset)
{
	bool q = 2 * q_length(text) <= 3 * b_length(text);

	while (text.n > 0) {
		struct slice part = fitting(text, slice_of(charset),
		    q ? q_length : b_length, room_at(column, charset));

		buf_putf(out, "=?%s?%c?", charset, q ? 'Q' : 'B');
		(q ? q_put : base64_put)(out, part);
		text = slice_from(text, part.n);
		buf_puts(out, text.n > 0 ? "?= " : "?=");
		column = 0;
	}
}

static size_t
skip_blanks(struct slice s, size_t at)
{
	while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
		at++;
	return at;
}

static size_t
skip_word(struct slice s, size_t at)
{
	while (at < s.n && s.p[at] != ' ' && s.p[at] != '\t')
		at++;
	return at;
}

static struct slice
part(struct slice s, size_t from, size_t to)
{
	return slice_from(slice_first(s, to), from);
}

static bool
is_encoded(struct slice s)
{
	return slice_starts(s, SLICE("=?")) &&
	    slice_ends_nocase(s, SLICE("?="));
}

/* Not ASCII, or longer than any line? */
static bool
is_unfit(struct slice word)
{
	return word.n > WORD_FITS || ascii_has_high(word);
}

/* The end of the run of unfit words whose first one ends at `end`. */
static size_t
run_end(struct slice s, size_t end)
{
	size_t from = skip_blanks(s, end), to = skip_word(s, from);

	while (is_unfit(part(s, from, to))) {
		end = to;
		from = skip_blanks(s, end);
		to = skip_word(s, from);
	}
	return end;
}

/*
 * White space between two encoded words is no text (RFC 2047 6.2): beside one
 * that was there before, the blanks go into ours.
 */
void
word_put_text(struct buf *out, struct slice text, size_t column,
    const char *charset)
{
	size_t base = out->n - column, i = 0;
	bool after_encoded = false;

	while (i < text.n) {
		size_t from = skip_blanks(text, i), to = skip_word(text, from);
		size_t next;

		if (!is_unfit(part(text, from, to))) {
			buf_put(out, part(text, i, to));
			after_encoded = is_encoded(part(text, from, to));
			i = to;
			continue;
		}
		to = run_end(text, to);
		next = skip_blanks(text, to);
		if (is_encoded(part(text, next, skip_word(text, next))))
			to = next;
		buf_put(out, after_encoded ? SLICE(" ") : part(text, i, from));
		word_put(out, part(text, after_encoded ? i : from, to),
		    out->n - base, charset);
		if (to == next && next < text.n)
			buf_putc(out, ' ');
		after_encoded = true;
		i = to;
	}
}
