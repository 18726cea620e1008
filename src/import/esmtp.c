/* SPDX-License-Identifier: ISC */
/*
 * esmtp.c - ~/.esmtprc and /etc/esmtprc (import_impl.h).
 *
 * What stands before the first `identity ADDRESS` is the identity for all other
 * senders, unless one says `default`.  An = between key and value is optional.
 */

#include <stdlib.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "import/import_impl.h"

#define IDENTITIES 64
#define PASSWORD "^.*password[[:space:]]*=\\{0,1\\}[[:space:]]*"

struct identities {
	struct import_reader reader;	/* must be first */
	struct import_relay v[IDENTITIES];
	size_t n;
	size_t usual;			/* for senders that no other is for */
	char quote;			/* around the value, or 0 */
	bool has_mda;
};

static struct identities *
identities_of(struct import_reader *r)
{
	return (struct identities *)(void *)r;
}

static void
take_host(struct import_reader *r, struct slice key, struct slice value)
{
	if (!import_hostport(r->im, r->relay, value))
		import_note(r->im, key, "it names no host");
}

static void
take_user(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	r->relay->user = value.n > 0 ? import_keep(r->im, value) : NULL;
	r->relay->login = value.n > 0;
}

static void
take_password(struct import_reader *r, struct slice key, struct slice value)
{
	if (slice_find(value, '\\') < value.n)
		import_note(r->im, key, "it has a backslash, as in C: look at "
		    "what the command wrote");
	import_secret(r->im, r->relay, identities_of(r)->quote == '"'
	    ? PASSWORD "\"\\(.*\\)\"[^\"]*$"
	    : identities_of(r)->quote == '\''
	    ? PASSWORD "'\\([^']*\\)'.*$"
	    : PASSWORD "\\([^[:space:]#]*\\).*$");
}

static void
take_starttls(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	r->relay->tls = slice_eq_nocase(value, SLICE("required"))
	    ? TLS_ENCRYPT
	    : slice_eq_nocase(value, SLICE("enabled")) ? TLS_MAY : TLS_NONE;
}

static void
take_identity(struct import_reader *r, struct slice key, struct slice value)
{
	struct identities *all = identities_of(r);

	if (all->n == IDENTITIES) {
		import_note(r->im, key, "more identities than are read");
		return;
	}
	r->relay = &all->v[all->n++];
	r->relay->name = r->relay->from = import_keep(r->im, value);
}

static void
take_default(struct import_reader *r, struct slice key, struct slice value)
{
	struct identities *all = identities_of(r);

	(void)key;
	(void)value;
	all->usual = (size_t)(r->relay - all->v);
}

static void
take_mda(struct import_reader *r, struct slice key, struct slice value)
{
	(void)value;
	identities_of(r)->has_mda = true;
	import_note(r->im, key, "mail for this machine is delivered by its "
	    "queue: mailbox-command = of [local]");
}

static const struct import_key keys[] = {
	IMPORT_TAKE("identity", take_identity),
	IMPORT_TAKE("default", take_default),
	IMPORT_TAKE("hostname", take_host),
	IMPORT_TAKE("username", take_user),
	IMPORT_TAKE("password", take_password),
	IMPORT_TAKE("starttls", take_starttls),
	IMPORT_TEXT("helo", helo),
	IMPORT_OURS("qualifydomain", defaults, "default-domain"),
	IMPORT_WHY("certificate_passphrase", "a key with a passphrase cannot "
	    "be used: cert = and key = name files without one"),
	IMPORT_WHY("preconnect", "nothing is run before a connection"),
	IMPORT_WHY("postconnect", "nothing is run after a connection"),
	IMPORT_TAKE("mda", take_mda),
	IMPORT_WHY("force_mda", "local-users-to = ADDRESS of [local] is the "
	    "nearest: mail for others of this machine goes there"),
	IMPORT_WHY("message_id", "a Message-ID: that is missing is added, "
	    "unless as-is = yes"),
	IMPORT_WHY("force", "rewrite-from = PATTERN ADDRESS replaces a sender, "
	    "and [local] is about mail for this machine"),
	{ .name = NULL },
};

/* Without a comment behind it. */
static struct slice
without_comment(struct slice s)
{
	char quote = '\0';

	for (size_t i = 0; i < s.n; i++) {
		if (quote && s.p[i] == '\\')
			i++;
		else if (quote && s.p[i] == quote)
			quote = '\0';
		else if (!quote && (s.p[i] == '"' || s.p[i] == '\''))
			quote = s.p[i];
		else if (!quote && s.p[i] == '#')
			return slice_trim(slice_first(s, i));
	}
	return s;
}

static struct slice
cut_name(struct slice *line)
{
	struct slice name;
	size_t n = 0;

	while (n < line->n && (ascii_is_alnum(line->p[n]) || line->p[n] == '_'))
		n++;
	name = slice_first(*line, n);
	*line = slice_trim(slice_from(*line, n));
	return name;
}

/* A word, or what is in quotes: then *quote says in which. */
static struct slice
cut_value(struct slice *line, char *quote)
{
	char q = line->n > 0 ? line->p[0] : '\0';
	struct slice value;
	size_t n = 1;

	*quote = '\0';
	if (q != '"' && q != '\'')
		return import_word(line);
	while (n < line->n && line->p[n] != q)
		n += line->p[n] == '\\' ? 2 : 1;
	if (n >= line->n)
		return import_word(line);
	*quote = q;
	value = (struct slice){ line->p + 1, n - 1 };
	*line = slice_trim(slice_from(*line, n + 1));
	return value;
}

/* Most often one key, but a line has no meaning there. */
static void
read_line(struct import_reader *r, struct slice line)
{
	char *quote = &identities_of(r)->quote;
	struct slice name, value;

	line = without_comment(line);
	while (line.n > 0) {
		name = cut_name(&line);
		if (slice_eq(name, SLICE("force")))
			cut_name(&line); /* of what */
		if (line.n > 0 && line.p[0] == '=')
			line = slice_trim(slice_from(line, 1));
		value = slice_eq(name, SLICE("default")) ? SLICE("") :
		    cut_value(&line, quote);
		import_key(r, keys, name, value);
	}
}

static void
put_identity(struct import *im, struct import_relay *r, bool usual)
{
	if (!r->host)
		return;
	r->chosen = usual;
	if (r->login && r->tls != TLS_ENCRYPT)
		import_note(im, slice_of(r->name), "it logged in without "
		    "starttls = required: TLS is always required here");
	if (!import_is_relay(r) && !usual)
		import_note(im, slice_of(r->name), "an identity without login "
		    "is no relay here: use --server HOST");
	if (r->port == 0)
		r->port = 587;
	import_add_relay(im, r);
}

void
import_esmtp(struct import *im, struct slice text)
{
	struct identities *all = mem_alloc(sizeof *all);
	const char *from;

	all->reader.im = im;
	all->n = 1;
	all->v[0].name = "default";
	all->reader.relay = &all->v[0];
	import_lines(&all->reader, text, read_line);
	if (!all->has_mda)
		import_no_local(im);
	if (all->usual == 0 && !all->v[0].host && all->n > 1)
		all->usual = 1;
	from = all->v[all->usual].from;
	if (from)
		import_set(im, &im->defaults, "from", slice_of(from));
	for (size_t i = 0; i < all->n; i++)
		put_identity(im, &all->v[i], i == all->usual);
	if (!all->v[all->usual].host)
		import_note(im, SLICE("hostname"), "none for all mail: it goes "
		    "to its recipients' own servers");
	free(all);
}
