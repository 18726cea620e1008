/* SPDX-License-Identifier: ISC */
/* put.c - what a reader found, as our configuration (import_impl.h). */
#include "import/import_impl.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "route/rules.h"

const char *
import_keep(struct import *im, struct slice s)
{
	im->kept = mem_resize(im->kept, im->nkept + 1, sizeof im->kept[0]);
	return im->kept[im->nkept++] = mem_dup(s);
}

void
import_note(struct import *im, struct slice key, const char *why)
{
	struct buf *out = &im->notes;

	buf_puts(out, "# ");
	text_escape(out, slice_of(im->file));
	if (im->line > 0)
		buf_putf(out, ":%u", im->line);
	buf_puts(out, ": ");
	text_escape(out, slice_first(key, 40));
	buf_putf(out, ": %s\n", why);
}

/* Can it stand in a line?  A semicolon after a blank begins a comment. */
static const char *
why_not(struct slice value)
{
	if (value.n == 0)
		return "it has no value";
	if (ascii_has_control(value) || !utf8_is_valid(value))
		return "a control character, or octets that are no UTF-8";
	for (size_t i = 1; i < value.n; i++)
		if (value.p[i] == ';' && value.p[i - 1] == ' ')
			return "a semicolon after a blank would begin a "
			       "comment here";
	return NULL;
}

void
import_set(struct import *im, struct buf *section, const char *key,
    struct slice value)
{
	const char *why = why_not(value);

	if (why) {
		import_note(im, slice_of(key), why);
		return;
	}
	buf_putf(section, value.p[0] == ';' ? "%s=" : "%s = ", key);
	buf_put(section, value);
	buf_putc(section, '\n');
}

void
import_rewrite(struct import *im, struct slice pattern, struct slice address)
{
	struct buf value = { 0 };

	buf_put(&value, pattern);
	buf_putc(&value, ' ');
	buf_put(&value, address);
	import_set(im, &im->defaults, "rewrite-from", buf_slice(&value));
	buf_free(&value);
}

struct buf *
import_domain(struct import *im, struct slice pattern)
{
	struct import_domain *d;

	for (size_t i = 0; i < im->ndomains; i++)
		if (slice_eq_nocase(pattern, slice_of(im->domain[i].pattern)))
			return &im->domain[i].keys;
	im->domain = mem_resize(im->domain, im->ndomains + 1,
	    sizeof im->domain[0]);
	d = &im->domain[im->ndomains++];
	*d = (struct import_domain){ .pattern = import_keep(im, pattern) };
	return &d->keys;
}

void
import_no_local(struct import *im)
{
	if (im->local.n == 0 && !im->own)
		import_set(im, &im->local, "deliver", SLICE("no"));
}

static bool
name_is_taken(const struct import *im, const char *name)
{
	for (size_t i = 0; i < im->nrelays; i++)
		if (strcmp(im->relay[i].name, name) == 0)
			return true;
	return false;
}

/* Letters, digits and few others: a word that a list of relays can hold. */
static const char *
section_name(struct import *im, const char *wanted)
{
	struct buf name = { 0 };
	const char *kept;
	size_t stem;

	for (const char *p = wanted ? wanted : ""; *p; p++)
		buf_putc(&name, ascii_is_alnum(*p) || *p == '_' ? *p : '-');
	if (name.n == 0)
		buf_puts(&name, "relay");
	stem = name.n;
	for (unsigned i = 2; name_is_taken(im, buf_str(&name)); i++) {
		buf_cut(&name, stem);
		buf_putf(&name, "-%u", i);
	}
	kept = import_keep(im, buf_slice(&name));
	buf_free(&name);
	return kept;
}

struct import_relay *
import_add_relay(struct import *im, const struct import_relay *r)
{
	struct import_relay *copy;
	const char *name = section_name(im, r->name);

	im->relay = mem_resize(im->relay, im->nrelays + 1, sizeof im->relay[0]);
	copy = &im->relay[im->nrelays++];
	*copy = *r;
	copy->name = name;
	return copy;
}

bool
import_is_relay(const struct import_relay *r)
{
	return r->login || r->tls == TLS_VERIFY;
}

void
import_secret(struct import *im, struct import_relay *r, const char *expression)
{
	struct buf script = { 0 };

	buf_putf(&script, "%us/%s/\\1/p", im->line, expression);
	r->script = import_keep(im, buf_slice(&script));
	r->script_file = im->file;
	r->script_runs = false;
	r->secret_key = NULL;
	buf_free(&script);
}

