/* SPDX-License-Identifier: ISC */
/* msmtp_key.c - the keys of an account of msmtp (msmtp_impl.h). */
#include "base/ascii.h"
#include "import/msmtp_impl.h"

static bool
is_off(struct slice value)
{
	return slice_eq_nocase(value, SLICE("off"));
}

static void
take_tls(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	r->relay->tls = is_off(value) ? TLS_NONE : TLS_ENCRYPT;
}

static void
take_starttls(struct import_reader *r, struct slice key, struct slice value)
{
	struct msmtp_account *a = r->more;

	(void)key;
	a->clear_start = !is_off(value);
}

static void
take_certcheck(struct import_reader *r, struct slice key, struct slice value)
{
	struct msmtp_account *a = r->more;

	a->check = !is_off(value);
	if (!a->check)
		import_note(r->im, key, "a server that is logged in to must "
		    "have a certificate that can be verified: name its "
		    "authority with ca =");
}

/* A method that both know, "on" for any, or "off". */
static void
take_auth(struct import_reader *r, struct slice key, struct slice value)
{
	enum auth_method method;

	r->relay->auth = NULL;
	r->relay->login = !is_off(value);
	if (is_off(value) || value.n == 0 ||
	    slice_eq_nocase(value, SLICE("on")))
		return;
	if (auth_method_parse(value, &method))
		r->relay->auth = auth_method_name(method);
	else
		import_note(r->im, key, "this method is not spoken: any other "
		    "that both sides know is used");
}

static void
take_password(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	(void)value;
	import_secret(r->im, r->relay, "^[[:space:]]*password[[:space:]]*"
	    "\"\\{0,1\\}\\(.*[^\"[:space:]]\\)\"\\{0,1\\}[[:space:]]*$");
}

/* "echo PASSWORD" is no reference to a secret, but the secret. */
static bool
tells_all(struct slice command)
{
	return slice_starts(command, SLICE("echo ")) ||
	    slice_starts(command, SLICE("printf ")) ||
	    slice_starts(command, SLICE("/bin/echo "));
}

static void
take_eval(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	if (tells_all(value)) {
		import_secret(r->im, r->relay, "^[[:space:]]*passwordeval"
		    "[[:space:]]*\"\\{0,1\\}\\(.*[^\"[:space:]]\\)\"\\{0,1\\}"
		    "[[:space:]]*$");
		r->relay->script_runs = true;
		return;
	}
	r->relay->secret_key = "password-command";
	r->relay->secret = import_keep(r->im, value);
	r->relay->shell = true;
	r->relay->script = NULL;
}

/* "%U" and the like are not made here: why says what else does it. */
static bool
has_pattern(struct import_reader *r, struct slice key, struct slice value,
    const char *why)
{
	bool has = slice_find(value, '%') < value.n;

	if (has)
		import_note(r->im, key, why);
	return has;
}

static void
take_from(struct import_reader *r, struct slice key, struct slice value)
{
	if (!has_pattern(r, key, value, "a sender with % in it: give one with "
	    "from = or rewrite-from ="))
		r->relay->from = import_keep(r->im, value);
}

static void
take_domain(struct import_reader *r, struct slice key, struct slice value)
{
	if (!has_pattern(r, key, value, "a name with % in it: without helo = "
	    "it is this machine's own"))
		r->relay->helo = value.n > 0 ? import_keep(r->im, value) : NULL;
}

/* Only "on" is more than what is done here anyhow. */
static void
take_from_header(struct import_reader *r, struct slice key, struct slice value)
{
	if (value.n == 0 || slice_eq_nocase(value, SLICE("on")))
		import_note(r->im, key, "rewrite-from = PATTERN ADDRESS does "
		    "this");
	else if (is_off(value))
		import_note(r->im, key, "a From: that is missing is added, "
		    "unless as-is = yes");
}

/* "system" is what is used without any. */
static void
take_trust(struct import_reader *r, struct slice key, struct slice value)
{
	bool usual = value.n == 0 || slice_eq(value, SLICE("system"));

	(void)key;
	r->relay->ca = usual ? NULL : import_keep(r->im, value);
}

static void
take_protocol(struct import_reader *r, struct slice key, struct slice value)
{
	(void)key;
	r->relay->lmtp = slice_eq_nocase(value, SLICE("lmtp"));
}

