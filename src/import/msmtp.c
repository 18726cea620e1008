/* SPDX-License-Identifier: ISC */
/*
 * msmtp.c - ~/.msmtprc and /etc/msmtprc (import_impl.h).
 *
 * `defaults` is copied into each account that follows, `account a : b` copies
 * b, and `account default : a` says which one is used.
 */
#include "import/msmtp_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ACCOUNTS 64

struct accounts {
	struct import_reader reader;	/* must be first */
	struct msmtp_account defaults;
	struct msmtp_account v[ACCOUNTS];
	size_t n;
};

static struct accounts *
accounts_of(struct import_reader *r)
{
	return (struct accounts *)(void *)r;
}

static void
is_about(struct accounts *all, struct msmtp_account *a)
{
	all->reader.more = a;
	all->reader.relay = &a->relay;
}

static struct msmtp_account *
find_account(struct accounts *all, struct slice name)
{
	for (size_t i = 0; i < all->n; i++)
		if (slice_eq(name, slice_of(all->v[i].relay.name)))
			return &all->v[i];
	return NULL;
}

/* The account that "NAME : BASE" copies. */
static struct msmtp_account
find_base(struct accounts *all, struct slice bases)
{
	struct msmtp_account *found = NULL;
	struct slice base;

	if (slice_trim(bases).n == 0)
		return all->defaults;
	slice_cut(&bases, ',', &base);
	found = find_account(all, slice_trim(base));
	if (!found || bases.p)
		import_note(all->reader.im, SLICE("account"), "it copies what "
		    "is not one account above it");
	return found ? *found : all->defaults;
}

static void
begin_account(struct accounts *all, struct slice text)
{
	struct msmtp_account *to, base;
	struct slice name;

	slice_cut(&text, ':', &name);
	name = slice_trim(name);
	base = find_base(all, text);
	to = find_account(all, name);
	if (!to && all->n == ACCOUNTS)
		import_note(all->reader.im, SLICE("account"), "more accounts "
		    "than are read");
	if (!to)
		to = &all->v[all->n < ACCOUNTS ? all->n++ : ACCOUNTS - 1];
	*to = base;
	to->relay.name = import_keep(all->reader.im, name);
	is_about(all, to);
}

static void
read_line(struct import_reader *r, struct slice line)
{
	struct slice name = import_word(&line);

	if (slice_eq_nocase(name, SLICE("defaults")))
		is_about(accounts_of(r), &accounts_of(r)->defaults);
	else if (slice_eq_nocase(name, SLICE("account")))
		begin_account(accounts_of(r), line);
	else
		msmtp_key(r, name, import_unquoted(line));
}

/* The one that msmtp uses without -a, or the only one. */
static struct msmtp_account *
default_account(struct accounts *all)
{
	struct msmtp_account *a = find_account(all, SLICE("default"));

	if (!a && all->n == 1)
		a = &all->v[0];
	if (!a)
		import_note(all->reader.im, SLICE("account default"), "there "
		    "is none: name the relay for all mail, relay = NAME");
	return a;
}

/* Their words are the same, as a copy's are. */
static bool
has_same_words(const struct import_relay *a, const struct import_relay *b)
{
	const char *const one[] = { a->host, a->user, a->auth, a->from, a->ca,
		a->cert, a->key, a->tls_name, a->helo, a->source, a->proxy,
		a->secret_key, a->secret, a->script, a->script_file };
	const char *const other[] = { b->host, b->user, b->auth, b->from, b->ca,
		b->cert, b->key, b->tls_name, b->helo, b->source, b->proxy,
		b->secret_key, b->secret, b->script, b->script_file };

	for (size_t i = 0; i < sizeof one / sizeof *one; i++)
		if (one[i] != other[i])
			return false;
	return true;
}

/* But for their names. */
static bool
is_same(const struct import_relay *a, const struct import_relay *b)
{
	return a->port == b->port && a->tls == b->tls &&
	    a->wrapped == b->wrapped && a->lmtp == b->lmtp &&
	    a->login == b->login && a->chosen == b->chosen &&
	    a->shell == b->shell && a->script_runs == b->script_runs &&
	    has_same_words(a, b);
}

