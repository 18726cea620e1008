/* SPDX-License-Identifier: ISC */
/* postfix_key.c - the parameters of main.cf (postfix_impl.h). */
#include <string.h>

#include "base/ascii.h"
#include "base/inet.h"
#include "import/postfix_impl.h"

#define SOCKET_MAX 117 /* octets of lmtp:unix: and a path */

static void
take_relayhost(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	if (value.n > 0)
		postfix_of(r)->relayhost = import_keep(r->im, value);
}

static void
take_passwords(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	postfix_of(r)->passwords = import_keep(r->im, value);
	postfix_of(r)->passwords_line = r->im->line;
}

static void
take_switch(struct import_reader *r, struct slice key, struct slice value)
{
	struct postfix *p = postfix_of(r);
	bool yes = import_yes(value);

	if (slice_eq(key, SLICE("smtp_sasl_auth_enable")))
		p->sasl = yes;
	else if (slice_eq(key, SLICE("smtp_tls_wrappermode")))
		p->relay.wrapped = yes;
	else
		p->by_sender = yes;
}

bool
postfix_level(struct slice s, enum tls_level *out)
{
	if (slice_eq(s, SLICE("secure")))
		*out = TLS_VERIFY;
	else if (slice_eq(s, SLICE("fingerprint")))
		*out = TLS_ENCRYPT;
	else
		return tls_level_parse(s, out);
	return true;
}

/* smtp_tls_security_level, or what came before it: that counts without it. */
static void
take_level(struct import_reader *r, struct slice key, struct slice value)
{
	struct postfix *p = postfix_of(r);
	bool new = slice_eq(key, SLICE("smtp_tls_security_level"));
	enum tls_level level;

	if (value.n == 0 || (!new && (p->level_given || !import_yes(value))))
		return;
	if (!new) {
		p->relay.tls = slice_eq(key, SLICE("smtp_use_tls"))
		    ? TLS_MAY
		    : TLS_VERIFY;
	} else if (postfix_level(value, &level)) {
		p->relay.tls = level;
		p->level_given = true;
	} else {
		import_note(r->im, key, "no level that is known here");
	}
	if (slice_eq(value, SLICE("fingerprint")))
		import_note(r->im, key, "fingerprints are not looked at");
	p->level_given = p->level_given || !new;
}

static void
take_hostname(struct import_reader *r, struct slice key, struct slice value)
{
	struct import *im = r->im;

	if (slice_eq(key, SLICE("myhostname")) &&
	    postfix_value(postfix_of(r), SLICE("smtp_helo_name")))
		return;
	import_set(im, &im->defaults, "helo", value);
}

static void
set_origin(struct import_reader *r, struct slice line)
{
	import_set(r->im, &r->im->defaults, "default-domain", line);
}

/* A name, or the file that has it. */
static void
take_origin(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	if (value.n > 0 && value.p[0] == '/')
		import_lines_of(r, import_keep(r->im, value), true, set_origin);
	else
		set_origin(r, value);
}

/* What is always local here. */
static bool
is_own_name(const struct postfix *p, struct slice name)
{
	const char *host = postfix_value(p, SLICE("myhostname"));

	return slice_eq_nocase(name, SLICE("localhost")) ||
	    slice_starts_nocase(name, SLICE("localhost.")) ||
	    (host && slice_eq_nocase(name, slice_of(host)));
}

static void
take_destination(struct import_reader *r, struct slice key, struct slice value)
{
	struct buf domains = { 0 };
	struct slice word;

	if (value.n == 0)
		import_set(r->im, &r->im->local, "deliver", SLICE("no"));
	for (size_t i = 0; value.n > 0; i++) {
		word = slice_first(value, slice_find(value, ','));
		word = import_word(&word);
		value = slice_trim(slice_from(value, word.n));
		if (value.n > 0 && value.p[0] == ',')
			value = slice_trim(slice_from(value, 1));
		if (slice_find(word, '/') < word.n)
			import_note(r->im, key, "a table or file in it: write "
			    "its names into local-domains of [local]");
		else if (word.n > 0 && !is_own_name(postfix_of(r), word))
			buf_putf(&domains, "%s%s", domains.n > 0 ? " " : "",
			    import_keep(r->im, word));
	}
	if (domains.n > 0)
		import_set(r->im, &r->im->local, "local-domains",
		    buf_slice(&domains));
	buf_free(&domains);
}

