/* SPDX-License-Identifier: ISC */
/* option_order.c - see option_order.h */
#include "config/option_order.h"

#include <string.h>

#include "base/ascii.h"
#include "config/option_find.h"

/* How many words an option with this rest takes. */
static size_t
span_of(const struct option *o, bool glued, const char *next)
{
	if (glued || o->arg == ARG_NONE || o->arg == ARG_GLUED)
		return 1;
	if (o->arg == ARG_OPTIONAL)
		return option_is_value(next) ? 2 : 1;
	return next ? 2 : 0;
}

static size_t
span_long(const char *word, const char *next)
{
	struct slice name = slice_from(slice_of(word), 2);
	size_t eq = slice_find(name, '=');
	const struct option *other;
	const struct option *o = option_by_name(slice_first(name, eq), &other);

	return o && !other ? span_of(o, eq < name.n, next) : 0;
}

static size_t
span_letters(const char *word, const char *next)
{
	const struct option *o;

	for (const char *p = word + 1; *p; p++) {
		o = option_by_letter(*p, true);
		if (!o)
			return 0;
		if (o->arg != ARG_NONE)
			return span_of(o, p[1] != '\0', next);
	}
	return 1;
}

/* The words that an option takes with its value; 0 = it is none of ours. */
static size_t
span(const char *word, const char *next)
{
	struct slice s = slice_of(word);

	if (word[1] == '\0' || option_is_misread(slice_first(s,
	    slice_find(s, '='))))
		return 0;
	return word[1] == '-' ? span_long(word, next) :
				span_letters(word, next);
}

/* "socks5h://joe:secret@host": nothing to repeat. */
static bool
may_be_secret(struct slice word)
{
	struct slice rest = word;
	size_t at;

	while ((at = slice_find(rest, ':')) < rest.n) {
		rest = slice_from(rest, at + 1);
		if (!slice_starts(rest, SLICE("//")) &&
		    slice_find(rest, '@') < rest.n)
			return strstr(word.p, "://") != NULL;
	}
	return false;
}

static bool
can_be_shown(const char *word)
{
	struct slice s = slice_of(word);

	return !ascii_has_control(s) && utf8_is_valid(s) && !may_be_secret(s);
}

static bool
is_plain(char c)
{
	return ascii_is_alnum(c) || strchr("@%+=:,./_-", c) != NULL;
}

void
shell_word_put(struct buf *out, struct slice word)
{
	size_t plain = 0;

	while (plain < word.n && is_plain(word.p[plain]))
		plain++;
	if (plain == word.n && word.n > 0) {
		buf_put(out, word);
		return;
	}
	buf_putc(out, '\'');
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, word.p[i]);
	buf_putc(out, '\'');
}

/* A command being put together. */
struct order {
	struct buf options, recipients;
	bool dashes; /* a recipient needs "--" before it */
};

static void
put(struct buf *out, const char *word)
{
	buf_putc(out, ' ');
	shell_word_put(out, slice_of(word));
}

/* Where the words after "--" begin, which are recipients; or n. */
static size_t
find_dashes(char *const *argv, size_t n, size_t first)
{
	while (first < n && strcmp(argv[first], "--") != 0)
		first++;
	return first;
}

const char *
option_order_unknown(char *const *argv, size_t n, size_t first)
{
	size_t end = find_dashes(argv, n, first), words;

	for (size_t i = first; i < end; i += words) {
		words = 1;
		if (argv[i][0] == '-')
			words = span(argv[i], i + 1 < end ? argv[i + 1] : NULL);
		if (words == 0)
			return argv[i];
	}
	return NULL;
}

/* The words from first on, sorted out. */
static void
sort_words(struct order *o, char *const *argv, size_t n, size_t first)
{
	size_t end = find_dashes(argv, n, first), words;

	for (size_t i = first; i < end;) {
		if (argv[i][0] != '-') {
			put(&o->recipients, argv[i++]);
			continue;
		}
		words = span(argv[i], i + 1 < end ? argv[i + 1] : NULL);
		while (words-- > 0)
			put(&o->options, argv[i++]);
	}
	for (size_t i = end + 1; i < n; i++) {
		o->dashes = o->dashes || argv[i][0] == '-';
		put(&o->recipients, argv[i]);
	}
}

bool
option_order_put(struct buf *out, char *const *argv, size_t n, size_t first)
{
	struct order o = { 0 };

	if (option_order_unknown(argv, n, first))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!can_be_shown(argv[i]))
			return false;
	for (size_t i = 1; i < first; i++)
		put(&o.options, argv[i]);
	sort_words(&o, argv, n, first);
	shell_word_put(out, slice_of(argv[0]));
	buf_put(out, buf_slice(&o.options));
	buf_puts(out, o.dashes ? " --" : "");
	buf_put(out, buf_slice(&o.recipients));
	buf_free(&o.options);
	buf_free(&o.recipients);
	return true;
}
