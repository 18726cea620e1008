/* SPDX-License-Identifier: ISC */
/*
 * dma.c - /etc/dma/dma.conf, and auth.conf that it names (import_impl.h).
 *
 * Lines are KEY VALUE, or a KEY that is a switch.  Without a SMARTHOST mail
 * goes to the recipients' own servers, as ours does.
 */
#include <string.h>

#include "base/ascii.h"
#include "import/import_impl.h"

#define AUTH_FILE "/etc/dma/auth.conf"

struct dma {
	struct import_reader reader;	/* must be first */
	struct import_relay relay;
	bool tls, starttls, opportunistic;
	const char *auth_path;
	const char *first_line;		/* of a file that was asked for it */
};

static struct dma *
dma_of(struct import_reader *r)
{
	return (struct dma *)(void *)r;
}

static void
take_switch(struct import_reader *r, struct slice key, struct slice value)
{
	struct dma *d = dma_of(r);

	(void)value;
	if (slice_starts_nocase(key, SLICE("SECURETRANS")))
		d->tls = true;
	else if (slice_eq_nocase(key, SLICE("STARTTLS")))
		d->starttls = true;
	else
		d->opportunistic = true;
}

static void
take_auth_path(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	dma_of(r)->auth_path = import_keep(r->im, value);
}

static void
take_null_client(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	(void)value;
	import_set(r->im, &r->im->local, "deliver", SLICE("no"));
}

static void
keep_first(struct import_reader *r, struct slice line)
{
	if (!dma_of(r)->first_line)
		dma_of(r)->first_line = import_keep(r->im, line);
}

/* A name, or the path of a file that has it. */
static void
take_mail_name(struct import_reader *r, struct slice key, struct slice value)
{
	struct dma *d = dma_of(r);
	struct slice name = value;

	(void)key;
	if (value.n > 0 && value.p[0] == '/') {
		import_lines_of(r, import_keep(r->im, value), true, keep_first);
		name = slice_of(d->first_line);
	}
	if (name.n == 0)
		return;
	import_set(r->im, &r->im->defaults, "default-domain", name);
	import_set(r->im, &r->im->defaults, "helo", name);
}

/* USER@HOST replaces all of a sender, HOST and USER@ a part. */
static void
take_masquerade(struct import_reader *r, struct slice key, struct slice value)
{
	size_t at = slice_find(value, '@');

	if (at == value.n)
		import_note(r->im, key, "it replaced the domain of every "
		    "sender: default-domain completes bare ones, and "
		    "rewrite-from = PATTERN ADDRESS replaces others");
	else if (at == 0 || at + 1 == value.n)
		import_note(r->im, key, "a part of an address cannot be "
		    "replaced: rewrite-from = PATTERN ADDRESS");
	else
		import_rewrite(r->im, SLICE("*"), value);
}

static const struct import_key keys[] = {
	IMPORT_TEXT("SMARTHOST", host),
	IMPORT_TAKE("PORT", import_take_port),
	IMPORT_OURS("ALIASES", local, "aliases"),
	IMPORT_TAKE("AUTHPATH", take_auth_path),
	IMPORT_TAKE("SECURETRANSFER", take_switch),
	IMPORT_TAKE("SECURETRANS", take_switch), /* in its manual */
	IMPORT_TAKE("STARTTLS", take_switch),
	IMPORT_TAKE("OPPORTUNISTIC_TLS", take_switch),
	IMPORT_TEXT("CERTFILE", cert),
	IMPORT_TAKE("SECURE", import_take_nothing),
	IMPORT_TAKE("INSECURE", import_take_nothing), /* said of the login */
	IMPORT_TAKE("MAILNAME", take_mail_name),
	IMPORT_TAKE("MAILNAMEFILE", take_mail_name),
	IMPORT_TAKE("MASQUERADE", take_masquerade),
	IMPORT_TAKE("NULLCLIENT", take_null_client),
	IMPORT_WHY("SPOOLDIR", "mail is kept where path = of [queue] says; "
	    "empty the old spool first"),
	IMPORT_WHY("FINGERPRINT", "a certificate is known by its authority "
	    "(ca) and name (tls-name), not by a fingerprint"),
	IMPORT_WHY("DEFER", "mail is sent when it is queued; sendmail -odq "
	    "leaves it for sendmail -q"),
	IMPORT_WHY("FULLBOUNCE", "bounce-size = SIZE of [queue] says which "
	    "mail comes back whole"),
	{ .name = NULL },
};

static void
read_line(struct import_reader *r, struct slice line)
{
	struct slice name;

	line = slice_trim(slice_first(line, slice_find(line, '#')));
	name = import_word(&line);
	import_key(r, keys, name, line);
}

/* "USER|HOST:PASSWORD" */
static void
read_auth(struct import_reader *r, struct slice line)
{
	struct slice user = { 0 }, host = { 0 };

	slice_cut(&line, '|', &user);
	slice_cut(&line, ':', &host);
	if (!r->relay->host || r->relay->login ||
	    !slice_eq_nocase(slice_trim(host), slice_of(r->relay->host)))
		return;
	r->relay->user = import_keep(r->im, slice_trim(user));
	r->relay->login = true;
	import_secret(r->im, r->relay,
	    "^[^|]*|[^:]*:\\(.*[^[:space:]]\\)[[:space:]]*$");
}

static enum tls_level
level_of(const struct dma *d)
{
	if (!d->tls && !d->starttls)
		return TLS_NONE;
	return d->opportunistic && !d->relay.login ? TLS_MAY : TLS_ENCRYPT;
}

/* Without a smarthost: to whom the recipients' servers are. */
static void
settle_direct(struct dma *d)
{
	struct import *im = d->reader.im;

	if (level_of(d) != TLS_NONE)
		import_set(im, &im->defaults, "tls",
		    slice_of(tls_level_name(level_of(d))));
}

static void
settle(struct dma *d)
{
	struct import *im = d->reader.im;
	struct import_relay *r = &d->relay;

	if (!r->host) {
		settle_direct(d);
		return;
	}
	r->tls = level_of(d);
	r->wrapped = d->tls && !d->starttls;
	if (r->wrapped && r->port == 0)
		import_note(im, SLICE("PORT"), "it is not given: 465 is used");
	if (!r->wrapped && r->port == 0)
		r->port = 25;
	if (r->login && r->tls == TLS_NONE)
		import_note(im, SLICE("SMARTHOST"), "it logged in without TLS, "
		    "which is required here");
	r->chosen = true;
	import_add_relay(im, r);
}

void
import_dma(struct import *im, struct slice text)
{
	struct dma d = { .reader = { .im = im }, .auth_path = AUTH_FILE };
	bool named;

	d.reader.relay = &d.relay;
	d.relay.name = "smarthost";
	import_lines(&d.reader, text, read_line);
	named = strcmp(d.auth_path, AUTH_FILE) != 0;
	if (d.relay.host)
		import_lines_of(&d.reader, d.auth_path, named, read_auth);
	settle(&d);
}
