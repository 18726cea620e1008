/* SPDX-License-Identifier: ISC */
/* keyring.c - see keyring.h */
#include "config/keyring.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "config/idn.h"
#include "config/secret_parts.h"
#include "mail/address.h"
#include "mail/spans.h"

#define BITS_LEAST  1024 /* RFC 8301 3.2: fewer are not verified, */
#define BITS_WANTED 2048 /* ... and so many should be there */

struct key_slot {
	const struct sign_source *source;
	struct sign_key *key;
	struct stat file;	/* as it was when it was read */
};

/* ---- who ---- */

/* False without a From, which each signature must cover (RFC 6376 5.4). */
static bool
from_domain(struct slice head, char out[SIGN_DOMAIN])
{
	const struct address_options options = { .idn = &config_idn,
		.dash = true };
	struct header_field field;
	struct buf value = { 0 };
	struct address a = { 0 };
	struct outcome why;
	struct slice rest;
	struct span span;
	bool first = true;

	out[0] = '\0';
	if (!header_find(head, "From", &field))
		return false;
	header_unfold(&value, field.value);
	rest = buf_slice(&value);
	if (spans_next(&rest, &first, &span) &&
	    address_parse(span.address, &options, &a, &why))
		snprintf(out, SIGN_DOMAIN, "%s", a.domain);
	address_free(&a);
	buf_free(&value);
	return true;
}

/* Is he named, by his login or number? */
static bool
is_among(const char *users, unsigned uid)
{
	const struct passwd *pw = getpwuid(uid);
	struct slice rest = slice_of(users), word;
	uint64_t number;

	while (slice_cut(&rest, ' ', &word)) {
		if (slice_to_uint(word, UINT32_MAX, &number) && number == uid)
			return true;
		if (pw && word.n > 0 && slice_eq(word, slice_of(pw->pw_name)))
			return true;
	}
	return false;
}

const struct sign_rule *
sign_rule_for(const struct sign_rules *rules, const struct sign_facts *facts,
    char domain[SIGN_DOMAIN])
{
	const struct sign_rule *rule;
	char from[SIGN_DOMAIN];
	const char *chosen;

	if (!rules || rules->n == 0 || !from_domain(facts->head, from))
		return NULL;
	rule = sign_rules_choose(rules, from, facts->sender, &chosen);
	if (!rule || (rule->users && !facts->is_ours &&
	    !is_among(rule->users, facts->uid)))
		return NULL;
	snprintf(domain, SIGN_DOMAIN, "%s", chosen);
	return rule;
}

bool
sign_is_sound(struct slice head, struct outcome *why)
{
	struct header_field field;
	size_t n = 0;

	while (header_next(&head, &field))
		n += header_is(&field, "From");
	return n <= 1 || outcome_fail(why, FAILED, STAGE_MESSAGE, ESC(5, 6, 0),
	    "it has %zu From: fields, where one is allowed: it is not signed "
	    "for a domain that may not be the author's", n);
}

/* ---- keys ---- */

/* A key that others have a share of is theirs until they free it. */
static void
forget_key(const struct keyring *k, struct key_slot *s)
{
	if (s->key)
		k->net->sign->key_free(s->key);
	s->key = NULL;
}

void
keyring_free(struct keyring *k)
{
	for (size_t i = 0; i < k->n; i++)
		forget_key(k, &k->slot[i]);
	free(k->slot);
	*k = (struct keyring){ 0 };
}

static struct key_slot *
slot_of(struct keyring *k, const struct sign_source *source)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->slot[i].source == source)
			return &k->slot[i];
	k->slot = mem_resize(k->slot, k->n + 1, sizeof k->slot[0]);
	k->slot[k->n] = (struct key_slot){ .source = source };
	return &k->slot[k->n++];
}

/* Is it a key that may sign as this source? */
static bool
check_key(const struct sign_crypto *c, const struct sign_key *key,
    const char *path, bool must_ed25519, struct buf *says,
    struct outcome *why)
{
	enum sign_kind kind = c->key_kind(key);
	unsigned bits = c->key_bits(key);