/* A bare number is in days, or hours for the warning. */
static void
take_time(struct import_reader *r, struct slice key, struct slice value)
{
	bool warn = slice_eq(key, SLICE("delay_warning_time"));
	const char *ours = warn ? "warn-after" :
	    key.p[0] == 'b' ? "bounce-lifetime" : "lifetime";
	struct buf time = { 0 };
	uint64_t n;

	buf_put(&time, value);
	if (slice_to_uint(value, 100000, &n))
		buf_putc(&time, warn ? 'h' : 'd');
	if (value.n > 0 && value.p[0] == '0' && warn) {
		buf_clear(&time);
		buf_puts(&time, "never");
	}
	import_set(r->im, &r->im->queue, ours, buf_slice(&time));
	buf_free(&time);
}

static void
take_limit(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	if (!slice_eq(value, SLICE("0")))
		import_set(r->im, &r->im->queue, "max-size", value);
}

static void
take_protocols(struct import_reader *r, struct slice key, struct slice value)
{
	bool four = slice_starts(value, SLICE("ipv4"));

	(void)key;
	if (slice_eq(value, SLICE("ipv4")) || slice_eq(value, SLICE("ipv6")))
		import_set(r->im, &r->im->defaults, four ? "ipv4" : "ipv6",
		    SLICE("yes"));
}

static void
take_aliases(struct import_reader *r, struct slice key, struct slice value)
{
	const char *path = value.n > 0 ? postfix_table(r->im, key, value) :
	    NULL;

	if (path)
		import_set(r->im, &r->im->local, "aliases", slice_of(path));
}

static void
take_delimiter(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	import_set(r->im, &r->im->local, "delimiter",
	    value.n > 0 ? slice_first(value, 1) : SLICE("none"));
}

/* LMTP goes over all else that is said of mailboxes. */
static bool
has_lmtp(const struct postfix *p)
{
	const char *to = postfix_value(p, SLICE("mailbox_transport"));

	return to && slice_starts(slice_of(to), SLICE("lmtp:"));
}

/* A path is from the queue's folder on. */
static void
put_socket(struct buf *out, struct slice path)
{
	buf_puts(out, "unix:");
	if (!slice_starts(path, SLICE("/")))
		buf_puts(out, "/var/spool/postfix/");
	buf_put(out, path);
}

/* Brackets are there against MX, around any host; ours, around IPv6. */
static bool
put_host(struct buf *out, struct slice text)
{
	struct slice host;
	uint16_t port = 0;
	struct ip ip;

	if (!hostport_parse(text, &host, &port))
		return false;
	if (slice_starts_nocase(host, SLICE("ipv6:")))
		host = slice_from(host, 5);
	if (!ip_parse(host, &ip))
		ip.version = 0;
	buf_puts(out, ip.version == 6 ? "[" : "");
	buf_put(out, host);
	buf_puts(out, ip.version == 6 ? "]" : "");
	if (port > 0)
		buf_putf(out, ":%u", port);
	return slice_find(host, '/') == host.n &&
	    slice_find(host, ' ') == host.n &&
	    (ip.version == 6 || slice_find(host, ':') == host.n);
}

/* "lmtp:unix:private/dovecot-lmtp", "lmtp:inet:HOST:PORT", "lmtp:[HOST]" */
static void
take_transport(struct import_reader *r, struct slice key, struct slice value)
{
	struct slice to = slice_from(value, 5);
	struct buf form = { 0 };
	bool ok = slice_starts(value, SLICE("lmtp:"));

	buf_puts(&form, "lmtp:");
	if (ok && slice_starts(to, SLICE("unix:")))
		put_socket(&form, slice_from(to, 5));
	else if (ok)
		ok = put_host(&form, slice_starts(to, SLICE("inet:")) ?
		    slice_from(to, 5) : to);
	if (ok && form.n < SOCKET_MAX)
		import_set(r->im, &r->im->local, "mailbox", buf_slice(&form));
	else if (value.n > 0)
		import_note(r->im, key, "a mailbox is mbox, Maildir, or by "
		    "LMTP; or mailbox-command = of [local]");
	buf_free(&form);
}

