/* SPDX-License-Identifier: ISC */
/*
 * senders.c - any octets as an address field and as a map: what is found in a
 * field is all of it, what is replaced is replaced for good, and all else of
 * the head stays.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "mail/complete.h"
#include "mail/header.h"
#include "mail/refrom.h"
#include "mail/spans.h"
#include "../support/idn.h"

#define NEW "new@provider.test"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_spans(struct slice value)
{
	struct slice rest = value;
	struct span span;
	struct buf all = { 0 };
	bool is_first = true;

	while (spans_next(&rest, &is_first, &span)) {
		buf_put(&all, span.before);
		buf_put(&all, span.address);
		buf_put(&all, span.after);
		must(span.before.n + span.address.n + span.after.n > 0);
	}
	buf_put(&all, rest);
	must(slice_eq(buf_slice(&all), value));
	buf_free(&all);
}

/* Of every path there is at most one successor, which is an address. */
static void
check_map(struct slice text)
{
	const struct address_options o = { .idn = &idn_table,
		.full_name = SLICE("box.test"), .dash = true };
	struct senders s = { 0 };
	struct address a = { 0 };
	struct outcome why;
	unsigned line;
	const char *wrong;

	if (senders_read_map(&s, text, &idn_table, &line, &wrong)) {
		for (size_t i = 0; i < s.nmap; i++) {
			must(i == 0 ||
			    strcmp(s.map[i - 1].key, s.map[i].key) < 0);
			must(address_parse(slice_of(s.map[i].path), &o, &a,
			    &why));
			must(!ascii_has_control(slice_of(a.path)));
			address_free(&a);
		}
	} else {
		must(wrong[0] != '\0' && line > 0);
	}
	senders_free(&s);
}

static bool
is_senders(const struct header_field *f)
{
	return header_is(f, "From") || header_is(f, "Sender") ||
	    header_is(f, "Resent-From") || header_is(f, "Resent-Sender");
}

/* The next field that is no sender's, nor the Reply-To that is added. */
static struct slice
next_other(struct slice *head, bool added)
{
	struct header_field f;

	while (header_next(head, &f))
		if (!is_senders(&f) && !(added && header_is(&f, "Reply-To")))
			return f.raw;
	return SLICE("");
}

static void
check_others(struct slice was, struct slice is)
{
	bool added = !header_has(was, "Reply-To");
	struct slice a, b;

	do {
		a = next_other(&was, added);
		b = next_other(&is, added);
		must(slice_eq(a, b));
	} while (a.n > 0);
}

static void
check_head(struct slice text)
{
	const struct complete_options o = { .form = COMPLETE_ALL,
		.address = { .default_domain = SLICE("d.test"),
		    .idn = &idn_table },
		.from = SLICE("me@d.test"), .host = SLICE("d.test") };
	struct message m = { .body.fd = -1 };
	struct senders s = { 0 };
	struct outcome why;
	struct buf told = { 0 }, was = { 0 };
	size_t body_at;

	senders_add_pattern(&s, SLICE("*"), SLICE(NEW));
	if (message_head(text, true, &o, &m, NULL, &body_at, &why) ==
	    PARSE_OK) {
		buf_put(&was, buf_slice(&m.head));
		if (message_rewrite_senders(&m, &s, &o.address, NEW, &told)) {
			must(told.n > 0);
			check_others(buf_slice(&was), buf_slice(&m.head));
			must(!ascii_has_control(buf_slice(&told)) ||
			    slice_find(buf_slice(&told), '\r') == told.n);
		} else {
			must(slice_eq(buf_slice(&was), buf_slice(&m.head)));
		}
	}
	senders_free(&s);
	buf_free(&was);
	buf_free(&told);
	buf_free(&m.head);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size < 4096 ? size : 4096 };
	struct buf head = { 0 };

	check_spans(text);
	check_map(text);
	check_head(text);
	buf_puts(&head, "From: ");
	buf_put(&head, text);
	check_head(buf_slice(&head));
	buf_free(&head);
	return 0;
}
