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

/* What is being made, and where the word stands that is looked at. */
struct maker {
	struct config *config;
	const struct settings *settings;
	struct buf *says;
	struct given at;	/* file NULL = the command line */
};

static bool
complain(const struct maker *m, const char *word, const char *text)
{
	if (m->at.file)
		return config_complain(m->says, m->at.file, m->at.line, word,
		    text);
	buf_putf(m->says, "%s: --relay", m->settings->program);
	if (word) {
		buf_puts(m->says, " '");
		text_escape(m->says, slice_first(slice_of(word), 100));
		buf_putc(m->says, '\'');
	}
	buf_putf(m->says, ": %s\n", text);
	return false;
}

/* What a relay does not say itself is as in the defaults. */
static void
inherit(struct relay_spec *r, const struct way *w)
{
	if (!r->ca)
		r->ca = w->tls.ca;
	if (!r->cert) {
		r->cert = w->tls.cert;
		r->key = w->tls.key;
	}
	if (!r->tls_name)
		r->tls_name = w->tls.name;
	if (!r->helo)
		r->helo = w->helo;
	if (!r->proxy)
		r->proxy = w->proxy;
	if (r->source.version == 0)
		r->source = w->source;
}

static void
add_relay(struct rules *r, struct relay_spec relay, const struct settings *s)
{
	inherit(&relay, &s->way);
	r->relay = mem_resize(r->relay, r->nrelays + 1, sizeof r->relay[0]);
	r->relay[r->nrelays++] = relay;
}

static bool
add_section_relay(struct maker *m, const struct config_section *sec)
{
	const struct way *w = &sec->way;
	struct relay_spec relay = sec->relay;

	m->at.file = sec->file;
	m->at.line = sec->line;
	if (!relay.host)
		return complain(m, sec->name, "this relay has no url");
	if (w->tls.key && !w->tls.cert)
		return complain(m, sec->name, "it has a key, but no cert");
	relay.name = sec->name;
	relay.ca = w->tls.ca;
	relay.cert = w->tls.cert;
	relay.key = w->tls.key;
	relay.tls_name = w->tls.name;
	relay.helo = w->helo;
	relay.proxy = w->proxy;
	relay.source = w->source;
	add_relay(&m->config->rules, relay, m->settings);
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
resolve(struct maker *m, const char *word)
{
	struct relay_spec relay = { .name = word };
	struct slice w = slice_of(word);
	struct relay_url url;
	const char *why;

	if (is_relay(&m->config->rules, word))
		return true;
	if (!relay_url_has_scheme(w) && slice_find(w, '.') == w.n)
		return complain(m, word, "there is no [relay] of this name");
	why = relay_url_parse(w, &url);
	if (why)
		return complain(m, slice_find(w, '@') < w.n ? NULL : word, why);
	relay.link = url.link;
	relay.by_srv = url.by_srv;
	relay.port = url.port;
	relay.host = config_keep(m->config, slice_of(url.host));
	if (url.user)
		relay.user = config_keep(m->config, slice_of(url.user));
	relay_url_free(&url);
	add_relay(&m->config->rules, relay, m->settings);
	return true;
}

/* Each word of text; *n counts them on. */
static bool
resolve_all(struct maker *m, const char *text, size_t *n)
{
	struct slice rest = slice_of(text), word;

	while (slice_cut(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (++*n > RELAYS_MAX)
			return complain(m, text, "at most 8 relays in turn");
		if (!resolve(m, config_keep(m->config, word)))
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
			return sec->item[i].value.line;
	return sec->line;
}

static bool
resolve_domain(struct maker *m, const struct config_section *sec)
{
	size_t n = 0;

	m->at.line = line_of(sec, "relay");
	return resolve_all(m, sec->domain.relay, &n);
}

static bool
add_domain(struct maker *m, struct config_section *sec)
{
	const struct way *w = &sec->way;
	struct rules *r = &m->config->rules;
	struct domain_rule d = sec->domain;

	m->at.file = sec->file;
	m->at.line = sec->line;
	if (d.relay && (d.direct || w->server[0]))
		return complain(m, sec->name,
		    "relay excludes direct and server");
	if (d.direct && w->server[0])
		return complain(m, sec->name, "direct excludes server");
	if (d.relay && !resolve_domain(m, sec))
		return false;
	d.pattern = sec->name;
	d.server = w->server[0] ? w->server : NULL;
	d.link = w->link;
	d.port = w->port;
	d.tls_given = w->tls.given.text != NULL;
	d.tls = w->tls.level;
	r->domain = mem_resize(r->domain, r->ndomains + 1,
	    sizeof r->domain[0]);
	r->domain[r->ndomains++] = d;
	return true;
}

/* rules.use: all the words of `relay`. */
static bool
use_relays(struct maker *m)
{
	const struct route_settings *r = &m->settings->route;
	struct buf use = { 0 };
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; i < r->nrelays && ok; i++) {
		m->at = r->relay[i];
		ok = resolve_all(m, r->relay[i].text, &n);
		buf_putf(&use, i > 0 ? " %s" : "%s", r->relay[i].text);
	}
	if (r->nrelays > 0)
		m->config->rules.use = config_keep(m->config, buf_slice(&use));
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
add_sections(struct maker *m)
{
	struct config *c = m->config;

	for (size_t i = 0; i < c->nsections; i++)
		if (c->section[i]->kind == SECTION_RELAY &&
		    !add_section_relay(m, c->section[i]))
			return false;
	for (size_t i = 0; i < c->nsections; i++)
		if (c->section[i]->kind == SECTION_DOMAIN &&
		    !add_domain(m, c->section[i]))
			return false;
	for (size_t i = 0; i < c->nsections; i++)
		if (c->section[i]->kind == SECTION_DKIM &&
		    !config_add_dkim(c, c->section[i], m->says)) {
			m->at.file = c->section[i]->file;
			return false;
		}
	return true;
}

static void
use_rules(struct config *c, struct settings *s)
{
	if (c->rules.use || c->rules.nrelays > 0 || c->rules.ndomains > 0)
		s->route.rules = &c->rules;
	if (c->signing.n > 0)
		s->message.signing = &c->signing;
	if (c->senders.nmap > 0 || c->senders.npatterns > 0 ||
	    c->senders.masquerade)
		s->message.senders = &c->senders;
}

int
config_finish(struct config *c, struct settings *s, struct buf *says)
{
	struct maker m = { .config = c, .settings = s, .says = says };
	bool relay = was_used(c, "relay"), server = was_used(c, "server");

	if (relay && !server)
		s->way.server[0] = '\0';
	if (!add_sections(&m) || !use_relays(&m))
		return m.at.file ? EX_CONFIG : EX_USAGE;
	if (server && !relay)
		s->route.nrelays = 0;
	if (s->way.server[0] && s->route.nrelays > 0) {
		complain(&m, NULL,
		    "relay and server exclude each other");
		return m.at.file ? EX_CONFIG : EX_USAGE;
	}
	command_line_wins(c, relay, server);
	use_rules(c, s);
	return EX_OK;
}
