/* SPDX-License-Identifier: ISC */
/* net_self.c - host, domain and name, from what the system says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "net/hosts.h"
#include "net/resolver.h"
#include "net/self.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static const struct {
	const char *hostname, *hosts, *mailname; /* NULL = no such file */
	const char *host, *domain, *name;
} cases[] = {
	/* a full name */
	{ "box.example.net", NULL, NULL, "box.example.net", "box.example.net",
	    "box.example.net" },
	{ "Box.Example.NET.", NULL, NULL, "box.example.net",
	    "box.example.net", "box.example.net" },
	{ "box.example.net", "192.0.2.1 other.example.org box.example.net\n",
	    NULL, "box.example.net", "box.example.net", "box.example.net" },
	/* completed */
	{ "box", NULL, NULL, "", "box", "box" },
	{ "box", "127.0.0.1 localhost\n127.0.1.1 box.example.net box\n", NULL,
	    "box.example.net", "box.example.net", "box" },
	{ "box", "127.0.1.1 box\n192.0.2.1 BOX.example.net Box # x\n", NULL,
	    "box.example.net", "box.example.net", "box" },
	{ "box", "127.0.1.1 box box.example.net.\n", NULL,
	    "box.example.net", "box.example.net", "box" },
	{ "box", "127.0.1.1 mail.example.net box\n", NULL,
	    "mail.example.net", "mail.example.net", "box" },
	{ "box", "127.0.1.1 mail.example.net box.example.org box\n", NULL,
	    "box.example.org", "box.example.org", "box" },
	{ "box", "127.0.0.1 localhost.localdomain localhost box\n", NULL, "",
	    "box", "box" },
	{ "box", "127.0.0.1 localhost box.localdomain box\n", NULL, "", "box",
	    "box" },
	{ "box", "127.0.0.1 x.localhost box\n", NULL, "", "box", "box" },
	{ "box", "box box.example.net\n", NULL, "", "box", "box" },
	{ "box", "127.0.1.1 boxer.example.net boxer\n# box.x.y box\n", NULL,
	    "", "box", "box" },
	{ "box", "127.0.1.1 box.example_net box\n", NULL, "", "box", "box" },
	{ "my_box", "127.0.1.1 my-box.example.net my_box\n", NULL,
	    "my-box.example.net", "my-box.example.net", "my_box" },
	/* no names for EHLO */
	{ "my_box", NULL, NULL, "", "my_box", "my_box" },
	{ "my_box.example.net", NULL, NULL, "", "my_box.example.net",
	    "my_box.example.net" },
	{ "gr\xc3\xbcn.example.net", NULL, NULL, "", "localhost", "" },
	{ "gr\xc3\xbcn", "127.0.1.1 gruen.example.net gr\xc3\xbcn\n", NULL,
	    "gruen.example.net", "gruen.example.net", "" },
	{ "(none)", NULL, NULL, "", "localhost", "" },
	{ "", "127.0.1.1 box.example.net box\n", NULL, "", "localhost", "" },
	{ L63, NULL, NULL, "", L63, L63 },
	{ L63 "x", NULL, NULL, "", "localhost", "" },
	{ L63 ".net", NULL, NULL, L63 ".net", L63 ".net", L63 ".net" },
	{ L63 "x.net", NULL, NULL, "", "localhost", "" },
	{ "12345", NULL, NULL, "", "localhost", "" },
	{ "192.0.2.1", NULL, NULL, "", "localhost", "" },
	{ "1.example", NULL, NULL, "1.example", "1.example", "1.example" },
	{ "localhost", "127.0.0.1 localhost\n", NULL, "", "localhost",
	    "localhost" },
	{ "localhost.localdomain", NULL, NULL, "", "localhost.localdomain",
	    "localhost.localdomain" },
	{ "-box.example.net", NULL, NULL, "", "localhost", "" },
	{ "box..example.net", NULL, NULL, "", "localhost", "" },
	{ "a b.example.net", NULL, NULL, "", "localhost", "" },
	/* mailname: a domain, and never the host's name */
	{ "box", NULL, "example.com\n", "", "example.com", "box" },
	{ "box.example.net", NULL, "Example.COM.\n", "box.example.net",
	    "example.com", "box.example.net" },
	{ "box.example.net", NULL, "  example.com  \nx.y\n",
	    "box.example.net", "example.com", "box.example.net" },
	{ "(none)", NULL, "mailer\n", "", "mailer", "" },
	{ "box", NULL, "(none)\n", "", "box", "box" },
	{ "box", NULL, "\nexample.com\n", "", "box", "box" },
	{ "box", NULL, "", "", "box", "box" },
	{ "box", NULL, "a@example.com\n", "", "box", "box" },
	{ "box", NULL, "192.0.2.1\n", "", "box", "box" },
	{ "box", NULL, "example.com", "", "example.com", "box" },
};

