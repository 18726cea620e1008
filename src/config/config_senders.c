/* SPDX-License-Identifier: ISC */
/* config_senders.c - the keys about senders: whose address is replaced. */
#include "config/config_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "config/idn.h"
#include "net/file.h"

#define MAP_MAX 16777216 /* octets of a from-map */

static bool
complain(struct config_text *t, const char *word, const char *text)
{
	return config_complain(t->says, t->file, t->line, word, text);
}

/* ---- rewrite-from ---- */

/* A file's list replaces the one of a file before. */
static void
begin_rewrites(struct config_text *t)
{
	const struct config_section *d = &t->config->defaults;

	for (size_t i = 0; i < d->nitems; i++)
		if (d->item[i].value.file == t->file &&
		    strcmp(d->item[i].key, "rewrite-from") == 0)
			return;
	senders_drop_patterns(&t->config->senders);
}

bool
config_take_rewrite(struct config_text *t, const char *key, const char *value)
{
	const struct address_options options = { .idn = &config_idn };
	struct slice rest = slice_of(value), pattern;
	struct address a = { 0 };
	struct outcome why;

	(void)key;
	begin_rewrites(t);
	slice_cut(&rest, ' ', &pattern);
	rest = slice_trim(rest);
	if (rest.n == 0 || !address_parse(rest, &options, &a, &why))
		return complain(t, value, "PATTERN ADDRESS is wanted, as "
		    "*@example.org me@example.net");
	senders_add_pattern(&t->config->senders, pattern, slice_of(a.path));
	address_free(&a);
	return true;
}

/* ---- from-map ---- */

static bool
cannot_read(struct config_text *t, const char *path, const char *reason)
{
	struct buf text = { 0 };

	buf_puts(&text, "the map cannot be read: ");
	buf_puts(&text, reason);
	complain(t, path, buf_str(&text));
	buf_free(&text);
	return false;
}

static bool
read_map(struct config_text *t, const char *path)
{
	struct buf text = { .max = MAP_MAX };
	unsigned line;
	const char *wrong;
	bool ok = file_read(path, &text);

	if (!ok)
		cannot_read(t, path, strerror(errno));
	else if (!(ok = senders_read_map(&t->config->senders, buf_slice(&text),
	    &config_idn, &line, &wrong)))
		config_complain(t->says, path, line, NULL, wrong);
	buf_free(&text);
	return ok;
}

bool
config_take_from_map(struct config_text *t, const char *key, const char *value)
{
	const char *path = config_home(t, value);
	struct stat st;

	(void)key;
	if (!path || path[0] != '/')
		return complain(t, value, "a path that begins with / or ~/ is "
		    "wanted");
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_mode & S_IWOTH)
		return cannot_read(t, path, "everybody may write to it "
		    "(chmod o-w)");
	return read_map(t, path);
}

/* ---- masquerade ---- */

bool
config_take_masquerade(struct config_text *t, const char *key,
    const char *value)
{
	struct slice rest = slice_of(value), word;
	struct buf names = { 0 };
	struct outcome why;
	char *name;
	bool any = false;

	(void)key;
	while (rest.n > 0 && slice_cut(&rest, ' ', &word)) {
		bool keeps = slice_starts(word, SLICE("!"));

		if (word.n == 0)
			continue;
		name = domain_to_ascii(slice_from(word, keeps), &config_idn,
		    &why);
		if (!name || name[0] == '[') {
			free(name);
			buf_free(&names);
			return complain(t, value, "domains are wanted, as "
			    "!host.example.org example.org");
		}
		buf_putf(&names, "%s%s%s", names.n ? " " : "",
		    keeps ? "!" : "", name);
		any = any || !keeps;
		free(name);
	}
	t->config->senders.masquerade = any
	    ? config_keep(t->config, buf_slice(&names))
	    : NULL;
	buf_free(&names);
	return any || complain(t, value, "a domain without ! is wanted, too");
}

/* ---- reply-to-original ---- */

bool
config_take_reply_to(struct config_text *t, const char *key, const char *value)
{
	bool yes;

	(void)key;
	if (!yes_parse(value, &yes))
		return complain(t, value, "yes or no is wanted");
	t->config->senders.reply_to = yes ? REPLY_TO_ALWAYS : REPLY_TO_NEVER;
	return true;
}
