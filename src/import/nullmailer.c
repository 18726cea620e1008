/* SPDX-License-Identifier: ISC */
/*
 * nullmailer.c - the files of /etc/nullmailer (import_impl.h).
 *
 * Most hold one value.  Each line of remotes is "HOST [PROTOCOL [OPTIONS]]",
 * in words as the shell has them, and the servers are tried in turn.  Since its
 * version 2 an option may stand without "--".
 */
#include <string.h>

#include "base/ascii.h"
#include "import/import_impl.h"

struct nullmailer {
	struct import_reader reader;	/* must be first */
	struct import_relay relay;	/* of the line that is read */
	bool tls, insecure;
	struct slice word;		/* an option as it is written */
	const char *value;		/* of the file that is read */
	const char *pause, *max_pause;
};

static struct nullmailer *
nullmailer_of(struct import_reader *r)
{
	return (struct nullmailer *)(void *)r;
}

/* The quote around the value, or the word; 0: none, '?': others. */
static char
quote_of(struct slice word)
{
	struct slice value = slice_from(word, slice_find(word, '=') + 1);
	struct slice in = value.n > 0 && (value.p[0] == '"' ||
		value.p[0] == '\'') ? value : word;
	char q = in.n > 0 ? in.p[0] : '\0';

	if (slice_find(word, '"') == word.n &&
	    slice_find(word, '\'') == word.n &&
	    slice_find(word, '\\') == word.n)
		return '\0';
	if ((q != '"' && q != '\'') || in.p[in.n - 1] != q || in.n < 2 ||
	    slice_find(slice_from(in, 1), q) != in.n - 2 ||
	    (q == '"' && slice_find(in, '\\') < in.n))
		return '?';
	return q;
}

static void
take_pass(struct import_reader *r, struct slice key, struct slice value)
{
	struct slice word = nullmailer_of(r)->word;
	char q = quote_of(word);
	bool around = q && word.p[0] == q;
	struct buf expression = { 0 };

	(void)value;
	if (q == '?')
		import_note(r->im, key, "the line has quotes: look at what the "
		    "command wrote");
	buf_puts(&expression, "^.*[[:space:]]");
	if (around)
		buf_putc(&expression, q);
	buf_puts(&expression, "-\\{0,2\\}pass=");
	if (q && q != '?' && !around)
		buf_putc(&expression, q);
	buf_puts(&expression, q == '"' ? "\\([^\"]*\\)\".*$"
		: q == '\'' ? "\\([^']*\\)'.*$"
			    : "\\([^[:space:]]*\\).*$");
	import_secret(r->im, r->relay, buf_str(&expression));
	buf_free(&expression);
}

static void
take_user(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	r->relay->user = import_keep(r->im, value);
	r->relay->login = true;
}

static void
take_tls(struct import_reader *r, struct slice key, struct slice value)
{
	(void)value;
	nullmailer_of(r)->tls = true;
	r->relay->wrapped = !slice_eq_nocase(key, SLICE("starttls"));
}

static void
take_insecure(struct import_reader *r, struct slice key, struct slice value)
{
	(void)value;
	nullmailer_of(r)->insecure = true;
	import_note(r->im, key, "a server that is logged in to must have a "
	    "certificate that can be verified: name its authority with ca =");
}

static void
take_auth_login(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	(void)value;
	r->relay->auth = "LOGIN";
}

static const struct import_key options[] = {
	IMPORT_TAKE("port", import_take_port),
	IMPORT_TAKE("user", take_user),
	IMPORT_TAKE("pass", take_pass),
	IMPORT_TAKE("auth-login", take_auth_login),
	IMPORT_TAKE("tls", take_tls),
	IMPORT_TAKE("ssl", take_tls),
	IMPORT_TAKE("starttls", take_tls),
	IMPORT_TAKE("insecure", take_insecure),
	IMPORT_TEXT("x509cafile", ca),
	IMPORT_TEXT("x509certfile", cert),
	IMPORT_TEXT("x509keyfile", key),
	IMPORT_TEXT("source", source),
	IMPORT_WHY("x509crlfile", "revocation lists are not read"),
	IMPORT_WHY("x509fmtder", "certificates are PEM: openssl x509 -inform "
	    "der -in FILE"),
	IMPORT_WHY("tls-anon-auth", "a relay always has a certificate"),
	{ .name = NULL },
};

/* A word that may be quoted, whole or in part: its octets into *out. */
static void
cut_word(struct slice *rest, struct buf *out)
{
	char quote = '\0';
	size_t i = 0;

	buf_clear(out);
	for (; i < rest->n; i++) {
		char c = rest->p[i];

		if (!quote && (c == ' ' || c == '\t'))
			break;
		if (c == '\\' && i + 1 < rest->n)
			buf_putc(out, rest->p[++i]);
		else if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? '\0' : c;
		else
			buf_putc(out, c);
	}
	*rest = slice_trim(slice_from(*rest, i));
}

/* "--KEY", "--KEY=VALUE", "KEY", "KEY=VALUE" */
static void
read_option(struct import_reader *r, struct slice word)
{
	struct slice key = { 0 };

	if (slice_starts(word, SLICE("--")))
		word = slice_from(word, 2);
	slice_cut(&word, '=', &key);
	import_key(r, options, key, word);
}

