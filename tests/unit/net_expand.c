/* SPDX-License-Identifier: ISC */
/* expand.c - who gets what is for a name of this host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "local/expand.h"

static bool
is_ours(void *self, const char *domain)
{
	(void)self;
	return strcmp(domain, "box.test") == 0 ||
	    strcmp(domain, "localhost") == 0;
}

static bool
has_login(void *self, const char *name)
{
	static const char *const logins[] = { "root", "bob", "ann", "daemon" };

	(void)self;
	for (size_t i = 0; i < sizeof logins / sizeof *logins; i++)
		if (strcmp(logins[i], name) == 0)
			return true;
	return false;
}

static bool
include(void *self, const char *path, struct buf *text, struct outcome *why)
{
	(void)self;
	if (strcmp(path, "/list") == 0)
		return buf_puts(text, "ann, far@x.test\n# no\nlist\n|cmd\n");
	if (strcmp(path, "/again") == 0)
		return buf_puts(text, "bob\nagain\n");
	if (strcmp(path, "/itself") == 0)
		return buf_puts(text, "bob, :include:/itself, ann\n");
	if (strncmp(path, "/deep", 5) == 0) /* in the next, with no end */
		return buf_putf(text, ":include:%sx, ann\n", path);
	if (strncmp(path, "/wide", 5) == 0) /* twice in each */
		return buf_putf(text, ":include:%sx, :include:%sy\n", path,
		    path);
	return outcome_fail(why, DEFERRED, STAGE_OPEN, ESC(4, 3, 0),
	    "open %s: no such file", path);
}

static const char aliases[] =
    "postmaster: root\n"
    "root: admin@far.test, \\root\n"
    "bob: bob, bob@far.test\n"
    "self: self\n"
    "ring: ring2\nring2: ring3, ann\nring3: ring\n"
    "cmd: \"|/bin/cat x\", /var/log/all\n"
    "staff: list, owner@box.test, ann\n"
    "list: :include:/list\n"
    "owner-list: ann\n"
    "again: :include:/again\n"
    "itself: :include:/itself\n"
    "deep: :include:/deep\n"
    "wide: :include:/wide\n"
    "fan: f0, f0\nf0: f1, f1\nf1: f2, f2\nf2: f3, f3\nf3: f4, f4\n"
    "f4: f5, f5\nf5: f6, f6\nf6: f7, f7\nf7: f8, f8\nf8: f9, f9\n"
    "f9: fa, fa\nfa: fb, fb\nfb: fc, fc\nfc: fd, fd\nfd: fe, fe\n"
    "fe: ff, ff\nff: fg, fg\nfg: ann\n"
    "gone: error:5.1.6 moved to x\n"
    "half: :include:/nowhere, ann\n"
    "dead: :include:/nowhere\n"
    "tag+one: one@far.test\n"
    "tag: tag@far.test\n"
    "typo: nosuch@box.test, ann\n"
    "bare: elsewhere\n"
    "bad: a@b@c, ann\n"
    "daemon: \"|x\nlost: :what:\nsome: :what:, ann\nvia: lost, bob@x.test\n"
    "null: <>\n"
    "d0: d1\nd1: d2\nd2: d3\nd3: d4\nd4: d5\nd5: d6\nd6: d7\nd7: d8\n"
    "d8: d9\nd9: d10\nd10: d11\nd11: d12\nd12: d13\nd13: d14\nd14: d15\n"
    "d15: d16\nd16: d17\nd17: d18\nd18: d19\nd19: d20\nd20: d21\nd21: ann\n";

/* path[=M:login[+ext] | =A:alias.index][ from OWNER], ...; or "!5.1.1". */
static void
dump(struct buf *out, const struct expansion *x)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct local_target *t = x->v[i].local;

		buf_putf(out, "%s%s", i ? ", " : "", x->v[i].to.path);
		if (t && t->kind == LOCAL_MAILBOX)
			buf_putf(out, "=M:%s%s%s", t->name,
			    t->extension[0] ? "+" : "", t->extension);
		else if (t)
			buf_putf(out, "=A:%s.%u", t->name, t->index);
		if (x->v[i].owner)
			buf_putf(out, " from %s", x->v[i].owner);
	}
}

