/* SPDX-License-Identifier: ISC */
/* net_local.c - sockets of AF_UNIX: made, taken over, handed on. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/local.h"
#include "../support/remove_all.h"

struct place {
	char dir[64];
	char path[80];
};

static int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	snprintf(p->dir, sizeof p->dir, "/tmp/net_local.XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	snprintf(p->path, sizeof p->path, "%s/submit", p->dir);
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;

	remove_all(p->dir);
	free(p);
	return 0;
}

static void
test_listens_with_its_mode(void **state)
{
	struct place *p = *state;
	struct local_peer who = { 1, 1, 1, true };
	struct outcome why;
	struct stat st;
	int fd = local_listen(p->path, 0666, &why);
	int us, them;

	assert_true(fd >= 0);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	us = local_connect(p->path);
	assert_true(us >= 0);
	assert_true(fcntl(us, F_GETFL) & O_NONBLOCK);
	them = accept(fd, NULL, NULL);
	assert_true(local_peer(them, &who));
	assert_int_equal(who.uid, getuid());
	assert_int_equal(who.gid, getgid());
	assert_int_equal(who.pid, getpid());
	close(us);
	close(them);
	close(fd);
}

static void
test_no_peer_of_another_family(void **state)
{
	struct local_peer who;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_false(local_peer(fd, &who));
	assert_false(local_peer(-1, &who));
	close(fd);
}

static void
test_one_that_died_is_replaced(void **state)
{
	struct place *p = *state;
	struct outcome why;
	int fd = local_listen(p->path, 0600, &why);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(local_connect(p->path), -1);
	assert_int_equal(errno, ECONNREFUSED);
	fd = local_listen(p->path, 0600, &why);
	assert_true(fd >= 0);
	close(fd);
}

static void
test_one_that_lives_is_not(void **state)
{
	struct place *p = *state;
	struct outcome why;
	int fd = local_listen(p->path, 0600, &why), us;

	assert_int_equal(local_listen(p->path, 0600, &why), -1);
	assert_int_equal(why.verdict, DEFERRED);
	assert_non_null(strstr(why.text, " does so already"));
	us = local_connect(p->path);
	assert_true(us >= 0);
	close(us);
	close(fd);
}

/* One whose backlog is full is alive: connect says EAGAIN. */
static void
test_full_is_alive(void **state)
{
	struct place *p = *state;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int us[2] = { -1, -1 };
	struct outcome why;

	snprintf(at.sun_path, sizeof at.sun_path, "%s", p->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 0), 0);
	us[0] = local_connect(p->path);
	us[1] = local_connect(p->path);
	assert_true(us[0] >= 0);
	assert_int_equal(us[1], -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(local_listen(p->path, 0600, &why), -1);
	assert_non_null(strstr(why.text, "in use"));
	close(us[0]);
	close(fd);
}

static void
test_what_is_no_socket_stays(void **state)
{
	struct place *p = *state;
	struct outcome why;
	struct stat st;
	int fd = open(p->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	close(fd);
	assert_int_equal(local_listen(p->path, 0600, &why), -1);
	assert_int_equal(stat(p->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
}

static void
test_no_folder_and_long_names(void **state)
{
	struct place *p = *state;
	struct outcome why;
	char name[300];

	snprintf(name, sizeof name, "%s/none/submit", p->dir);
	assert_int_equal(local_listen(name, 0600, &why), -1);
	assert_non_null(strstr(why.text, "No such file"));
	assert_int_equal(local_connect(name), -1);
	assert_int_equal(errno, ENOENT);
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	name[0] = '/';
	assert_int_equal(local_listen(name, 0600, &why), -1);
	assert_non_null(strstr(why.text, "too long"));
	assert_int_equal(local_connect(name), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

/* In a child, as systemd would start it: 3 and 4 are listening sockets. */
static int
inherit(const char *path, const char *names, const char *want, bool mine)
{
	char pid[32];
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		snprintf(pid, sizeof pid, "%ld",
		    mine ? (long)getpid() : (long)getpid() + 1);
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "2", 1);
		setenv("LISTEN_FDNAMES", names, 1);
		status = local_inherited(path, want);
		if (status >= 0 && !(fcntl(status, F_GETFD) & FD_CLOEXEC))
			status = 98;
		if (status >= 0 && !(fcntl(status, F_GETFL) & O_NONBLOCK))
			status = 99;
		_exit(status < 0 ? 77 : status);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Bound where it is, not renamed; at this descriptor. */
static void
bind_at(const char *path, int want)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 1), 0);
	if (fd == want)
		return;
	assert_int_equal(dup2(fd, want), want);
	close(fd);
}

static void
test_inherited(void **state)
{
	struct place *p = *state;
	char other[100];

	snprintf(other, sizeof other, "%s/control", p->dir);
	bind_at(p->path, 3);
	bind_at(other, 4);
	assert_int_equal(inherit(p->path, "a:b", "x", true), 3);
	assert_int_equal(inherit(other, "a:b", "x", true), 4);
	assert_int_equal(inherit("/elsewhere", "a:b", "b", true), 4);
	assert_int_equal(inherit("/elsewhere", "a:b", "x", true), 77);
	assert_int_equal(inherit("/elsewhere", "", "x", true), 77);
	assert_int_equal(inherit(p->path, "a:b", "a", false), 77);
	close(3);
	close(4);
	assert_int_equal(inherit(p->path, "a:b", "a", true), 77);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_listens_with_its_mode),
		cmocka_unit_test(test_no_peer_of_another_family),
		T(test_one_that_died_is_replaced),
		T(test_one_that_lives_is_not),
		T(test_full_is_alive),
		T(test_what_is_no_socket_stays),
		T(test_no_folder_and_long_names),
		T(test_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
