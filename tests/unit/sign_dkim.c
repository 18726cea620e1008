/* SPDX-License-Identifier: ISC */
/*
 * sign_dkim.c - signatures: RFC 8463's own, and the form of ours, whose holding
 * tests/e2e/test_dkim.py lets others judge.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/codec.h"
#include "sign/dkim.h"

/* RFC 8463 A.2, as PKCS #8. */
#define RFC_KEY                                                              \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" \
	"-----END PRIVATE KEY-----\n"

#define RFC_HEAD                                               \
	"From: Joe SixPack <joe@football.example.com>\r\n"     \
	"To: Suzie Q <suzie@shopping.example.net>\r\n"         \
	"Subject: Is dinner ready?\r\n"                        \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"      \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"

#define RFC_BODY                                               \
	"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n" \
	"\r\nJoe.\r\n"

/* A.3's field as it was signed: before its b= had a value. */
#define RFC_FIELD                                              \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n" \
	" d=football.example.com; i=@football.example.com;\r\n"         \
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"       \
	" subject : date : message-id : from : subject : date;\r\n"     \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="

#define RFC_SIGNATURE                                              \
	"/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus" \
	"Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="

static struct sign_key *
rfc_key(void)
{
	struct sign_key *key = sign_crypto.key_read(SLICE(RFC_KEY));

	assert_non_null(key);
	assert_int_equal(sign_crypto.key_kind(key), SIGN_ED25519);
	return key;
}

static void
test_rfc_signature(void **state)
{
	struct sign_key *key = rfc_key();
	struct buf text = { 0 }, octets = { 0 }, out = { 0 };
	struct slice head = SLICE(RFC_HEAD), field = SLICE(RFC_FIELD);
	struct header_field f;

	(void)state;
	while (header_next(&head, &f))
		canon_field(&text, &f, true);
	f = (struct header_field){ .name = SLICE("DKIM-Signature"),
		.value = slice_from(field, strlen("DKIM-Signature:")) };
	canon_field(&text, &f, true);
	buf_cut(&text, text.n - 2);
	assert_true(sign_crypto.sign(key, buf_slice(&text), &octets));
	base64_put(&out, buf_slice(&octets));
	assert_string_equal(buf_str(&out), RFC_SIGNATURE);
	buf_free(&text);
	buf_free(&octets);
	buf_free(&out);
	sign_crypto.key_free(key);
}

