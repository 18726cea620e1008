/* SPDX-License-Identifier: ISC */
/*
 * cli_import.c - other programs' configurations, and what becomes of them.
 *
 * tests/import/FORMAT-NAME.case has "== PATH" before the text of each file, the
 * first one is given to the reader; "== want" before lines that must stand in
 * the output in this order; "== never" before words that may not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/leftover.h"
#include "config/config.h"
#include "import/import.h"
#include "net/file.h"

#define CASES "tests/import/*.case"
#define PARTS 12

struct part {
	char path[128];
	struct slice text;
};

struct parts {
	struct part v[PARTS];
	size_t n;
};

/* "== NAME" lines and what follows each. */
static void
split(struct slice text, struct parts *parts)
{
	struct slice line;

	parts->n = 0;
	while (slice_cut(&text, '\n', &line)) {
		struct part *p;

		if (slice_starts(line, SLICE("== "))) {
			assert_true(parts->n < PARTS);
			p = &parts->v[parts->n++];
			snprintf(p->path, sizeof p->path, "%.*s",
			    (int)line.n - 3, line.p + 3);
			p->text = (struct slice){ text.p, 0 };
		} else if (text.p) {
			p = &parts->v[parts->n - 1];
			p->text.n = (size_t)(text.p - p->text.p);
		}
	}
}

static const struct part *
find_part(const struct parts *parts, const char *path)
{
	for (size_t i = 0; i < parts->n; i++)
		if (strcmp(parts->v[i].path, path) == 0)
			return &parts->v[i];
	return NULL;
}

/* A part that says "(unreadable)" alone is a file that may not be read. */
static bool
load_part(void *ctx, const char *path, struct buf *out)
{
	const struct part *p = find_part(ctx, path);

	if (p && !slice_eq(slice_trim(p->text), SLICE("(unreadable)")))
		return buf_put(out, p->text);
	errno = p ? EACCES : ENOENT;
	return false;
}

/* All cases are looked at before the test fails. */
static unsigned failures;

#define wrong(...) \
	do { \
		print_error(__VA_ARGS__); \
		print_error("\n"); \
		failures++; \
	} while (0)

static void
assert_parses(const char *name, const char *text)
{
	struct config c = { 0 };
	struct settings s;
	struct buf says = { 0 };

	options_init(&s, "smtpsend");
	if (!config_parse(&c, "f", slice_of(text), &s, &says) ||
	    config_finish(&c, &s, &says) != 0)
		wrong("%s: %s\n%s", name, buf_str(&says), text);
	if (settings_clash(&s))
		wrong("%s: %s\n%s", name, settings_clash(&s), text);
	buf_free(&says);
	config_free(&c);
}

/* The lines of want, each somewhere after the one before. */
static void
assert_wanted(const char *name, const char *made, struct slice want)
{
	struct slice line;
	const char *at = made;

	while (slice_cut(&want, '\n', &line)) {
		char text[512];

		if (line.n == 0)
			continue;
		snprintf(text, sizeof text, "\n%.*s", (int)line.n, line.p);
		at = strstr(at, text);
		if (!at) {
			wrong("%s: no '%s' in\n%s", name, text + 1, made);
			return;
		}
		at++;
	}
}

static void
assert_without(const char *name, const char *made, struct slice never)
{
	struct slice line;

	while (slice_cut(&never, '\n', &line)) {
		char text[512];

		snprintf(text, sizeof text, "%.*s", (int)line.n, line.p);
		if (line.n > 0 && strstr(made, text))
			wrong("%s: '%s' in\n%s", name, text, made);
	}
}

static struct slice
format_part(const char *file)
{
	const char *name = strrchr(file, '/') + 1;

	return slice_first(slice_of(name), slice_find(slice_of(name), '-'));
}

static void
check(const char *file)
{
	enum import_format format = import_format_named(format_part(file));
	struct parts parts;
	struct import_source source = { load_part, &parts };
	struct buf text = { 0 }, out = { 0 };
	const struct part *never;

	assert_true(file_read(file, &text));
	split(buf_slice(&text), &parts);
	if (import_recognise(parts.v[0].path, parts.v[0].text) != format)
		wrong("%s: not recognised", file);
	import_convert(format, parts.v[0].path, parts.v[0].text, &source, &out);
	assert_parses(file, buf_str(&out));
	assert_non_null(find_part(&parts, "want"));
	assert_wanted(file, buf_str(&out), find_part(&parts, "want")->text);
	never = find_part(&parts, "never");
	if (never)
		assert_without(file, buf_str(&out), never->text);
	buf_free(&text);
	buf_free(&out);
}

