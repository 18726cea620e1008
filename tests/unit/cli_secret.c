/* SPDX-License-Identifier: ISC */
/* cli_secret.c - secrets from real files and commands, in our own folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/remove_all.h"
#include "config/secret.h"
#include "config/secret_parts.h"
#include "net/clock.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void
write_file(const char *name, mode_t mode, const char *p, size_t n)
{
	int fd;

	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* Read it; the words of a failure never hold what was read. */
static bool
reads(const struct relay_spec *r, struct secret *s, struct outcome *why)
{
	bool ok = secret_read(r, s, why);

	if (ok)
		return true;
	assert_int_equal(why->verdict, DEFERRED);
	assert_int_equal(why->stage, STAGE_CONFIG);
	assert_int_equal(outcome_exit(why), 78);
	assert_null(strstr(why->text, "canary"));
	assert_null(s->room);
	return false;
}

static void
check(const struct relay_spec *r, const char *name, const char *want,
    const char *want_why)
{
	struct secret s = { 0 };
	struct outcome why = { 0 };

	if (reads(r, &s, &why)) {
		if (!want || strcmp(s.text, want) != 0 || s.n != strlen(want))
			fail_msg("%s: \"%s\"", name, s.text);
	} else if (want || !strstr(why.text, want_why)) {
		fail_msg("%s: %s", name, why.text);
	}
	secret_wipe(&s);
	assert_null(s.room);
}

#define TEXT(lit) (lit), sizeof(lit) - 1

static const struct {
	const char *name;
	mode_t mode;
	const char *content;
	size_t n;
	const char *want, *why;
} contents[] = {
	{ "a line", 0600, TEXT("canary\n"), "canary", NULL },
	{ "no line end", 0400, TEXT("canary"), "canary", NULL },
	{ "CRLF", 0640, TEXT("canary\r\nmore\n"), "canary", NULL },
	{ "blanks count", 0440, TEXT(" canary \n"), " canary ", NULL },
	{ "a NUL behind", 0600, TEXT("canary\n\0"), "canary", NULL },
	{ "a NUL", 0600, TEXT("can\0ary\n"), NULL, "NUL or CR" },
	{ "a CR", 0600, TEXT("canary\rRSET\n"), NULL, "NUL or CR" },
	{ "empty", 0600, TEXT(""), NULL, "nothing in its first line" },
	{ "empty line", 0600, TEXT("\ncanary\n"), NULL, "nothing in" },
	{ "others read", 0644, TEXT("canary\n"), NULL,
	    "password-file pw: its mode is 0644, but others must not read it" },
	{ "group writes", 0660, TEXT("canary\n"), NULL, "mode is 0660" },
	{ "executable", 0700, TEXT("canary\n"), NULL, "mode is 0700" },
};

