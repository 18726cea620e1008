/* SPDX-License-Identifier: ISC */
/* net_input.c - every kind of input a message may come from (FAULTS row 79). */
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/input.h"

#define LARGE (3 * INPUT_MEMORY + 12345)
#define FROM(file) (&(struct input_options){ .path = (file), .dots = DOTS_END })

static char
octet(uint64_t i)
{
	return (char)('a' + (i * 31 + i / 977) % 26);
}

/* Run input_read with fd as standard input (-1: closed); closes fd. */
static bool
read_stdin(struct input *in, int fd, enum input_dots dots, struct outcome *why)
{
	int saved = fcntl(0, F_DUPFD_CLOEXEC, 10);
	bool ok;

	if (fd >= 0) {
		assert_int_equal(dup2(fd, 0), 0);
		close(fd);
	} else {
		close(0);
	}
	ok = input_read(in, &(struct input_options){ .dots = dots }, why);
	close(0);
	if (saved >= 0) {
		dup2(saved, 0);
		close(saved);
	}
	return ok;
}

/* A pipe that already holds text, with nobody at the other end. */
static int
pipe_with(const char *text, size_t n)
{
	int fd[2];

	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	assert_int_equal(write(fd[1], text, n), n);
	close(fd[1]);
	return fd[0];
}

static void
make_file(char path[32], size_t n)
{
	FILE *f;
	int fd;

	strncpy(path, "/tmp/net_input.XXXXXX", 32);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	for (size_t i = 0; i < n; i++)
		putc(octet(i), f);
	fclose(f);
}

/* Walk the input by blocks; every octet from `skip` on must be as made. */
static void
assert_octets(const struct input *in, uint64_t skip, uint64_t length)
{
	char block[CONTENT_BLOCK];
	struct outcome why;
	struct slice s;
	uint64_t at = 0;

	assert_int_equal(in->content.length, length);
	do {
		assert_true(content_read(&in->content, at, block, &s, &why));
		for (size_t i = 0; i < s.n; i++)
			if (s.p[i] != octet(skip + at + i))
				fail_msg("octet %zu differs", (size_t)at + i);
		at += s.n;
	} while (s.n > 0);
	assert_int_equal(at, length);
}

static const struct {
	const char *name, *text, *want[3]; /* one per enum input_dots */
} dots[] = {
	{ "none", "hi\n", { "hi\n", "hi\n", "hi\n" } },
	{ "last", "hi\n.\n", { "hi\n.\n", "hi\n.\n", "hi\n" } },
	{ "last, CRLF", "hi\r\n.\r\n",
	    { "hi\r\n.\r\n", "hi\r\n.\r\n", "hi\r\n" } },
	{ "last, no newline", "hi\n.", { "hi\n.", "hi\n.", "hi\n" } },
	{ "in the middle", "a\n.\nb\n", { "a\n.\nb\n", "a\n.\nb\n",
	    "a\n.\nb\n" } },
	{ "two", "a\n.\n.\n", { "a\n.\n.\n", "a\n.\n.\n", "a\n.\n" } },
	{ "not alone", "end.\n", { "end.\n", "end.\n", "end.\n" } },
	{ "double", "a\n..\n", { "a\n..\n", "a\n..\n", "a\n..\n" } },
	{ "only", ".\n", { ".\n", ".\n", NULL } },
	{ "then empty line", "a\n.\n\n", { "a\n.\n\n", "a\n.\n\n",
	    "a\n.\n\n" } },
};

static void
test_dots_on_a_pipe(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3 * sizeof dots / sizeof *dots; i++) {
		const char *text = dots[i / 3].text;
		const char *want = dots[i / 3].want[i % 3];
		struct outcome why = { 0 };
		struct input in;
		bool ok = read_stdin(&in, pipe_with(text, strlen(text)),
		    (enum input_dots)(i % 3), &why);

		if (!want) {
			assert_false(ok);
			assert_string_equal(why.text, "the message is empty");
		} else {
			assert_true(ok);
			assert_int_equal(in.content.fd, -1);
			assert_int_equal(in.content.length, strlen(want));
			assert_true(slice_eq(in.content.memory,
			    slice_of(want)));
		}
		input_free(&in);
	}
}

