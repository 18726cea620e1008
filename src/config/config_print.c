/* SPDX-License-Identifier: ISC */
/*
 * config_print.c - --print-config: what is set, as a file that says the same.
 *
 * No password ever stands in a configuration, so there is none to mask.
 */
#include "config/config.h"

#include <string.h>

#include "base/ascii.h"
#include "config/config_impl.h"

/* As text_escape(), but a backslash stays: a file has it so. */
static void
put_text(struct buf *out, const char *text)
{
	struct slice rest = slice_of(text), part;
	const char *between = "";

	while (slice_cut(&rest, '\\', &part)) {
		buf_puts(out, between);
		text_escape(out, part);
		between = "\\";
	}
}

/* A blank before ';' would make a comment of it. */
static void
put_value(struct buf *out, const char *key, const char *value)
{
	buf_putf(out, value[0] == ';' ? "%s=" : "%s = ", key);
	put_text(out, value);
	buf_putc(out, '\n');
}

void
config_put_item(struct buf *out, const struct config_item *i)
{
	buf_puts(out, "# ");
	put_text(out, i->value.file);
	buf_putf(out, ":%u\n", i->value.line);
	put_value(out, i->key, i->value.text);
}

/* The file that has the last word about a key, or NULL. */
static const char *
last_file(const struct config_section *s, const char *key)
{
	const char *file = NULL;

	for (size_t i = 0; i < s->nitems; i++)
		if (strcmp(s->item[i].key, key) == 0)
			file = s->item[i].value.file;
	return file;
}

static bool
put_items(struct buf *out, const struct config_section *s, const char *key)
{
	const char *file = last_file(s, key);

	for (size_t i = 0; i < s->nitems; i++)
		if (s->item[i].value.file == file &&
		    strcmp(s->item[i].key, key) == 0)
			config_put_item(out, &s->item[i]);
	return file != NULL;
}

/* Does the use of an option say what this one says?  -r is --from. */
static bool
is_same(const struct option *a, const struct option *b)
{
	return a == b || (a->alias && strcmp(a->alias, b->name) == 0);
}

/* Once is enough, but for what may be repeated: the last one counts. */
static bool
put_uses(struct buf *out, const struct option_uses *uses,
    const struct option *o)
{
	const struct option_use *last = NULL;
	const char *value;

	for (size_t i = 0; i < uses->n; i++) {
		if (!is_same(uses->v[i].option, o))
			continue;
		if (last && config_key_repeats(o->name))
			put_value(out, o->name, last->value);
		if (!last || config_key_repeats(o->name))
			buf_puts(out, "# command line\n");
		last = &uses->v[i];
	}
	if (!last)
		return false;
	value = last->value ? last->value : "yes";
	put_value(out, o->name, value);
	return true;
}

static void
put_default(struct buf *out, const struct option *o)
{
	if (o->fallback[0])
		buf_putf(out, "# default\n%s = %s\n", o->name, o->fallback);
	else
		buf_putf(out, "# default: not set\n#%s =\n", o->name);
}

static void
put_section(struct buf *out, const struct config_section *s)
{
	buf_puts(out, s->kind == SECTION_RELAY ? "\n[relay " :
	    s->kind == SECTION_DKIM ? "\n[dkim " : "\n[domain ");
	put_text(out, s->name);
	buf_puts(out, "]\n");
	for (size_t i = 0; i < s->nitems; i++)
		config_put_item(out, &s->item[i]);
}

void
config_put(const struct config *c, struct buf *out)
{
	static const char *const of_senders[] = { "rewrite-from", "from-map",
		"masquerade", "reply-to-original" };
	const struct option *o;

	buf_puts(out, "[defaults]\n");
	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if (o->name && o->fallback && !put_uses(out, &c->uses, o) &&
		    !put_items(out, &c->defaults, o->name))
			put_default(out, o);
	for (size_t i = 0; i < sizeof of_senders / sizeof of_senders[0]; i++)
		put_items(out, &c->defaults, of_senders[i]);
	config_queue_put(&c->queue, out);
	config_queue_put(&c->local, out);
	for (size_t i = 0; i < c->nsections; i++)
		put_section(out, c->section[i]);
}
