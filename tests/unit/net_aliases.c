/* SPDX-License-Identifier: ISC */
/* aliases.c - what aliases(5) files say, and where they cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "local/aliases.h"

/* name=A:target,C:target;... and behind it "!line" for each fault. */
static void
dump(struct buf *out, const struct aliases *a)
{
	static const char kinds[] = {
		[ALIAS_ADDRESS] = 'A',
		[ALIAS_MAILBOX] = 'M',
		[ALIAS_COMMAND] = 'C',
		[ALIAS_FILE] = 'F',
		[ALIAS_INCLUDE] = 'I',
		[ALIAS_ERROR] = 'E',
	};

	for (size_t i = 0; i < a->n; i++) {
		buf_putf(out, "%s%s%s=", i ? ";" : "", a->v[i].name,
		    a->v[i].is_broken ? "?" : "");
		for (size_t k = 0; k < a->v[i].n; k++)
			buf_putf(out, "%s%c:%s", k ? "," : "",
			    kinds[a->v[i].v[k].kind], a->v[i].v[k].text);
	}
	for (size_t i = 0; i < a->nfaults; i++)
		buf_putf(out, "!%u", a->fault[i].line);
}

static const struct {
	const char *text, *want;
} files[] = {
	{ "", "" },
	{ "# nothing\n\n  # here\n", "" },
	{ "root: admin@example.org\n", "root=A:admin@example.org" },
	{ "root:admin\r\nB:c", "b=A:c;root=A:admin" },
	{ "ROOT : a , b,\n\tc@d\n# between\n  ,e\nx: y\n",
	    "root=A:a,A:b,A:c@d,A:e;x=A:y" },
	{ "p: |/bin/cat\nq: \"|/bin/cat a, b \\\"c\\\" \\\\d\"\n"
	  "r: |\"/bin/cat -x, y\"\n",
	    "p=C:/bin/cat;q=C:/bin/cat a, b \"c\" \\d;r=C:/bin/cat -x, y" },
	{ "s: |exec /usr/bin/procmail -t || exit 75, me\n",
	    "s=C:exec /usr/bin/procmail -t || exit 75,A:me" },
	{ "f: /var/mail/x, \"/a b/c\", /dev/null\n",
	    "f=F:/var/mail/x,F:/a b/c,F:/dev/null" },
	{ "i: :include:/etc/list, \":include: /etc/a b\", :Include:/x\n",
	    "i=I:/etc/list,I:/etc/a b,I:/x" },
	{ "me: \\me, me@example.org, \"\\me\"\n",
	    "me=M:me,A:me@example.org,A:me" },
	{ "a: Al (of b, c) <al@x>, \"b c\"@example.org\n",
	    "a=A:Al (of b, c) <al@x>,A:\"b c\"@example.org" },
	{ "a: \"Al, the first\" <al@x>, b\n",
	    "a=A:\"Al, the first\" <al@x>,A:b" },
	{ "\"a b\": c\n\"q:r\": d\n", "a b=A:c;q:r=A:d" },
	{ "no: error:5.1.1 gone, or moved\nnope: :fail: never\n",
	    "no=E:5.1.1 gone, or moved;nope=E:never" },
	{ "*: postmaster\nowner-list: joe\n",
	    "*=A:postmaster;owner-list=A:joe" },
	{ "a: b\nA: c\n", "a=A:b!2" },
	{ "junk\nb: c\n: d\ne:\n", "b=A:c!1!3!4" },
	{ "a: b, \"c\nd: e\n", "a?=A:b;d=A:e!1" },
	{ "a: (b\nd: e\n", "a?=;d=A:e!1" },
	{ "a: :blackhole:\nb: |\nc: \"\", d\n", "a?=;b?=;c?=A:d!1!2!3" },
	{ "  a: b\nc: d\n", "c=A:d!1" },
	{ "a: b\001c\nd: \"|e\tf\"\n", "d=C:e\tf!1" },
};

static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct aliases a = { 0 };
		struct buf got = { 0 };

		aliases_parse(&a, slice_of(files[i].text));
		dump(&got, &a);
		assert_string_equal(buf_str(&got), files[i].want);
		aliases_free(&a);
		buf_free(&got);
	}
}

static void
test_targets(void **state)
{
	struct aliases a = { 0 };
	struct buf got = { 0 };

	(void)state;
	aliases_parse_targets(&a,
	    SLICE("# list\nal@x, bo\n\n"
		  "\"|/bin/cat a\"\n  cy@z\r\n\"d\n"));
	dump(&got, &a);
	assert_string_equal(buf_str(&got),
	    "?=A:al@x,A:bo,C:/bin/cat a,A:cy@z!6");
	aliases_free(&a);
	buf_free(&got);
}

static void
test_find(void **state)
{
	struct aliases a = { 0 };

	(void)state;
	assert_null(aliases_find(&a, SLICE("root")));
	aliases_parse(&a, SLICE("Root: x\n*: y\nadm: z\n"));
	assert_int_equal(aliases_find(&a, SLICE("rOOt"))->line, 1);
	assert_int_equal(aliases_find(&a, SLICE("*"))->line, 2);
	assert_int_equal(aliases_find(&a, SLICE("ADM"))->line, 3);
	assert_null(aliases_find(&a, SLICE("zz")));
	assert_null(aliases_find(&a, SLICE("")));
	aliases_free(&a);
}

/* As newaliases counts: "root" + "a, b" and "x" + "c". */
static void
test_counts(void **state)
{
	struct aliases a = { 0 };

	(void)state;
	aliases_parse(&a, SLICE("root:  a, b\nx: c\n"));
	assert_int_equal(a.n, 2);
	assert_int_equal(a.longest, 4);
	assert_int_equal(a.octets, 10);
	aliases_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