static void
assert_fails(int fd, const char *path, enum verdict verdict, enum stage stage,
    const char *text)
{
	struct outcome why = { 0 };
	struct input in;

	if (path)
		assert_false(input_read(&in, FROM(path), &why));
	else
		assert_false(read_stdin(&in, fd, DOTS_END, &why));
	assert_string_equal(why.text, text);
	assert_int_equal(why.verdict, verdict);
	assert_int_equal(why.stage, stage);
	input_free(&in);
}

static void
test_what_cannot_be_read(void **state)
{
	int type = O_RDONLY | O_CLOEXEC;

	(void)state;
	assert_fails(pipe_with("", 0), NULL, FAILED, STAGE_MESSAGE,
	    "the message is empty");
	assert_fails(-1, "/dev/null", FAILED, STAGE_MESSAGE,
	    "the message is empty");
	assert_fails(open("/tmp", type), NULL, FAILED, STAGE_OPEN,
	    "standard input is a directory");
	assert_fails(-1, NULL, FAILED, STAGE_OPEN, "standard input is closed");
	assert_fails(-1, "/nonexistent/x", FAILED, STAGE_OPEN, "cannot read "
	    "message file /nonexistent/x: No such file or directory");
	assert_fails(-1, "/tmp", FAILED, STAGE_OPEN,
	    "cannot read message file /tmp: it is a directory");
	/* reading our own memory at 0 is an I/O error */
	assert_fails(open("/proc/self/mem", type), NULL, FAILED, STAGE_READ,
	    "reading standard input: Input/output error");
	assert_fails(-1, "/proc/self/mem", FAILED, STAGE_READ,
	    "reading message file /proc/self/mem: Input/output error");
}

static void
test_no_descriptors_left(void **state)
{
	struct rlimit old, none;
	struct outcome why = { 0 };
	struct input in;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	bool ok = input_read(&in, FROM("/dev/null"), &why);

	setrlimit(RLIMIT_NOFILE, &old);
	assert_false(ok);
	assert_int_equal(why.verdict, DEFERRED);
	assert_int_equal(why.stage, STAGE_SYSTEM);
	input_free(&in);
}

static void
test_nul_and_no_last_newline(void **state)
{
	static const char text[] = "a\0b\n\0";
	struct outcome why;
	struct input in;

	(void)state;
	assert_true(read_stdin(&in, pipe_with(text, 5), DOTS_END, &why));
	assert_int_equal(in.content.length, 5);
	assert_memory_equal(buf_slice(&in.memory).p, text, 5);
	input_free(&in);
}

static void
write_all_octets(int fd, size_t n)
{
	for (size_t at = 0; at < n;) {
		char some[5000];
		size_t k = 0;

		while (k < sizeof some && at + k < n) {
			some[k] = octet(at + k);
			k++;
		}
		if (write(fd, some, k) != (ssize_t)k)
			_exit(1);
		at += k;
	}
}

/* A pipe that a child fills with n octets. */
static int
pipe_of(size_t n, pid_t *child)
{
	int fd[2];

	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	*child = fork();
	assert_true(*child >= 0);
	if (*child == 0) {
		close(fd[0]);
		signal(SIGPIPE, SIG_DFL);
		write_all_octets(fd[1], n);
		_exit(0);
	}
	close(fd[1]);
	return fd[0];
}

