/* SPDX-License-Identifier: ISC */
/*
 * postfix.c - Postfix's main.cf: lines, $names, where mail goes.
 *
 * A line that begins with a blank continues the one before; comments between
 * them do not count.
 */
#include "import/postfix_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"

#define VALUE_MAX 65536
#define DEPTH	  10

const char *
postfix_value(const struct postfix *p, struct slice name)
{
	for (size_t i = 0; i < p->nitems; i++)
		if (slice_eq(name, slice_of(p->item[i].name)))
			return p->item[i].value;
	return NULL;
}

static void
store(struct postfix *p, struct slice text, unsigned line)
{
	struct import *im = p->reader.im;
	struct slice name;
	struct postfix_item item = { .line = line };
	size_t i = 0;

	slice_cut(&text, '=', &name);
	name = slice_trim(name);
	item.name = import_keep(im, name);
	item.value = import_keep(im, slice_trim(text));
	while (i < p->nitems && strcmp(p->item[i].name, item.name) != 0)
		i++;
	if (i == p->nitems)
		p->item = mem_resize(p->item, ++p->nitems, sizeof p->item[0]);
	p->item[i] = item;
}

/* Each logical line. */
static void
split(struct postfix *p, struct slice text)
{
	struct buf whole = { .max = VALUE_MAX };
	struct slice line, bare;
	unsigned n = 0, begun = 0;

	while (slice_cut(&text, '\n', &line)) {
		n++;
		bare = slice_trim(line);
		if (bare.n == 0 || bare.p[0] == '#')
			continue;
		if (line.p[0] != ' ' && line.p[0] != '\t') {
			if (whole.n > 0)
				store(p, buf_slice(&whole), begun);
			buf_clear(&whole);
			begun = n;
		} else {
			buf_putc(&whole, ' ');
		}
		buf_put(&whole, bare);
	}
	if (whole.n > 0)
		store(p, buf_slice(&whole), begun);
	buf_free(&whole);
}

/* What is not set, and has a meaning in other values; some are Debian's. */
static const char *
fallback_of(const struct postfix *p, struct slice name)
{
	static const char *const usual[][2] = {
		{ "config_directory", "/etc/postfix" },
		{ "data_directory", "/var/lib/postfix" },
		{ "queue_directory", "/var/spool/postfix" },
		{ "default_database_type", "hash" },
	};
	const char *host = postfix_value(p, SLICE("myhostname"));
	const char *dot = host ? strchr(host, '.') : NULL;

	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (slice_eq(name, slice_of(usual[i][0])))
			return usual[i][1];

	if (slice_eq(name, SLICE("mydomain")) && dot)
		return dot + 1;
	if (slice_eq(name, SLICE("myorigin")))
		return host;
	return NULL;
}

/* The name at the beginning of *rest: "NAME", "{NAME}" or "(NAME)". */
static struct slice
cut_name(struct slice *rest)
{
	struct slice name = *rest;
	char close = '\0';
	size_t n = 0;

	if (name.n > 0 && (name.p[0] == '{' || name.p[0] == '(')) {
		close = name.p[0] == '{' ? '}' : ')';
		name = slice_first(slice_from(name, 1),
		    slice_find(slice_from(name, 1), close));
		*rest = slice_from(*rest, name.n + 2);
		return name;
	}
	while (n < name.n && (ascii_is_alnum(name.p[n]) || name.p[n] == '_'))
		n++;
	*rest = slice_from(*rest, n);
	return slice_first(name, n);
}

static bool
expand(const struct postfix *p, const char *value, unsigned depth,
    struct buf *out)
{
	struct slice rest = slice_of(value), part;
	const char *inner;

	while (slice_cut(&rest, '$', &part)) {
		buf_put(out, part);
		if (!rest.p)
			break;
		if (rest.n > 0 && rest.p[0] == '$') {
			buf_putc(out, '$');
			rest = slice_from(rest, 1);
			continue;
		}
		part = cut_name(&rest);
		inner = postfix_value(p, part);
		inner = inner ? inner : fallback_of(p, part);
		if (!inner || depth == 0 ||
		    !expand(p, inner, depth - 1, out))
			return false;
	}
	return !out->full;
}

static void
read_item(struct postfix *p, const struct postfix_item *item)
{
	struct buf value = { .max = 4096 };
	struct import *im = p->reader.im;

	im->line = item->line;
	if (postfix_why(slice_of(item->name)))
		import_note(im, slice_of(item->name),
		    postfix_why(slice_of(item->name)));
	else if (expand(p, item->value, DEPTH, &value))
		postfix_key(&p->reader, slice_of(item->name),
		    slice_trim(buf_slice(&value)));
	else
		import_note(im, slice_of(item->name), "it names a parameter "
		    "that this file does not set: postconf -n shows more");
	buf_free(&value);
}

/* "static:USER:PASSWORD", in main.cf itself. */
static void
use_static(struct postfix *p, struct import_relay *r)
{
	struct import *im = p->reader.im;
	struct slice rest = slice_from(slice_of(p->passwords), 7);
	struct slice user = { 0 };

	slice_cut(&rest, ':', &user);
	r->user = import_keep(im, user);
	r->login = true;
	im->line = p->passwords_line;
	import_secret(im, r,
	    "^.*static:[^:]*:\\(.*[^[:space:]]\\)[[:space:]]*$");
	im->line = 0;
}

