/* SPDX-License-Identifier: ISC */
/*
 * route_sts.c - MTA-STS: one row per clause of RFC 8461 on the record, the
 * policy, the names it has, and what of it is kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "route/sts.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

#define V "v=STSv1;"
#define ID32 "01234567890123456789012345678901"

/* Records end with "|"; id NULL: there is no policy. */
static const struct {
	const char *clause, *records, *id;
} records[] = {
	{ "3.1 the example", V " id=20160831085700Z;|", "20160831085700Z" },
	{ "3.1 the last delimiter may lack", V "id=a|", "a" },
	{ "3.1 *WSP about a delimiter", V " \tid=a \t;\t |", "a" },
	{ "3.1 a field is a must", V "|", NULL },
	{ "3.1 id is a must", V "x=y;|", NULL },
	{ "3.1 id has one character at least", V "id=;|", NULL },
	{ "3.1 ... and 32 at most", V "id=" ID32 ";|", ID32 },
	{ "3.1 ... and no 33", V "id=" ID32 "2;|", NULL },
	{ "3.1 ... letters and digits", V "id=2026-11-27;|", NULL },
	{ "3.1 ... no blank inside", V "id=a b;|", NULL },
	{ "3.1 no blank about the =", V "id =a;|", NULL },
	{ "3.1 no blank about the =", V "id= a;|", NULL },
	{ "3.1 names of fields heed case", V "ID=a;|", NULL },
	{ "3.1 an extension", V "id=a; ext=b:c@d,e;|", "a" },
	{ "3.1 ... may go first", V "ext.x-y_z=b; id=a|", "a" },
	{ "3.1 ... its name begins with alnum", V "_e=b; id=a|", NULL },
	{ "3.1 ... its name has 32 at most", V ID32 "=b; id=a|", "a" },
	{ "3.1 ... and no 33", V ID32 "2=b; id=a|", NULL },
	{ "3.1 ... its value is not empty", V "ext=; id=a|", NULL },
	{ "3.1 ... has no =", V "ext=b=c; id=a|", NULL },
	{ "3.1 ... no blank", V "ext=b c; id=a|", NULL },
	{ "3.1 ... no control", V "ext=b\x01; id=a|", NULL },
	{ "3.1 ... nothing beyond ASCII", V "ext=\xc3\xa9; id=a|", NULL },
	{ "3.1 a field is NAME=VALUE", V "id=a; ext|", NULL },
	{ "3.1 no empty field", V ";id=a|", NULL },
	{ "3.2 of two ids the first counts", V "id=a; id=b|", "a" },
	{ "3.1 the version goes first", "id=a; v=STSv1;|", NULL },
	{ "3.1 ... it heeds case", "v=stsv1; id=a|", NULL },
	{ "3.1 ... V does, too", "V=STSv1; id=a|", NULL },
	{ "3.1 ... no other version", "v=STSv2; id=a|", NULL },
	{ "3.1 ... nothing longer", "v=STSv11; id=a|", NULL },
	{ "3.1 begins with v=STSv1; to the letter", "v=STSv1 ;id=a|", NULL },
	{ "3.1 ... and no blank before", " v=STSv1;id=a|", NULL },
	{ "3.1 no record", "", NULL },
	{ "3.1 others are discarded", "v=spf1 -all|" V "id=a|x|", "a" },
	{ "3.1 others alone are none", "v=spf1 -all|", NULL },
	{ "3.1 two are none", V "id=a|" V "id=b|", NULL },
	{ "3.1 two of the same are none", V "id=a|" V "id=a|", NULL },
	{ "3.1 two, one of them broken, are none", V "id=a|" V "x|", NULL },
};

static void
test_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		struct dns_answer a = { .type = DNS_TXT };
		struct slice rest = slice_of(records[i].records), text;
		char id[STS_ID_MAX + 1];
		const char *why = NULL;
		bool found;

		while (slice_cut(&rest, '|', &text) && rest.p)
			dns_answer_add_txt(&a, text);
		found = sts_record_find(&a, id, &why);
		if (found != (records[i].id != NULL) ||
		    (found && strcmp(id, records[i].id) != 0) ||
		    (!found && !why))
			fail_msg("%s: %s: %s", records[i].clause,
			    records[i].records, found ? id : why);
		dns_answer_free(&a);
	}
}

