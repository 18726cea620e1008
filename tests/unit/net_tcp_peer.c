/* SPDX-License-Identifier: ISC */
/* net_tcp_peer.c - whose the other end of a connection over loopback is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "net/sockaddr.h"
#include "net/tcp_peer.h"

static const struct {
	const char *line, *want; /* NULL: it is no row */
} rows[] = {
	{ "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
	  "retrnsmt   uid  timeout inode", NULL },
	{ "   0: 0100007F:0019 0200007F:A1B2 01 00000000:00000000 00:00000000 "
	  "00000000  1000        0 4711 1 0000000000000000 20 4 30 10 -1",
	    "127.0.0.1:25 127.0.0.2:41394 1000 4711" },
	{ "  12: 00000000000000000000000001000000:0019 "
	  "00000000000000000000000001000000:9C40 06 00000000:00000000 "
	  "03:00000F00 00000000     0        0 0 3 0000000000000000",
	    "[::1]:25 [::1]:40000 0 0" },
	{ "12345: 0000000000000000FFFF00000100007F:0019 "
	  "0000000000000000FFFF00000100007F:9C40 01 00000000:00000000 "
	  "02:00000F00 00000000 65534        0 18446744073709551615 3",
	    "127.0.0.1:25 127.0.0.1:40000 65534 18446744073709551615" },
	{ "   0: 0100007F:0019 0100007F:A1B2 01 00000000:00000000 00:00000000",
	    NULL },
	{ "   0: 010000:0019 0100007F:A1B2 01 0:0 0:0 0 1 0 2", NULL },
	{ "", NULL },
};

static void
test_rows(void **state)
{
	struct tcp_row r;
	struct buf got = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(tcp_row_parse(
		    slice_of(rows[i].line), &r),
		    rows[i].want != NULL);
		if (!rows[i].want)
			continue;
		endpoint_put(&got, &r.local);
		buf_putc(&got, ' ');
		endpoint_put(&got, &r.remote);
		buf_putf(&got, " %u %llu", r.uid, (unsigned long long)r.inode);
		assert_string_equal(buf_str(&got), rows[i].want);
		buf_free(&got);
	}
}

/* A connection over this address: ours, and the accepted one. */
static void
connect_over(const char *ip, int *us, int *them)
{
	struct endpoint at = { 0 };
	struct sockaddr_storage addr;
	socklen_t n;
	int fd;

	assert_true(ip_parse(slice_of(ip), &at.ip));
	n = sockaddr_put(&addr, &at);
	fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, n), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &n), 0);
	*us = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(*us, (struct sockaddr *)&addr, n), 0);
	*them = accept(fd, NULL, NULL);
	assert_true(*them >= 0);
	close(fd);
}

static void
test_ourselves(void **state)
{
	int us, them;
	struct local_peer who;

	(void)state;
	connect_over("127.0.0.1", &us, &them);
	who = tcp_peer(them);
	assert_false(who.is_unknown);
	assert_int_equal(who.uid, getuid());
	close(us);
	close(them);
}

/* The kernel says 0 of a socket that nobody has any more. */
static void
test_gone(void **state)
{
	int us, them;
	struct local_peer who;

	(void)state;
	connect_over("127.0.0.1", &us, &them);
	close(us);
	who = tcp_peer(them);
	assert_true(who.is_unknown);
	assert_int_equal(who.uid, LOCAL_NOBODY);
	close(them);
	who = tcp_peer(-1);
	assert_true(who.is_unknown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_ourselves),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