static const struct {
	const char *to, *want;
	const char *users_to;
	const char *extra; /* aliases in place of the others */
} rows[] = {
	{ "joe@far.test", "joe@far.test", NULL, NULL },
	{ "ann", "ann@box.test=M:ann", NULL, NULL },
	{ "ANN@LOCALHOST", "ann@box.test=M:ann", NULL, NULL },
	{ "ann+work@box.test", "ann@box.test=M:ann+work", NULL, NULL },
	{ "nobody1", "nobody1@mail.test", NULL, NULL },
	{ "nobody1@box.test", "!5.1.1", NULL, NULL },
	{ "root", "admin@far.test, root@box.test=M:root", NULL, NULL },
	{ "PostMaster@box.test", "admin@far.test, root@box.test=M:root", NULL,
	    NULL },
	{ "bob", "bob@box.test=M:bob, bob@far.test", NULL, NULL },
	{ "self", "!5.4.6", NULL, NULL },
	{ "ring", "ann@box.test=M:ann", NULL, NULL },
	{ "cmd", "cmd@box.test=A:cmd.0, cmd@box.test=A:cmd.1", NULL, NULL },
	{ "list",
	    "ann@box.test=M:ann from owner-list@box.test, "
	    "far@x.test from owner-list@box.test, "
	    "list@box.test=A:list.0 from owner-list@box.test",
	    NULL, NULL },
	{ "staff",
	    "ann@box.test=M:ann from owner-list@box.test, "
	    "far@x.test from owner-list@box.test, "
	    "list@box.test=A:list.0 from owner-list@box.test, "
	    "staff@box.test=A:staff.1",
	    NULL, NULL },
	{ "again", "bob@box.test=M:bob, bob@far.test", NULL, NULL },
	{ "itself", "bob@box.test=M:bob, bob@far.test, ann@box.test=M:ann",
	    NULL, NULL },
	{ "deep", "deep@box.test=A:deep.0, ann@box.test=M:ann", NULL, NULL },
	{ "wide", "!5.4.6", NULL, NULL },
	{ "fan", "!5.4.6", NULL, NULL },
	{ "gone", "!5.1.1", NULL, NULL },
	{ "dead", "!4.3.0", NULL, NULL },
	{ "half", "half@box.test=A:half.0, ann@box.test=M:ann", NULL, NULL },
	{ "tag+one", "one@far.test", NULL, NULL },
	{ "tag+two", "tag@far.test", NULL, NULL },
	{ "typo", "typo@box.test=A:typo.0, ann@box.test=M:ann", NULL, NULL },
	{ "bare", "elsewhere@mail.test", NULL, NULL },
	{ "bad", "bad@box.test=A:bad.0, ann@box.test=M:ann", NULL, NULL },
	{ "daemon", "daemon@box.test=M:daemon", NULL, NULL },
	{ "lost", "!4.3.5", NULL, NULL },
	{ "some", "ann@box.test=M:ann", NULL, NULL },
	{ "via", "via@box.test=A:via.0, bob@x.test", NULL, NULL },
	{ "null", "!5.1.3", NULL, NULL },
	{ "d0", "!5.4.6", NULL, NULL },
	{ "d5", "ann@box.test=M:ann", NULL, NULL },
	{ "\"ann\"@box.test", "ann@box.test=M:ann", NULL, NULL },
	{ "ann", "me@far.test", "me@far.test", NULL },
	{ "nobody1@box.test", "!5.1.1", "me@far.test", NULL },
	{ "root", "admin@far.test, root@box.test=M:root", "me@far.test", NULL },
	{ "anyone", "bob@box.test=M:bob", NULL, "*: bob\n" },
	{ "bob", "bob@box.test=M:bob", NULL, "*: ann\n" },
	{ "anyone", "*@box.test=A:*.0, x@far.test", NULL,
	  "*: other, x@far.test\n" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct expand_config c = { .file = "/etc/aliases",
			.address = { .default_domain = SLICE("mail.test"),
			    .dash = true },
			.host = "box.test",
			.users_to = rows[i].users_to,
			.delimiter = '+',
			.world = { NULL, is_ours, has_login, include } };
		struct aliases a = { 0 };
		struct expansion x = { 0 };
		struct outcome why;
		struct address to;
		struct buf got = { 0 };

		aliases_parse(&a,
		    slice_of(rows[i].extra ? rows[i].extra : aliases));
		c.aliases = &a;
		assert_true(
		    address_parse(slice_of(rows[i].to), &c.address, &to, &why));
		if (expand(&c, &to, &x, &why)) {
			dump(&got, &x);
		} else {
			assert_true(why.text[0] != '\0');
			buf_putc(&got, '!');
			esc_put(&got, why.esc);
		}
		assert_string_equal(buf_str(&got), rows[i].want);
		buf_free(&got);
		expansion_free(&x);
		address_free(&to);
		aliases_free(&a);
	}
}

