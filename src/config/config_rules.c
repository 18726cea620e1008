/* SPDX-License-Identifier: ISC */
/* config_rules.c - from sections and settings to the rules of a run. */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "config/config_impl.h"
#include "config/relay_url.h"

/* Where a word stands that names a relay; file NULL = the command line. */
struct origin {
	struct config *config;
	const struct settings *settings;
	struct buf *says;
	const char *file;
	unsigned line;
};

static bool
complain(const struct origin *o, const char *word, const char *text)
{
	if (o->file)
		return config_complain(o->says, o->file, o->line, word, text);
	buf_putf(o->says, "%s: --relay", o->settings->program);
	if (word) {
		buf_puts(o->says, " '");
		text_escape(o->says, slice_first(slice_of(word), 100));
		buf_putc(o->says, '\'');
	}
	buf_putf(o->says, ": %s\n", text);
	return false;
}

/* What a relay does not say itself is as in the defaults. */
static void
inherit(struct relay_spec *r, const struct settings *s)
{
	if (!r->ca)
		r->ca = s->ca;
	if (!r->cert) {
		r->cert = s->cert;
		r->key = s->key;
	}
	if (!r->tls_name)
		r->tls_name = s->tls_name;
	if (!r->helo)
		r->helo = s->helo;
	if (!r->proxy)
		r->proxy = s->proxy;
	if (r->source.version == 0)
		r->source = s->source;
}

static void
add_relay(struct rules *r, struct relay_spec relay, const struct settings *s)
{
	inherit(&relay, s);
	r->relay = mem_resize(r->relay, r->nrelays + 1, sizeof r->relay[0]);
	r->relay[r->nrelays++] = relay;
}

static bool
add_section_relay(struct origin *o, const struct config_section *sec)
{
	const struct settings *v = &sec->values;
	struct relay_spec relay = sec->relay;

	o->file = sec->file;
	o->line = sec->line;
	if (!relay.host)
		return complain(o, sec->name, "this relay has no url");
	if (v->key && !v->cert)
		return complain(o, sec->name, "it has a key, but no cert");
	relay.name = sec->name;
	relay.ca = v->ca;
	relay.cert = v->cert;
	relay.key = v->key;
	relay.tls_name = v->tls_name;
	relay.helo = v->helo;
	relay.proxy = v->proxy;
	relay.source = v->source;
	add_relay(&o->config->rules, relay, o->settings);
	return true;
}

static bool
is_relay(const struct rules *r, const char *name)
{
	for (size_t i = 0; i < r->nrelays; i++)
		if (strcmp(r->relay[i].name, name) == 0)
			return true;
	return false;
}

/* Is the word a relay's name, or where one is?  Then it is a relay from now. */
static bool
resolve(struct origin *o, const char *word)
{
	struct relay_spec relay = { .name = word };
	struct slice w = slice_of(word);
	struct relay_url url;
	const char *why;

	if (is_relay(&o->config->rules, word))
		return true;
	if (!relay_url_has_scheme(w) && slice_find(w, '.') == w.n)
		return complain(o, word, "there is no [relay] of this name");
	why = relay_url_parse(w, &url);
	if (why)
		return complain(o, slice_find(w, '@') < w.n ? NULL : word, why);
	relay.link = url.link;
	relay.by_srv = url.by_srv;
	relay.port = url.port;
	relay.host = config_keep(o->config, slice_of(url.host));
	if (url.user)
		relay.user = config_keep(o->config, slice_of(url.user));
	relay_url_free(&url);
	add_relay(&o->config->rules, relay, o->settings);
	return true;
}

