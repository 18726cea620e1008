/* SPDX-License-Identifier: ISC */
/* net_notify.c - the service manager is told, whatever kind its socket is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/notify.h"

static int
manager(char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s", name);
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at, (socklen_t)(
	    offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
	return fd;
}

static void
check(char *name)
{
	struct notify n;
	char text[80] = "";
	int fd = manager(name);

	setenv("NOTIFY_SOCKET", name, 1);
	notify_open(&n);
	assert_null(getenv("NOTIFY_SOCKET"));
	notify_put(&n, "READY=1");
	assert_int_equal(recv(fd, text, sizeof text, 0), 7);
	assert_string_equal(text, "READY=1");
	notify_close(&n);
	close(fd);
}

static void
test_kinds(void **state)
{
	char name[80];

	(void)state;
	snprintf(name, sizeof name, "@smtpsend/notify/%d", (int)getpid());
	check(name);
	snprintf(name, sizeof name, "/tmp/notify.%d", (int)getpid());
	check(name);
	unlink(name);
}

static void
test_nobody(void **state)
{
	static const char *const names[] = { "", "/", "x", "/tmp/not-there/x",
		"@", "vsock:2:1" };
	struct notify n;
	char name[200];

	(void)state;
	memset(name, 'x', sizeof name);
	name[0] = '/';
	name[sizeof name - 1] = '\0';
	for (size_t i = 0; i <= sizeof names / sizeof names[0]; i++) {
		setenv("NOTIFY_SOCKET", i < sizeof names / sizeof names[0] ?
		    names[i] : name, 1);
		notify_open(&n);
		assert_int_equal(n.fd, -1);
		notify_put(&n, "READY=1");
	}
	notify_open(&n);
	assert_int_equal(n.fd, -1);
	assert_true(n.interval == 0);
}

static void
test_watchdog(void **state)
{
	char pid[20];
	struct notify n;

	(void)state;
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("WATCHDOG_USEC", "30000000", 1);
	notify_open(&n);
	assert_true(n.interval == 30000000);
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	notify_open(&n);
	assert_true(n.interval == 30000000);
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notify_open(&n);
	assert_true(n.interval == 0);
	setenv("WATCHDOG_USEC", "-3", 1);
	notify_open(&n);
	assert_true(n.interval == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