static void
test_told(void **state)
{
	struct expand_config c = { .file = "/etc/aliases",
		.address = { .default_domain = SLICE("box.test") },
		.host = "box.test",
		.delimiter = '+',
		.world = { NULL, is_ours, has_login, include } };
	struct aliases a = { 0 };
	struct expansion x = { 0 };
	struct outcome why;
	struct address to;

	(void)state;
	aliases_parse(&a, slice_of(aliases));
	c.aliases = &a;
	assert_true(address_parse(SLICE("postmaster"), &c.address, &to, &why));
	assert_true(expand(&c, &to, &x, &why));
	assert_string_equal(buf_str(&x.told),
	    "postmaster: /etc/aliases:1\n"
	    "  root: /etc/aliases:2\n"
	    "    admin@far.test: by SMTP\n"
	    "    root: the mailbox of this user\n");
	expansion_free(&x);
	address_free(&to);
	aliases_free(&a);
}

/* Mailboxes by LMTP keep the extension, each a recipient of his own. */
static void
test_by_lmtp(void **state)
{
	struct expand_config c = { .file = "/etc/aliases",
		.address = { .default_domain = SLICE("box.test") },
		.host = "box.test",
		.delimiter = '-',
		.lmtp = "/run/lmtp",
		.world = { NULL, is_ours, has_login, include } };
	struct aliases a = { 0 };
	struct expansion x = { 0 };
	struct outcome why;
	struct address to;
	struct buf got = { 0 };

	(void)state;
	aliases_parse(&a, SLICE("all: ann, ann-a, ann-x, \\ann-x\n"));
	c.aliases = &a;
	assert_true(address_parse(SLICE("all"), &c.address, &to, &why));
	assert_true(expand(&c, &to, &x, &why));
	dump(&got, &x);
	assert_string_equal(buf_str(&got), "ann@box.test=M:ann, "
	    "ann-a@box.test=M:ann+a, ann-x@box.test=M:ann+x");
	assert_non_null(strstr(buf_str(&x.told),
	    "\n  ann-x: the mailbox of this user, by LMTP to /run/lmtp\n"));
	buf_free(&got);
	expansion_free(&x);
	address_free(&to);
	aliases_free(&a);
}

/* More than are allowed: nobody gets it, and the sender hears why. */
static void
test_too_many(void **state)
{
	struct expand_config c = { .file = "f",
		.host = "box.test",
		.address = { .default_domain = SLICE("box.test") },
		.world = { NULL, is_ours, has_login, include } };
	struct aliases a = { 0 };
	struct expansion x = { 0 };
	struct outcome why;
	struct address to;
	struct buf text = { 0 };

	(void)state;
	buf_puts(&text, "all: ");
	for (unsigned i = 0; i <= EXPAND_TARGETS; i++)
		buf_putf(&text, "u%u@far.test,", i);
	aliases_parse(&a, buf_slice(&text));
	c.aliases = &a;
	assert_true(address_parse(SLICE("all"), &c.address, &to, &why));
	assert_false(expand(&c, &to, &x, &why));
	assert_int_equal(why.esc.subject, 5);
	assert_int_equal(x.n, EXPAND_TARGETS);
	expansion_free(&x);
	address_free(&to);
	aliases_free(&a);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_by_lmtp),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
