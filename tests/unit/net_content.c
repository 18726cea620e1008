/* SPDX-License-Identifier: ISC */
/* net_content.c - octets in memory and in their file (FAULTS row 49). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/content.h"

#define HEAD 100
#define BODY (2 * CONTENT_BLOCK + 77)

static char whole[HEAD + BODY];

static int
file_of_whole(void)
{
	char path[] = "/tmp/net_content.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	for (size_t i = 0; i < sizeof whole; i++)
		whole[i] = (char)(i * 13 + i / 255);
	assert_int_equal(write(fd, whole, sizeof whole), sizeof whole);
	return fd;
}

static void
assert_blocks(const struct content *m)
{
	static const struct {
		uint64_t at;
		size_t n;
	} reads[] = { { 0, CONTENT_BLOCK }, { 1, CONTENT_BLOCK },
		{ CONTENT_BLOCK, CONTENT_BLOCK }, { 2 * CONTENT_BLOCK, 77 },
		{ BODY - 1, 1 }, { BODY, 0 }, { BODY + 5, 0 } };
	static char block[CONTENT_BLOCK];
	struct outcome why;
	struct slice s;

	for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
		assert_true(content_read(m, reads[i].at, block, &s, &why));
		assert_int_equal(s.n, reads[i].n);
		if (s.n > 0)
			assert_memory_equal(s.p, whole + HEAD + reads[i].at,
			    s.n);
	}
}

static void
test_reads_blocks(void **state)
{
	int fd = file_of_whole();
	struct content in_file = { .fd = fd, .offset = HEAD, .length = BODY };
	struct content in_memory = { .fd = -1, .length = BODY,
		.memory = { whole + HEAD, BODY } };

	(void)state;
	assert_blocks(&in_file);
	assert_blocks(&in_memory);
	close(fd);
}

static void
test_file_that_shrinks(void **state)
{
	static char block[CONTENT_BLOCK];
	int fd = file_of_whole();
	struct content m = { .fd = fd, .offset = HEAD, .length = BODY };
	struct outcome why = { 0 };
	struct slice s;

	(void)state;
	assert_int_equal(ftruncate(fd, HEAD + BODY - 1), 0);
	assert_true(content_read(&m, 0, block, &s, &why));
	assert_false(content_read(&m, 2 * CONTENT_BLOCK, block, &s, &why));
	assert_int_equal(why.verdict, DEFERRED);
	assert_int_equal(why.stage, STAGE_READ);
	close(fd);
}

static void
test_file_that_changes(void **state)
{
	static char block[CONTENT_BLOCK];
	int fd = file_of_whole();
	struct content m = { .fd = fd, .offset = HEAD, .length = BODY,
		.stamp = 12345 };
	struct outcome why = { 0 };
	struct slice s;

	(void)state;
	assert_false(content_read(&m, 0, block, &s, &why));
	assert_int_equal(why.verdict, DEFERRED);
	assert_int_equal(why.stage, STAGE_READ);
	assert_string_equal(why.text,
	    "the message file changed while it was being read");
	close(fd);
}

static void
test_read_error(void **state)
{
	static char block[CONTENT_BLOCK];
	struct content m = { .fd = 999, .length = 10 };
	struct outcome why = { 0 };
	struct slice s;

	(void)state;
	assert_false(content_read(&m, 0, block, &s, &why));
	assert_int_equal(why.verdict, DEFERRED);
	assert_int_equal(why.stage, STAGE_READ);
	assert_string_equal(why.text,
	    "reading the message file: Bad file descriptor");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_blocks),
		cmocka_unit_test(test_file_that_shrinks),
		cmocka_unit_test(test_file_that_changes),
		cmocka_unit_test(test_read_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