	if (kind != SIGN_ED25519 && must_ed25519)
		return REFUSE(why, "dkim key %s: it is no Ed25519 key", path);
	if (kind == SIGN_OTHER)
		return REFUSE(why, "dkim key %s: neither an RSA nor an Ed25519 "
		    "key", path);
	if (kind == SIGN_RSA && bits < BITS_LEAST)
		return REFUSE(why, "dkim key %s: RSA of %u bits, but with less "
		    "than 1024 nobody verifies it", path, bits);
	if (kind == SIGN_RSA && bits < BITS_WANTED)
		buf_putf(says, "dkim key %s: RSA of %u bits; 2048 are wanted, "
		    "and some servers take no less\n", path, bits);
	return true;
}

static bool
read_key(const struct keyring *k, struct key_slot *s, const char *path,
    bool must_ed25519, struct buf *says, struct outcome *why)
{
	const struct sign_crypto *c = k->net->sign;
	struct secret secret = { 0 };
	struct slice pem;
	struct sign_key *key = NULL;
	bool ok = secret_read_whole("dkim key", path, &secret, &pem, why);

	if (ok) {
		key = c->key_read(pem);
		ok = key ? check_key(c, key, path, must_ed25519, says, why) :
		    REFUSE(why, "dkim key %s: it is no private key in PEM "
			"without a passphrase", path);
	}
	secret_wipe(&secret);
	if (ok)
		s->key = key;
	else if (key)
		c->key_free(key);
	return ok;
}

static bool
is_as_read(const struct key_slot *s, const struct stat *st)
{
	return s->key && st->st_dev == s->file.st_dev &&
	    st->st_ino == s->file.st_ino && st->st_size == s->file.st_size &&
	    st->st_mtim.tv_sec == s->file.st_mtim.tv_sec &&
	    st->st_mtim.tv_nsec == s->file.st_mtim.tv_nsec &&
	    st->st_ctim.tv_sec == s->file.st_ctim.tv_sec &&
	    st->st_ctim.tv_nsec == s->file.st_ctim.tv_nsec;
}

/* A share of a source's key. */
static bool
take_key(struct keyring *k, const struct sign_source *source,
    bool must_ed25519, struct signing *out, struct buf *says,
    struct outcome *why)
{
	struct key_slot *s = slot_of(k, source);
	char path[4096];
	struct stat st;

	if (source->is_credential &&
	    !secret_credential("dkim key", source->from, path, why))
		return false;
	if (!source->is_credential)
		snprintf(path, sizeof path, "%s", source->from);
	if (stat(path, &st) != 0 || !is_as_read(s, &st)) {
		forget_key(k, s);
		if (!read_key(k, s, path, must_ed25519, says, why))
			return false;
		s->file = st;
	}
	out->signer.key[out->signer.n++] = (struct signer_key){
		source->selector, k->net->sign->key_share(s->key) };
	return true;
}

bool
keyring_open(struct keyring *k, const struct sign_rule *rule,
    const char *domain, struct signing *out, struct buf *says,
    struct outcome *why)
{
	*out = (struct signing){ .signer.n = 0 };
	if (!k->net)
		k->net = net_module_open(why);
	if (!k->net)
		return false;
	snprintf(out->domain, sizeof out->domain, "%s", domain);
	out->signer.crypto = k->net->sign;
	out->signer.domain = out->domain;
	out->signer.simple_head = rule->simple_head;
	out->signer.simple_body = rule->simple_body;
	out->signer.expiry = rule->expiry;
	for (size_t i = 0; i < SIGN_SOURCES; i++)
		if (rule->source[i].selector &&
		    !take_key(k, &rule->source[i], i == SIGN_ED25519_KEY, out,
			says, why)) {
			signing_free(out);
			return false;
		}
	return true;
}

void
signing_free(struct signing *s)
{
	for (size_t i = 0; i < s->signer.n; i++)
		s->signer.crypto->key_free(s->signer.key[i].key);
	*s = (struct signing){ .signer.n = 0 };
}
