/* SPDX-License-Identifier: ISC */
/* auth.c - see auth.h */
#include "smtp/auth.h"

#include <string.h>

#include "base/ascii.h"
#include "base/codec.h"

/* What is in the best way to say a password first. */
static const enum auth_method by_worth[] = { AUTH_PLAIN, AUTH_LOGIN,
	AUTH_CRAM_MD5 };

/* "AUTH PLAIN LOGIN", or "AUTH=PLAIN LOGIN" of old servers, behind the name. */
static bool
is_auth_line(struct slice line, struct slice *mechanisms)
{
	if (!slice_starts_nocase(line, SLICE("AUTH")) || line.n < 5 ||
	    (line.p[4] != ' ' && line.p[4] != '='))
		return false;
	*mechanisms = slice_from(line, 5);
	return true;
}

bool
auth_is_offered(struct slice hello, enum auth_method method)
{
	const char *name = auth_method_name(method);
	struct slice line, words, word;

	while (slice_cut(&hello, '\n', &line)) {
		if (!is_auth_line(slice_trim(line), &words))
			continue;
		while (slice_cut(&words, ' ', &word))
			if (slice_eq_nocase(word, slice_of(name)))
				return true;
	}
	return false;
}

bool
auth_is_open(enum auth_method method)
{
	return method != AUTH_CRAM_MD5 && auth_method_needs_secret(method);
}

bool
auth_choose(struct slice hello, bool secure, enum auth_method *out)
{
	for (size_t i = 0; i < sizeof by_worth / sizeof by_worth[0]; i++) {
		if (!secure && auth_is_open(by_worth[i]))
			continue;
		if (auth_is_offered(hello, by_worth[i])) {
			*out = by_worth[i];
			return true;
		}
	}
	return false;
}

static void
wipe(struct buf *b)
{
	if (b->base)
		explicit_bzero(b->base, b->cap);
	buf_free(b);
}

/* "\0user\0password" */
static void
put_plain(const struct auth *a, struct buf *out)
{
	buf_putc(out, '\0');
	buf_put(out, a->user);
	buf_putc(out, '\0');
	buf_put(out, a->secret);
}

static void
put_bearer(const struct auth *a, struct buf *out)
{
	buf_puts(out, "auth=Bearer ");
	buf_put(out, a->secret);
	buf_puts(out, "\1\1");
}

static void
put_xoauth2(const struct auth *a, struct buf *out)
{
	buf_puts(out, "user=");
	buf_put(out, a->user);
	buf_putc(out, '\1');
	put_bearer(a, out);
}

/* RFC 5801 4: a comma and an equals sign mean something there. */
static void
put_saslname(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ',')
			buf_puts(out, "=2C");
		else if (s.p[i] == '=')
			buf_puts(out, "=3D");
		else
			buf_putc(out, s.p[i]);
	}
}

static void
put_oauthbearer(const struct auth *a, struct buf *out)
{
	buf_puts(out, "n,a=");
	put_saslname(out, a->user);
	buf_puts(out, ",\1host=");
	buf_put(out, a->host);
	buf_putf(out, "\1port=%u\1", a->port);
	put_bearer(a, out);
}

static void
put_user(const struct auth *a, struct buf *out)
{
	buf_put(out, a->user);
}

/* What is said without being asked; NULL: the server speaks first. */
static void
(*first_of(enum auth_method method))(const struct auth *a, struct buf *out)
{
	switch (method) {
	case AUTH_PLAIN:
		return put_plain;
	case AUTH_XOAUTH2:
		return put_xoauth2;
	case AUTH_OAUTHBEARER:
		return put_oauthbearer;
	case AUTH_EXTERNAL:
		return put_user;
	case AUTH_LOGIN:
	case AUTH_CRAM_MD5:
	case AUTH_GSSAPI:
	case AUTH_ANY:
		break;
	}
	return NULL;
}

/* "=" stands for a response of no octets (RFC 4954 4). */
void
auth_begin(struct auth *a, struct buf *line, size_t *shown)
{
	void (*first)(const struct auth *, struct buf *) = first_of(a->method);
	struct buf response = { 0 };

	buf_putf(line, "AUTH %s", auth_method_name(a->method));
	*shown = line->n;
	a->step = 0;
	if (!first)
		return;
	first(a, &response);
	buf_putc(line, ' ');
	if (response.n == 0)
		buf_putc(line, '=');
	base64_put(line, buf_slice(&response));
	wipe(&response);
}

/* "user " and the digest in hex. */
static bool
put_cram_md5(const struct auth *a, struct slice challenge, struct buf *out)
{
	unsigned char digest[AUTH_MD5_SIZE];
	struct buf text = { 0 };

	if (!base64_decode(&text, challenge)) {
		buf_free(&text);
		return false;
	}
	a->hmac_md5(a->secret, buf_slice(&text), digest);
	buf_put(out, a->user);
	buf_putc(out, ' ');
	for (size_t i = 0; i < sizeof digest; i++)
		buf_putf(out, "%02x", digest[i]);
	buf_free(&text);
	return true;
}

/* How many challenges a login has. */
static unsigned
challenges_of(enum auth_method method)
{
	switch (method) {
	case AUTH_LOGIN:
		return 2;
	case AUTH_CRAM_MD5:
	case AUTH_PLAIN: /* for who has not taken the response before */
	case AUTH_XOAUTH2: /* only when it is refused, as the next one */
	case AUTH_OAUTHBEARER:
		return 1;
	case AUTH_EXTERNAL:
	case AUTH_GSSAPI:
	case AUTH_ANY:
		break;
	}
	return 0;
}

/* The answer to challenge number a->step, without its base64. */
static bool
put_answer(const struct auth *a, struct slice challenge, struct buf *out)
{
	if (a->method == AUTH_CRAM_MD5)
		return put_cram_md5(a, challenge, out);
	if (a->method == AUTH_LOGIN) /* whatever it calls them */
		buf_put(out, a->step == 0 ? a->user : a->secret);
	else if (a->method == AUTH_OAUTHBEARER) /* RFC 7628 3.2.3 */
		buf_putc(out, '\1');
	else if (a->method == AUTH_PLAIN)
		put_plain(a, out);
	return true;
}

bool
auth_answer(struct auth *a, struct slice challenge, struct buf *line,
    const char **why)
{
	struct buf out = { 0 };

	*why = NULL;
	if (a->step >= challenges_of(a->method))
		*why = "the server asks for more than the mechanism has";
	else if (!put_answer(a, challenge, &out))
		*why = "the challenge is no base64";
	a->step++;
	if (!*why)
		base64_put(line, buf_slice(&out));
	wipe(&out);
	return !*why;
}
