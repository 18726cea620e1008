/* SPDX-License-Identifier: ISC */
/*
 * config_key.c - the keys of each section, and storing their values.
 *
 * The defaults have the rows of the option table that may be keys; a relay and
 * a domain have a few of these rows, and keys of their own.
 */
#include "config/config_impl.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/slice.h"
#include "config/option_find.h"
#include "config/option_take.h"
#include "config/own.h"
#include "config/relay_url.h"

enum { IN_DEFAULTS = 1, IN_RELAY = 2, IN_DOMAIN = 4 };

struct key {
	const char *name;
	unsigned sections;
	/* NULL: the option of that name does it */
	bool (*take)(struct config_text *t, const char *key,
	    const char *value);
};

static bool
complain(struct config_text *t, const char *word, const char *text)
{
	return config_complain(t->says, t->file, t->line, word, text);
}

static bool
take_url(struct config_text *t, const char *key, const char *value)
{
	struct relay_spec *r = &t->section->relay;
	struct relay_url url;
	const char *why = relay_url_parse(slice_of(value), &url);

	if (!why && url.user && r->user) {
		relay_url_free(&url);
		why = "there is a user already";
	}
	if (why)
		return complain(t, strchr(value, '@') ? key : value, why);
	r->link = url.link;
	r->by_srv = url.by_srv;
	r->host = config_keep(t->config, slice_of(url.host));
	r->port = url.port;
	if (url.user)
		r->user = config_keep(t->config, slice_of(url.user));
	relay_url_free(&url);
	return true;
}

static bool
take_user(struct config_text *t, const char *key, const char *value)
{
	if (t->section->relay.user)
		return complain(t, key, "the url has a user already");
	t->section->relay.user = value;
	return true;
}

static bool
take_from(struct config_text *t, const char *key, const char *value)
{
	(void)key;
	t->section->relay.from = value;
	return !pattern_list_fault(value) ||
	    complain(t, value, pattern_list_fault(value));
}

static bool
take_auth(struct config_text *t, const char *key, const char *value)
{
	(void)key;
	if (auth_method_parse(slice_of(value), &t->section->relay.auth))
		return true;
	return complain(t, value, "PLAIN, LOGIN, CRAM-MD5, EXTERNAL, XOAUTH2, "
	    "OAUTHBEARER or GSSAPI is wanted");
}

/*
 * "~/x" is x in the home: a file for all users can name each one's own.  NULL
 * when there is no home.
 */
const char *
config_home(struct config_text *t, const char *path)
{
	struct buf full = { 0 };
	const char *kept = NULL;

	if (path[0] != '~' || path[1] != '/')
		return path;
	if (own_home(&full)) {
		buf_puts(&full, path + 1);
		kept = config_keep(t->config, buf_slice(&full));
	}
	buf_free(&full);
	return kept;
}

/* One source of the password or token for each relay. */
static bool
take_secret(struct config_text *t, const char *key, const char *value)
{
	static const struct {
		const char *key;
		enum secret_kind kind;
		bool is_path;
	} kinds[] = {
		{ "password-file", SECRET_FILE, true },
		{ "password-command", SECRET_COMMAND, false },
		{ "password-credential", SECRET_CREDENTIAL, false },
		{ "netrc", SECRET_NETRC, true },
		{ "token-command", SECRET_TOKEN, false },
	};
	struct relay_spec *r = &t->section->relay;
	const char *from;

	if (r->secret != SECRET_NONE)
		return complain(t, key, "there is another password or token "
		    "key in this section");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(key, kinds[i].key) != 0)
			continue;
		from = kinds[i].is_path ? config_home(t, value) : value;
		if (!from || (kinds[i].is_path && from[0] != '/'))
			return complain(t, value, "a path that begins with / "
			    "or ~/ is wanted");
		r->secret = kinds[i].kind;
		r->secret_from = from;
	}
	return true;
}

bool
yes_parse(const char *value, bool *out)
{
	*out = slice_eq_nocase(slice_of(value), SLICE("yes")) ||
	    slice_eq_nocase(slice_of(value), SLICE("true"));
	return *out || slice_eq_nocase(slice_of(value), SLICE("no")) ||
	    slice_eq_nocase(slice_of(value), SLICE("false"));
}

static bool
take_shell(struct config_text *t, const char *key, const char *value)
{
	(void)key;
	return yes_parse(value, &t->section->relay.secret_shell) ||
	    complain(t, value, "yes or no is wanted");
}

static bool
take_direct(struct config_text *t, const char *key, const char *value)
{
	(void)key;
	return yes_parse(value, &t->section->domain.direct) ||
	    complain(t, value, "yes or no is wanted");
}

static bool
take_relays(struct config_text *t, const char *key, const char *value)
{
	(void)key;
	t->section->domain.relay = value;
	return true;
}

static bool
take_lanes(struct config_text *t, const char *key, const char *value)
{
	struct config_section *s = t->section;
	uint64_t n;

	(void)key;
	if (!slice_to_uint(slice_of(value), 1000, &n) || n == 0)
		return complain(t, value, "a number from 1 to 1000 is wanted");
	*(s->kind == SECTION_RELAY ? &s->relay.lanes : &s->domain.lanes) =
	    (unsigned)n;
	return true;
}