static void
test_rfc_body(void **state)
{
	struct canon_body c = { .crypto = &sign_crypto, .relaxed = true };
	unsigned char digest[SIGN_DIGEST];
	struct buf out = { 0 };

	(void)state;
	c.hash = sign_crypto.hash_new();
	canon_body_feed(&c, SLICE(RFC_BODY));
	canon_body_end(&c);
	sign_crypto.hash_end(c.hash, digest);
	base64_put(&out, (struct slice){ (char *)digest, sizeof digest });
	assert_string_equal(buf_str(&out),
	    "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
	buf_free(&out);
}

static struct buf
signed_by(const struct signer *s, const char *head, const char *body)
{
	struct dkim *d = dkim_new(s);
	struct buf out = { 0 };

	dkim_feed(d, slice_of(body));
	assert_true(dkim_end(d, slice_of(head), 1700000000, &out));
	return out;
}

/* Ed25519 gives the same for the same: what dkimpy has found to be good. */
static void
test_field(void **state)
{
	struct sign_key *key = rfc_key();
	const struct signer s = { .crypto = &sign_crypto,
		.domain = "football.example.com",
		.key = { { "brisbane", key } }, .n = 1, .expiry = 864000 };
	struct buf out = signed_by(&s, RFC_HEAD "\r\n", RFC_BODY);

	(void)state;
	assert_string_equal(buf_str(&out),
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
	    "\td=football.example.com; s=brisbane; t="
	    "1700000000; x=1700864000;\r\n"
	    "\ti=@football.example.com; q=dns/txt;\r\n"
	    "\th=From:From:Subject:Subject:To:To:Cc:D"
	    "ate:Date:Reply-To:Message-ID:\r\n"
	    "\tMessage-ID:MIME-Version:Content-Type:C"
	    "ontent-Transfer-Encoding:\r\n"
	    "\tIn-Reply-To:References;\r\n"
	    "\tbh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	    "\tb=34NHlDyyaUrUxZOzIPpFHLJWX+68YlI97QoL"
	    "x4+nEd4hDo9YBvLIS6ULecbESXbR/O\r\n"
	    "\t7RpZ3wyCAHNST4vvOaBg==\r\n");
	buf_free(&out);
	sign_crypto.key_free(key);
}

/* The value of h=, without folding. */
static void
put_names(struct slice field, struct buf *out)
{
	struct slice tag;

	while (slice_cut(&field, ';', &tag)) {
		tag = slice_trim(tag);
		if (!slice_starts(tag, SLICE("h=")))
			continue;
		for (size_t i = 2; i < tag.n; i++)
			if (!strchr("\r\n\t ", tag.p[i]))
				buf_putc(out, tag.p[i]);
	}
}

#define REST "Date:Reply-To:Message-ID:MIME-Version:Content-Type:" \
	"Content-Transfer-Encoding:In-Reply-To:References"

static const struct {
	const char *head, *names;
} headers[] = {
	{ "From: a\r\n", "From:From:Subject:To:Cc:" REST },
	{ "Received: x\r\nReturn-Path: <>\r\nBcc: b\r\nX-Other: c\r\n"
	  "DKIM-Signature: v=1\r\nfrom: a\r\nTO: b\r\nTo: c\r\n",
	    "From:From:Subject:To:To:To:Cc:" REST },
	{ "From: a\r\nList-Unsubscribe: <x>\r\nList-Unsubscribe-Post: y\r\n"
	  "Sender: b\r\nlist-id: c\r\nList-Id: d\r\n",
	    "From:From:Subject:To:Cc:" REST ":Sender:List-Id:List-Id:"
	    "List-Unsubscribe:List-Unsubscribe-Post" },
	{ "", "From:Subject:To:Cc:" REST },
};

static void
test_names(void **state)
{
	struct sign_key *key = rfc_key();
	const struct signer s = { .crypto = &sign_crypto, .domain = "a.test",
		.key = { { "s", key } }, .n = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		struct buf out = signed_by(&s, headers[i].head, "");
		struct buf names = { 0 };

		put_names(buf_slice(&out), &names);
		assert_string_equal(buf_str(&names), headers[i].names);
		buf_free(&out);
		buf_free(&names);
	}
	sign_crypto.key_free(key);
}

/* No line is longer than 78, where no word is; each begins as one may. */
static void
test_lines(void **state)
{
	struct sign_key *ed = rfc_key();
	struct sign_key *rsa = sign_crypto.key_make(SIGN_RSA, 2048);
	struct signer s = { .crypto = &sign_crypto, .n = 2,
		.key = { { "a-selector.of.some.length", rsa },
		    { "another-selector", ed } },
		.domain = "a-long-name.of-a-department.of-a-company.example",
		.expiry = 1 };
	struct buf head = { 0 }, out;
	struct slice rest, line;
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 50; i++)
		buf_puts(&head, "List-Unsubscribe: <a>\r\nTo: a\r\n");
	for (int form = 0; form < 4; form++) {
		s.simple_head = form & 1;
		s.simple_body = form & 2;
		out = signed_by(&s, buf_str(&head), "a\r\n");
		rest = buf_slice(&out);
		for (; rest.n > 0 && slice_cut(&rest, '\n', &line); lines++) {
			assert_true(line.n > 1 && line.n < 79);
			assert_true(line.p[line.n - 1] == '\r');
			assert_true(line.p[0] == '\t' ||
			    slice_starts(line, SLICE("DKIM-Signature: v=1;")));
			assert_true(slice_trim(line).n > 0);
		}
		buf_free(&out);
	}
	assert_true(lines > 8 * 10);
	buf_free(&head);
	sign_crypto.key_free(ed);
	sign_crypto.key_free(rsa);
}

/* A key is read back as it was put, and its record is its own. */
static void
test_keys(void **state)
{
	static const enum sign_kind kinds[] = { SIGN_RSA, SIGN_ED25519 };
	const struct sign_crypto *c = &sign_crypto;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sign_key *key = c->key_make(kinds[i], 1024), *again;
		struct sign_key *other = c->key_make(kinds[i], 1024);
		struct buf pem = { 0 }, half = { 0 };

		assert_true(c->key_put(key, &pem));
		again = c->key_read(buf_slice(&pem));
		assert_non_null(again);
		assert_int_equal(c->key_kind(again), kinds[i]);
		assert_true(c->public_put(again, &half));
		assert_true(c->public_is(key, buf_slice(&half)));
		assert_false(c->public_is(other, buf_slice(&half)));
		assert_int_equal(c->public_bits(buf_slice(&half)),
		    kinds[i] == SIGN_RSA ? 1024 : 0);
		buf_free(&pem);
		buf_free(&half);
		c->key_free(key);
		c->key_free(again);
		c->key_free(other);
	}
	assert_null(c->key_read(SLICE("")));
	assert_null(c->key_read(SLICE("-----BEGIN PRIVATE KEY-----\n")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_signature),
		cmocka_unit_test(test_rfc_body),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