/* A folder has a / at its end. */
static void
take_mailbox(struct import_reader *r, struct slice key, struct slice value)
{
	bool folder = value.n > 1 && value.p[value.n - 1] == '/';
	bool home = slice_eq(key, SLICE("home_mailbox"));
	struct buf form = { 0 };

	if (value.n == 0 || has_lmtp(postfix_of(r)))
		return;
	buf_puts(&form, folder ? "maildir:" : "mbox:");
	buf_puts(&form, home ? "~/" : "");
	buf_put(&form, slice_first(value, value.n - folder));
	import_set(r->im, &r->im->local, "mailbox", buf_slice(&form));
	buf_free(&form);
}

/* "error:local mail delivery is disabled" */
static void
take_local_transport(struct import_reader *r, struct slice key,
    struct slice value)
{
	const char *to = postfix_value(postfix_of(r), SLICE("mydestination"));

	if (value.n == 0 || slice_starts(value, SLICE("local:")))
		return;
	if (!slice_starts(value, SLICE("error:")))
		import_note(r->im, key, "mail for this machine is delivered by "
		    "its queue: mailbox = of [local]");
	else if (!to || *to)
		import_set(r->im, &r->im->local, "deliver", SLICE("no"));
}

#define RECEIVING "it is about receiving mail, which only a sink does here"
#define HOUSE	  "Postfix's own housekeeping"

