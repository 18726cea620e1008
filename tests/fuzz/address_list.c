/* SPDX-License-Identifier: ISC */
/*
 * address_list.c - whatever comes out of the address parser is safe on the wire
 * and says the same when it is read again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "mail/address.h"
#include "../support/idn.h"

#define BY(d) (&(const struct address_options){ \
	.default_domain = SLICE(d), .idn = &idn_table })

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_domain(const char *domain)
{
	struct outcome why;
	char *again = domain_to_ascii(slice_of(domain), &idn_table, &why);

	must(again && strcmp(again, domain) == 0);
	must(domain[0] == '[' || domain_is_name(slice_of(domain)));
	must(!ascii_has_high(slice_of(domain)));
	free(again);
}

static void
check_again(const struct address *a, struct slice text)
{
	struct address b = { 0 };
	struct outcome why;

	must(address_parse(text, BY(""), &b, &why));
	must(address_eq(a, &b) && strcmp(a->path, b.path) == 0);
	must(strcmp(a->domain, b.domain) == 0 && a->utf8 == b.utf8);
	address_free(&b);
}

/* "Name <path>" gives name and path back. */
static void
check_name(const struct address *a)
{
	struct address b = { 0 };
	struct buf text = { 0 };
	struct outcome why;

	address_put(&text, slice_of(a->name), slice_of(a->path), 6,
	    "utf-8");
	must(a->utf8 || !ascii_has_high(buf_slice(&text)));
	must(!ascii_has_control(buf_slice(&text)));
	must(address_parse(buf_slice(&text), BY(""), &b, &why));
	must(strcmp(a->path, b.path) == 0);
	must(strcmp(a->name, b.name) == 0);
	address_free(&b);
	buf_free(&text);
}

static void
check(const struct address *a)
{
	struct slice path = slice_of(a->path), name = slice_of(a->name);

	must(path.n <= 254 && path.n > 0 && path.p[0] != '-');
	must(!ascii_has_control(path) && utf8_is_valid(path));
	must(a->utf8 == ascii_has_high(path));
	must(!ascii_has_control(name) && utf8_is_valid(name));
	must(slice_ends_nocase(path, slice_of(a->domain)));
	check_domain(a->domain);
	check_again(a, path);
	check_name(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char alphabet[] = "ab.@<>(),:;\"\\[]- \t1=?Q\n\xc3\xa9";
	struct slice text = { (const char *)data, size };
	struct address_list l = { 0 };
	struct buf mapped = { 0 };
	bool good;

	if (size > 0 && (data[0] & 1)) { /* as bytes, or in its alphabet */
		for (size_t i = 1; i < size; i++)
			buf_putc(&mapped, alphabet[data[i] %
			    (sizeof alphabet - 1)]);
		text = buf_slice(&mapped);
	}
	good = address_list_parse(text, BY("d.example"), &l);
	must(good == (l.nbad == 0));
	for (size_t i = 0; i < l.nbad; i++) {
		must(l.bad[i].why->verdict == FAILED);
		must(l.bad[i].why->stage == STAGE_ADDRESS);
		must(l.bad[i].why->text[0] != '\0');
	}
	for (size_t i = 0; i < l.n; i++)
		check(&l.v[i]);
	address_list_free(&l);
	buf_free(&mapped);
	return 0;
}
