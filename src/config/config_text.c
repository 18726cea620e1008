/* SPDX-License-Identifier: ISC */
/* config_text.c - a file's text into sections and keys, line by line. */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "config/config_impl.h"

const char *
config_keep(struct config *c, struct slice s)
{
	c->kept = mem_resize(c->kept, c->nkept + 1, sizeof c->kept[0]);
	return c->kept[c->nkept++] = mem_dup(s);
}

bool
config_complain(struct buf *says, const char *file, unsigned line,
    const char *word, const char *text)
{
	text_escape(says, slice_of(file));
	buf_putf(says, ":%u: ", line);
	if (word) {
		buf_putc(says, '\'');
		text_escape(says, slice_first(slice_of(word), 100));
		buf_puts(says, "': ");
	}
	buf_puts(says, text);
	buf_putc(says, '\n');
	return false;
}

static bool
complain(struct config_text *t, const char *word, const char *text)
{
	return config_complain(t->says, t->file, t->line, word, text);
}

static void
section_free(struct config_section *s)
{
	free(s->item);
	free(s);
}

/* Of the same kind and name, in a file before or this one. */
static size_t
find_section(const struct config *c, enum section_kind kind, const char *name)
{
	size_t i = 0;

	while (i < c->nsections && (c->section[i]->kind != kind ||
	    strcmp(c->section[i]->name, name) != 0))
		i++;
	return i;
}

static void
remove_section(struct config *c, size_t i)
{
	section_free(c->section[i]);
	c->nsections--;
	memmove(&c->section[i], &c->section[i + 1],
	    (c->nsections - i) * sizeof c->section[0]);
}

/* After this file's others, before those of files read earlier. */
static void
insert_section(struct config_text *t, enum section_kind kind, const char *name)
{
	struct config *c = t->config;
	struct config_section *s = mem_alloc(sizeof *s);
	size_t at = t->sections++;

	s->kind = kind;
	s->name = name;
	s->file = t->file;
	s->line = t->line;
	c->section = mem_resize(c->section, c->nsections + 1,
	    sizeof c->section[0]);
	memmove(&c->section[at + 1], &c->section[at],
	    (c->nsections - at) * sizeof c->section[0]);
	c->section[at] = s;
	c->nsections++;
	t->section = s;
	t->own = (struct option_call){ .way = &s->way, .says = t->says,
		.file = t->file, .own = true };
}

static bool
begin_section(struct config_text *t, enum section_kind kind, struct slice name)
{
	const char *kept = config_keep(t->config, name);
	size_t old = find_section(t->config, kind, kept);

	if (old < t->sections)
		return complain(t, kept, "this section is there already");
	if (old < t->config->nsections)
		remove_section(t->config, old);
	insert_section(t, kind, kept);
	return true;
}

/* What --print-config can show as it is. */
static bool
is_plain(struct slice s)
{
	struct buf shown = { 0 };
	struct slice rest = s, part;
	size_t n = 0;
	bool plain;

	while (slice_cut(&rest, '\\', &part)) {
		text_escape(&shown, part);
		n += part.n;
	}
	plain = shown.n == n;
	buf_free(&shown);
	return plain;
}

static bool
is_comment(struct slice s)
{
	return s.n == 0 || s.p[0] == ';' || s.p[0] == '#';
}

/* The machine's: no user says what becomes of mail of others. */
static bool
begin_machines(struct config_text *t, const char *name,
    struct config_section *s)
{
	if (t->config->is_own)
		return complain(t, name,
		    "this is for the whole machine: the "
		    "section belongs into /etc/smtpsend/smtpsend.conf");
	t->section = s;
	return true;
}

/* "[defaults]", "[queue]", "[local]", and those that have a name. */
static bool
read_section(struct config_text *t, struct slice line)
{
	size_t end = slice_find(line, ']');
	struct slice name = slice_trim(slice_from(slice_first(line, end), 1));
	struct slice kind;

	if (end == line.n || !is_comment(slice_trim(slice_from(line, end + 1))))
		return complain(t, NULL, "[SECTION] is wanted");
	if (!is_plain(name) || slice_find(name, ';') < name.n)
		return complain(t, NULL,
		    "a section's name has a character that is not allowed");
	if (slice_eq_nocase(name, SLICE("defaults"))) {
		t->section = &t->config->defaults;
		return true;
	}
	if (slice_eq_nocase(name, SLICE("queue")))
		return begin_machines(t, "queue", &t->config->queue);
	if (slice_eq_nocase(name, SLICE("local")))
		return begin_machines(t, "local", &t->config->local);
	slice_cut(&name, ' ', &kind);
	name = slice_trim(name);
	if (name.n > 0 && slice_find(name, ' ') == name.n) {
		if (slice_eq_nocase(kind, SLICE("relay")))
			return begin_section(t, SECTION_RELAY, name);
		if (slice_eq_nocase(kind, SLICE("domain")))
			return begin_section(t, SECTION_DOMAIN, name);
		if (slice_eq_nocase(kind, SLICE("dkim")))
			return begin_section(t, SECTION_DKIM, name);
	}
	return complain(t, NULL,
	    "there is no such section: [defaults], "
	    "[queue], [local], [relay NAME], [domain PATTERN] or "
	    "[dkim PATTERN] is wanted");
}

