/* SPDX-License-Identifier: ISC */
/* config_dkim.c - the keys of [dkim PATTERN], and the rules they make. */
#include "config/config_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "config/idn.h"
#include "config/option_find.h"
#include "config/option_take.h"
#include "mail/address.h"

static bool
complain(struct config_text *t, const char *word, const char *text)
{
	return config_complain(t->says, t->file, t->line, word, text);
}

/* Of the pair of keys that this one is of. */
static struct sign_source *
source_of(struct config_text *t, const char *key)
{
	bool ed25519 = strncmp(key, "ed25519-", 8) == 0;

	return &t->section->dkim.source[ed25519 ? SIGN_ED25519_KEY :
						  SIGN_ANY_KEY];
}

static bool
set_selector(struct config_text *t, const char *key, const char *value)
{
	source_of(t, key)->selector = value;
	return domain_is_name(slice_of(value)) ||
	    complain(t, value, "a selector is wanted, as mail2024");
}

static bool
set_key(struct config_text *t, const char *key, const char *value)
{
	struct sign_source *s = source_of(t, key);
	const char *path = config_home(t, value);

	if (s->from)
		return complain(t, key, "the section has a credential for it");
	if (!path || path[0] != '/')
		return complain(t, value, "a path that begins with / or ~/ is "
		    "wanted");
	s->from = path;
	return true;
}

static bool
set_credential(struct config_text *t, const char *key, const char *value)
{
	struct sign_source *s = source_of(t, key);

	if (s->from)
		return complain(t, key, "the section has a file for it");
	if (value[0] == '.' || strchr(value, '/'))
		return complain(t, value, "the name of a credential is wanted");
	s->from = value;
	s->is_credential = true;
	return true;
}

static bool
set_domain(struct config_text *t, const char *key, const char *value)
{
	struct outcome why;
	char *name = domain_to_ascii(slice_of(value), &config_idn, &why);
	bool ok = name && domain_is_name(slice_of(name));

	(void)key;
	if (ok)
		t->section->dkim.domain = config_keep(t->config,
		    slice_of(name));
	free(name);
	return ok || complain(t, value, "a domain is wanted, as example.org");
}

static bool
set_identity(struct config_text *t, const char *key, const char *value)
{
	bool *by_sender = &t->section->dkim.by_sender;

	(void)key;
	*by_sender = strcmp(value, "sender") == 0;
	return *by_sender || strcmp(value, "from") == 0 ||
	    complain(t, value, "from or sender is wanted");
}

static bool
form_parse(struct slice word, bool *simple)
{
	*simple = slice_eq(word, SLICE("simple"));
	return *simple || slice_eq(word, SLICE("relaxed"));
}

static bool
set_canonicalization(struct config_text *t, const char *key,
    const char *value)
{
	struct sign_rule *r = &t->section->dkim;
	struct slice body = slice_of(value), head = { 0 };

	(void)key;
	slice_cut(&body, '/', &head);
	return (form_parse(head, &r->simple_head) &&
	    form_parse(body, &r->simple_body)) ||
	    complain(t, value, "relaxed/relaxed, relaxed/simple, "
	    "simple/relaxed or simple/simple is wanted");
}

static bool
set_expiry(struct config_text *t, const char *key, const char *value)
{
	unsigned *seconds = &t->section->dkim.expiry;

	(void)key;
	if (strcmp(value, "never") == 0)
		return true;
	return (duration_parse(value, 1, seconds) && *seconds >= 3600) ||
	    complain(t, value, "a time from 1h to 24855d is wanted, as 7d, or "
	    "never");
}

static bool
set_users(struct config_text *t, const char *key, const char *value)
{
	(void)key;
	t->section->dkim.users = value;
	return !pattern_list_fault(value) ||
	    complain(t, value, pattern_list_fault(value));
}

static const struct {
	const char *name;
	bool (*take)(struct config_text *t, const char *key,
	    const char *value);
} keys[] = {
	{ "selector", set_selector },
	{ "key", set_key },
	{ "key-credential", set_credential },
	{ "ed25519-selector", set_selector },
	{ "ed25519-key", set_key },
	{ "ed25519-key-credential", set_credential },
	{ "domain", set_domain },
	{ "identity", set_identity },
	{ "canonicalization", set_canonicalization },
	{ "expiry", set_expiry },
	{ "users", set_users },
};

#define NKEYS (sizeof keys / sizeof keys[0])

bool
config_dkim_key(struct config_text *t, const char *key, const char *value)
{
	struct nearest near = nearest_begin(slice_of(key));
	struct buf text = { 0 };

	for (size_t i = 0; i < NKEYS; i++) {
		if (strcmp(keys[i].name, key) == 0)
			return keys[i].take(t, key, value);
		nearest_try(&near, keys[i].name);
	}
	buf_puts(&text, "a [dkim] section has no such key");
	if (near.name)
		buf_putf(&text, "; did you mean %s?", near.name);
	complain(t, key, buf_str(&text));
	buf_free(&text);
	return false;
}

/* ---- rules ---- */

static const char *
wrong_source(const struct sign_source *s)
{
	if (s->selector && !s->from)
		return "a selector has no key";
	if (!s->selector && s->from)
		return "a key has no selector";
	return NULL;
}

/* What is wrong with a section as a whole, or NULL. */
static const char *
wrong_rule(const struct sign_rule *r)
{
	const char *any = r->source[SIGN_ANY_KEY].selector;
	const char *ed25519 = r->source[SIGN_ED25519_KEY].selector;
	const char *wrong = NULL;

	for (size_t i = 0; i < SIGN_SOURCES && !wrong; i++)
		wrong = wrong_source(&r->source[i]);
	if (wrong)
		return wrong;
	if (!any && !ed25519)
		return "it has no selector and no key";
	if (any && ed25519 && strcmp(any, ed25519) == 0)
		return "both keys have the same selector";
	return strpbrk(r->pattern, "@,") ? "a domain is wanted" : NULL;
}

/* The name of a section, as the domain of an address is. */
static const char *
pattern_of(struct config *c, const char *name)
{
	struct outcome why;
	char *ascii = strchr(name, '*') ? NULL :
	    domain_to_ascii(slice_of(name), &config_idn, &why);
	const char *kept = ascii ? config_keep(c, slice_of(ascii)) : name;

	free(ascii);
	return kept;
}

bool
config_add_dkim(struct config *c, const struct config_section *section,
    struct buf *says)
{
	struct sign_rules *r = &c->signing;
	struct sign_rule rule = section->dkim;
	const char *wrong;

	rule.pattern = pattern_of(c, section->name);
	wrong = wrong_rule(&rule);
	if (wrong)
		return config_complain(says, section->file, section->line,
		    section->name, wrong);
	r->v = mem_resize(r->v, r->n + 1, sizeof r->v[0]);
	r->v[r->n++] = rule;
	return true;
}