static const char *
file_of(char path[64], const char *text)
{
	int fd;

	if (!text)
		return "/nonexistent/file";
	snprintf(path, 64, "/tmp/smtpsend-self-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char hosts[64] = "", mailname[64] = "";
		struct self s = { 0 };

		print_message("  %s / %s\n", cases[i].hostname,
		    cases[i].hosts ? cases[i].hosts : "-");
		self_name(&s, cases[i].hostname,
		    file_of(hosts, cases[i].hosts),
		    file_of(mailname, cases[i].mailname));
		assert_string_equal(s.host, cases[i].host);
		assert_string_equal(s.domain, cases[i].domain);
		assert_string_equal(s.name, cases[i].name);
		unlink(hosts);
		unlink(mailname);
	}
}

/* Who waits for the writer of a FIFO waits for ever: the test would hang. */
static void
test_only_regular_files_are_believed(void **state)
{
	char fifo[] = "/tmp/smtpsend-self-XXXXXX";
	const char *const paths[] = { fifo, "/tmp", "/dev/zero" };

	(void)state;
	close(mkstemp(fifo));
	unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct resolver_config c = { 0 };
		struct dns_answer a;
		struct self s = { 0 };

		self_name(&s, "box", paths[i], paths[i]);
		assert_string_equal(s.host, "");
		assert_string_equal(s.domain, "box");
		assert_false(hosts_answer(paths[i], "box", DNS_A, &a));
		dns_answer_free(&a);
		resolver_config_read(&c, paths[i]);
		assert_int_equal(c.n, 1); /* this host, as without a file */
	}
	unlink(fifo);
}

static void
test_this_host(void **state)
{
	struct self s;

	(void)state;
	self_init(&s);
	assert_true(s.domain[0] != '\0');
	self_free(&s);
}

/* Loopback is up wherever the tests run, so its address is ours. */
static void
test_addresses(void **state)
{
	const struct ip lo = { 4, { 127, 0, 0, 1 }, 0 };
	struct self s = { 0 };
	size_t found = 0;

	(void)state;
	self_read_addresses(&s);
	for (size_t i = 0; i < s.n; i++) {
		assert_true(s.ip[i].version == 4 || s.ip[i].version == 6);
		found += ip_eq(&s.ip[i], &lo);
	}
	assert_true(found > 0);
	self_free(&s);
	assert_int_equal(s.n, 0);
	assert_null(s.ip);
}

static void
test_full_names(void **state)
{
	static const struct {
		const char *gecos, *login, *want;
	} rows[] = {
		{ "Al Bell", "al", "Al Bell" },
		{ "Al Bell,Room 7,1,2", "al", "Al Bell" },
		{ "& Bell & Sons", "joe", "Joe Bell Joe Sons" },
		{ "&", "", "" },
		{ "&", "9a", "9a" },
		{ "", "al", "" },
		{ ",x", "al", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf got = { 0 };

		self_put_full_name(&got, slice_of(rows[i].gecos),
		    slice_of(rows[i].login));
		assert_string_equal(buf_str(&got), rows[i].want);
		buf_free(&got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_names),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_only_regular_files_are_believed),
		cmocka_unit_test(test_this_host),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
