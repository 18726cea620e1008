/* SPDX-License-Identifier: ISC */
/*
 * ssmtp.c - /etc/ssmtp/ssmtp.conf, and revaliases beside it (import_impl.h).
 *
 * Lines are KEY=VALUE; a # begins a comment wherever it is, also in a password.
 */
#include <string.h>

#include "base/ascii.h"
#include "import/import_impl.h"

struct ssmtp {
	struct import_reader reader;	/* must be first */
	struct import_relay relay;
	bool tls, starttls;
	const char *hostname, *domain;
};

static struct ssmtp *
ssmtp_of(struct import_reader *r)
{
	return (struct ssmtp *)(void *)r;
}

static void
take_root(struct import_reader *r, struct slice key, struct slice value)
{
	if (value.n == 0)
		return;
	if (slice_find(value, '@') == value.n) {
		import_note(r->im, key, "a name that its server completed: "
		    "local-users-to = of [local] wants an address");
		return;
	}
	import_set(r->im, &r->im->local, "local-users-to", value);
	import_note(r->im, key, "local-users-to is for all users of this "
	    "machine without an alias, not for those below MinUserId alone");
}

static void
take_hub(struct import_reader *r, struct slice key, struct slice value)
{
	if (!import_hostport(r->im, r->relay, value))
		import_note(r->im, key, "it names no host");
}

static void
take_hostname(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	ssmtp_of(r)->hostname = import_keep(r->im, value);
}

static void
take_domain(struct import_reader *r, struct slice key, struct slice value)
{
	size_t at = slice_find(value, '@');

	(void)key;
	if (at < value.n)
		value = slice_from(value, at + 1);
	if (value.n > 0)
		ssmtp_of(r)->domain = import_keep(r->im, value);
}

static void
take_override(struct import_reader *r, struct slice key, struct slice value)
{
	if (!import_yes(value))
		import_note(r->im, key, "a From: that a message has stays; "
		    "rewrite-from = PATTERN ADDRESS replaces it");
}

static void
take_tls(struct import_reader *r, struct slice key, struct slice value)
{
	if (slice_eq_nocase(key, SLICE("UseSTARTTLS")))
		ssmtp_of(r)->starttls = import_yes(value);
	else
		ssmtp_of(r)->tls = import_yes(value);
}

static void
take_user(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	r->relay->user = value.n > 0 ? import_keep(r->im, value) : NULL;
	r->relay->login = value.n > 0;
}

static void
take_pass(struct import_reader *r, struct slice key, struct slice value)
{
	struct buf expression = { 0 };

	if (value.n == 0)
		return;
	buf_puts(&expression, "^[[:space:]]*");
	buf_put(&expression, key); /* as it is written: sed knows case */
	buf_puts(&expression, "[[:space:]]*=[[:space:]]*"
	    "\\([^#]*[^#[:space:]]\\).*$");
	import_secret(r->im, r->relay, buf_str(&expression));
	buf_free(&expression);
}

static void
take_method(struct import_reader *r, struct slice key, struct slice value)
{
	enum auth_method method;

	if (auth_method_parse(value, &method))
		r->relay->auth = auth_method_name(method);
	else
		import_note(r->im, key, "this method is not spoken: any other "
		    "that both sides know is used");
}

static const struct import_key keys[] = {
	IMPORT_TAKE("root", take_root),
	IMPORT_TAKE("mailhub", take_hub),
	IMPORT_TAKE("port", import_take_port),
	IMPORT_TAKE("RemotePort", import_take_port),
	IMPORT_TAKE("hostname", take_hostname),
	IMPORT_TAKE("rewriteDomain", take_domain),
	IMPORT_TAKE("FromLineOverride", take_override),
	IMPORT_TAKE("UseTLS", take_tls),
	IMPORT_TAKE("UseSTARTTLS", take_tls),
	IMPORT_TAKE("UseTLSCert", import_take_nothing),
	IMPORT_TEXT("TLSCert", cert),
	IMPORT_TEXT("TLSKey", key),
	IMPORT_TEXT("TLS_CA_File", ca),
	IMPORT_TEXT("TLS_CA_Dir", ca),
	IMPORT_TAKE("AuthUser", take_user),
	IMPORT_TAKE("AuthPass", take_pass),
	IMPORT_TAKE("AuthMethod", take_method),
	IMPORT_WHY("UseOldAUTH", "AUTH is sent in its one form, RFC 4954"),
	IMPORT_WHY("MinUserId", "local-users-to makes no such difference"),
	IMPORT_WHY("Debug", "-v shows the dialogue, log = says what became "
	    "of each mail"),
	{ .name = NULL },
};

static void
read_line(struct import_reader *r, struct slice line)
{
	struct slice name = { 0 };

	line = slice_first(line, slice_find(line, '#'));
	slice_cut(&line, '=', &name);
	import_key(r, keys, slice_trim(name),
	    import_unquoted(slice_trim(line)));
}

/* "LOGIN:ADDRESS" or "LOGIN:ADDRESS:HOST[:PORT]" */
static void
read_alias(struct import_reader *r, struct slice line)
{
	const struct ssmtp *s = ssmtp_of(r);
	struct import_relay other = { 0 };
	struct slice login = { 0 }, address = { 0 };
	struct buf pattern = { 0 };

	slice_cut(&line, ':', &login);
	slice_cut(&line, ':', &address);
	login = slice_trim(login);
	address = slice_trim(address);
	if (login.n == 0 || address.n == 0) {
		import_note(r->im, login, "LOGIN:ADDRESS is wanted");
		return;
	}
	if (line.p && import_hostport(r->im, &other, slice_trim(line)) &&
	    (!r->relay->host || strcmp(other.host, r->relay->host) != 0))
		import_note(r->im, login, "a server of his own: a [relay] with "
		    "from = ADDRESS does this");
	buf_put(&pattern, login);
	buf_puts(&pattern, "@");
	buf_puts(&pattern, s->domain ? s->domain : s->hostname ? s->hostname :
	    "*");
	import_rewrite(r->im, buf_slice(&pattern), address);
	buf_free(&pattern);
}

static void
settle(struct ssmtp *s)
{
	struct import *im = s->reader.im;
	struct import_relay *r = &s->relay;
	bool tls = s->tls || s->starttls;

	r->wrapped = s->tls && !s->starttls;
	r->tls = !tls ? TLS_NONE : r->ca ? TLS_VERIFY : TLS_ENCRYPT;
	if (r->port == 0 && !r->wrapped)
		r->port = 25;
	if (r->login && !tls)
		import_note(im, slice_of("mailhub"), "it logged in without "
		    "TLS, which is required here");
	if (s->hostname && s->hostname[0] != '\0')
		import_set(im, &im->defaults, "helo", slice_of(s->hostname));
	if (s->domain)
		import_set(im, &im->defaults, "default-domain",
		    slice_of(s->domain));
	import_no_local(im);
	if (!r->host) {
		import_note(im, slice_of("mailhub"), "there is none: mail goes "
		    "to its recipients' own servers");
		return;
	}
	r->chosen = true;
	import_add_relay(im, r);
}

void
import_ssmtp(struct import *im, struct slice text)
{
	struct ssmtp s = { .reader = { .im = im } };

	s.reader.relay = &s.relay;
	s.relay.name = "mailhub";
	import_lines(&s.reader, text, read_line);
	import_lines_of(&s.reader, import_beside(im, im->path, "revaliases"),
	    false, read_alias);
	settle(&s);
}