/* "KEY USER:PASSWORD" */
static void
read_password(struct import_reader *r, struct slice line)
{
	struct postfix *p = postfix_of(r);
	struct slice key = import_word(&line), user = { 0 };

	slice_cut(&line, ':', &user);
	if (!slice_eq_nocase(key, slice_of(p->wanted)) || p->found_for->login)
		return;
	p->found_for->user = import_keep(r->im, slice_trim(user));
	p->found_for->login = true;
	import_secret(r->im, p->found_for,
	    "^[[:space:]]*[^[:space:]]*[[:space:]]*[^:]*:"
	    "\\(.*[^[:space:]]\\)[[:space:]]*$");
}

/* By the sender, by relayhost as it is written, by its name alone. */
static void
find_login(struct postfix *p, struct import_relay *r, const char *relayhost)
{
	const char *wanted[] = { p->by_sender ? r->from : NULL, relayhost,
		r->host };
	const char *path;

	if (slice_starts(slice_of(p->passwords), SLICE("static:"))) {
		use_static(p, r);
		return;
	}
	path = postfix_table(p->reader.im, SLICE("smtp_sasl_password_maps"),
	    slice_of(p->passwords));
	p->found_for = r;
	for (size_t i = 0; path && i < 3 && !r->login; i++) {
		p->wanted = wanted[i];
		if (wanted[i] && !import_lines_of(&p->reader, path, true,
		    read_password))
			break;
	}
}

void
postfix_add_relay(struct postfix *p, const char *relayhost, const char *from)
{
	struct import *im = p->reader.im;
	struct import_relay r = p->relay;

	if (!import_hostport(im, &r, slice_of(relayhost))) {
		import_note(im, SLICE("relayhost"), "it names no host");
		return;
	}
	r.name = r.host;
	r.from = from;
	r.chosen = from == NULL;
	if (p->sasl && p->passwords)
		find_login(p, &r, relayhost);
	if (r.port == 0)
		r.port = r.wrapped ? 465 : 25;
	if (relayhost[0] != '[' && slice_find(slice_of(relayhost), '.') <
	    strlen(relayhost))
		import_note(im, slice_of(r.host), "Postfix asks for its MX "
		    "hosts unless it is in brackets: here it is the host "
		    "itself");
	if (r.login && (r.tls < TLS_ENCRYPT || r.tls == TLS_DANE))
		import_note(im, slice_of(r.host), "it logged in where TLS "
		    "was not required: here it is");
	import_add_relay(im, &r);
}

/* Each sender with a login of his own. */
static void
read_own_login(struct import_reader *r, struct slice line)
{
	struct postfix *p = postfix_of(r);
	struct slice key = import_word(&line);

	if (slice_find(key, '@') < key.n)
		postfix_add_relay(p, p->relayhost, import_keep(r->im, key));
}

static void
add_own_logins(struct postfix *p)
{
	struct slice key = SLICE("smtp_sasl_password_maps");
	const char *path;

	if (!p->by_sender || !p->sasl || !p->passwords ||
	    postfix_value(p, SLICE("sender_dependent_relayhost_maps")))
		return;
	path = postfix_table(p->reader.im, key, slice_of(p->passwords));
	if (path)
		import_lines_of(&p->reader, path, true, read_own_login);
}

/* In turn, as ours. */
static void
add_relays(struct postfix *p)
{
	struct slice rest = slice_of(p->relayhost), part, host;

	while (slice_cut(&rest, ',', &part)) {
		part = slice_trim(part);
		while (part.n > 0) {
			host = import_word(&part);
			postfix_add_relay(p, import_keep(p->reader.im, host),
			    NULL);
		}
	}
	add_own_logins(p);
}

static void
settle(struct postfix *p)
{
	struct import *im = p->reader.im;

	if (!p->level_given) {
		p->relay.tls = TLS_MAY;
		import_note(im, SLICE("smtp_tls_security_level"), "not given: "
		    "Postfix sent in clear, here TLS is used where it is "
		    "offered");
	}
	if (p->relayhost) {
		add_relays(p);
		return;
	}
	import_set(im, &im->defaults, "tls",
	    slice_of(tls_level_name(p->relay.tls)));
	if (p->relay.ca)
		import_set(im, &im->defaults, "ca", slice_of(p->relay.ca));
}

/* Tables need what all parameters say, so they are read after those. */
static bool
is_table(const char *name)
{
	return strcmp(name, "transport_maps") == 0 ||
	    strcmp(name, "smtp_tls_policy_maps") == 0 ||
	    strcmp(name, "sender_dependent_relayhost_maps") == 0;
}

void
import_postfix(struct import *im, struct slice text)
{
	struct postfix p = { .reader = { .im = im } };

	p.reader.relay = &p.relay;
	split(&p, text);
	for (size_t i = 0; i < p.nitems; i++)
		if (!is_table(p.item[i].name))
			read_item(&p, &p.item[i]);
	im->line = 0;
	settle(&p);
	for (size_t i = 0; i < p.nitems; i++)
		if (is_table(p.item[i].name))
			read_item(&p, &p.item[i]);
	free(p.item);
}
