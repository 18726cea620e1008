/* SPDX-License-Identifier: ISC */
/* senders.c - see senders.h */
#include "mail/senders.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/pattern.h"

const char *
sender_rule_name(enum sender_rule rule)
{
	static const char *const names[] = {
		[SENDER_STAYS] = "no rule",
		[SENDER_MAP] = "from-map",
		[SENDER_PATTERN] = "rewrite-from",
		[SENDER_MASQUERADE] = "masquerade",
	};

	return names[rule];
}

/* ---- what there is ---- */

static void
lines_free(struct sender_line **v, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		free((*v)[i].key);
		free((*v)[i].path);
	}
	free(*v);
	*v = NULL;
	*n = 0;
}

void
senders_drop_patterns(struct senders *s)
{
	lines_free(&s->pattern, &s->npatterns);
}

void
senders_free(struct senders *s)
{
	lines_free(&s->map, &s->nmap);
	senders_drop_patterns(s);
	*s = (struct senders){ 0 };
}

void
senders_add_pattern(struct senders *s, struct slice pattern,
    struct slice path)
{
	s->pattern = mem_resize(s->pattern, s->npatterns + 1,
	    sizeof s->pattern[0]);
	s->pattern[s->npatterns++] = (struct sender_line){
		.key = mem_dup(pattern), .path = mem_dup(path) };
}

/* ---- from-map ---- */

static void
to_lower(char *s)
{
	for (; *s; s++)
		*s = ascii_lower(*s);
}

/* A login as it is; an address as it would be found.  NULL: neither. */
static char *
read_key(struct slice text, const struct address_options *o)
{
	struct address a = { 0 };
	struct outcome why;
	char *key = NULL;

	if (slice_find(text, '@') == text.n)
		return text.n > 0 && !ascii_has_control(text) &&
			slice_find(text, ' ') == text.n ? mem_dup(text) : NULL;
	if (address_parse(text, o, &a, &why) && a.name[0] == '\0') {
		key = mem_dup(slice_of(a.path));
		to_lower(key);
	}
	address_free(&a);
	return key;
}

static char *
read_path(struct slice text, const struct address_options *o)
{
	struct address a = { 0 };
	struct outcome why;
	char *path = NULL;

	if (address_parse(text, o, &a, &why) && a.path[0] && !a.name[0])
		path = mem_dup(slice_of(a.path));
	address_free(&a);
	return path;
}

/* The colon that ends the key: not one in quotes or brackets. */
static size_t
find_colon(struct slice line)
{
	bool quoted = false, bracket = false;
	size_t i = 0;

	for (; i < line.n; i++) {
		if (line.p[i] == '"')
			quoted = !quoted;
		else if (line.p[i] == '[' || line.p[i] == ']')
			bracket = line.p[i] == '[';
		else if (line.p[i] == ':' && !quoted && !bracket)
			break;
	}
	return i;
}

static bool
read_line(struct senders *s, struct slice line, unsigned number,
    const struct address_options *o)
{
	size_t colon = find_colon(line);
	struct sender_line *l;

	if (s->nmap % 64 == 0)
		s->map = mem_resize(s->map, size_add(s->nmap, 64),
		    sizeof s->map[0]);
	l = &s->map[s->nmap++];
	l->key = read_key(slice_trim(slice_first(line, colon)), o);
	l->path = read_path(slice_trim(slice_from(line, colon + 1)), o);
	l->line = number;
	return l->key && l->path;
}

