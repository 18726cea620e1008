/* SPDX-License-Identifier: ISC */
/* net_door.c - a module that cannot be opened is explained. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/door.h"
#include "net/file.h"

static const struct door relay = { "smtpsend-relay.so", "relay_module",
	"it comes with the package p" };

/* The path of the module that was built with this test. */
static void
put_built(struct buf *path)
{
	char own[4096];
	ssize_t n = readlink("/proc/self/exe", own, sizeof own);

	assert_true(n > 0 && n < (ssize_t)sizeof own);
	for (int i = 0; i < 2; i++)
		while (own[--n] != '/')
			continue;
	buf_put(path, (struct slice){ own, (size_t)n + 1 });
	buf_puts(path, relay.file);
}

/* A file with these octets; the path is the caller's. */
static char *
file_with(struct slice text)
{
	char *path = strdup("/tmp/net_door.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.n), text.n);
	close(fd);
	return path;
}

static void
assert_refused(const char *path, const struct door *d, enum stage stage,
    const char *words)
{
	struct outcome why = { 0 };

	assert_null(door_open_at(path, d, &why));
	assert_int_equal(why.stage, stage);
	assert_int_equal(why.verdict,
	    stage == STAGE_CONFIG ? FAILED : DEFERRED);
	assert_non_null(strstr(why.text, path));
	assert_non_null(strstr(why.text, words));
	if (stage == STAGE_CONFIG)
		assert_non_null(strstr(why.text, d->package));
}

static void
test_none(void **state)
{
	char *path = file_with(SLICE("no module at all\n"));

	(void)state;
	assert_refused("/nonexistent/x.so", &relay, STAGE_CONFIG,
	    "No such file or directory");
	assert_refused(path, &relay, STAGE_CONFIG, "file too short");
	unlink(path);
	free(path);
}

static void
test_the_one_that_was_built(void **state)
{
	struct buf path = { 0 };
	struct door other = relay;
	struct outcome why;

	(void)state;
	put_built(&path);
	assert_non_null(door_open_at(buf_str(&path), &relay, &why));
	other.symbol = "no_such_table";
	assert_refused(buf_str(&path), &other, STAGE_CONFIG, "another build");
	buf_free(&path);
}

/* The same but for its stamp. */
static void
test_of_another_build(void **state)
{
	struct buf path = { 0 }, text = { 0 };
	const char *build = smtpsend_build;
	char *at, *changed;

	(void)state;
	put_built(&path);
	assert_true(file_read(buf_str(&path), &text));
	at = memmem(text.base, text.n, build, strlen(build));
	assert_non_null(at);
	at[strlen(build) - 1] ^= 1;
	changed = file_with(buf_slice(&text));
	assert_refused(changed, &relay, STAGE_CONFIG, "it is of another build");
	unlink(changed);
	free(changed);
	buf_free(&path);
	buf_free(&text);
}

static void
test_shortage(void **state)
{
	struct rlimit all, none;
	struct buf path = { 0 };

	(void)state;
	put_built(&path);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = all.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_refused(buf_str(&path), &relay, STAGE_SYSTEM,
	    "Too many open files");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	buf_free(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_the_one_that_was_built),
		cmocka_unit_test(test_of_another_build),
		cmocka_unit_test(test_shortage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