static struct slice
next_line(struct config_text *t)
{
	struct slice line;

	slice_cut(&t->rest, '\n', &line);
	t->line++;
	if (t->line == 1 && slice_starts(line, SLICE("\xef\xbb\xbf")))
		line = slice_from(line, 3);
	return slice_trim(line);
}

static bool
is_repeated(const struct config_text *t, const char *key)
{
	const struct config_section *s = t->section;

	if (config_key_repeats(key))
		return false;
	for (size_t i = 0; i < s->nitems; i++)
		if (s->item[i].value.file == t->file &&
		    strcmp(s->item[i].key, key) == 0)
			return true;
	return false;
}

static void
note_item(struct config_text *t, const char *key, const char *value)
{
	struct config_section *s = t->section;

	s->item = mem_resize(s->item, s->nitems + 1, sizeof s->item[0]);
	s->item[s->nitems++] = (struct config_item){ key,
		{ value, t->file, t->line } };
}

/* Of a file that cannot be used. */
static bool
is_passed_over(const struct config_text *t, const char *key)
{
	return t->config->salvage && (t->section->kind != SECTION_QUEUE ||
	    (strcmp(key, "path") != 0 && strcmp(key, "run") != 0 &&
	    strcmp(key, "user-queue") != 0));
}

static bool
take_item(struct config_text *t, struct slice name, struct slice text)
{
	const char *key = config_keep(t->config, name);
	const char *value = config_keep(t->config, text);

	if (is_passed_over(t, key))
		return true;
	if (text.n == 0)
		return complain(t, key, "a value is wanted");
	if (!is_plain(text))
		return complain(t, key, "a control character, or octets that "
		    "are no UTF-8");
	if (is_repeated(t, key))
		return complain(t, key, "this key is there already");
	if (!config_key(t, key, value))
		return false;
	note_item(t, key, value);
	return true;
}

/* Up to a semicolon after a blank. */
static struct slice
without_comment(struct slice s)
{
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] == ';' && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
			return slice_first(s, i);
	return s;
}

/* "KEY = VALUE", or with a colon. */
static bool
read_item(struct config_text *t, struct slice line)
{
	size_t equals, colon, at;

	line = without_comment(line);
	equals = slice_find(line, '=');
	colon = slice_find(line, ':');
	at = equals < colon ? equals : colon;
	if (at == line.n || at == 0)
		return complain(t, NULL, "KEY = VALUE or [SECTION] is wanted");
	return take_item(t, slice_trim(slice_first(line, at)),
	    slice_trim(slice_from(line, at + 1)));
}

static bool
read_line(struct config_text *t)
{
	struct slice line = next_line(t);

	if (is_comment(line))
		return true;
	if (slice_find(line, '\0') < line.n)
		return complain(t, NULL, "a NUL octet");
	return line.p[0] == '[' ? read_section(t, line) : read_item(t, line);
}

bool
config_parse(struct config *c, const char *file, struct slice text,
    struct settings *s, struct buf *says)
{
	struct config_text t = { .config = c, .settings = s, .rest = text,
		.section = &c->defaults, .says = says };
	bool ok = true;

	c->queue.kind = SECTION_QUEUE;
	c->local.kind = SECTION_LOCAL;
	t.file = config_keep(c, slice_of(file));
	t.call = option_call(s, says);
	t.call.file = t.file;
	t.call.own = true;
	if (c->is_own)
		c->own_file = t.file;
	while ((ok || c->salvage) && t.rest.n > 0)
		ok = read_line(&t);
	return ok;
}

void
config_free(struct config *c)
{
	for (size_t i = 0; i < c->nsections; i++)
		section_free(c->section[i]);
	for (size_t i = 0; i < c->nkept; i++)
		free(c->kept[i]);
	free(c->defaults.item);
	free(c->queue.item);
	free(c->local.item);
	free(c->section);
	free(c->kept);
	free(c->uses.v);
	free(c->rules.relay);
	free(c->rules.domain);
	free(c->signing.v);
	senders_free(&c->senders);
	*c = (struct config){ 0 };
}