/* A name of services(5) that a mail server can have. */
static uint64_t
port_of(struct slice s)
{
	uint64_t port = 0;

	if (slice_eq_nocase(s, SLICE("smtp")))
		return 25;
	if (slice_eq_nocase(s, SLICE("smtps")) ||
	    slice_eq_nocase(s, SLICE("submissions")))
		return 465;
	if (slice_eq_nocase(s, SLICE("submission")))
		return 587;
	slice_to_uint(s, 65535, &port);
	return port;
}

/* The last colon, unless it belongs to an address of IPv6 without brackets. */
static size_t
find_port(struct slice s)
{
	size_t close = slice_find(s, ']');
	size_t colon = slice_find(s, ':');

	if (close < s.n)
		return close + 1;
	return colon < s.n && slice_find(slice_from(s, colon + 1), ':') ==
		slice_from(s, colon + 1).n ? colon : s.n;
}

bool
import_hostport(struct import *im, struct import_relay *r, struct slice text)
{
	size_t n = find_port(text);
	struct slice host = slice_first(text, n), port = slice_from(text, n);

	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){ host.p + 1, host.n - 2 };
	if (slice_starts_nocase(host, SLICE("IPv6:")))
		host = slice_from(host, 5);
	if (host.n == 0)
		return false;
	r->host = import_keep(im, host);
	if (port.n > 1 && port.p[0] == ':')
		r->port = (unsigned)port_of(slice_from(port, 1));
	if (port.n > 0 && r->port == 0)
		import_note(im, host, "its port is no number: the usual one "
		    "is used");
	return true;
}

/* "KEY = URL", of a server without a scheme where there is none to tell. */
static void
put_host(struct import *im, struct buf *out, const char *key,
    const struct import_relay *r)
{
	bool bare6 = strchr(r->host, ':') && r->host[0] != '[';
	struct buf url = { 0 };

	buf_puts(&url, r->lmtp			 ? "lmtp://"
			: r->wrapped		 ? "smtps://"
			: import_is_relay(r)	 ? "smtp://"
						 : "");
	buf_putf(&url, bare6 ? "[%s]" : "%s", r->host);
	if (r->port != 0)
		buf_putf(&url, ":%u", r->port);
	import_set(im, out, key, buf_slice(&url));
	buf_free(&url);
}

static void
put_key(struct import *im, struct buf *out, const char *key, const char *value)
{
	if (value)
		import_set(im, out, key, slice_of(value));
}

static void
put_way(struct import *im, struct buf *out, const struct import_relay *r)
{
	put_key(im, out, "ca", r->ca);
	put_key(im, out, "cert", r->cert);
	if (r->cert)
		put_key(im, out, "key", r->key);
	put_key(im, out, "tls-name", r->tls_name);
	put_key(im, out, "helo", r->helo);
	put_key(im, out, "source", r->source);
	put_key(im, out, "proxy", r->proxy);
}

/*
 * A word of a command for sh; ~/ stays what it means.  What a terminal may not
 * be shown (an override of the direction in a file's name) is escaped: then
 * the command is of no use, but does no harm.
 */
static void
put_word(struct buf *out, const char *word)
{
	size_t n;

	if (word[0] == '~' && word[1] == '/') {
		buf_puts(out, "~/");
		word += 2;
	}
	buf_putc(out, '\'');
	while (*word) {
		n = strcspn(word, "'\\");
		text_escape(out, (struct slice){ word, n });
		word += n;
		if (*word)
			buf_puts(out, *word++ == '\'' ? "'\\''" : "\\");
	}
	buf_putc(out, '\'');
}

/* Whoever copies it from a terminal gets what it is. */
static bool
can_be_copied(const char *word)
{
	return utf8_is_valid(slice_of(word)) &&
	    !ascii_has_control(slice_of(word));
}

static void
put_group(struct buf *out, const char *path)
{
	buf_puts(out, "; chgrp smtpsend ");
	put_word(out, path);
	buf_puts(out, " && chmod 640 ");
	put_word(out, path);
}