static const struct import_key keys[] = {
	IMPORT_TAKE("relayhost", take_relayhost),
	IMPORT_TAKE("smtp_sasl_auth_enable", take_switch),
	IMPORT_TAKE("smtp_sasl_password_maps", take_passwords),
	IMPORT_TAKE("smtp_sasl_security_options", import_take_nothing),
	IMPORT_TAKE("smtp_sasl_tls_security_options", import_take_nothing),
	IMPORT_TAKE("smtp_sender_dependent_authentication", take_switch),
	IMPORT_TAKE("sender_dependent_relayhost_maps", postfix_senders),
	IMPORT_TAKE("smtp_tls_wrappermode", take_switch),
	IMPORT_TAKE("smtp_tls_security_level", take_level),
	IMPORT_TAKE("smtp_use_tls", take_level),
	IMPORT_TAKE("smtp_enforce_tls", take_level),
	IMPORT_TAKE("smtp_tls_policy_maps", postfix_policies),
	IMPORT_TEXT("smtp_tls_CAfile", ca),
	IMPORT_TEXT("smtp_tls_CApath", ca),
	IMPORT_TEXT("smtp_tls_cert_file", cert),
	IMPORT_TEXT("smtp_tls_key_file", key),
	IMPORT_TEXT("smtp_bind_address", source),
	IMPORT_TAKE("myhostname", take_hostname),
	IMPORT_TAKE("smtp_helo_name", take_hostname),
	IMPORT_TAKE("mydomain", import_take_nothing),
	IMPORT_TAKE("myorigin", take_origin),
	IMPORT_TAKE("mydestination", take_destination),
	IMPORT_TAKE("inet_protocols", take_protocols),
	IMPORT_TAKE("alias_maps", take_aliases),
	IMPORT_TAKE("alias_database", import_take_nothing),
	IMPORT_TAKE("recipient_delimiter", take_delimiter),
	IMPORT_TAKE("home_mailbox", take_mailbox),
	IMPORT_TAKE("mail_spool_directory", take_mailbox),
	IMPORT_TAKE("message_size_limit", take_limit),
	IMPORT_TAKE("maximal_queue_lifetime", take_time),
	IMPORT_TAKE("bounce_queue_lifetime", take_time),
	IMPORT_TAKE("delay_warning_time", take_time),
	IMPORT_OURS("always_bcc", queue, "bcc-all"),
	IMPORT_OURS("bounce_size_limit", queue, "bounce-size"),
	IMPORT_OURS("default_destination_concurrency_limit", queue,
	    "site-lanes"),
	IMPORT_TAKE("transport_maps", postfix_transports),
	IMPORT_TAKE("smtp_generic_maps", postfix_rewrites),
	IMPORT_TAKE("sender_canonical_maps", postfix_rewrites),
	IMPORT_WHY("canonical_maps", "it is for recipients too: "
	    "rewrite-from = PATTERN ADDRESS is for senders alone"),
	IMPORT_WHY("masquerade_domains", "rewrite-from = PATTERN ADDRESS "
	    "replaces a sender"),
	IMPORT_WHY("smtp_fallback_relay", "relay = A B tries relays in turn, "
	    "but not after the recipients' own servers"),
	IMPORT_WHY("mailbox_command", "Postfix's $names are not the shell's "
	    "here: mailbox-command = of [local]"),
	IMPORT_WHY("luser_relay", "it is for unknown users: local-users-to "
	    "of [local] is for all without an alias"),
	IMPORT_TAKE("mailbox_transport", take_transport),
	IMPORT_TAKE("local_transport", take_local_transport),
	IMPORT_WHY("minimal_backoff_time", "retry = TIMES of [queue] does "
	    "this"),
	IMPORT_WHY("maximal_backoff_time", "retry = TIMES of [queue] does "
	    "this"),
	IMPORT_WHY("smtp_sasl_mechanism_filter", "auth = METHOD of a [relay] "
	    "names one"),
	IMPORT_WHY("smtp_tls_loglevel", "-v shows what TLS does"),
	IMPORT_WHY("smtp_tls_note_starttls_offer", "-v shows what is offered"),
	IMPORT_WHY("smtp_tls_secure_cert_match", "tls-name = NAME says which "
	    "name a certificate must have"),
	IMPORT_WHY("smtp_tls_verify_cert_match", "tls-name = NAME says which "
	    "name a certificate must have"),
	IMPORT_WHY("sender_canonical_classes", "rewrite-from replaces a "
	    "sender in the envelope and in From:"),
	IMPORT_WHY("mynetworks", RECEIVING),
	IMPORT_WHY("mynetworks_style", RECEIVING),
	IMPORT_WHY("inet_interfaces", RECEIVING),
	IMPORT_WHY("relay_domains", RECEIVING),
	IMPORT_WHY("header_checks", "headers are not filtered"),
	IMPORT_WHY("content_filter", "mail is not filtered"),
	IMPORT_WHY("default_transport", "mail goes by SMTP: relay, server or "
	    "[domain] say where"),
	IMPORT_WHY("compatibility_level", HOUSE),
	IMPORT_WHY("biff", HOUSE),
	IMPORT_WHY("mailbox_size_limit", "a mailbox may have any size"),
	IMPORT_WHY("append_dot_mydomain", "a host name without a dot is not "
	    "completed"),
	{ .name = NULL },
};

/* Whole families. */
static const struct {
	const char *begin, *end;
	const char *why;
} families[] = {
	{ "smtpd_", "", RECEIVING },
	{ "postscreen_", "", RECEIVING },
	{ "virtual_", "", "maps of foreign domains are not kept here" },
	{ "milter_", "", "no milters are called" },
	{ "", "_milters", "no milters are called" },
	{ "", "_directory", HOUSE },
	{ "", "_path", HOUSE },
	{ "", "_cache_database", HOUSE },
	{ "smtp_tls_", "_protocols", "libssl's own choice is used" },
	{ "smtp_tls_", "_ciphers", "libssl's own choice is used" },
	{ "", "_owner", HOUSE },
	{ "", "_group", HOUSE },
	{ "debug", "", HOUSE },
};

const char *
postfix_why(struct slice name)
{
	for (size_t i = 0; keys[i].name; i++)
		if (slice_eq(name, slice_of(keys[i].name)))
			return keys[i].why;
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (slice_starts(name, slice_of(families[i].begin)) &&
		    slice_ends_nocase(name, slice_of(families[i].end)))
			return families[i].why;
	return NULL;
}

void
postfix_key(struct import_reader *r, struct slice name, struct slice value)
{
	import_key(r, keys, name, value);
}