static void
settle_remote(struct nullmailer *n)
{
	struct import *im = n->reader.im;
	struct import_relay *r = &n->relay;

	if (r->cert && !r->key)
		r->key = r->cert;
	if (n->tls)
		r->tls = n->insecure ? TLS_ENCRYPT : TLS_VERIFY;
	if (r->port == 0 && !r->wrapped)
		r->port = 25;
	if (r->login && !n->tls)
		import_note(im, slice_of(r->host), "it logged in without TLS, "
		    "which is required here");
	r->chosen = true;
	import_add_relay(im, r);
}

static void
read_remote(struct import_reader *r, struct slice line)
{
	struct nullmailer *n = nullmailer_of(r);
	struct slice host = import_word(&line), rest = line;
	struct buf word = { 0 };

	n->relay = (struct import_relay){ .name = import_keep(r->im, host) };
	n->relay.host = n->relay.name;
	n->tls = n->insecure = false;
	cut_word(&rest, &word);
	if (word.n > 0 && !slice_eq(buf_slice(&word), SLICE("smtp"))) {
		import_note(r->im, SLICE("remotes"), "only the protocol smtp "
		    "is spoken");
		rest.n = 0;
		n->relay.host = NULL;
	}
	while (rest.n > 0) {
		n->word = rest;
		cut_word(&rest, &word);
		n->word = slice_trim(slice_first(n->word, n->word.n - rest.n));
		read_option(r, buf_slice(&word));
	}
	if (n->relay.host)
		settle_remote(n);
	if (word.base)
		explicit_bzero(word.base, word.cap);
	buf_free(&word);
}

static void
keep_first(struct import_reader *r, struct slice line)
{
	if (!nullmailer_of(r)->value)
		nullmailer_of(r)->value = import_keep(r->im, line);
}

static void
take_all_from(struct import_reader *r, struct slice key, struct slice value)
{
	import_rewrite(r->im, SLICE("*"), value);
	import_note(r->im, key, "rewrite-from replaces the address in From: "
	    "too, not in the envelope alone");
}

static void
take_admin(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	import_set(r->im, &r->im->local, "local-users-to", value);
}

static void
take_pause(struct import_reader *r, struct slice key, struct slice value)
{
	const char *kept = import_keep(r->im, value);

	if (slice_eq_nocase(key, SLICE("pausetime")))
		nullmailer_of(r)->pause = kept;
	else
		nullmailer_of(r)->max_pause = kept;
}

/* In the order in which they are to stand; defaulthost before me. */
static const struct import_key files[] = {
	IMPORT_OURS("defaulthost", defaults, "default-domain"),
	IMPORT_OURS("helohost", defaults, "helo"),
	IMPORT_OURS("sendtimeout", defaults, "timeout"),
	IMPORT_TAKE("allmailfrom", take_all_from),
	IMPORT_TAKE("adminaddr", take_admin),
	IMPORT_TAKE("pausetime", take_pause),
	IMPORT_TAKE("maxpause", take_pause),
	IMPORT_OURS("queuelifetime", queue, "lifetime"),
	IMPORT_OURS("doublebounceto", queue, "postmaster"),
	IMPORT_WHY("defaultdomain", "a host name without a dot is not "
	    "completed"),
	IMPORT_WHY("bouncefrom", "reports always have the null sender"),
	IMPORT_WHY("idhost", "a Message-ID: has the name of this machine"),
	{ .name = NULL },
};

/* The value of a file with one; NULL: it has none. */
static const char *
value_of(struct nullmailer *n, const char *name)
{
	struct import *im = n->reader.im;

	n->value = NULL;
	import_lines_of(&n->reader, import_beside(im, im->path, name), false,
	    keep_first);
	return n->value;
}

static void
read_files(struct nullmailer *n)
{
	struct import *im = n->reader.im;
	const char *value;

	for (size_t i = 0; files[i].name; i++) {
		value = value_of(n, files[i].name);
		im->file = import_beside(im, im->path, files[i].name);
		if (value)
			import_key(&n->reader, files, slice_of(files[i].name),
			    slice_of(value));
	}
	im->file = im->path;
}

/* me stands for defaulthost and helohost when these are not there. */
static void
read_me(struct nullmailer *n)
{
	struct import *im = n->reader.im;
	bool has_host = value_of(n, "defaulthost") != NULL;
	bool has_helo = value_of(n, "helohost") != NULL;
	const char *me = value_of(n, "me");

	if (me && !has_host)
		import_set(im, &im->defaults, "default-domain", slice_of(me));
	if (me && !has_helo)
		import_set(im, &im->defaults, "helo", slice_of(me));
}

/* The pause doubles from one to the other. */
static void
put_pauses(struct nullmailer *n)
{
	uint64_t pause = 60, most = 86400;
	struct buf steps = { 0 };

	if (!n->pause && !n->max_pause)
		return;
	if (n->pause)
		slice_to_uint(slice_of(n->pause), 86400, &pause);
	if (n->max_pause)
		slice_to_uint(slice_of(n->max_pause), 864000, &most);
	for (unsigned i = 0; i < 15 && pause > 0 && pause < most; i++) {
		buf_putu(&steps, pause);
		buf_puts(&steps, "s ");
		pause *= 2;
	}
	buf_putu(&steps, most);
	buf_putc(&steps, 's');
	import_set(n->reader.im, &n->reader.im->queue, "retry",
	    buf_slice(&steps));
	buf_free(&steps);
}

void
import_nullmailer(struct import *im, struct slice text)
{
	struct nullmailer n = { .reader = { .im = im } };

	(void)text;
	n.reader.relay = &n.relay;
	read_me(&n);
	read_files(&n);
	put_pauses(&n);
	import_no_local(im);
	import_lines_of(&n.reader, import_beside(im, im->path, "remotes"), true,
	    read_remote);
}