static bool
take_rate(struct config_text *t, const char *key, const char *value)
{
	struct config_section *s = t->section;

	(void)key;
	return rate_parse(value, s->kind == SECTION_RELAY ? &s->relay.rate :
	    &s->domain.rate) ||
	    complain(t, value, RATE_WANTED);
}

static bool
take_password(struct config_text *t, const char *key, const char *value)
{
	(void)value;
	return complain(t, key, "no password may stand here: name a "
	    "password-file or password-command");
}

static const struct key keys[] = {
	{ "rewrite-from", IN_DEFAULTS, config_take_rewrite },
	{ "from-map", IN_DEFAULTS, config_take_from_map },
	{ "masquerade", IN_DEFAULTS, config_take_masquerade },
	{ "reply-to-original", IN_DEFAULTS, config_take_reply_to },
	{ "url", IN_RELAY, take_url },
	{ "user", IN_RELAY, take_user },
	{ "password-file", IN_RELAY, take_secret },
	{ "password-command", IN_RELAY, take_secret },
	{ "password-credential", IN_RELAY, take_secret },
	{ "netrc", IN_RELAY, take_secret },
	{ "token-command", IN_RELAY, take_secret },
	{ "shell", IN_RELAY, take_shell },
	{ "auth", IN_RELAY, take_auth },
	{ "from", IN_RELAY, take_from },
	{ "ca", IN_RELAY, NULL },
	{ "cert", IN_RELAY, NULL },
	{ "key", IN_RELAY, NULL },
	{ "tls-name", IN_RELAY, NULL },
	{ "helo", IN_RELAY, NULL },
	{ "source", IN_RELAY, NULL },
	{ "proxy", IN_RELAY, NULL },
	{ "relay", IN_DOMAIN, take_relays },
	{ "direct", IN_DOMAIN, take_direct },
	{ "server", IN_DOMAIN, NULL },
	{ "port", IN_DOMAIN, NULL },
	{ "tls", IN_DOMAIN, NULL },
	{ "rate", IN_RELAY | IN_DOMAIN, take_rate },
	{ "lanes", IN_RELAY | IN_DOMAIN, take_lanes },
	{ "password", IN_DEFAULTS | IN_RELAY, take_password },
};

static const struct key *
find_key(enum section_kind kind, const char *name)
{
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].sections & 1U << kind &&
		    strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* The row of the option table that is this key. */
static const struct option *
find_option(const char *name)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if (o->name && o->fallback && strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

bool
config_key_repeats(const char *key)
{
	const struct option *o = find_option(key);

	return strcmp(key, "rewrite-from") == 0 || (o && o->kind == KIND_LIST);
}

/* An option without argument is yes or no. */
static bool
take_switch(struct config_text *t, struct option_call *c, const char *value)
{
	bool yes;

	if (!yes_parse(value, &yes))
		return complain(t, value, "yes or no is wanted");
	return !yes || c->option->take(c, NULL);
}

static bool
take_option(struct config_text *t, struct option_call *c,
    const struct option *o, const char *value)
{
	c->line = t->line;
	c->option = o;
	memcpy(c->shown, o->name, strlen(o->name) + 1);
	if (o->kind == KIND_PATH || o->kind == KIND_GIVEN)
		value = config_home(t, value);
	if (!value)
		return complain(t, o->name, "there is no home for ~/");
	option_begin(c);
	return o->arg == ARG_NONE ? take_switch(t, c, value) :
				    o->take(c, value);
}

/* The key of this section that was probably meant, or NULL. */
static const char *
nearest_key(enum section_kind kind, const char *name)
{
	struct nearest n = nearest_begin(slice_of(name));
	const struct option *o;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].sections & 1U << kind &&
		    keys[i].take != take_password)
			nearest_try(&n, keys[i].name);
	for (size_t i = 0; (o = option_at(i)) != NULL; i++)
		if (kind == SECTION_DEFAULTS && o->fallback)
			nearest_try(&n, o->name);
	return n.name;
}

static bool
refuse_key(struct config_text *t, const char *key)
{
	static const char *const texts[] = {
		[SECTION_DEFAULTS] = "there is no such key",
		[SECTION_RELAY] = "a [relay] section has no such key",
		[SECTION_DOMAIN] = "a [domain] section has no such key",
	};
	const char *near = nearest_key(t->section->kind, key);
	struct buf text = { 0 };

	buf_puts(&text, texts[t->section->kind]);
	if (near)
		buf_putf(&text, "; did you mean %s?", near);
	complain(t, key, buf_str(&text));
	buf_free(&text);
	return false;
}

bool
config_key(struct config_text *t, const char *key, const char *value)
{
	bool in_defaults = t->section->kind == SECTION_DEFAULTS;
	const struct key *k = find_key(t->section->kind, key);
	const struct option *o = find_option(key);

	if (t->section->kind == SECTION_DKIM)
		return config_dkim_key(t, key, value);
	if (t->section->kind == SECTION_QUEUE ||
	    t->section->kind == SECTION_LOCAL)
		return config_queue_key(t, key, value);
	if (k && k->take)
		return k->take(t, key, value);
	if (!o || (!k && !in_defaults))
		return refuse_key(t, key);
	return take_option(t, in_defaults ? &t->call : &t->own, o, value);
}
