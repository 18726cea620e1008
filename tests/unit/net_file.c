/* SPDX-License-Identifier: ISC */
/* net_file.c - files read and written whole, and whose fault it is if not. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/file.h"
#include "net/limit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* What was written is read again; what does not fit is told. */
static void
test_there_and_back(void **state)
{
	FILE *f = tmpfile();
	char path[40];
	struct buf got = { 0 }, small = { .max = 4 };

	(void)state;
	assert_non_null(f);
	assert_true(file_write(fileno(f), SLICE("")));
	assert_true(file_write(fileno(f), SLICE("one\0")));
	assert_true(file_write(fileno(f), SLICE("two")));
	snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(f));
	assert_true(file_read(path, &got));
	assert_true(slice_eq(buf_slice(&got), SLICE("one\0two")));
	assert_false(file_read(path, &small));
	assert_int_equal(errno, EFBIG);
	assert_false(file_read("/proc/self", &got));
	assert_int_equal(errno, EISDIR);
	assert_false(file_read("/nonexistent/file", &got));
	assert_int_equal(errno, ENOENT);
	buf_free(&got);
	buf_free(&small);
	fclose(f);
}

/* write(2) takes six octets and says so; only the next one is an error. */
static void
test_a_short_write_is_not_all(void **state)
{
	FILE *f = tmpfile();
	struct rlimit all, few;
	bool whole;
	int error;

	(void)state;
	assert_non_null(f);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	few = (struct rlimit){ 6, all.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
	whole = file_write(fileno(f), SLICE("seven!!"));
	error = errno;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	assert_false(whole);
	assert_int_equal(error, EFBIG);
	assert_int_equal(lseek(fileno(f), 0, SEEK_END), 6);
	fclose(f);
}

/* What this machine is short of passes; a wrong name does not. */
static const struct {
	int error;
	bool limit, file;
} errors[] = {
	{ EMFILE, true, true },
	{ ENFILE, true, true },
	{ ENOMEM, true, true },
	{ ENOBUFS, true, true },
	{ EIO, false, true },
	{ 0, false, false },
	{ ENOENT, false, false },
	{ EACCES, false, false },
	{ ENOSPC, false, false },
	{ EAGAIN, false, false },
	{ ECONNREFUSED, false, false },
};

static void
test_shortages(void **state)
{
	struct outcome why;

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		bool passes = errors[i].file;

		assert_int_equal(limit_is_shortage(errors[i].error),
		    errors[i].limit);
		assert_int_equal(file_is_shortage(errors[i].error), passes);
		assert_false(file_fail(&why, "cannot read", "x",
		    errors[i].error));
		assert_int_equal(why.verdict, passes ? DEFERRED : FAILED);
		assert_int_equal(why.stage,
		    passes ? STAGE_SYSTEM : STAGE_CONFIG);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_a_short_write_is_not_all),
		cmocka_unit_test(test_shortages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
