/* SPDX-License-Identifier: ISC */
/*
 * tlsrpt.c - fuzz what asks for TLS reports, and what they are made of: a
 * record that is read leads to addresses and URLs without controls, lines of a
 * day come out as they went in, and a report is one line.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "tlsrpt/record.h"
#include "tlsrpt/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_record(struct slice text)
{
	struct tlsrpt_record r;
	const char *wrong = tlsrpt_record_parse(text, &r);

	must(r.n <= TLSRPT_URIS && (!wrong || (r.n == 0 && wrong[0])));
	must(wrong || tlsrpt_is_record(text));
	for (size_t i = 0; i < r.n; i++) {
		struct slice to = slice_of(r.uri[i].to);

		must(!ascii_has_control(to) && to.n <= text.n);
		if (r.uri[i].way == TLSRPT_HTTPS)
			must(slice_starts_nocase(to, SLICE("https://")) &&
			    to.n > 8 && slice_find(to, ' ') == to.n);
		else
			must(slice_find(to, '@') < to.n);
	}
	tlsrpt_record_free(&r);
}

static void
check_report(const struct tlsrpt_tally *t)
{
	const struct tlsrpt_entry **e = tlsrpt_tally_sorted(t);
	struct buf out = { 0 }, text = { 0 };
	struct tls_result first;

	for (size_t i = 0, n; i < t->rows.n; i += n) {
		n = tlsrpt_same_domain(e + i, t->rows.n - i);
		must(tlsrpt_entry_read(e[i], &text, &first));
		const struct tlsrpt_report r = { "mx.test", "a@b.test",
			first.policy.domain, 20000, e + i, n };

		buf_clear(&out);
		tlsrpt_report_put(&out, &r);
		must(slice_find(buf_slice(&out), '\n') == out.n - 1);
		must(!ascii_has_control(slice_first(buf_slice(&out),
		    out.n - 1)) && utf8_is_valid(buf_slice(&out)));
	}
	buf_free(&out);
	buf_free(&text);
	free(e);
}

static void
check_lines(struct slice lines)
{
	struct tlsrpt_tally t = { .max = 100 };
	struct buf once = { 0 }, twice = { 0 };

	tlsrpt_tally_read(&t, lines);
	must(t.rows.n <= 100);
	check_report(&t);
	tlsrpt_tally_drain(&t, &once);
	tlsrpt_tally_read(&t, buf_slice(&once));
	tlsrpt_tally_drain(&t, &twice);
	must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	tlsrpt_tally_free(&t);
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text;

	if (size == 0)
		return 0;
	text = (struct slice){ (const char *)data + 1, size - 1 };
	if (data[0] % 2 == 0)
		check_record(text);
	else
		check_lines(text);
	return 0;
}
