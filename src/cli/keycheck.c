/* SPDX-License-Identifier: ISC */
/* keycheck.c - see keycheck.h */
#include "cli/keycheck.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/ascii.h"
#include "cli/reach.h"
#include "config/idn.h"
#include "config/keyring.h"
#include "mail/address.h"
#include "net/clock.h"
#include "sign/record.h"

#define ED25519_OCTETS 32

struct keycheck {
	const struct settings *s;
	struct keyring keyring;
	struct signing signing;
	struct buf out;		/* for standard output */
};

static int
refuse(const struct keycheck *k, const char *why, int status)
{
	struct buf line = { 0 };

	buf_putf(&line, "%s: --dkim-check '", k->s->program);
	text_escape(&line, slice_of(k->s->dkim.domain));
	buf_puts(&line, "': ");
	text_escape(&line, slice_of(why));
	fprintf(stderr, "%s\n", buf_str(&line));
	buf_free(&line);
	return status;
}

/* ---- a record ---- */

/* What is wrong with a record that can be read, for this key; or NULL. */
static const char *
wrong_record(const struct dkim_record *r, const struct sign_crypto *c,
    const struct sign_key *key)
{
	if (r->is_revoked)
		return "it says that the key is revoked (p= is empty)";
	if (r->kind != c->key_kind(key))
		return "its k= is another kind than the key";
	if (r->kind == SIGN_RSA ? c->public_bits(buf_slice(&r->key)) == 0 :
				  r->key.n != ED25519_OCTETS)
		return "its p= is no key of that kind";
	if (!c->public_is(key, buf_slice(&r->key)))
		return "it is the record of another key";
	if (r->no_sha256)
		return "its h= does not allow sha256";
	if (r->no_email)
		return "its s= does not allow email";
	return NULL;
}

static const char *
wrong_text(struct slice text, const struct sign_crypto *c,
    const struct sign_key *key, struct buf *notes)
{
	struct dkim_record r;
	const char *wrong = dkim_record_parse(text, &r);

	if (wrong)
		return wrong;
	wrong = wrong_record(&r, c, key);
	if (r.is_testing)
		buf_puts(notes, "; but t=y says that it is a test, and who "
		    "verifies may treat mail as if it were not signed");
	if (r.is_strict)
		buf_puts(notes, "; t=s is kept: i= is the domain itself");
	dkim_record_free(&r);
	return wrong;
}

/* The answer, in words: what is not well, or NULL. */
static const char *
wrong_answer(const struct dns_answer *a, const struct sign_crypto *c,
    const struct sign_key *key, struct buf *notes)
{
	if (a->status != DNS_FOUND)
		return "there is no such record";
	if (a->total > 1)
		return "there is more than one record, and nobody knows which "
		    "one is taken";
	return wrong_text((struct slice){ a->txt[0].text, a->txt[0].n }, c,
	    key, notes);
}

static int
judge(struct keycheck *k, size_t i, const char *name,
    const struct dns_answer *a)
{
	const struct signer *s = &k->signing.signer;
	const struct sign_crypto *c = s->crypto;
	struct buf notes = { 0 }, record = { 0 };
	const char *wrong;

	if (a->status == DNS_SOFT) {
		buf_putf(&k->out, "%s: not known: ", name);
		text_escape(&k->out, slice_of(a->why));
		buf_putc(&k->out, '\n');
		return EX_TEMPFAIL;
	}
	wrong = wrong_answer(a, c, s->key[i].key, &notes);
	if (!wrong)
		buf_putf(&k->out, "%s: good: it is the record of the key (%s, "
		    "%u bits)%s\n", name,
		    sign_kind_name(c->key_kind(s->key[i].key)),
		    c->key_bits(s->key[i].key), buf_str(&notes));
	else
		buf_putf(&k->out, "%s: not good: %s; it should be\n", name,
		    wrong);
	if (wrong && dkim_record_put(&record, c, s->key[i].key))
		dkim_record_put_zone(&k->out, s->key[i].selector, s->domain,
		    buf_slice(&record));
	buf_free(&notes);
	buf_free(&record);
	return wrong ? EX_CONFIG : EX_OK;
}

/* ---- asking ---- */

static const struct dns_answer *
await(struct resolver *r, const struct ticket *t, struct wait *w)
{
	const struct dns_answer *a;
	int64_t now;

	while (!(a = resolver_answer(t))) {
		now = clock_now();
		wait_clear(w);
		resolver_wait(r, w);
		wait_poll(w, now);
		resolver_step(r, w, clock_now());
	}
	return a;
}

static int
check_key(struct keycheck *k, struct resolver *r, size_t i)
{
	struct buf name = { 0 };
	struct dns_question q = { .type = DNS_TXT };
	struct wait w = { 0 };
	struct ticket *t;
	int status;

	buf_putf(&name, "%s._domainkey.%s", k->signing.signer.key[i].selector,
	    k->signing.domain);
	q.name = buf_str(&name);
	t = resolver_ask(r, &q, clock_now());
	status = judge(k, i, q.name, await(r, t, &w));
	resolver_release(r, t);
	wait_free(&w);
	buf_free(&name);
	return status;
}

/* What cannot be known is no worse than what is wrong. */
static int
check_keys(struct keycheck *k)
{
	struct reach reach;
	struct deliver_config config;
	struct resolver *r;
	int status = EX_OK, one;

	reach_init(&reach);
	config = reach_config(&reach, k->s);
	r = resolver_new(&config.resolver, NULL);
	for (size_t i = 0; i < k->signing.signer.n; i++) {
		one = check_key(k, r, i);
		if (status != EX_CONFIG && one != EX_OK)
			status = one;
	}
	resolver_free(r);
	reach_free(&reach);
	return status;
}

static int
check(struct keycheck *k, const char *domain)
{
	const struct sign_rules *rules = k->s->message.signing;
	const char *chosen;
	const struct sign_rule *rule = rules ?
	    sign_rules_choose(rules, domain, "", &chosen) : NULL;
	struct buf says = { 0 };
	struct outcome why;
	int status;

	if (!rule)
		return refuse(k, "no [dkim] section is for messages from it",
		    EX_CONFIG);
	status = keyring_open(&k->keyring, rule, chosen, &k->signing, &says,
	    &why) ? check_keys(k) : refuse(k, why.text, outcome_exit(&why));
	if (says.n > 0)
		fputs(buf_str(&says), stderr);
	buf_free(&says);
	return status;
}

int
keycheck_run(const struct settings *s)
{
	struct keycheck k = { .s = s };
	struct outcome why;
	char *domain = domain_to_ascii(slice_of(s->dkim.domain), &config_idn,
	    &why);
	int status = domain && domain_is_name(slice_of(domain)) ?
	    check(&k, domain) :
	    refuse(&k, "a domain is wanted, as example.org", EX_USAGE);

	free(domain);
	if (k.out.n > 0 && (fputs(buf_str(&k.out), stdout) < 0 ||
	    fflush(stdout) != 0)) {
		fprintf(stderr, "%s: --dkim-check: standard output: %s\n",
		    s->program, strerror(errno));
		status = EX_IOERR;
	}
	signing_free(&k.signing);
	keyring_free(&k.keyring);
	buf_free(&k.out);
	return status;
}
