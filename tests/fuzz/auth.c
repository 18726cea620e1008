/* SPDX-License-Identifier: ISC */
/*
 * auth.c - fuzz a login against a hostile server: the first octet says the
 * mechanism, the first line is the reply to EHLO, each further one a challenge.
 * What is said is one line each time, it comes to an end, and in clear no
 * mechanism is chosen that gives the secret away.
 */
#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "smtp/auth.h"

#define CHALLENGES 2 /* that any mechanism has */

static void
hash(struct slice key, struct slice text, unsigned char out[AUTH_MD5_SIZE])
{
	memset(out, (int)((key.n + text.n) & 0xff), AUTH_MD5_SIZE);
}

static void
check_line(const struct buf *line)
{
	for (size_t i = 0; i < line->n; i++) {
		char c = buf_slice(line).p[i];

		assert(!ascii_is_control(c) && !ascii_is_high(c));
	}
}

static void
log_in(struct auth *a, struct slice rest)
{
	struct buf line = { 0 };
	struct slice challenge;
	const char *why = NULL;
	size_t shown = 0;

	auth_begin(a, &line, &shown);
	assert(slice_starts(buf_slice(&line), SLICE("AUTH ")));
	assert(shown >= 5 && shown <= line.n);
	check_line(&line);
	for (unsigned i = 0; slice_cut(&rest, '\n', &challenge); i++) {
		buf_clear(&line);
		if (!auth_answer(a, challenge, &line, &why)) {
			assert(why && line.n == 0);
			break;
		}
		assert(!why && i < CHALLENGES);
		check_line(&line);
	}
	buf_free(&line);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct auth a = {
		.user = SLICE("joe"),
		.secret = SLICE("s3cret"),
		.host = SLICE("mx.example.test"),
		.port = 587,
		.hmac_md5 = hash,
	};
	struct slice rest = { (const char *)data, size }, hello;
	enum auth_method chosen;

	if (size == 0)
		return 0;
	a.method = AUTH_PLAIN + data[0] % AUTH_GSSAPI;
	rest = slice_from(rest, 1);
	slice_cut(&rest, '\n', &hello);
	for (int secure = 0; secure < 2; secure++)
		if (auth_choose(hello, secure, &chosen)) {
			assert(auth_is_offered(hello, chosen));
			assert(secure || !auth_is_open(chosen));
		}
	log_in(&a, rest);
	return 0;
}