/* The password is to be in a file of its own, and how it gets there. */
static void
put_password_file(struct import *im, struct buf *out,
    const struct import_relay *r)
{
	struct buf path = { 0 };

	buf_putf(&path, "%s/smtpsend/%s.password",
	    im->own ? "~/.config" : "/etc", r->name);
	if (r->script && !(can_be_copied(r->script) &&
	    can_be_copied(r->script_file))) {
		buf_puts(out, "# put it there: it is in ");
		text_escape(out, slice_of(r->script_file));
		buf_putc(out, '\n');
	} else if (r->script) {
		buf_puts(out, "# put it there: (umask 077; sed -n ");
		put_word(out, r->script);
		buf_putc(out, ' ');
		put_word(out, r->script_file);
		buf_puts(out, r->script_runs ? " | sh" : "");
		buf_puts(out, " >");
		put_word(out, buf_str(&path));
		if (!im->own) /* root's, and the queue can read it */
			put_group(out, buf_str(&path));
		buf_puts(out, ")\n");
	} else {
		buf_puts(out, "# no password was found: put it there\n");
	}
	buf_putf(out, "password-file = %s\n", buf_str(&path));
	buf_free(&path);
}

static void
put_secret(struct import *im, struct buf *out, const struct import_relay *r)
{
	if (r->secret_key && !why_not(slice_of(r->secret))) {
		put_key(im, out, r->secret_key, r->secret);
		if (r->shell)
			buf_puts(out, "shell = yes\n");
		return;
	}
	if (r->secret_key)
		import_note(im, slice_of(r->secret_key),
		    why_not(slice_of(r->secret)));
	put_password_file(im, out, r);
}

bool
import_needs_secret(const struct import_relay *r)
{
	return r->secret_key || r->script || !r->auth ||
	    (strcmp(r->auth, "GSSAPI") != 0 &&
		strcmp(r->auth, "EXTERNAL") != 0);
}

static void
put_relay(struct import *im, struct buf *out, const struct import_relay *r)
{
	buf_putf(out, "\n[relay %s]\n", r->name);
	put_host(im, out, "url", r);
	if (r->login) {
		put_key(im, out, "user", r->user);
		put_key(im, out, "auth", r->auth);
		if (r->user && import_needs_secret(r))
			put_secret(im, out, r);
	}
	put_key(im, out, "from", r->from);
	put_way(im, out, r);
}

/* The key `relay`, of all for all mail; false: there is none. */
static bool
put_relays(struct import *im, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < im->nrelays; i++) {
		const struct import_relay *r = &im->relay[i];

		if (!r->chosen || !import_is_relay(r))
			continue;
		if (n == RELAYS_MAX)
			import_note(im, slice_of(r->name), "more relays than "
			    "can be tried in turn: not in the list");
		else
			buf_putf(out, n++ == 0 ? "relay = %s" : " %s", r->name);
	}
	if (n > 0)
		buf_putc(out, '\n');
	return n > 0;
}

/* The keys `relay` or `server`: where all mail goes. */
static void
put_choice(struct import *im, struct buf *out)
{
	bool done = put_relays(im, out);

	for (size_t i = 0; i < im->nrelays; i++) {
		const struct import_relay *r = &im->relay[i];

		if (!r->chosen || import_is_relay(r))
			continue;
		if (done) {
			import_note(im, slice_of(r->host), "one server, or "
			    "relays: this one has no login and verified TLS, "
			    "and no place beside others");
			continue;
		}
		put_host(im, out, "server", r);
		buf_putf(out, "tls = %s\n", tls_level_name(r->tls));
		put_way(im, out, r);
		done = true;
	}
}

static void
put_section(struct buf *out, const char *name, const struct buf *text)
{
	if (text->n > 0)
		buf_putf(out, "\n[%s]\n", name);
	buf_put(out, buf_slice(text));
}

static void
put_domain(struct buf *out, const struct import_domain *d)
{
	buf_puts(out, "\n[domain ");
	text_escape(out, slice_of(d->pattern));
	buf_puts(out, "]\n");
	buf_put(out, buf_slice(&d->keys));
}

void
import_put(struct import *im, struct buf *out)
{
	struct buf choice = { 0 };

	im->line = 0;
	im->file = im->path;
	buf_put(out, buf_slice(&im->defaults));
	put_choice(im, &choice);
	buf_put(out, buf_slice(&choice));
	for (size_t i = 0; i < im->nrelays; i++)
		if (import_is_relay(&im->relay[i]))
			put_relay(im, out, &im->relay[i]);
	for (size_t i = 0; i < im->ndomains; i++)
		put_domain(out, &im->domain[i]);
	put_section(out, "queue", &im->queue);
	put_section(out, "local", &im->local);
	if (im->notes.n > 0)
		buf_puts(out, "\n# Not carried over:\n");
	buf_put(out, buf_slice(&im->notes));
	buf_free(&choice);
}