static void
test_file(void **state)
{
	struct relay_spec r = { .name = "work", .secret = SECRET_FILE,
		.secret_from = "pw" };

	(void)state;
	for (size_t i = 0; i < COUNT(contents); i++) {
		write_file("pw", contents[i].mode, contents[i].content,
		    contents[i].n);
		check(&r, contents[i].name, contents[i].want,
		    contents[i].why);
	}
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

static void
test_no_file(void **state)
{
	struct relay_spec r = { .name = "work", .secret = SECRET_FILE };

	(void)state;
	check(&r, "not given", NULL, "relay work: it is not said where");
	r.secret_from = "missing";
	check(&r, "missing", NULL, "password-file missing: No such file");
	r.secret_from = ".";
	check(&r, "folder", NULL, "not a regular file");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	r.secret_from = "fifo";
	check(&r, "fifo", NULL, "not a regular file");
	r.secret_from = "/dev/null";
	check(&r, "device", NULL, "not a regular file");
	if (geteuid() == 0) {
		write_file("foreign", 0600, TEXT("canary\n"));
		assert_int_equal(chown("foreign", 12345, 0), 0);
		r.secret_from = "foreign";
		check(&r, "foreign", NULL, "belongs to user 12345");
		assert_int_equal(chown("foreign", 0, 0), 0);
		check(&r, "ours", "canary", NULL);
	}
}

/* 12 KB and more are read whole; what does not fit is refused, not cut. */
static void
test_large(void **state)
{
	struct relay_spec r = { .name = "work", .secret = SECRET_FILE,
		.secret_from = "large" };
	static char text[SECRET_ROOM + 1];

	(void)state;
	memset(text, 'x', sizeof text);
	write_file("large", 0600, text, 12288);
	text[12288] = '\0';
	check(&r, "12 KB", text, NULL);
	r.secret = SECRET_TOKEN;
	r.secret_from = "cat large";
	check(&r, "a token of 12 KB", text, NULL);
	text[12288] = 'x';
	write_file("large", 0600, text, sizeof text);
	check(&r, "printed", NULL, "token-command cat: it printed more than");
	r.secret = SECRET_FILE;
	r.secret_from = "large";
	check(&r, "too large", NULL, "password-file large: File too large");
	write_file("large", 0600, text, SECRET_ROOM - 1);
	check(&r, "one too many", NULL, "password-file large: File too large");
	write_file("large", 0600, text, SECRET_ROOM - 2);
	text[SECRET_ROOM - 2] = '\0';
	check(&r, "as much as can be", text, NULL);
}

static const struct {
	const char *command;
	bool shell;
	const char *want, *why;
} commands[] = {
	{ "echo canary", false, "canary", NULL },
	{ "printf '%s\\n' canary more", false, "canary", NULL },
	{ "printf \"can'%s'\" a\\ ry", false, "can'a ry'", NULL },
	{ "printf %s 'a\"b\\' \"c\\\"\\\\\\d\" e\"\"f ''", false,
	    "a\"b\\c\"\\\\def", NULL },
	{ "echo $HOME;x", false, "$HOME;x", NULL },
	{ "echo can; echo more", true, "can", NULL },
	{ "tr a-z A-Z <<E\ncanary\nE", true, "CANARY", NULL },
	{ "cat", false, NULL, "password-command cat: nothing in its first" },
	{ "echo canary; exit 3", true, NULL,
	    "password-command echo: exit status 3" },
	{ "echo canary >&2; exit 1", true, NULL, "exit status 1" },
	{ "echo canary; kill -9 $$", true, NULL, "killed by a signal" },
	{ "no-such-command canary", false, NULL,
	    "password-command no-such-command: not found" },
	{ "/dev/null canary", false, NULL, "exit status 126" },
	{ "printf 'can\\0ary'", false, NULL, "NUL or CR" },
	{ "echo 'canary", false, NULL, "a quote that does not end" },
	{ " \t", false, NULL, "no command" },
	/* what goes on in the background is not waited for */
	{ "sleep 20 & echo canary", true, "canary", NULL },
	/* no descriptor of ours, and none of stdin */
	{ "ls /proc/self/fd | tr '\\n' ' '", true, "0 1 2 3 ", NULL },
	{ "readlink /proc/self/fd/0", false, "/dev/null", NULL },
};

static void
test_command(void **state)
{
	struct relay_spec r = { .name = "work", .secret = SECRET_COMMAND };
	int64_t start = clock_now();
	int leaked = open("/dev/null", O_RDONLY);

	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		r.secret_from = commands[i].command;
		r.secret_shell = commands[i].shell;
		check(&r, commands[i].command, commands[i].want,
		    commands[i].why);
	}
	close(leaked);
	assert_true(clock_now() - start < SECONDS(15));
}