/* "account default : work" is work once more. */
static struct msmtp_account *
same_before(struct accounts *all, const struct msmtp_account *a)
{
	for (size_t i = 0; i < all->n && &all->v[i] != a; i++)
		if (is_same(&a->relay, &all->v[i].relay))
			return &all->v[i];
	return NULL;
}

static void
settle_proxy(struct import *im, struct msmtp_account *a)
{
	struct buf url = { 0 };

	if (a->proxy_host.n == 0)
		return;
	buf_puts(&url, "socks5h://");
	buf_put(&url, a->proxy_host);
	buf_putc(&url, ':');
	buf_put(&url, a->proxy_port.n > 0 ? a->proxy_port : SLICE("1080"));
	a->relay.proxy = import_keep(im, buf_slice(&url));
	buf_free(&url);
}

/* What logs in has a secret: a command's is a token for OAuth. */
static void
settle_login(struct import *im, struct import_relay *r)
{
	if (r->tls == TLS_NONE)
		import_note(im, slice_of(r->name), "it logged in without TLS, "
		    "which is required here");
	if (r->auth && strstr(r->auth, "OAUTH") && r->secret_key)
		r->secret_key = "token-command";
	if (r->user && !r->secret_key && !r->script &&
	    import_needs_secret(r)) {
		r->secret_key = "netrc";
		r->secret = "~/.netrc";
		import_note(im, slice_of(r->name), "if its password is in a "
		    "key ring: password-command = secret-tool lookup host HOST "
		    "service smtp user USER, instead of netrc");
	}
}

/* What the lines of an account mean together. */
static void
settle(struct import *im, struct msmtp_account *a)
{
	struct import_relay *r = &a->relay;
	bool tls = r->tls != TLS_NONE;

	settle_proxy(im, a);
	if (r->login)
		settle_login(im, r);
	r->wrapped = tls && !a->clear_start;
	if (tls && a->check)
		r->tls = TLS_VERIFY;
	if (r->port == 0 && !r->wrapped)
		r->port = 25;
}

static void
put_value(struct import *im, const char *key, struct slice value)
{
	if (value.n > 0)
		import_set(im, &im->defaults, key, value);
}

/* notify has the same words: "never", or some of success,failure,delay. */
static void
put_defaults(struct import *im, const struct msmtp_account *a)
{
	bool headers = slice_eq_nocase(a->ret, SLICE("headers"));

	if (a->relay.from && !strpbrk(a->relay.from, "*?"))
		put_value(im, "from", slice_of(a->relay.from));
	put_value(im, "default-domain", a->maildomain);
	put_value(im, "log", a->syslog.n > 0 ? SLICE("syslog") : a->log);
	put_value(im, "timeout", a->timeout);
	put_value(im, "notify", a->notify);
	put_value(im, "return", headers ? SLICE("hdrs") : a->ret);
}

static void
put_account(struct import *im, struct msmtp_account *a, bool chosen)
{
	struct import_relay *r = &a->relay;

	if (!r->host) {
		import_note(im, slice_of(r->name), "an account without a host");
		return;
	}
	r->chosen = chosen;
	settle(im, a);
	if (!import_is_relay(r) && !chosen)
		import_note(im, slice_of(r->name), "an account without login "
		    "and verified TLS is no relay here: use --server HOST");
	import_add_relay(im, r);
}

void
import_msmtp(struct import *im, struct slice text)
{
	struct accounts *all = mem_alloc(sizeof *all);
	struct msmtp_account *chosen, *same;

	all->reader.im = im;
	all->defaults.clear_start = all->defaults.check = true;
	is_about(all, &all->defaults);
	import_lines(&all->reader, text, read_line);
	import_no_local(im);
	chosen = default_account(all);
	same = chosen ? same_before(all, chosen) : NULL;
	if (chosen)
		put_defaults(im, chosen);
	for (size_t i = 0; i < all->n; i++)
		if (!same || &all->v[i] != chosen)
			put_account(im, &all->v[i],
			    &all->v[i] == (same ? same : chosen));
	free(all);
}