static void
test_too_many_records(void **state)
{
	struct dns_answer a = { .type = DNS_TXT };
	char id[STS_ID_MAX + 1];
	const char *why;

	(void)state;
	dns_answer_add_txt(&a, SLICE(V "id=a"));
	for (int i = 0; i < DNS_RECORDS_MAX; i++)
		dns_answer_add_txt(&a, SLICE("x"));
	assert_false(sts_record_find(&a, id, &why));
	assert_string_equal(why, "there are too many TXT records");
	dns_answer_free(&a);
}

#define VERS "version: STSv1\n"
#define MODE	"mode: enforce\n"
#define MX	"mx: a.example\n"
#define AGE	"max_age: 86400\n"

/* want: "MODE MAX_AGE MX...", or NULL: no policy. */
static const struct {
	const char *clause, *text, *want;
} policies[] = {
	{ "3.2 the example",
	    "version: STSv1\nmode: enforce\nmx: mail.example.com\n"
	    "mx: *.example.net\nmx: backupmx.example.com\nmax_age: 604800\n",
	    "enforce 604800 mail.example.com *.example.net "
	    "backupmx.example.com" },
	{ "3.2 CRLF ends lines, too",
	    "version: STSv1\r\nmode: enforce\r\nmx: a.example\r\n"
	    "max_age: 1\r\n", "enforce 1 a.example" },
	{ "3.2 ... both in one", VERS "mode: testing\r\n" MX AGE,
	    "testing 86400 a.example" },
	{ "3.2 the last term may lack", VERS MODE MX "max_age: 1",
	    "enforce 1 a.example" },
	{ "3.2 in any order", AGE MX MODE VERS, "enforce 86400 a.example" },
	{ "3.2 *WSP behind the colon", "version:STSv1\nmode: \t enforce\n" MX
	    AGE, "enforce 86400 a.example" },
	{ "3.2 *WSP at the end of a line", VERS "mode: enforce \t\n" MX AGE,
	    "enforce 86400 a.example" },
	{ "an empty line, more than the grammar has", VERS "\n" MODE MX AGE
	    "\r\n\n", "enforce 86400 a.example" },
	{ "3.2 testing", VERS "mode: testing\n" MX AGE,
	    "testing 86400 a.example" },
	{ "3.2 none", VERS "mode: none\n" MX AGE, "none 86400 a.example" },
	{ "3.2 none needs no mx", VERS "mode: none\n" AGE, "none 86400" },
	{ "3.2 enforce needs an mx", VERS MODE AGE, NULL },
	{ "3.2 testing needs an mx", VERS "mode: testing\n" AGE, NULL },
	{ "3.2 version is a must", MODE MX AGE, NULL },
	{ "3.2 mode is a must", VERS MX AGE, NULL },
	{ "3.2 max_age is a must", VERS MODE MX, NULL },
	{ "3.2 nothing is no policy", "", NULL },
	{ "3.2 another version", "version: STSv2\n" MODE MX AGE, NULL },
	{ "3.2 the version heeds case", "version: stsv1\n" MODE MX AGE, NULL },
	{ "3.2 names heed case", "Version: STSv1\n" MODE MX AGE, NULL },
	{ "3.2 modes heed case", VERS "mode: Enforce\n" MX AGE, NULL },
	{ "3.2 another mode", VERS "mode: report\n" MX AGE, NULL },
	{ "3.2 max_age 0", VERS MODE MX "max_age: 0", "enforce 0 a.example" },
	{ "3.2 max_age a year", VERS MODE MX "max_age: 31557600",
	    "enforce 31557600 a.example" },
	{ "3.2 ... and no more", VERS MODE MX "max_age: 31557601", NULL },
	{ "3.2 ... not negative", VERS MODE MX "max_age: -1", NULL },
	{ "3.2 ... no fraction", VERS MODE MX "max_age: 1.5", NULL },
	{ "3.2 ... no unit", VERS MODE MX "max_age: 1d", NULL },
	{ "3.2 ... 10 digits", VERS MODE MX "max_age: 0000000001",
	    "enforce 1 a.example" },
	{ "3.2 ... and no 11", VERS MODE MX "max_age: 00000000001", NULL },
	{ "3.2 ... beyond 64 bits", VERS MODE MX
	    "max_age: 18446744073709551617", NULL },
	{ "3.2 extensions are passed over", VERS MODE MX AGE
	    "x-new.field_1: a b\n", "enforce 86400 a.example" },
	{ "3.2 ... of UTF-8", VERS MODE MX AGE "x: \xc3\xa9\n",
	    "enforce 86400 a.example" },
	{ "3.2 ... not of anything else", VERS MODE MX AGE "x: \xe9\n",
	    NULL },
	{ "3.2 ... no control in it", VERS MODE MX AGE "x: a\x1b[2J\n",
	    NULL },
	{ "3.2 ... not empty", VERS MODE MX AGE "x: \n", NULL },
	{ "3.2 ... its name", VERS MODE MX AGE "_x: a\n", NULL },
	{ "3.2 ... its name's length", VERS MODE MX AGE ID32 "2: a\n",
	    NULL },
	{ "3.2 a line is NAME: VALUE", VERS MODE MX AGE "x\n", NULL },
	{ "3.2 no blank before the colon", VERS "mode : enforce\n" MX AGE,
	    NULL },
	{ "3.2 a lone CR ends nothing", "version: STSv1\r" MODE MX AGE, NULL },
	{ "3.2 of a field twice the first counts", VERS "mode: testing\n"
	    MODE MX "max_age: 5\n" AGE "version: STSv9\n",
	    "testing 5 a.example" },
	{ "3.2 ... even were the second broken", VERS MODE MX AGE
	    "mode: x\nmax_age: x\n", "enforce 86400 a.example" },
	{ "3.2 mx more than once", VERS MODE MX "mx: b.example\n" AGE,
	    "enforce 86400 a.example b.example" },
	{ "3.2 mx heeds no case", VERS MODE "mx: *.MX.Example\n" AGE,
	    "enforce 86400 *.mx.example" },
	{ "4.1 mx in A-labels", VERS MODE "mx: xn--mller-kva.example\n" AGE,
	    "enforce 86400 xn--mller-kva.example" },
	{ "4.1 ... not in U-labels", VERS MODE "mx: m\xc3\xbcller.example\n"
	    AGE, NULL },
	{ "3.2 a wildcard alone", VERS MODE "mx: *\n" AGE, NULL },
	{ "3.2 a wildcard of nothing", VERS MODE "mx: *.\n" AGE, NULL },
	{ "3.2 a wildcard is a whole label", VERS MODE "mx: a*.example\n"
	    AGE, NULL },
	{ "3.2 ... the leftmost", VERS MODE "mx: a.*.example\n" AGE, NULL },
	{ "3.2 ... and one", VERS MODE "mx: *.*.example\n" AGE, NULL },
	{ "3.2 mx is a domain", VERS MODE "mx: a..example\n" AGE, NULL },
	{ "3.2 ... no dot at its end", VERS MODE "mx: a.example.\n" AGE,
	    NULL },
	{ "3.2 ... no suffix", VERS MODE "mx: .example\n" AGE, NULL },
	{ "3.2 ... no list", VERS MODE "mx: a.example b.example\n" AGE,
	    NULL },
	{ "3.2 ... no address", VERS MODE "mx: 192.0.2.1\n" AGE, NULL },
	{ "3.2 ... not empty", VERS MODE "mx:\n" AGE, NULL },
	{ "3.3 a page is no policy", "<html>\n<p>not found</p>\n</html>\n",
	    NULL },
	{ "3.3 cut short in a line", VERS MODE MX "max_a", NULL },
};

