/* SPDX-License-Identifier: ISC */
/*
 * header_walk.c - a finished header has the right form and none of what must
 * go, whatever came in, and finishing it again changes nothing.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "mail/complete.h"
#include "mail/header.h"
#include "../support/idn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct complete_options usual = {
	.address = { .default_domain = { "d.example", 9 }, .idn = &idn_table,
		.short_name = { "d", 1 }, .full_name = { "d.example", 9 } },
	.from = { "a@d.example", 11 },
	.full_name = { "J\xc3\xb6rg", 5 },
	.host = { "d.example", 9 },
	.random = 1,
};

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Fields only, then the empty line; Bcc is gone. */
static void
check_form(struct slice head)
{
	struct header_field f;

	must(slice_find(head, '\0') == head.n);
	for (size_t i = 0; i < head.n; i++) {
		must(head.p[i] != '\r' ||
		    (i + 1 < head.n && head.p[i + 1] == '\n'));
		must(head.p[i] != '\n' || (i > 0 && head.p[i - 1] == '\r'));
	}
	while (header_next(&head, &f))
		must(!header_is(&f, "bcc") && !header_is(&f, "resent-bcc"));
	must(slice_eq(head, SLICE("\r\n")));
}

static void
check_fields(struct slice head)
{
	static const char *const needed[] = { "Date", "From", "Message-ID" };

	for (size_t i = 0; i < 3; i++) {
		struct slice rest = head;
		struct header_field f;
		bool found = false;

		while (!found && header_next(&rest, &f))
			found = header_is(&f, needed[i]);
		must(found);
	}
}

static void
check_again(const struct message *m)
{
	struct message again = { .body.fd = -1 };
	struct outcome why;
	size_t at;

	must(message_head(buf_slice(&m->head), true, &usual, &again, NULL, &at,
	    &why) == PARSE_OK);
	must(at == m->head.n);
	must(slice_eq(buf_slice(&again.head), buf_slice(&m->head)));
	buf_free(&again.head);
}

/* What is said of a beginning holds for the whole. */
static void
check_early(struct slice raw, bool cr_ends, size_t head_end)
{
	for (size_t n = raw.n; n-- > 0 && raw.n < 300;) {
		struct slice head;
		size_t at;

		if (header_split(slice_first(raw, n), false, cr_ends, &head,
			&at) == PARSE_OK)
			must(at == head_end);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = { (const char *)data, size };
	struct slice raw = slice_from(all, 1);
	struct complete_options o = usual;
	struct message m = { .body.fd = -1 };
	struct envelope e = { 0 };
	struct outcome why = { 0 };
	size_t at = 0;

	o.form = size > 0 ? data[0] % 3 : COMPLETE_ALL;
	o.cr_ends = slice_find(raw, '\n') == raw.n;
	o.recipients = size > 0 && (data[0] & 4);
	if (message_head(raw, true, &o, &m, &e, &at, &why) == PARSE_OK) {
		must(at <= raw.n);
		check_form(buf_slice(&m.head));
		must(m.utf8_headers == ascii_has_high(buf_slice(&m.head)));
		if (!slice_starts(raw, SLICE("\xef\xbb\xbf")))
			check_early(raw, o.cr_ends, at);
		if (o.form == COMPLETE_ALL) {
			check_fields(buf_slice(&m.head));
			check_again(&m);
		}
	} else {
		must(why.verdict == FAILED && m.head.n == 0);
	}
	buf_free(&m.head);
	envelope_free(&e);
	return 0;
}