static void
test_large_pipe_is_spilled(void **state)
{
	static const size_t sizes[] = { INPUT_MEMORY, INPUT_MEMORY + 1, LARGE };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct outcome why;
		struct stat st;
		struct input in;
		pid_t child;
		int fd = pipe_of(sizes[i], &child);

		assert_true(read_stdin(&in, fd, DOTS_END, &why));
		assert_int_equal(in.content.fd >= 0, sizes[i] > INPUT_MEMORY);
		assert_octets(&in, 0, sizes[i]);
		if (in.content.fd >= 0) {
			assert_int_equal(fstat(in.content.fd, &st), 0);
			assert_int_equal(st.st_nlink, 0);
			assert_int_equal(st.st_mode & 0777, 0600);
			assert_int_equal(fcntl(in.content.fd, F_GETFD),
			    FD_CLOEXEC);
			assert_int_equal(in.memory.n, 0);
			assert_int_equal(in.content.stamp, 0);
		}
		input_free(&in);
		waitpid(child, NULL, 0);
	}
}

/* A folder that is not there is passed over; what is there is not lost. */
static void
test_other_places_to_spill(void **state)
{
	struct outcome why;
	struct input in;
	pid_t child;

	(void)state;
	setenv("TMPDIR", "/nonexistent", 1);
	assert_true(read_stdin(&in, pipe_of(LARGE, &child), DOTS_END, &why));
	waitpid(child, NULL, 0);
	unsetenv("TMPDIR");
	assert_octets(&in, 0, LARGE);
	input_free(&in);
}

static void
test_no_room_to_spill(void **state)
{
	struct rlimit old, small;
	pid_t child;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 2 * INPUT_MEMORY;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_fails(pipe_of(LARGE, &child), NULL, FAILED, STAGE_SYSTEM,
	    "no room for a large message: /var/tmp: File too large; "
	    "/tmp: File too large; memory: File too large");
	waitpid(child, NULL, 0);
	setrlimit(RLIMIT_FSIZE, &old);
}

static bool
never(struct slice front)
{
	assert_int_equal(front.n, INPUT_MEMORY);
	return false;
}

/* What cannot be right is not read to its end, which may be none. */
static void
test_input_without_end(void **state)
{
	struct input_options limits[] = {
		{ .has_header = never, .path = "/dev/zero" },
		{ .max_size = 5 * INPUT_MEMORY, .path = "/dev/zero" },
		{ .max_size = 100, .path = "/dev/zero" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct outcome why = { 0 };
		struct input in;

		assert_false(input_read(&in, &limits[i], &why));
		assert_int_equal(why.verdict, FAILED);
		assert_int_equal(why.stage, STAGE_MESSAGE);
		assert_int_equal(outcome_exit(&why), 65);
		input_free(&in);
	}
}

/* Of a file that is used where it lies only what was asked for. */
static void
test_max_size_of_a_file(void **state)
{
	char path[32];
	struct outcome why;
	struct input in;

	(void)state;
	make_file(path, LARGE);
	for (uint64_t more = 0; more < 2; more++) {
		struct input_options o = { .path = path,
			.max_size = LARGE - 1 + more };

		assert_int_equal(input_read(&in, &o, &why), more == 1);
		input_free(&in);
	}
	unlink(path);
}

/* The file is not copied; a message may begin inside it, as in a shell loop. */
static void
test_large_file_stays_in_place(void **state)
{
	struct outcome why;
	struct stat mine, its;
	struct input in;
	char path[32];

	(void)state;
	make_file(path, LARGE);
	assert_true(input_read(&in, FROM(path), &why));
	assert_octets(&in, 0, LARGE);
	assert_int_equal(stat(path, &mine), 0);
	assert_int_equal(fstat(in.content.fd, &its), 0);
	assert_int_equal(mine.st_ino, its.st_ino);
	input_free(&in);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(lseek(fd, 1000, SEEK_SET), 1000);
	assert_true(read_stdin(&in, dup(fd), DOTS_END, &why));
	assert_octets(&in, 1000, LARGE - 1000);
	assert_int_equal(in.content.offset, 1000);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), LARGE);
	input_free(&in);
	close(fd);
	unlink(path);
}