static void
put_policy(struct buf *out, const struct sts_policy *p)
{
	buf_putf(out, "%s %u", sts_mode_name(p->mode), (unsigned)p->max_age);
	for (size_t i = 0; i < p->n; i++)
		buf_putf(out, " %s", p->mx[i]);
}

static void
test_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(policies); i++) {
		const char *want = policies[i].want, *why = NULL;
		struct sts_policy p;
		struct buf got = { 0 };
		bool good = sts_policy_parse(slice_of(policies[i].text), &p,
		    &why);

		if (good)
			put_policy(&got, &p);
		if (good != (want != NULL) ||
		    (good && strcmp(buf_str(&got), want) != 0) ||
		    (!good && (!why || p.n > 0)))
			fail_msg("%s: %s", policies[i].clause,
			    good ? buf_str(&got) : why);
		sts_policy_free(&p);
		buf_free(&got);
	}
}

static void
test_length(void **state)
{
	struct buf text = { 0 };
	struct sts_policy p;
	const char *why;

	(void)state;
	buf_puts(&text, VERS MODE MX AGE);
	while (text.n + 4 <= STS_TEXT_MAX)
		buf_puts(&text, "x:y\n");
	while (text.n < STS_TEXT_MAX)
		buf_putc(&text, '\n');
	assert_true(sts_policy_parse(buf_slice(&text), &p, &why));
	sts_policy_free(&p);
	buf_putc(&text, '\n');
	assert_false(sts_policy_parse(buf_slice(&text), &p, &why));
	assert_string_equal(why, "it is longer than 65536 octets");
	buf_free(&text);
}