/* Short of descriptors: at each one that starting a command takes. */
static void
test_command_without_descriptors(void **state)
{
	struct relay_spec r = { .name = "work", .secret = SECRET_COMMAND,
		.secret_from = "echo canary" };
	struct rlimit all, few;
	struct command c;
	struct outcome why;
	rlim_t free = (rlim_t)open("/dev/null", O_RDONLY);
	size_t tries = 0;
	bool ok;

	(void)state;
	close((int)free);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	do {
		few = (struct rlimit){ free + tries, all.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		ok = command_start(&c, &r, clock_now(), &why);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
		if (ok)
			break;
		assert_int_equal(outcome_exit(&why), 75);
		assert_string_equal(why.text, "password-command echo: cannot "
		    "start it: Too many open files");
	} while (++tries < 10);
	command_stop(&c);
	assert_int_equal(tries, 3);
}

/* One turn of a loop for both; true while the first is busy. */
static bool
turn(struct secret_job *slow, struct secret_job *quick, struct wait *w,
    enum secret_state *state)
{
	struct outcome why;
	int64_t now = clock_now();
	bool busy = secret_step(slow, w, now, &why) == SECRET_BUSY;

	if (*state == SECRET_BUSY)
		*state = secret_step(quick, w, now, &why);
	if (*state != SECRET_BUSY)
		return busy;
	wait_clear(w);
	secret_wait(slow, now, w);
	secret_wait(quick, now, w);
	wait_poll(w, now);
	return busy;
}

/* A slow command delays no other, and is killed when nobody wants it. */
static void
test_side_by_side(void **state)
{
	struct relay_spec one = { .name = "slow", .secret = SECRET_COMMAND,
		.secret_from = "sleep 20 & sleep 20", .secret_shell = true };
	struct relay_spec two = { .name = "quick", .secret = SECRET_COMMAND,
		.secret_from = "echo canary" };
	int64_t start = clock_now();
	struct secret_job *slow = secret_start(&one, false, start);
	struct secret_job *quick = secret_start(&two, false, start);
	enum secret_state got = SECRET_BUSY;
	struct wait w = { 0 };

	(void)state;
	while (got == SECRET_BUSY)
		assert_true(turn(slow, quick, &w, &got));
	assert_int_equal(got, SECRET_READY);
	assert_string_equal(secret_of(quick)->text, "canary");
	secret_free(quick);
	secret_free(slow);
	wait_free(&w);
	errno = 0;
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	assert_true(clock_now() - start < SECONDS(15));
}

/* Time is a parameter: 30 seconds later it is late, and over. */
static void
test_late(void **state)
{
	struct relay_spec r = { .name = "slow", .secret = SECRET_COMMAND,
		.secret_from = "sleep 20" };
	int64_t start = clock_now();
	struct secret_job *j = secret_start(&r, false, start);
	struct wait w = { 0 };
	struct outcome why;

	(void)state;
	assert_int_equal(secret_step(j, &w, start + SECONDS(30) - 1, &why),
	    SECRET_BUSY);
	assert_int_equal(secret_step(j, &w, start + SECONDS(30), &why),
	    SECRET_REFUSED);
	assert_non_null(strstr(why.text, "within 30 seconds"));
	assert_int_equal(outcome_exit(&why), 78);
	secret_free(j);
}

static void
test_too_many_words(void **state)
{
	char text[200], *argv[4], *space;

	(void)state;
	snprintf(text, sizeof text, "a b  'c d'");
	assert_true(secret_split(text, argv, 3, &space));
	assert_string_equal(argv[2], "c d");
	assert_null(argv[3]);
	free(space);
	assert_false(secret_split(text, argv, 2, &space));
	free(space);
}

static void
test_credential(void **state)
{
	struct relay_spec r = { .name = "work", .secret = SECRET_CREDENTIAL,
		.secret_from = "pw" };
	char here[4096];

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	check(&r, "no folder", NULL, "CREDENTIALS_DIRECTORY is not set");
	assert_non_null(getcwd(here, sizeof here));
	setenv("CREDENTIALS_DIRECTORY", here, 1);
	write_file("pw", 0400, TEXT("canary"));
	check(&r, "credential", "canary", NULL);
	write_file("pw", 0444, TEXT("canary"));
	check(&r, "mode", NULL, "mode is 0444");
	r.secret_from = "../pw";
	check(&r, "a slash", NULL, "not the name of a credential");
	r.secret_from = "..";
	check(&r, "dots", NULL, "not the name of a credential");
	r.secret_from = "none";
	check(&r, "missing", NULL, "none: No such file");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static const char netrc[] =
    "# machine mx.example login nobody password canary0\n"
    "machine other.example login x password canary1\n"
    "macdef init\nmachine mx.example login m password canary2\n\n"
    "machine MX.example\n\tlogin joe account a\n\tpassword #canary3\n"
    "machine mx.example login \"j o\\\"e\" password \"can \\\\ary4\"\n"
    "machine nopass.example login joe\n"
    "machine lf.example login joe password \"can\nary\"\n"
    "machine user.example login \"j\noe\" password canary5\n";

static const struct {
	const char *host, *user;
	const char *want, *want_user, *why;
} entries[] = {
	{ "mx.example", NULL, "#canary3", "joe", NULL },
	{ "Mx.Example", "joe", "#canary3", "", NULL },
	{ "mx.example", "j o\"e", "can \\ary4", "", NULL },
	{ "other.example", NULL, "canary1", "x", NULL },
	{ "mx.example", "bob", NULL, NULL,
	    "netrc netrc: no password for machine mx.example login bob" },
	{ "nopass.example", NULL, NULL, NULL,
	    "no password for machine nopass.example" },
	{ "lf.example", NULL, NULL, NULL, "LF in it" },
	{ "user.example", NULL, NULL, NULL, "login cannot be used" },
	{ "no.example", NULL, NULL, NULL, "no password for machine no.exa" },
};

static void
test_netrc(void **state)
{
	struct relay_spec r = { .name = "work", .secret = SECRET_NETRC,
		.secret_from = "netrc" };

	(void)state;
	write_file("netrc", 0600, TEXT(netrc));
	for (size_t i = 0; i < COUNT(entries); i++) {
		struct secret s = { 0 };
		struct outcome why = { 0 };

		r.host = entries[i].host;
		r.user = entries[i].user;
		check(&r, r.host, entries[i].want, entries[i].why);
		if (entries[i].want && reads(&r, &s, &why))
			assert_string_equal(s.user, entries[i].want_user);
		secret_wipe(&s);
	}
	r.host = "h.example";
	write_file("netrc", 0600, TEXT("machine h.example password "
	    "\"can\\a\\r\\\\y\" login joe"));
	check(&r, "backslashes", "canar\\y", NULL);
	write_file("netrc", 0600, TEXT("machine h.example password \"canary"));
	check(&r, "no end", "canary", NULL);
	write_file("netrc", 0600, TEXT("machine h.example password "
	    "\"canary\\"));
	check(&r, "a backslash at the end", "canary\\", NULL);
	write_file("netrc", 0600, TEXT("machine h.example password \"\""));
	check(&r, "empty", NULL, "nothing in its first line");
	write_file("netrc", 0644, TEXT(netrc));
	check(&r, "mode", NULL, "netrc netrc: its mode is 0644");
	write_file("netrc", 0600, TEXT("default login a password canary6"));
	check(&r, "default", "canary6", NULL);
}

/* --explain and -bC: what can be seen without running a command. */
static const struct {
	const char *name;
	enum secret_kind kind;
	const char *from, *user;
	enum auth_method auth;
	const char *why; /* NULL = in order */
} checks[] = {
	{ "nobody", SECRET_NONE, NULL, NULL, AUTH_ANY, NULL },
	{ "no password", SECRET_NONE, NULL, "joe", AUTH_PLAIN,
	    "relay work: user joe has no password" },
	{ "EXTERNAL", SECRET_NONE, NULL, "joe", AUTH_EXTERNAL, NULL },
	{ "GSSAPI", SECRET_NONE, NULL, "joe", AUTH_GSSAPI, NULL },
	{ "a file", SECRET_FILE, "secret", "joe", AUTH_ANY, NULL },
	{ "a file for all", SECRET_FILE, "open", "joe", AUTH_ANY,
	    "password-file open: its mode is 0644" },
	{ "no file", SECRET_FILE, "none", "joe", AUTH_ANY, "No such file" },
	{ "netrc", SECRET_NETRC, "secret", "joe", AUTH_ANY,
	    "no password for machine h.example login joe" },
	{ "a command", SECRET_COMMAND, "touch ran", "joe", AUTH_ANY, NULL },
	{ "a token", SECRET_TOKEN, "touch ran", "joe", AUTH_ANY, NULL },
	{ "a credential", SECRET_CREDENTIAL, "x", "joe", AUTH_ANY, NULL },
};

static void
test_check(void **state)
{
	struct outcome why;

	(void)state;
	write_file("secret", 0600, TEXT("canary"));
	write_file("open", 0644, TEXT("canary"));
	for (size_t i = 0; i < COUNT(checks); i++) {
		struct relay_spec r = { .name = "work", .host = "h.example",
			.secret = checks[i].kind, .user = checks[i].user,
			.secret_from = checks[i].from,
			.auth = checks[i].auth };

		if (secret_check(&r, &why) != !checks[i].why ||
		    (checks[i].why && !strstr(why.text, checks[i].why)))
			fail_msg("%s: %s", checks[i].name, why.text);
	}
	assert_int_equal(access("ran", F_OK), -1);
}

static void
test_none(void **state)
{
	struct relay_spec r = { .name = "work", .secret = SECRET_NONE };
	struct secret s = { 0 };
	struct outcome why = { 0 };

	(void)state;
	assert_true(secret_read(&r, &s, &why));
	assert_null(s.text);
	secret_wipe(&s);
}

#define NOW 1000000000

static const struct {
	const char *name, *out, *want; /* NULL = refused */
	int64_t expires;
} outputs[] = {
	{ "alone", "ya29.can-ary\n", "ya29.can-ary", 0 },
	{ "first line", "  abc \nmore\n", "abc", 0 },
	{ "CRLF", "abc\r\n", "abc", 0 },
	{ "blank inside", "abc def\n", NULL, 0 },
	{ "empty", "\n", NULL, 0 },
	{ "control", "a\x01" "b\n", NULL, 0 },
	{ "RFC 6749", "{\n \"access_token\" : \"abc\",\n"
	    " \"token_type\":\"Bearer\", \"expires_in\":3600 }\n", "abc",
	    NOW + 3600 },
	{ "as a string", "{\"expires_in\":\"60\",\"access_token\":\"abc\"}",
	    "abc", NOW + 60 },
	{ "az", "{\"accessToken\":\"abc\",\"expiresOn\":\"2026-01-01 1:2\","
	    "\"expires_on\":1767225600}", "abc", 1767225600 },
	{ "a time", "{\"access_token\":\"abc\","
	    "\"expiry\":\"2024-02-29T12:34:56.789Z\"}", "abc", 1709210096 },
	{ "the epoch", "{\"access_token\":\"abc\","
	    "\"expiry\":\"1970-01-01T00:00:01Z\"}", "abc", 1 },
	{ "local time", "{\"access_token\":\"abc\","
	    "\"expiry\":\"2024-02-29T12:34:56+01:00\"}", "abc", 0 },
	{ "no end", "{\"access_token\":\"a\\/b\"}", "a/b", 0 },
	{ "nested", "{\"x\":{\"access_token\":\"no\",\"y\":[\"}\",1,{}]},"
	    "\"z\":[],\"access_token\":\"abc\",\"n\":null,\"t\":true}", "abc",
	    0 },
	{ "only nested", "{\"x\":{\"access_token\":\"no\"}}", NULL, 0 },
	{ "an error", "{\"error\":\"invalid_grant\"}", NULL, 0 },
	{ "not a string", "{\"access_token\":{\"a\":1}}", NULL, 0 },
	{ "a LF", "{\"access_token\":\"a\nb\"}", NULL, 0 },
	{ "cut", "{\"access_token\":\"abc\"", NULL, 0 },
	{ "cut string", "{\"access_token\":\"abc", NULL, 0 },
	{ "cut nest", "{\"x\":[[\"", NULL, 0 },
	{ "no colon", "{\"access_token\" \"abc\"}", NULL, 0 },
	{ "empty object", "{}", NULL, 0 },
	{ "brace", "{", NULL, 0 },
	/* strings are decoded */
	{ "escapes", "{\"access_\\u0074oken\":"
	    "\"a\\u002b\\u002Fb\\/c\\\\\\\"\"}",
	    "a+/b/c\\\"", 0 },
	{ "a character", "{\"x\":\"\\ud83d\\ude00\\u00e4\\u20ac\","
	    "\"access_token\":\"abc\"}", "abc", 0 },
	{ "no ASCII", "{\"access_token\":\"\\u00e4\"}", NULL, 0 },
	{ "a half", "{\"access_token\":\"abc\",\"x\":\"\\ud83d\"}", NULL, 0 },
	{ "another half", "{\"access_token\":\"abc\",\"x\":\"\\ude00\"}",
	    NULL, 0 },
	{ "two halves", "{\"access_token\":\"abc\",\"x\":\"\\ud83d\\u0041\"}",
	    NULL, 0 },
	{ "a wrong half", "{\"access_token\":\"abc\",\"x\":\"\\ud83d\\ue000\"}",
	    NULL, 0 },
	{ "no escape", "{\"access_token\":\"a\\xb\"}", NULL, 0 },
	{ "no hex", "{\"access_token\":\"a\\u00g0\"}", NULL, 0 },
	{ "NUL", "{\"access_token\":\"a\\u0000b\"}", NULL, 0 },
	{ "CR", "{\"access_token\":\"a\\rb\"}", NULL, 0 },
	{ "a TAB as it is", "{\"access_token\":\"abc\",\"x\":\"\t\"}", NULL,
	    0 },
	{ "no UTF-8", "{\"access_token\":\"abc\",\"x\":\"\xff\"}", NULL, 0 },
	/* what is no string is no token */
	{ "null", "{\"access_token\":null}", NULL, 0 },
	{ "true", "{\"access_token\":true}", NULL, 0 },
	{ "a number", "{\"access_token\":12345}", NULL, 0 },
	{ "an array", "{\"access_token\":[\"abc\"]}", NULL, 0 },
	{ "a second", "{\"access_token\":\"abc\",\"access_token\":\"d\"}", NULL,
	    0 },
	{ "an empty one", "{\"access_token\":\"\"}", NULL, 0 },
	{ "jq", "\"a\\u002bb\"\n", "a+b", 0 },
	{ "jq -r", "null\n", NULL, 0 },
	{ "an array of objects", "[{\"access_token\":\"abc\"}]", NULL, 0 },
	/* and what is not JSON is no answer */
	{ "more behind", "{\"access_token\":\"abc\"} x", NULL, 0 },
	{ "two texts", "{\"access_token\":\"abc\"}{}", NULL, 0 },
	{ "a comma too many", "{\"access_token\":\"abc\",}", NULL, 0 },
	{ "in an array too", "{\"access_token\":\"abc\",\"x\":[1,]}", NULL, 0 },
	{ "a comma too few", "{\"access_token\":\"abc\" \"x\":1}", NULL, 0 },
	{ "a wrong bracket", "{\"access_token\":\"abc\",\"x\":[1}}", NULL, 0 },
	{ "a bare word", "{\"access_token\":\"abc\",\"x\":yes}", NULL, 0 },
	{ "a bare key", "{access_token:\"abc\"}", NULL, 0 },
	{ "quotes of Python", "{'access_token':'abc'}", NULL, 0 },
	{ "a number with 0", "{\"access_token\":\"abc\",\"x\":01}", NULL, 0 },
	{ "a point alone", "{\"access_token\":\"abc\",\"x\":1.}", NULL, 0 },
	{ "an exponent alone", "{\"access_token\":\"abc\",\"x\":1e}", NULL, 0 },
	{ "a minus alone", "{\"access_token\":\"abc\",\"x\":-}", NULL, 0 },
	{ "numbers", "{\"access_token\":\"abc\","
	    "\"x\":[0,-1,2.5,3e4,5E-6,7.0e+8]}", "abc", 0 },
	{ "a fraction", "{\"access_token\":\"abc\",\"expires_in\":3599.5}",
	    "abc", 0 },
	{ "no seconds", "{\"access_token\":\"abc\",\"expires_in\":null}",
	    "abc", 0 },
	{ "no month", "{\"access_token\":\"abc\","
	    "\"expiry\":\"2024-13-29T12:34:56Z\"}", "abc", 0 },
	{ "no hour", "{\"access_token\":\"abc\","
	    "\"expiry\":\"2024-12-29T24:34:56Z\"}", "abc", 0 },
	{ "no fraction", "{\"access_token\":\"abc\","
	    "\"expiry\":\"2024-12-29T23:34:56.Z\"}", "abc", 0 },
};

/* Each output, and all its beginnings, at the very end of its memory. */
static void
test_token_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(outputs); i++) {
		size_t all = strlen(outputs[i].out);
		struct token t = { 0 };

		for (size_t n = 0; n <= all; n++) {
			char *copy = malloc(n + 1);
			bool ok;

			assert_non_null(copy);
			memcpy(copy, outputs[i].out, n);
			ok = token_parse(copy, n, NOW, &t);
			if (n == all && (ok != (outputs[i].want != NULL) ||
			    (ok && !slice_eq(t.text,
			        slice_of(outputs[i].want))) ||
			    (ok && t.expires != outputs[i].expires)))
				fail_msg("%s: %.*s, %lld", outputs[i].name,
				    (int)t.text.n, t.text.p,
				    (long long)t.expires);
			free(copy);
		}
	}
}