static void
test_small_file_is_read(void **state)
{
	struct outcome why;
	struct input in;
	char path[32];

	(void)state;
	make_file(path, 5000);
	assert_true(input_read(&in, FROM(path), &why));
	assert_int_equal(in.content.fd, -1);
	unlink(path);
	assert_octets(&in, 0, 5000);
	input_free(&in);
}

/* FAULTS row 49. */
static void
test_file_that_changes(void **state)
{
	char path[32], block[CONTENT_BLOCK];
	struct outcome why = { 0 };
	struct slice s;
	struct input in;

	(void)state;
	for (int shorter = 0; shorter < 2; shorter++) {
		const struct timespec past[2] = { { .tv_sec = 1 },
			{ .tv_sec = 1 } };

		make_file(path, LARGE);
		assert_true(input_read(&in, FROM(path), &why));
		assert_true(content_read(&in.content, 0, block, &s, &why));
		if (shorter)
			assert_int_equal(truncate(path, 100), 0);
		else
			utimensat(AT_FDCWD, path, past, 0);
		assert_false(content_read(&in.content, s.n, block, &s, &why));
		assert_string_equal(why.text, shorter
		    ? "the message file became shorter while it was being read"
		    : "the message file changed while it was being read");
		assert_int_equal(why.stage, STAGE_READ);
		assert_int_equal(why.verdict, DEFERRED);
		input_free(&in);
		unlink(path);
	}
}

/* Somebody at a terminal types this; what is read of it? */
static void
type(const char *text, enum input_dots how, const char *want)
{
	int saved = fcntl(0, F_DUPFD_CLOEXEC, 10), master, slave;
	struct outcome why = { 0 };
	struct termios tio;
	struct input in;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	tcgetattr(slave, &tio);
	tio.c_lflag &= (tcflag_t)~ECHO;
	tcsetattr(slave, TCSANOW, &tio);
	assert_int_equal(write(master, text, strlen(text)), strlen(text));
	dup2(slave, 0);
	close(slave);
	assert_true(input_read(&in,
	    &(struct input_options){ .dots = how }, &why));
	assert_string_equal(buf_str(&in.memory), want);
	input_free(&in);
	close(0);
	close(master);
	if (saved >= 0) {
		dup2(saved, 0);
		close(saved);
	}
}

static void
test_terminal(void **state)
{
	(void)state;
	type("hi\n.\nmore\n\4", DOTS_END_TYPING, "hi\n");
	type("hi\n.\nmore\n\4", DOTS_END, "hi\n");
	type("hi\n.\nmore\n\4", DOTS_ARE_CONTENT, "hi\n.\nmore\n");
	type("hi\n..\nx.\n\4", DOTS_END, "hi\n..\nx.\n");
	/* ^D after a letter ends a read, not the line */
	type("x\4.\nhi\n\4", DOTS_END, "x.\nhi\n");
}

static void
test_non_blocking_pipe(void **state)
{
	struct outcome why;
	struct input in;
	pid_t child;
	int fd = pipe_of(300000, &child);

	(void)state;
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	assert_true(read_stdin(&in, fd, DOTS_END, &why));
	assert_octets(&in, 0, 300000);
	input_free(&in);
	waitpid(child, NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dots_on_a_pipe),
		cmocka_unit_test(test_what_cannot_be_read),
		cmocka_unit_test(test_no_descriptors_left),
		cmocka_unit_test(test_nul_and_no_last_newline),
		cmocka_unit_test(test_large_pipe_is_spilled),
		cmocka_unit_test(test_other_places_to_spill),
		cmocka_unit_test(test_no_room_to_spill),
		cmocka_unit_test(test_input_without_end),
		cmocka_unit_test(test_max_size_of_a_file),
		cmocka_unit_test(test_large_file_stays_in_place),
		cmocka_unit_test(test_small_file_is_read),
		cmocka_unit_test(test_file_that_changes),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_non_blocking_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
