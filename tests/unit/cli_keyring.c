/* SPDX-License-Identifier: ISC */
/* cli_keyring.c - who signs what, and keys from real files. */
#include "config/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/remove_all.h"

/* An EC key, which no signature of DKIM has. */
static const char other[] = "-----BEGIN PRIVATE KEY-----\n"
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgy0P/kKo5TXdeNHTk\n"
	"w7kLOA4Ug0biKBzTaZN3lDfI2HGhRANCAAThvwqZozdyMIOjoXB7enX6VqbG5jp9\n"
	"YHEIhLPbUdMWBfYaKLzqmIqfQ28kGeLC9XHc6uxz7Y0WXNfgQYvq7qOk\n"
	"-----END PRIVATE KEY-----\n";

/* ---- who ---- */

#define ME 0 /* root, in each passwd */

static const struct {
	const char *head, *sender;
	unsigned uid;
	bool is_ours;
	const char *domain;	/* who signs; NULL = nobody */
} cases[] = {
	{ "From: a@x.test\r\n", "", ME, false, "x.test" },
	{ "from : A <a@X.Test>\r\n", "", ME, false, "x.test" },
	{ "From: A\r\n <a@x.test>\r\n", "", ME, false, "x.test" },
	{ "From: a@x.test, b@y.test\r\n", "", ME, false, "x.test" },
	{ "From: a@y.test\r\n", "x.test", ME, false, NULL },
	{ "From: a@y.test\r\n", "by.test", ME, false, "by.test" },
	{ "From: a@[192.0.2.1]\r\n", "", ME, false, NULL },
	{ "From: nobody\r\n", "by.test", ME, false, "by.test" },
	{ "From:\r\n", "by.test", ME, false, "by.test" },
	/* no signature is without a From, RFC 6376 5.4 */
	{ "Subject: x\r\n", "by.test", ME, false, NULL },
	{ "", "by.test", ME, false, NULL },
	/* users = root 4711 */
	{ "From: a@u.test\r\n", "", 0, false, "u.test" },
	{ "From: a@u.test\r\n", "", 4711, false, "u.test" },
	{ "From: a@u.test\r\n", "", 4712, false, NULL },
	{ "From: a@u.test\r\n", "", 4712, true, "u.test" },
	{ "From: a@u.test\r\n", "by.test", 4712, false, NULL },
};

static void
test_who(void **state)
{
	struct sign_rule rule[] = {
		{ .pattern = "x.test" },
		{ .pattern = "u.test", .users = "root  4711" },
		{ .pattern = "by.test", .by_sender = true },
	};
	const struct sign_rules rules = { rule, 3 };
	const struct sign_rule *r;
	char domain[SIGN_DOMAIN];
	struct sign_facts facts;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		facts = (struct sign_facts){ slice_of(cases[i].head),
			cases[i].sender, cases[i].uid, cases[i].is_ours };
		r = sign_rule_for(&rules, &facts, domain);
		if (!r != !cases[i].domain ||
		    (r && strcmp(domain, cases[i].domain) != 0))
			fail_msg("%zu: %s", i, r ? domain : "nobody");
	}
	assert_null(sign_rule_for(NULL, &facts, domain));
}

static void
test_sound(void **state)
{
	struct outcome why;

	(void)state;
	assert_true(sign_is_sound(SLICE("From: a@x\r\nTo: b@x\r\n"), &why));
	assert_true(sign_is_sound(SLICE("From: a@x,\r\n From: b@x\r\n"),
	    &why));
	assert_true(sign_is_sound(SLICE("Resent-From: a@x\r\nFrom: b@x\r\n"),
	    &why));
	assert_false(sign_is_sound(SLICE("From: a@x\r\nX: y\r\nfROM : b@x\r\n"),
	    &why));
	assert_int_equal(why.verdict, FAILED);
	assert_int_equal(outcome_exit(&why), 65);
	assert_non_null(strstr(why.text, "2 From: fields"));
}

/* ---- keys ---- */

