/* SPDX-License-Identifier: ISC */
/*
 * plain.c - a run of plain text is what it is said to be, and what is made of
 * text does not depend on whether it was found.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/compat.h"
#include "mail/encode.h"
#include "mail/plain.h"
#include "mail/scan.h"

#define LONG 6000

/* Lines of most octets at most, with CRLF or LF. */
static struct slice
lines_of(char text[LONG], size_t size, size_t most, const char *end)
{
	size_t left = 0, n = 0;

	while (n < size)
		if (left == 0) {
			n += strlen(end);
			if (n > size)
				n = size;
			else
				memcpy(text + n - strlen(end), end,
				    strlen(end));
			left = 1 + (size_t)random() % most;
		} else {
			text[n++] = (char)('a' + random() % 26);
			left--;
		}
	return (struct slice){ text, n };
}

/* Octets of the sort that matters, here and there. */
static void
damage(char *text, size_t n, unsigned times)
{
	static const char odd[] = { '\0', '\r', '\n', '.', '\x80', 'x' };

	for (unsigned i = 0; n > 0 && i < times; i++)
		text[(size_t)random() % n] = odd[(unsigned)random() %
		    sizeof odd];
}

/* By the definition in plain.h, octet by octet. */
static void
check_run(struct slice in, bool strictly, const struct plain *run)
{
	size_t bare = 0, line = 0;
	bool high = false;

	assert_true(run->n <= in.n);
	assert_true(run->n == 0 || in.p[run->n - 1] == '\n');
	for (size_t i = 0; i < run->n; i++) {
		char c = in.p[i], before = i > 0 ? in.p[i - 1] : '\n';

		assert_true(c != '\0');
		assert_true(before != '\r' || c == '\n');
		assert_false(strictly && before == '\n' && c == '.');
		bare += c == '\n' && before != '\r';
		high = high || c & 0x80;
		line = before == '\n' ? 1 : line + 1;
		assert_true(line <= 998 + 2);
	}
	assert_true(!strictly || bare == 0);
	assert_int_equal(run->bare, bare);
	assert_true(run->eight_bit || !high);
}

static void
test_a_run_is_plain(void **state)
{
	static const char *const ends[] = { "\r\n", "\n" };
	char text[LONG];

	(void)state;
	srandom(5);
	for (unsigned round = 0; round < 4000; round++) {
		size_t size = (size_t)random() % LONG;
		struct slice in = lines_of(text, size,
		    round % 3 ? 90 : 1200, ends[round % 2]);
		bool strictly = round & 2;
		struct plain run;

		damage(text, in.n, (unsigned)random() % 4);
		run = plain_find(in, strictly);
		check_run(in, strictly, &run);
	}
}

/* Without damage nearly all is found: what is left fits into two windows. */
static void
test_it_is_found(void **state)
{
	char text[LONG];

	(void)state;
	srandom(6);
	for (unsigned round = 0; round < 1000; round++) {
		struct slice in = lines_of(text, LONG, 200, "\r\n");

		in = slice_from(in, slice_find(in, '\n') + 1);
		assert_true(plain_find(in, true).n > in.n - 960);
		assert_false(plain_find(in, true).eight_bit);
	}
}

/* The whole at once, where runs are found, and octet by octet. */
static void
check_encoding(struct slice in, bool dots)
{
	struct encoder e = { .dots = dots }, slow = { .dots = dots };
	struct buf a = { 0 }, b = { 0 };

	encode(&e, in, &a);
	encode_finish(&e, &a);
	for (size_t i = 0; i < in.n; i++)
		encode(&slow, slice_first(slice_from(in, i), 1), &b);
	encode_finish(&slow, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(buf_slice(&a).p, buf_slice(&b).p, a.n);
	buf_free(&a);
	buf_free(&b);
}

static void
check_facts(struct slice in)
{
	struct scan s = { 0 }, slow = { 0 };
	size_t longest;

	scan_feed(&s, in);
	scan_finish(&s);
	for (size_t i = 0; i < in.n; i++)
		scan_feed(&slow, slice_first(slice_from(in, i), 1));
	scan_finish(&slow);
	longest = slow.longest_line;
	assert_int_equal(s.size, slow.size);
	assert_int_equal(s.length, slow.length);
	assert_int_equal(s.eight_bit, slow.eight_bit);
	assert_int_equal(s.has_cr, slow.has_cr);
	assert_int_equal(s.nuls, slow.nuls);
	assert_int_equal(longest > 998 ? longest : 0,
	    s.longest_line > 998 ? s.longest_line : 0);
}

static void
test_it_makes_no_difference(void **state)
{
	static const char *const ends[] = { "\r\n", "\n", "\n." , "\r\n.." };
	char text[LONG];

	(void)state;
	srandom(7);
	for (unsigned round = 0; round < 2000; round++) {
		size_t size = (size_t)random() % LONG;
		struct slice in = lines_of(text, size,
		    round % 5 ? 120 : 1500, ends[(unsigned)random() % 4]);

		damage(text, in.n, (unsigned)random() % 6);
		check_encoding(in, round & 1);
		check_facts(in);
	}
}

/* On both sides of the longest line, and at the edge of what is looked at. */
static void
test_long_lines(void **state)
{
	char text[LONG];

	(void)state;
	for (size_t n = 940; n < 1010; n++)
		for (size_t before = 0; before < 500; before += 31) {
			struct slice in = { text, LONG };

			memset(text, 'x', LONG);
			for (size_t at = before; at + 2 <= LONG; at += n + 2)
				memcpy(text + at, "\r\n", 2);
			text[LONG - 1] = '\n';
			text[LONG - 2] = '\r';
			check_facts(in);
		}
}

/* A text of little but empty lines has more of them than an octet can count. */
static void
test_empty_lines(void **state)
{
	char text[LONG];

	(void)state;
	for (unsigned dense = 1; dense < 300; dense++) {
		struct slice in = { text, LONG };
		struct plain run;

		memset(text, '\n', LONG);
		for (size_t at = 0; at < LONG; at += dense)
			text[at] = 'x';
		run = plain_find(in, false);
		assert_true(dense == 1 || run.n > LONG - 960);
		check_run(in, false, &run);
		check_facts(in);
	}
}

static void
test_where_to_look_again(void **state)
{
	(void)state;
	assert_int_equal(plain_retry(SLICE("ab\ncd\nef"), 0), 3);
	assert_int_equal(plain_retry(SLICE("ab\ncd\nef"), 2), 3);
	assert_int_equal(plain_retry(SLICE("ab\ncd\nef"), 3), 6);
	assert_int_equal(plain_retry(SLICE("ab\ncd\nef"), 6), 8);
	assert_int_equal(plain_retry(SLICE("ab\ncd\nef"), 99), 8);
	assert_int_equal(plain_retry(SLICE("\n"), 0), 1);
}

/* All of it once more, as on a machine without them. */
static void
test_without_wide_vectors(void **state)
{
	static const char off[] = "glibc.cpu.hwcaps=-AVX2";
	pid_t child;
	int status;

	(void)state;
	if (!has_wide_vectors())
		return;
	child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		setenv("GLIBC_TUNABLES", off, 1);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execl("/proc/self/exe", "plain", (char *)NULL);
		_exit(127);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_run_is_plain),
		cmocka_unit_test(test_it_is_found),
		cmocka_unit_test(test_it_makes_no_difference),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_empty_lines),
		cmocka_unit_test(test_where_to_look_again),
		cmocka_unit_test(test_without_wide_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