/* A policy that is cut anywhere is none, or the whole of it. */
static void
test_cut(void **state)
{
	struct slice text = SLICE(VERS MODE MX "max_age: 604800\n");
	struct sts_policy p;
	const char *why;

	(void)state;
	for (size_t n = 0; n < text.n - 7; n++)
		assert_false(sts_policy_parse(slice_first(text, n), &p, &why));
}

static const struct {
	const char *clause, *pattern, *host;
	bool want;
} names[] = {
	{ "4.1 the same", "mx.example", "mx.example", true },
	{ "4.1 another", "mx.example", "my.example", false },
	{ "4.1 below it", "mx.example", "a.mx.example", false },
	{ "4.1 above it", "mx.example", "example", false },
	{ "4.1 one label", "*.example", "mx.example", true },
	{ "4.1 no label", "*.example", "example", false },
	{ "4.1 two labels", "*.example", "a.mx.example", false },
	{ "4.1 another end", "*.example", "mx.example.net", false },
	{ "4.1 a part of a label", "*.example", "mxexample", false },
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char *mx[] = { (char *)"other.example.org",
			(char *)names[i].pattern };
		struct sts_policy p = { .mx = mx, .n = 2 };

		if (sts_policy_names(&p, names[i].host) != names[i].want)
			fail_msg("%s", names[i].clause);
	}
}

static const struct {
	const char *type;
	bool want;
} types[] = {
	{ "text/plain", true },
	{ "text/plain; charset=utf-8", true },
	{ "Text/Plain ;charset=us-ascii", true },
	{ " text/plain", true },
	{ "text/html", false },
	{ "text/plainer", false },
	{ "application/octet-stream", false },
	{ "", false },
};

static void
test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(types); i++)
		if (sts_is_text_plain(slice_of(types[i].type)) !=
		    types[i].want)
			fail_msg("%s", types[i].type);
}

static void
test_owner_names(void **state)
{
	char name[DNS_NAME_SIZE], domain[DNS_NAME_SIZE];

	(void)state;
	assert_true(sts_record_name("example.org", name));
	assert_string_equal(name, "_mta-sts.example.org");
	assert_true(sts_host_name("example.org", name));
	assert_string_equal(name, "mta-sts.example.org");
	for (size_t i = 0; i < 250; i++)
		domain[i] = i % 50 == 49 ? '.' : 'a';
	domain[249] = '\0';
	assert_false(sts_record_name(domain, name));
	assert_false(sts_host_name(domain, name));
}

#define HEAD "smtpsend-mta-sts 1\ndomain example.org\nid a1\nfetched 1000\n\n"
#define TEXT VERS MODE MX AGE

static const struct {
	const char *name, *file;
	bool want;
} files[] = {
	{ "whole", HEAD TEXT, true },
	{ "empty", "", false },
	{ "no policy", HEAD, false },
	{ "another version", "smtpsend-mta-sts 2\ndomain example.org\nid a1\n"
	    "fetched 1000\n\n" TEXT, false },
	{ "of another domain", "smtpsend-mta-sts 1\ndomain example.com\n"
	    "id a1\nfetched 1000\n\n" TEXT, false },
	{ "a bad id", "smtpsend-mta-sts 1\ndomain example.org\nid a-1\n"
	    "fetched 1000\n\n" TEXT, false },
	{ "an id and more", "smtpsend-mta-sts 1\ndomain example.org\n"
	    "id a;x=y\nfetched 1000\n\n" TEXT, false },
	{ "no time", "smtpsend-mta-sts 1\ndomain example.org\nid a1\n"
	    "fetched -5\n\n" TEXT, false },
	{ "a huge time", "smtpsend-mta-sts 1\ndomain example.org\nid a1\n"
	    "fetched 9999999999999999999\n\n" TEXT, false },
	{ "no empty line", "smtpsend-mta-sts 1\ndomain example.org\nid a1\n"
	    "fetched 1000\n" TEXT, false },
	{ "a broken policy", HEAD MODE MX AGE, false },
};

static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct sts_entry e;
		struct buf again = { 0 };
		bool good = sts_entry_parse(slice_of(files[i].file),
		    "example.org", &e);

		if (good != files[i].want)
			fail_msg("%s", files[i].name);
		if (good) {
			assert_int_equal(sts_entry_expires(&e), 87400);
			sts_entry_put(&again, "example.org", &e, SLICE(TEXT));
			assert_string_equal(buf_str(&again), files[i].file);
		}
		sts_entry_free(&e);
		buf_free(&again);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_too_many_records),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_owner_names),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