static void
write_file(const char *name, mode_t mode, struct slice text)
{
	int fd;

	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0 &&
	    write(fd, text.p, text.n) == (ssize_t)text.n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
write_key(const char *name, mode_t mode, enum sign_kind kind, unsigned bits)
{
	const struct sign_crypto *c = net_module.sign;
	struct sign_key *key = c->key_make(kind, bits);
	struct buf pem = { 0 };

	assert_non_null(key);
	assert_true(c->key_put(key, &pem));
	write_file(name, mode, buf_slice(&pem));
	c->key_free(key);
	buf_free(&pem);
}

static struct sign_rule
rule_of(const char *any, const char *ed25519)
{
	struct sign_rule r = { .pattern = "x.test" };

	if (any)
		r.source[SIGN_ANY_KEY] = (struct sign_source){ "a", any,
			false };
	if (ed25519)
		r.source[SIGN_ED25519_KEY] = (struct sign_source){ "e",
			ed25519, false };
	return r;
}

/* How many keys sign; or 0 with why, and what is said of weak ones. */
static size_t
opens(struct keyring *k, const struct sign_rule *r, struct buf *says,
    struct outcome *why)
{
	struct signing signing;
	size_t n;

	buf_clear(says);
	if (!keyring_open(k, r, "x.test", &signing, says, why))
		return 0;
	n = signing.signer.n;
	assert_string_equal(signing.signer.domain, "x.test");
	signing_free(&signing);
	return n;
}

static const struct {
	const char *any, *ed25519;
	size_t n;
	const char *says;	/* of why, or of a warning; "" = nothing */
} keys[] = {
	{ "rsa", NULL, 1, "" },
	{ "ed", NULL, 1, "" },
	{ "rsa", "ed", 2, "" },
	{ NULL, "ed", 1, "" },
	{ "group", NULL, 1, "" },
	{ "weak", NULL, 1, "RSA of 1024 bits; 2048 are wanted" },
	{ "short", NULL, 0, "RSA of 512 bits, but with less than 1024" },
	{ NULL, "rsa", 0, "dkim key rsa: it is no Ed25519 key" },
	{ "rsa", "rsa", 0, "it is no Ed25519 key" },
	{ "other", NULL, 0, "neither an RSA nor an Ed25519 key" },
	{ "text", NULL, 0, "it is no private key in PEM" },
	{ "empty", NULL, 0, "it is no private key in PEM" },
	{ "open", NULL, 0, "its mode is 0644" },
	{ "absent", NULL, 0, "dkim key absent: No such file" },
	{ ".", NULL, 0, "dkim key ." },
};

static void
test_keys(void **state)
{
	struct buf says = { 0 };
	struct outcome why;

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct sign_rule r = rule_of(keys[i].any, keys[i].ed25519);
		struct keyring k = { 0 };
		size_t n = opens(&k, &r, &says, &why);
		const char *said = n > 0 ? buf_str(&says) : why.text;

		if (n != keys[i].n || !strstr(said, keys[i].says) ||
		    (n > 0 && !keys[i].says[0] && said[0]))
			fail_msg("%zu: %zu %s", i, n, said);
		if (n == 0) {
			assert_int_equal(why.verdict, DEFERRED);
			assert_int_equal(why.stage, STAGE_CONFIG);
			assert_int_equal(outcome_exit(&why), 78);
		}
		keyring_free(&k);
	}
	buf_free(&says);
}

/* It is read once, again when it has changed, and no more when it is gone. */
static void
test_changes(void **state)
{
	struct sign_rule r = rule_of("changing", NULL);
	struct buf says = { 0 };
	struct keyring k = { 0 };
	struct signing kept;
	struct outcome why;

	(void)state;
	write_key("changing", 0600, SIGN_RSA, 1024);
	assert_true(keyring_open(&k, &r, "x.test", &kept, &says, &why));
	assert_non_null(strstr(buf_str(&says), "1024"));
	assert_int_equal(opens(&k, &r, &says, &why), 1);
	assert_int_equal(says.n, 0);		/* told once */
	write_key("changing", 0600, SIGN_ED25519, 0);
	assert_int_equal(opens(&k, &r, &says, &why), 1);
	assert_int_equal(chmod("changing", 0604), 0);
	assert_int_equal(opens(&k, &r, &says, &why), 0);
	assert_non_null(strstr(why.text, "0604"));
	assert_int_equal(chmod("changing", 0600), 0);
	assert_int_equal(opens(&k, &r, &says, &why), 1);
	assert_int_equal(unlink("changing"), 0);
	assert_int_equal(opens(&k, &r, &says, &why), 0);
	keyring_free(&k);
	/* a share outlives the ring */
	assert_int_equal(net_module.sign->key_bits(kept.signer.key[0].key),
	    1024);
	signing_free(&kept);
	buf_free(&says);
}

static char folder[] = "/tmp/cli_keyring.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return -1;
	write_key("rsa", 0600, SIGN_RSA, 2048);
	write_key("group", 0640, SIGN_RSA, 2048);
	write_key("open", 0644, SIGN_RSA, 2048);
	write_key("weak", 0600, SIGN_RSA, 1024);
	write_key("short", 0600, SIGN_RSA, 512);
	write_key("ed", 0400, SIGN_ED25519, 0);
	write_file("other", 0600, slice_of(other));
	write_file("text", 0600, SLICE("-----BEGIN PRIVATE KEY-----\nno\n"));
	write_file("empty", 0600, SLICE(""));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return chdir("/") == 0 && remove_all(folder) == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
