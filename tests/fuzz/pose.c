/* SPDX-License-Identifier: ISC */
/*
 * pose.c - fuzz the words of --xclient and --proxy-protocol: what comes of them
 * is one line of text without blanks in a value, or a header of its one size.
 */
#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "base/proxyline.h"
#include "base/xclient.h"

static void
check_line(const struct buf *out)
{
	for (size_t i = 0; i < out->n; i++) {
		char c = buf_slice(out).p[i];

		assert(!ascii_is_control(c) && !ascii_is_high(c));
	}
}

static void
try_xclient(struct slice in)
{
	struct buf out = { 0 }, again = { 0 };
	unsigned bits, bits_again;
	const char *wrong = NULL;

	if (!xclient_parse(in, &out, &bits, &wrong)) {
		assert(wrong);
		buf_free(&out);
		return;
	}
	assert(bits != 0);
	check_line(&out);
	/* but for what xtext encodes once more it is stable */
	assert(xclient_parse(buf_slice(&out), &again, &bits_again, &wrong));
	assert(bits == bits_again && again.n >= out.n);
	buf_free(&out);
	buf_free(&again);
}

static void
try_proxyline(struct slice in)
{
	struct endpoint local = { .port = 4711 }, peer = { .port = 25 };
	struct proxyline p;
	struct buf out = { 0 };
	const char *wrong = NULL;

	if (!proxyline_parse(in, &p, &wrong)) {
		assert(wrong);
		return;
	}
	assert(ip_parse(SLICE("127.0.0.1"), &local.ip));
	assert(ip_parse(SLICE("::1"), &peer.ip));
	proxyline_put(&out, &p, &local, &peer);
	if (p.version == 2) {
		assert(out.n == 16 || out.n == 28 || out.n == 52);
		assert(memcmp(buf_slice(&out).p, "\r\n\r\n\0\r\nQUIT\n", 12)
		    == 0);
	} else {
		assert(out.n <= 107 && slice_ends_nocase(buf_slice(&out),
		    SLICE("\r\n")));
		buf_cut(&out, out.n - 2);
		check_line(&out);
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct slice in = { (const char *)data, size };

	try_xclient(in);
	try_proxyline(in);
	return 0;
}