/* Each word of text; *n counts them on. */
static bool
resolve_all(struct origin *o, const char *text, size_t *n)
{
	struct slice rest = slice_of(text), word;

	while (slice_cut(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (++*n > RELAYS_MAX)
			return complain(o, text, "at most 8 relays in turn");
		if (!resolve(o, config_keep(o->config, word)))
			return false;
	}
	return true;
}

/* The line of a key in its section. */
static unsigned
line_of(const struct config_section *sec, const char *key)
{
	for (size_t i = 0; i < sec->nitems; i++)
		if (strcmp(sec->item[i].key, key) == 0)
			return sec->item[i].line;
	return sec->line;
}

static bool
resolve_domain(struct origin *o, const struct config_section *sec)
{
	size_t n = 0;

	o->line = line_of(sec, "relay");
	return resolve_all(o, sec->domain.relay, &n);
}

static bool
add_domain(struct origin *o, struct config_section *sec)
{
	const struct settings *v = &sec->values;
	struct rules *r = &o->config->rules;
	struct domain_rule d = sec->domain;

	o->file = sec->file;
	o->line = sec->line;
	if (d.relay && (d.direct || v->server[0]))
		return complain(o, sec->name,
		    "relay excludes direct and server");
	if (d.direct && v->server[0])
		return complain(o, sec->name, "direct excludes server");
	if (d.relay && !resolve_domain(o, sec))
		return false;
	d.pattern = sec->name;
	d.server = v->server[0] ? v->server : NULL;
	d.link = v->link;
	d.port = v->port;
	d.tls_given = v->tls_given;
	d.tls = v->tls;
	r->domain = mem_resize(r->domain, r->ndomains + 1,
	    sizeof r->domain[0]);
	r->domain[r->ndomains++] = d;
	return true;
}

/* Strings of files are theirs: no other has that address. */
static void
find_origin(struct origin *o, const char *value)
{
	const struct config_section *d = &o->config->defaults;

	o->file = NULL;
	for (size_t i = 0; i < d->nitems; i++)
		if (d->item[i].value == value) {
			o->file = d->item[i].file;
			o->line = d->item[i].line;
		}
}

/* rules.use: all the words of `relay`. */
static bool
use_relays(struct origin *o)
{
	const struct settings *s = o->settings;
	struct buf use = { 0 };
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; i < s->nrelays && ok; i++) {
		find_origin(o, s->relay[i]);
		ok = resolve_all(o, s->relay[i], &n);
		buf_putf(&use, i > 0 ? " %s" : "%s", s->relay[i]);
	}
	if (s->nrelays > 0)
		o->config->rules.use = config_keep(o->config, buf_slice(&use));
	buf_free(&use);
	return ok;
}

/* --relay and --server leave nothing to rules about who writes to whom. */
static void
command_line_wins(struct config *c, bool relay, bool server)
{
	struct rules *r = &c->rules;

	if (relay || server)
		r->ndomains = 0;
	for (size_t i = 0; (relay || server) && i < r->nrelays; i++)
		r->relay[i].from = NULL;
	if (server)
		r->use = NULL;
}

static bool
was_used(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->uses.n; i++)
		if (c->uses.v[i].option->name &&
		    strcmp(c->uses.v[i].option->name, name) == 0)
			return true;
	return false;
}

static bool
add_sections(struct origin *o)
{
	struct config *c = o->config;

	for (size_t i = 0; i < c->nsections; i++)
		if (c->section[i]->kind == SECTION_RELAY &&
		    !add_section_relay(o, c->section[i]))
			return false;
	for (size_t i = 0; i < c->nsections; i++)
		if (c->section[i]->kind == SECTION_DOMAIN &&
		    !add_domain(o, c->section[i]))
			return false;
	return true;
}

int
config_finish(struct config *c, struct settings *s, struct buf *says)
{
	struct origin o = { .config = c, .settings = s, .says = says };
	bool relay = was_used(c, "relay"), server = was_used(c, "server");

	if (relay && !server)
		s->server[0] = '\0';
	if (!add_sections(&o) || !use_relays(&o))
		return o.file ? EX_CONFIG : EX_USAGE;
	if (server && !relay)
		s->nrelays = 0;
	if (s->server[0] && s->nrelays > 0) {
		complain(&o, NULL,
		    "relay and server exclude each other");
		return o.file ? EX_CONFIG : EX_USAGE;
	}
	command_line_wins(c, relay, server);
	if (c->rules.use || c->rules.nrelays > 0 || c->rules.ndomains > 0 ||
	    c->rules.nrewrites > 0)
		s->rules = &c->rules;
	return EX_OK;
}
