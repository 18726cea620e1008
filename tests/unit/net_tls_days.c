/* SPDX-License-Identifier: ISC */
/* What came of TLS, in a file a day (spool/tls_days.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/remove_all.h"
#include "spool/tls_days.h"

#define DAY 20000 /* 2024-10-04 */

static char spool[64];

static int
make_spool(void **state)
{
	(void)state;
	snprintf(spool, sizeof spool, "/tmp/tls-days-XXXXXX");
	return mkdtemp(spool) ? 0 : -1;
}

static int
remove_spool(void **state)
{
	(void)state;
	remove_all(spool);
	return 0;
}

static void
must_append(int64_t day, enum tls_days_file file, const char *lines)
{
	struct outcome why;

	if (!tls_days_append(spool, day, file, slice_of(lines), &why))
		fail_msg("%s", why.text);
}

static void
must_read(int64_t day, enum tls_days_file file, const char *want)
{
	struct buf out = { 0 };
	struct outcome why;

	if (!tls_days_read(spool, day, file, &out, &why))
		fail_msg("%s", why.text);
	assert_string_equal(buf_str(&out), want);
	buf_free(&out);
}

static void
test_appended(void **state)
{
	struct stat st;
	char path[128];

	(void)state;
	must_read(DAY, TLS_DAYS_COUNTS, "");
	must_append(DAY, TLS_DAYS_COUNTS, "a\n");
	must_append(DAY, TLS_DAYS_COUNTS, "b\nc\n");
	must_append(DAY, TLS_DAYS_SENT, "*\n");
	must_append(DAY + 1, TLS_DAYS_COUNTS, "d\n");
	must_read(DAY, TLS_DAYS_COUNTS, "\na\n\nb\nc\n");
	must_read(DAY, TLS_DAYS_SENT, "\n*\n");
	must_read(DAY + 1, TLS_DAYS_COUNTS, "\nd\n");
	snprintf(path, sizeof path, "%s/tlsrpt/2024-10-04.counts", spool);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(path, sizeof path, "%s/tlsrpt", spool);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

/* Lines of several never mix, and none is lost. */
static void
test_at_once(void **state)
{
	enum { WRITERS = 4, TIMES = 200, LENGTH = 5000 };
	char line[LENGTH + 1];
	struct buf out = { 0 };
	struct outcome why;
	struct slice rest, one;
	size_t n = 0;

	(void)state;
	for (int k = 0; k < WRITERS; k++) {
		if (fork() != 0)
			continue;
		memset(line, 'a' + k, LENGTH);
		line[LENGTH - 1] = '\n';
		for (int i = 0; i < TIMES; i++)
			if (!tls_days_append(spool, DAY, TLS_DAYS_COUNTS,
			    (struct slice){ line, LENGTH }, &why))
				_exit(1);
		_exit(0);
	}
	for (int k = 0, status; k < WRITERS; k++) {
		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_true(tls_days_read(spool, DAY, TLS_DAYS_COUNTS, &out, &why));
	rest = buf_slice(&out);
	while (slice_cut(&rest, '\n', &one)) {
		if (one.n == 0)
			continue;
		assert_int_equal(one.n, LENGTH - 1);
		for (size_t i = 1; i < one.n; i++)
			assert_int_equal(one.p[i], one.p[0]);
		n++;
	}
	assert_int_equal(n, WRITERS * TIMES);
	buf_free(&out);
}

static void
test_listed(void **state)
{
	int64_t day[4];
	char path[128];

	(void)state;
	assert_int_equal(tls_days_list(spool, 0, day, 4), 0);
	must_append(DAY + 2, TLS_DAYS_COUNTS, "a\n");
	must_append(DAY, TLS_DAYS_COUNTS, "a\n");
	must_append(DAY + 1, TLS_DAYS_SENT, "a\n"); /* alone */
	must_append(DAY + 3, TLS_DAYS_COUNTS, "a\n");
	snprintf(path, sizeof path, "%s/tlsrpt/2024-10-04.counts~", spool);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(tls_days_list(spool, 0, day, 4), 3);
	assert_int_equal(day[0], DAY);
	assert_int_equal(day[2], DAY + 3);
	assert_int_equal(tls_days_list(spool, DAY + 2, day, 1), 1);
	assert_int_equal(tls_days_list(spool, 0, day, 4), 2);
	assert_int_equal(day[0], DAY + 2);
	assert_int_equal(access(path, F_OK), 0);
}

static void
test_one_at_a_time(void **state)
{
	struct outcome why;
	int fd = tls_days_lock(spool, &why);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(tls_days_lock(spool, &why), -1);
	assert_int_equal(why.stage, STAGE_NONE);
	close(fd);
	fd = tls_days_lock(spool, &why);
	assert_true(fd >= 0);
	close(fd);
}

/* Each fault is said, in words that name the folder. */
static void
test_faults(void **state)
{
	char path[128];
	struct buf out = { 0 };
	struct outcome why = { 0 };

	(void)state;
	must_append(DAY, TLS_DAYS_COUNTS, "a\n");
	snprintf(path, sizeof path, "%s/tlsrpt/2024-10-04.counts", spool);
	assert_int_equal(truncate(path, TLS_DAYS_OCTETS + 1), 0);
	assert_false(tls_days_append(spool, DAY, TLS_DAYS_COUNTS,
	    SLICE("b\n"), &why));
	assert_non_null(strstr(why.text, "/tlsrpt: cannot write: "));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(tls_days_append(spool, DAY, TLS_DAYS_COUNTS,
	    SLICE("b\n"), &why));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_false(tls_days_append(spool, DAY, TLS_DAYS_COUNTS,
	    SLICE("b\n"), &why));
	assert_false(tls_days_read(spool, DAY, TLS_DAYS_COUNTS, &out, &why));
	assert_false(tls_days_append("/nonexistent", DAY, TLS_DAYS_COUNTS,
	    SLICE("b\n"), &why));
	assert_int_equal(tls_days_lock("/nonexistent", &why), -1);
	assert_int_equal(why.stage, STAGE_SYSTEM);
	buf_free(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_spool, remove_spool)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_appended),
		TEST(test_at_once),
		TEST(test_listed),
		TEST(test_one_at_a_time),
		TEST(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
