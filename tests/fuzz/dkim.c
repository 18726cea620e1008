/* SPDX-License-Identifier: ISC */
/*
 * dkim.c - fuzz what is signed: the same for any chunking, and canonical once
 * and for all; a field that is made is one field in short lines; a record that
 * is read has a key or none.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/encode.h"
#include "mail/header.h"
#include "sign/dkim.h"
#include "sign/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* ---- a libcrypto that keeps what it is given ---- */

static struct sign_hash *
hash_new(void)
{
	return calloc(1, sizeof(struct buf));
}

static void
hash_feed(struct sign_hash *h, struct slice octets)
{
	buf_put((struct buf *)h, octets);
}

static void
hash_end(struct sign_hash *h, unsigned char out[SIGN_DIGEST])
{
	if (out)
		memset(out, 1, SIGN_DIGEST);
	buf_free((struct buf *)h);
	free(h);
}

static enum sign_kind
key_kind(const struct sign_key *key)
{
	return key ? SIGN_ED25519 : SIGN_RSA;
}

/* The text has to be lines of fields, or as it came, and no CRLF at the end. */
static bool
sign(struct sign_key *key, struct slice text, struct buf *out)
{
	(void)key;
	must(text.n > 2 && text.p[text.n - 1] != '\n');
	return buf_put(out, slice_first(text, 300));
}

static const struct sign_crypto fake = { .hash_new = hash_new,
	.hash_feed = hash_feed, .hash_end = hash_end, .key_kind = key_kind,
	.sign = sign };

/* ---- bodies ---- */

static struct buf
canonical(struct slice text, bool relaxed, uint32_t cut)
{
	struct sign_hash *h = hash_new();
	struct canon_body c = { .crypto = &fake, .hash = h,
		.relaxed = relaxed };
	struct buf out = *(struct buf *)h;
	struct slice piece;

	while (text.n > 0) {
		cut = cut ? cut * 1664525U + 1013904223U : 0;
		piece = cut ? slice_first(text, 1 + (cut >> 24) % 300) : text;
		canon_body_feed(&c, piece);
		text = slice_from(text, piece.n);
	}
	canon_body_end(&c);
	out = *(struct buf *)h;
	free(h);
	return out;
}

static void
check_relaxed(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		must(s.p[i] != '\t');
		must(s.p[i] != ' ' || i + 1 == s.n ||
		    (s.p[i + 1] != ' ' && s.p[i + 1] != '\r'));
	}
}

static void
check_body(struct slice raw, uint32_t cut)
{
	struct encoder e = { .dots = false };
	struct buf text = { 0 }, whole, pieces, again;

	encode(&e, raw, &text);
	encode_finish(&e, &text);
	for (int relaxed = 0; relaxed < 2; relaxed++) {
		whole = canonical(buf_slice(&text), relaxed, 0);
		pieces = canonical(buf_slice(&text), relaxed, cut | 1);
		again = canonical(buf_slice(&whole), relaxed, 0);
		must(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
		must(slice_eq(buf_slice(&whole), buf_slice(&again)));
		must(whole.n == 0 || (whole.n >= 2 &&
		    buf_str(&whole)[whole.n - 1] == '\n'));
		must(whole.n < 4 || memcmp(buf_str(&whole) + whole.n - 4,
		    "\r\n\r\n", 4) != 0);
		if (relaxed)
			check_relaxed(buf_slice(&whole));
		buf_free(&whole);
		buf_free(&pieces);
		buf_free(&again);
	}
	buf_free(&text);
}

/* ---- headers ---- */

static void
check_field(const struct header_field *f)
{
	struct buf once = { 0 }, twice = { 0 };
	struct header_field again;
	struct slice rest;

	canon_field(&once, f, true);
	rest = buf_slice(&once);
	must(slice_find(rest, '\n') == rest.n - 1);
	must(header_next(&rest, &again) && rest.n == 0);
	canon_field(&twice, &again, true);
	must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	check_relaxed(buf_slice(&once));
	buf_free(&once);
	buf_free(&twice);
}

static void
check_signature(struct slice head, unsigned form)
{
	const struct signer s = { .crypto = &fake, .domain = "example.org",
		.key = { { "sel", NULL },
		    { "sel2", (struct sign_key *)(uintptr_t)&fake } },
		.n = 1 + (form & 1), .simple_head = form & 2,
		.simple_body = form & 4, .expiry = form & 8 };
	struct dkim *d = dkim_new(&s);
	struct buf out = { 0 };
	struct slice rest, line;
	struct header_field f;
	size_t n = 0;

	must(dkim_end(d, head, 1700000000, &out));
	rest = buf_slice(&out);
	while (rest.n > 0 && slice_cut(&rest, '\n', &line))
		must(line.n > 1 && line.n < 79 && slice_trim(line).n > 0);
	for (rest = buf_slice(&out); header_next(&rest, &f); n++)
		must(header_is(&f, "DKIM-Signature"));
	must(n == s.n && rest.n == 0);
	buf_free(&out);
}

static void
check_head(struct slice raw, unsigned form)
{
	struct buf head = { 0 };
	struct header_field f;
	struct slice rest;

	header_canonical(raw, false, &head);
	rest = buf_slice(&head);
	while (header_next(&rest, &f))
		check_field(&f);
	check_signature(buf_slice(&head), form);
	buf_free(&head);
}

/* ---- records ---- */

static void
check_record(struct slice text)
{
	struct dkim_record r;
	const char *wrong = dkim_record_parse(text, &r);

	if (wrong) {
		must(wrong[0] != '\0');
		return;
	}
	must(!r.is_revoked || r.key.n == 0);
	dkim_record_free(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text;

	if (size < 2)
		return 0;
	text = (struct slice){ (const char *)data + 2, size - 2 };
	switch (data[0] % 3) {
	case 0:
		check_body(text, data[1]);
		break;
	case 1:
		check_head(text, data[1]);
		break;
	case 2:
		check_record(text);
		break;
	}
	return 0;
}