static void
test_files(void **state)
{
	size_t n[IMPORT_NFORMATS] = { 0 };
	glob_t found;

	(void)state;
	assert_int_equal(glob(CASES, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		check(found.gl_pathv[i]);
		n[import_format_named(format_part(found.gl_pathv[i]))]++;
	}
	globfree(&found);
	assert_int_equal(failures, 0);
	for (size_t i = 0; i < IMPORT_NFORMATS; i++)
		assert_true(n[i] >= 10);
}

static void
test_recognised(void **state)
{
	static const struct {
		const char *path, *text;
		enum import_format want;
	} cases[] = {
		{ "x", "# a\naccount b\n", IMPORT_MSMTP },
		{ "x", "\r\nmailhub=b\r\n", IMPORT_SSMTP },
		{ "x", "SMARTHOST b\n", IMPORT_DMA },
		{ "/etc/nullmailer", "", IMPORT_NULLMAILER },
		{ "/etc/nullmailer/", "", IMPORT_NULLMAILER },
		{ "/etc/nullmailer/remotes", "", IMPORT_NULLMAILER },
		{ "x", "identity a@b\n", IMPORT_ESMTP },
		{ "x", "relayhost = b\n", IMPORT_POSTFIX },
		{ "/a/.esmtprc", "account b\n", IMPORT_ESMTP },
		{ "x", "accounts\nhost b\n", IMPORT_NFORMATS },
		{ "x", "", IMPORT_NFORMATS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(import_recognise(cases[i].path,
		    slice_of(cases[i].text)), cases[i].want);
	assert_int_equal(import_format_named(SLICE("MSMTP")), IMPORT_MSMTP);
	assert_int_equal(import_format_named(SLICE("mail")), IMPORT_NFORMATS);
}

/* A file below root, and the folders on the way. */
static void
make_file(const char *root, const char *path)
{
	char full[256];

	snprintf(full, sizeof full, "%s%s", root, path);
	for (char *p = full + strlen(root) + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
		*p = '/';
	}
	assert_int_equal(fclose(fopen(full, "w")), 0);
}

static void
test_leftover(void **state)
{
	static const char *const files[] = {
		"/var/spool/postfix/deferred/A/A1B2",
		"/var/spool/postfix/hold/C3",
		"/var/spool/postfix/active/.keep",
		"/var/spool/postfix/pid/master",
		"/var/spool/exim4/input/1abc-H",
		"/var/spool/exim4/input/1abc-D",
		"/var/spool/dma/Q1", "/var/spool/dma/M1",
		"/var/spool/nullmailer/queue/.none",
	};
	char root[] = "/tmp/import.XXXXXX", command[64];
	struct buf out = { 0 };
	const char *text;

	(void)state;
	assert_non_null(mkdtemp(root));
	leftover_put(&out, root);
	assert_int_equal(out.n, 0);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		make_file(root, files[i]);
	leftover_put(&out, root);
	text = buf_str(&out);
	assert_non_null(strstr(text, "Postfix, /var/spool/postfix/deferred: 2 "
	    "messages.  Send them first: "));
	assert_non_null(strstr(text, "/var/spool/exim4/input: 1 message.  "));
	assert_non_null(strstr(text, "/var/spool/dma: 1 message.  "));
	assert_non_null(strstr(text, "/var/spool/nullmailer/queue: empty\n"));
	buf_free(&out);
	snprintf(command, sizeof command, "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

static void
write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* text, with folder for its %s. */
static void
put_text(char *out, size_t size, const char *text, const char *folder)
{
	const char *at = strstr(text, "%s");

	if (at)
		snprintf(out, size, "%.*s%s%s", (int)(at - text), text, folder,
		    at + 2);
	else
		snprintf(out, size, "%s", text);
}

static bool
load_file(void *ctx, const char *path, struct buf *out)
{
	(void)ctx;
	return file_read(path, out);
}

/* What the command that the output shows would write. */
static void
run_command(const char *made, char *out, size_t size)
{
	const char *from = strstr(made, "umask 077; ");
	const char *to = from ? strstr(from, " >") : NULL;
	char command[1024];
	FILE *f;
	size_t n;

	out[0] = '\0';
	if (!to)
		return;
	snprintf(command, sizeof command, "%.*s", (int)(to - from), from);
	f = popen(command, "r");
	assert_non_null(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	pclose(f);
}

static const struct password {
	enum import_format format;
	const char *file;
	const char *text;	/* %s is the folder */
	const char *other, *other_text;
	const char *want;
} passwords[] = {
	{ IMPORT_MSMTP, "it's", "account a\nhost h\nauth on\nuser u\n"
	    "  password \"a b\\1&/'\"\r\n", NULL, NULL, "a b\\1&/'\n" },
	{ IMPORT_MSMTP, "rc", "account a\nhost h\nauth on\nuser u\n"
	    "password\tx\n", NULL, NULL, "x\n" },
	{ IMPORT_MSMTP, "rc", "account a\nhost h\nauth on\nuser u\n"
	    "passwordeval \"echo a   'b  c'\"\n", NULL, NULL,
	    "a b  c\n" },
	{ IMPORT_SSMTP, "c", "mailhub=h\nAuthUser=u\n"
	    "authPASS = a=b:c#d\n", NULL, NULL, "a=b:c\n" },
	{ IMPORT_DMA, "c", "SMARTHOST h\nAUTHPATH %s/auth\n", "auth",
	    "# x\nu|h:a:b|c\n", "a:b|c\n" },
	{ IMPORT_NULLMAILER, "", "", "remotes",
	    "h smtp --user=u --pass=a=b --ssl\n", "a=b\n" },
	{ IMPORT_NULLMAILER, "", "", "remotes",
	    "h smtp user=u pass='my pass phrase' starttls\n",
	    "my pass phrase\n" },
	{ IMPORT_NULLMAILER, "", "", "remotes",
	    "h smtp tls user=u '--pass=a \"b' source=h\n",
	    "a \"b\n" },
	{ IMPORT_NULLMAILER, "", "", "remotes",
	    "h smtp tls user=u pass=\"it's\"\n", "it's\n" },
	{ IMPORT_ESMTP, "c", "username u password \"a 'b\" "
	    "hostname h starttls = required\n", NULL, NULL,
	    "a 'b\n" },
	{ IMPORT_ESMTP, "c", "hostname h\nusername u\n"
	    "password=x # y\n", NULL, NULL, "x\n" },
	{ IMPORT_ESMTP, "c", "hostname h\nusername u\n"
	    "password = 'a \"b'\r\n", NULL, NULL, "a \"b\n" },
	{ IMPORT_POSTFIX, "c", "relayhost = [h]:587\n"
	    "smtp_sasl_auth_enable = yes\n"
	    "smtp_sasl_password_maps = hash:%s/pw\n", "pw",
	    "[h]:587   u@x:a:b c\r\n", "a:b c\n" },
	{ IMPORT_POSTFIX, "c", "relayhost = h\n"
	    "smtp_sasl_auth_enable = yes\n"
	    "smtp_sasl_password_maps = static:u:a:b\n", NULL, NULL,
	    "a:b\n" },
};

static void
test_passwords(void **state)
{
	char folder[] = "/tmp/import.XXXXXX", path[128], text[512], got[128];
	const struct import_source source = { .load = load_file };
	struct buf out = { 0 };

	(void)state;
	failures = 0;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++) {
		const struct password *c = &passwords[i];

		put_text(text, sizeof text, c->text, folder);
		snprintf(path, sizeof path, "%s/%s", folder, c->file);
		if (c->file[0])
			write_file(folder, c->file, text);
		if (c->other)
			write_file(folder, c->other, c->other_text);
		buf_clear(&out);
		import_convert(c->format, path, slice_of(text), &source,
		    &out);
		run_command(buf_str(&out), got, sizeof got);
		if (strcmp(got, c->want) != 0)
			wrong("password %zu: '%s', not '%s'\n%s", i, got,
			    c->want, buf_str(&out));
	}
	buf_free(&out);
	snprintf(text, sizeof text, "rm -rf %s", folder);
	assert_int_equal(system(text), 0);
	assert_int_equal(failures, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_recognised),
		cmocka_unit_test(test_leftover),
		cmocka_unit_test(test_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
