/* SPDX-License-Identifier: ISC */
/* net_door.c - a relay module that cannot be opened is explained. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/buf.h"
#include "deliver/door.h"

/* Where this program looks first: beside itself. */
static void
put_path(struct buf *path)
{
	char own[4096];
	ssize_t n = readlink("/proc/self/exe", own, sizeof own);

	assert_true(n > 0 && n < (ssize_t)sizeof own);
	while (own[n - 1] != '/')
		n--;
	buf_put(path, (struct slice){ own, (size_t)n });
	buf_puts(path, RELAY_MODULE_FILE);
}

static void
test_no_module(void **state)
{
	struct outcome why = { 0 };
	struct buf path = { 0 };
	int fd;

	(void)state;
	put_path(&path);
	fd = open(buf_str(&path), O_CREAT | O_WRONLY | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "no module at all\n", 17), 17);
	close(fd);
	assert_null(door_open(&why));
	unlink(buf_str(&path));
	assert_int_equal(why.verdict, FAILED);
	assert_int_equal(why.stage, STAGE_CONFIG);
	assert_non_null(strstr(why.text, buf_str(&path)));
	assert_non_null(strstr(why.text, "libcurl4"));
	buf_free(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_module) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