static int
compare(const void *a, const void *b)
{
	const struct sender_line *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

/* The first line whose key an earlier one has, or 0. */
static unsigned
sort(struct senders *s)
{
	unsigned twice = 0;

	if (s->nmap > 0)
		qsort(s->map, s->nmap, sizeof s->map[0], compare);
	for (size_t i = 1; i < s->nmap; i++)
		if (strcmp(s->map[i - 1].key, s->map[i].key) == 0 &&
		    (twice == 0 || s->map[i].line < twice))
			twice = s->map[i].line;
	return twice;
}

bool
senders_read_map(struct senders *s, struct slice text, const struct idn *idn,
    unsigned *line, const char **wrong)
{
	const struct address_options o = { .idn = idn, .dash = true };
	struct slice rest = text, one;

	lines_free(&s->map, &s->nmap);
	*wrong = "LOGIN: ADDRESS is wanted, as bob: bob.jones@example.org";
	for (*line = 1; rest.n > 0; ++*line) {
		slice_cut(&rest, '\n', &one);
		one = slice_trim(one);
		if (one.n > 0 && one.p[0] != '#' &&
		    !read_line(s, one, *line, &o))
			return false;
	}
	*wrong = "a line before is about the same login or address";
	*line = sort(s);
	return *line == 0;
}

/* ---- whose is it? ---- */

static bool
is_of_host(const struct address_options *o, struct slice domain)
{
	return slice_eq_nocase(domain, o->full_name) ||
	    slice_eq_nocase(domain, o->short_name) ||
	    slice_eq_nocase(domain, SLICE("localhost")) ||
	    slice_eq_nocase(domain, SLICE("localhost.localdomain")) ||
	    (!o->chosen && slice_eq_nocase(domain, o->default_domain));
}

static const struct sender_line *
find_key(const struct senders *s, struct buf *key)
{
	const struct sender_line wanted = { .key = mem_dup(buf_slice(key)) };
	size_t low = 0, high = s->nmap, at;
	int order = 1;

	while (order != 0 && low < high) {
		at = low + (high - low) / 2;
		order = strcmp(wanted.key, s->map[at].key);
		if (order < 0)
			high = at;
		else if (order > 0)
			low = at + 1;
		else
			low = at;
	}
	free(wanted.key);
	return order == 0 ? &s->map[low] : NULL;
}

/* The local part, without what quotes it. */
static void
put_login(struct buf *out, struct slice local)
{
	if (local.n < 2 || local.p[0] != '"') {
		buf_put(out, local);
		return;
	}
	for (size_t i = 1; i + 1 < local.n; i++) {
		if (local.p[i] == '\\')
			i++;
		buf_putc(out, local.p[i]);
	}
}

static const struct sender_line *
find_in_map(const struct senders *s, const struct address_options *o,
    struct slice path, struct slice domain)
{
	const struct sender_line *found = NULL;
	struct buf key = { 0 };

	if (s->nmap == 0)
		return NULL;
	for (size_t i = 0; i < path.n; i++)
		buf_putc(&key, ascii_lower(path.p[i]));
	found = find_key(s, &key);
	if (!found && (is_of_host(o, domain) ||
	    slice_eq_nocase(domain, o->default_domain))) {
		buf_clear(&key);
		put_login(&key, slice_first(path, path.n - domain.n - 1));
		found = find_key(s, &key);
	}
	buf_free(&key);
	return found;
}

static const struct sender_line *
find_pattern(const struct senders *s, struct slice path)
{
	for (size_t i = 0; i < s->npatterns; i++)
		if (pattern_matches_slice(slice_of(s->pattern[i].key), path))
			return &s->pattern[i];
	return NULL;
}

static bool
is_below(struct slice domain, struct slice parent)
{
	return parent.n > 0 && domain.n > parent.n + 1 &&
	    slice_ends_nocase(domain, parent) &&
	    domain.p[domain.n - parent.n - 1] == '.';
}

/* "!host.example.org example.org": the first that has it decides. */
static struct slice
find_mask(const char *domains, const struct address_options *o,
    struct slice domain)
{
	struct slice rest = slice_of(domains), word, first = { 0 };
	bool keeps;

	while (slice_cut(&rest, ' ', &word)) {
		keeps = word.n > 0 && word.p[0] == '!';
		if (keeps)
			word = slice_from(word, 1);
		else if (first.n == 0)
			first = word;
		if (slice_eq_nocase(domain, word) ||
		    (keeps && is_below(domain, word)))
			return (struct slice){ 0 };
		if (is_below(domain, word))
			return word;
	}
	return is_of_host(o, domain) ? first : (struct slice){ 0 };
}

static enum sender_rule
put_found(struct buf *out, const struct sender_line *l, enum sender_rule rule,
    struct slice path)
{
	if (slice_eq(slice_of(l->path), path))
		return SENDER_STAYS;
	buf_puts(out, l->path);
	return rule;
}

enum sender_rule
senders_find(const struct senders *s, const struct address_options *o,
    struct slice path, struct buf *out)
{
	struct slice domain = pattern_domain(path), mask;
	const struct sender_line *l;

	if (path.n == 0 || domain.n + 1 >= path.n)
		return SENDER_STAYS;
	if ((l = find_in_map(s, o, path, domain)) != NULL)
		return put_found(out, l, SENDER_MAP, path);
	if ((l = find_pattern(s, path)) != NULL)
		return put_found(out, l, SENDER_PATTERN, path);
	if (!s->masquerade)
		return SENDER_STAYS;
	mask = find_mask(s->masquerade, o, domain);
	if (mask.n == 0)
		return SENDER_STAYS;
	buf_put(out, slice_first(path, path.n - domain.n));
	buf_put(out, mask);
	return SENDER_MASQUERADE;
}

/* ---- a sender ---- */

void
senders_tell(struct buf *told, const char *field, struct slice was,
    struct slice is, enum sender_rule rule)
{
	buf_putf(told, "%s: ", field);
	text_escape(told, was);
	buf_puts(told, " is now ");
	text_escape(told, is);
	buf_putf(told, " (%s)\n", sender_rule_name(rule));
}

bool
senders_replace(const struct senders *s, const struct address_options *o,
    struct address *sender, struct buf *told)
{
	struct address_options any = *o;
	struct buf path = { 0 };
	struct address a = { 0 };
	struct outcome why;
	enum sender_rule rule = s && sender->path ?
	    senders_find(s, o, slice_of(sender->path), &path) : SENDER_STAYS;
	bool ok;

	any.dash = true;
	ok = rule != SENDER_STAYS &&
	    address_parse(buf_slice(&path), &any, &a, &why);
	if (ok) {
		senders_tell(told, "envelope sender", slice_of(sender->path),
		    buf_slice(&path), rule);
		address_free(sender);
		*sender = a;
	} else {
		address_free(&a);
	}
	buf_free(&path);
	return ok;
}