/* What settles only when all lines were read. */
static void
take_plain(struct import_reader *r, struct slice key, struct slice value)
{
	static const struct {
		const char *key;
		size_t at;
	} places[] = {
		{ "proxy_host", offsetof(struct msmtp_account, proxy_host) },
		{ "proxy_port", offsetof(struct msmtp_account, proxy_port) },
		{ "logfile", offsetof(struct msmtp_account, log) },
		{ "syslog", offsetof(struct msmtp_account, syslog) },
		{ "maildomain", offsetof(struct msmtp_account, maildomain) },
		{ "timeout", offsetof(struct msmtp_account, timeout) },
		{ "dsn_notify", offsetof(struct msmtp_account, notify) },
		{ "dsn_return", offsetof(struct msmtp_account, ret) },
	};
	size_t i = 0;

	while (!slice_eq_nocase(key, slice_of(places[i].key)))
		i++;
	*(struct slice *)(void *)((char *)r->more + places[i].at) =
	    is_off(value) ? SLICE("") : value;
}

static const struct import_key keys[] = {
	IMPORT_TEXT("host", host),
	IMPORT_TAKE("port", import_take_port),
	IMPORT_TEXT("user", user),
	IMPORT_TAKE("from", take_from),
	IMPORT_TAKE("tls", take_tls),
	IMPORT_TAKE("tls_starttls", take_starttls),
	IMPORT_TAKE("tls_certcheck", take_certcheck),
	IMPORT_TAKE("tls_trust_file", take_trust),
	IMPORT_TEXT("tls_cert_file", cert),
	IMPORT_TEXT("tls_key_file", key),
	IMPORT_TEXT("tls_host_override", tls_name),
	IMPORT_TAKE("auth", take_auth),
	IMPORT_TAKE("password", take_password),
	IMPORT_TAKE("passwordeval", take_eval),
	IMPORT_TAKE("protocol", take_protocol),
	IMPORT_TAKE("domain", take_domain),
	IMPORT_TEXT("source_ip", source),
	IMPORT_TAKE("proxy_host", take_plain),
	IMPORT_TAKE("proxy_port", take_plain),
	IMPORT_TAKE("logfile", take_plain),
	IMPORT_TAKE("syslog", take_plain),
	IMPORT_TAKE("maildomain", take_plain),
	IMPORT_TAKE("timeout", take_plain),
	IMPORT_TAKE("dsn_notify", take_plain),
	IMPORT_TAKE("dsn_return", take_plain),
	IMPORT_WHY("aliases", "only the queue of a machine reads aliases: "
	    "/etc/aliases, or what the key aliases of [local] names"),
	IMPORT_WHY("auto_from", "a sender is always completed: with the "
	    "user's name and default-domain"),
	IMPORT_WHY("allow_from_override", "what -f and From: say counts; "
	    "rewrite-from = PATTERN ADDRESS replaces it"),
	IMPORT_TAKE("set_from_header", take_from_header),
	IMPORT_WHY("socket", "mail goes to a host, not to a socket; "
	    "lmtp:unix:/PATH is for mailbox = of [local]"),
	IMPORT_WHY("from_full_name", "name = FULL NAME does this for all "
	    "mail"),
	IMPORT_WHY("set_date_header", "a Date: that is missing is added"),
	IMPORT_WHY("set_msgid_header", "a Message-ID: that is missing is "
	    "added"),
	IMPORT_WHY("add_missing_from_header", "it is added, unless as-is = "
	    "yes"),
	IMPORT_WHY("add_missing_date_header", "it is added, unless as-is = "
	    "yes"),
	IMPORT_WHY("remove_bcc_headers", "Bcc: is always removed"),
	IMPORT_WHY("undisclosed_recipients", "To: and Cc: stay as they are"),
	IMPORT_WHY("tls_crl_file", "revocation lists are not read"),
	IMPORT_WHY("tls_fingerprint", "a certificate is known by its "
	    "authority (ca) and name (tls-name), not by a fingerprint"),
	IMPORT_WHY("tls_priorities", "libssl's own choice is used"),
	IMPORT_WHY("tls_min_dh_prime_bits", "libssl's own limit is used"),
	IMPORT_WHY("ntlmdomain", "NTLM is not spoken"),
	IMPORT_WHY("logfile_time_format", "times in the log have one form"),
	IMPORT_WHY("eval", "settings that a command prints: run it, and "
	    "import what it prints"),
	{ .name = NULL },
};

void
msmtp_key(struct import_reader *r, struct slice name, struct slice value)
{
	import_key(r, keys, name, value);
}