static void
test_depth(void **state)
{
	char text[200];
	struct token t;
	size_t n;

	(void)state;
	for (size_t depth = 62; depth < 66; depth++) {
		n = (size_t)snprintf(text, sizeof text,
		    "{\"access_token\":\"abc\",\"x\":");
		memset(text + n, '[', depth);
		memset(text + n + depth, ']', depth);
		text[n + 2 * depth] = '}';
		assert_int_equal(token_parse(text, n + 2 * depth + 1, NOW, &t),
		    depth < 64);
	}
}

/* How often the command ran: it adds a line to "runs". */
static size_t
runs(void)
{
	FILE *f = fopen("runs", "r");
	size_t n = 0;

	for (int c; f && (c = getc(f)) != EOF;)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

static void
make_command(char out[256], const char *json)
{
	snprintf(out, 256, "echo >> runs; echo '%s'", json);
	unlink("runs");
}

static void
test_token_is_kept(void **state)
{
	char here[4096], command[256], other[256];
	struct relay_spec r = { .name = "work", .secret = SECRET_TOKEN,
		.user = "joe", .secret_from = command, .secret_shell = true };
	struct stat st;

	(void)state;
	assert_non_null(getcwd(here, sizeof here));
	make_command(command,
	    "{\"access_token\":\"canary8\",\"expires_in\":600}");
	unsetenv("XDG_RUNTIME_DIR");
	check(&r, "not kept", "canary8", NULL);
	check(&r, "not kept", "canary8", NULL);
	assert_int_equal(runs(), 2);

	setenv("XDG_RUNTIME_DIR", here, 1);
	for (int i = 0; i < 3; i++)
		check(&r, "kept", "canary8", NULL);
	assert_int_equal(runs(), 3);
	assert_int_equal(stat("smtpsend", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	r.user = "ann";
	check(&r, "another user", "canary8", NULL);
	assert_int_equal(runs(), 4);
	secret_forget(&r);
	check(&r, "forgotten", "canary8", NULL);
	assert_int_equal(runs(), 5);

	assert_int_equal(chmod("smtpsend", 0755), 0);
	check(&r, "a folder for all", "canary8", NULL);
	assert_int_equal(runs(), 6);
	assert_int_equal(chmod("smtpsend", 0700), 0);
	check(&r, "a folder of ours again", "canary8", NULL);
	assert_int_equal(runs(), 6);

	make_command(other, "{\"access_token\":\"canary9\",\"expires_in\":59}");
	r.secret_from = other;
	check(&r, "ends soon", "canary9", NULL);
	check(&r, "ends soon", "canary9", NULL);
	assert_int_equal(runs(), 2);
}

/* The only file in the folder of kept tokens. */
static void
kept_file(char out[300])
{
	glob_t found;

	assert_int_equal(glob("smtpsend/*", 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	snprintf(out, 300, "%s", found.gl_pathv[0]);
	globfree(&found);
}

static const struct {
	const char *name, *content;
	mode_t mode;
	const char *want;
} kept[] = {
	{ "good", "smtpsend token 2\n4000000000\nkeptcanary\n", 0600,
	    "keptcanary" },
	{ "over", "smtpsend token 2\n1000\nkeptcanary\n", 0600, "fresh" },
	{ "half", "smtpsend token 2\n4000000000\nkeptcan", 0600, "fresh" },
	{ "form", "smtpsend token 1\n4000000000\nkeptcanary\n", 0600,
	    "fresh" },
	{ "time", "smtpsend token 2\nsoon\nkeptcanary\n", 0600, "fresh" },
	{ "none", "smtpsend token 2\n4000000000\n\n", 0600, "fresh" },
	{ "empty", "", 0600, "fresh" },
	{ "mode", "smtpsend token 2\n4000000000\nkeptcanary\n", 0640,
	    "fresh" },
};

#define FRESH "echo '{\"access_token\":\"fresh\",\"expires_in\":600}'"

/* For nobody, by this command, at no host. */
static const char owner[] = "\0" FRESH "\0\0";
static const char stranger[] = "joe\0" FRESH "\0\0";

static void
write_kept(const char *file, mode_t mode, const char *content,
    const char *whose, size_t n)
{
	char text[300];
	size_t head = strlen(content);

	memcpy(text, content, head);
	memcpy(text + head, whose, n);
	write_file(file, mode, text, head + n);
}

static void
test_kept_is_checked(void **state)
{
	struct relay_spec r = { .name = "work", .secret = SECRET_TOKEN,
		.secret_from = FRESH };
	char here[4096], file[300];

	(void)state;
	assert_non_null(getcwd(here, sizeof here));
	setenv("XDG_RUNTIME_DIR", here, 1);
	assert_int_equal(remove_all("smtpsend"), 0);
	check(&r, "first", "fresh", NULL);
	kept_file(file);
	for (size_t i = 0; i < COUNT(kept); i++) {
		write_kept(file, kept[i].mode, kept[i].content, owner,
		    sizeof owner);
		check(&r, kept[i].name, kept[i].want, NULL);
	}
	write_kept(file, 0600, kept[0].content, stranger, sizeof stranger);
	check(&r, "another's of the same name", "fresh", NULL);
	write_kept(file, 0600, kept[0].content, owner, sizeof owner - 1);
	check(&r, "a cut owner", "fresh", NULL);
	write_kept("elsewhere", 0600, kept[0].content, owner, sizeof owner);
	unlink(file);
	assert_int_equal(symlink("../elsewhere", file), 0);
	check(&r, "a link", "fresh", NULL);
}

static char folder[] = "/tmp/cli_secret.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	return chdir("/") == 0 && remove_all(folder) == 0 ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_command_without_descriptors),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_too_many_words),
		cmocka_unit_test(test_credential),
		cmocka_unit_test(test_netrc),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_token_forms),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_token_is_kept),
		cmocka_unit_test(test_kept_is_checked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
