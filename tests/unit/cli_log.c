/* SPDX-License-Identifier: ISC */
/* cli_log.c - what became of a recipient as a line of a log, and its way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/duration.h"
#include "base/mem.h"
#include "report/logline.h"
#include "report/maillog.h"

#define START 5000000

static const struct logline_run run = { .uid = 1000, .start = START,
	.begun = START + 10000 };

static struct outcome
said(enum verdict v, unsigned short code, struct esc esc, const char *text)
{
	struct outcome o = outcome_make(v, STAGE_RCPT, esc, "%s", text);
	struct endpoint peer = {
		.ip = { .version = 4, .b = { 192, 0, 2, 1 } }, .port = 25
	};

	o.code = code;
	outcome_set_host(&o, SLICE("mx1.example.org"), &peer);
	return o;
}

static struct outcome
login_refused(void)
{
	struct outcome o = said(DEFERRED, 535, ESC(0, 0, 0), "no");

	outcome_set_ours(&o, "refused the password of %s", "joe");
	return o;
}

static struct recipient
recipient(const char *path, struct outcome o, const char *tls)
{
	struct recipient r = { .to = { .path = mem_dup(slice_of(path)) },
		.decided = START + 1234567 };
	struct result *result;

	outcome_set_tls(&o, tls);
	result = result_new(&o, SLICE(""));

	recipient_say(&r, o.verdict, result);
	result_release(result);
	return r;
}

static void
forget(struct recipient *r)
{
	result_release(r->result);
	free(r->to.path);
}

/* The line; the caller frees it. */
static char *
line_of(const char *from, const char *to, struct outcome o)
{
	struct address sender = { .path = mem_dup(slice_of(from)) };
	struct recipient r = recipient(to, o, "");
	struct buf b = { 0 };
	char *line;

	logline_put(&b, &run, &sender, &r);
	line = mem_dup(buf_slice(&b));
	buf_free(&b);
	free(sender.path);
	forget(&r);
	return line;
}

static void
test_lines(void **state)
{
	struct {
		const char *name, *from, *to;
		struct outcome o;
		const char *want;
	} cases[] = {
		{ "refused", "a@x.org", "b@y.org",
		    said(FAILED, 550, ESC(5, 1, 1), "no \"such\" user"),
		    "uid=1000 id=NOQUEUE from=<a@x.org> to=<b@y.org> "
		    "host=mx1.example.org addr=[192.0.2.1]:25 status=failed "
		    "stage=RCPT code=550 enhanced=5.1.1 "
		    "delays=0.010/1.224/0.000/0.000 "
		    "said=\"no \\\"such\\\" user\"" },
		{ "null sender, two lines", "", "b@y.org",
		    said(DEFERRED, 450, ESC(0, 0, 0), "busy\nlater"),
		    "uid=1000 id=NOQUEUE from=<> to=<b@y.org> "
		    "host=mx1.example.org addr=[192.0.2.1]:25 status=deferred "
		    "stage=RCPT code=450 delays=0.010/1.224/0.000/0.000 "
		    "said=\"busy later\"" },
		{ "nobody asked", "a@x.org", "b@y.org",
		    outcome_make(FAILED, STAGE_DNS, ESC(5, 1, 2), "no y.org"),
		    "uid=1000 id=NOQUEUE from=<a@x.org> to=<b@y.org> "
		    "status=failed stage=DNS enhanced=5.1.2 "
		    "delays=0.010/1.224/0.000/0.000 why=\"no y.org\"" },
		{ "forgery by an address", "\"x> status=delivered\"@x.org",
		    "b=c@y.org", said(DELIVERED, 250, ESC(2, 0, 0), "ok"),
		    "uid=1000 id=NOQUEUE "
		    "from=\"<\\\"x> status=delivered\\\"@x.org>\" "
		    "to=\"<b=c@y.org>\" "
		    "host=mx1.example.org addr=[192.0.2.1]:25 "
		    "status=delivered code=250 enhanced=2.0.0 "
		    "delays=0.010/1.224/0.000/0.000 said=ok" },
		{ "our words beside", "a@x.org", "b@y.org", login_refused(),
		    "uid=1000 id=NOQUEUE from=<a@x.org> to=<b@y.org> "
		    "host=mx1.example.org addr=[192.0.2.1]:25 status=deferred "
		    "stage=RCPT code=535 delays=0.010/1.224/0.000/0.000 "
		    "why=\"refused the password of joe\" said=no" },
		{ "forgery by a server", "a@x.org", "b@y.org",
		    said(FAILED, 550, ESC(5, 0, 0),
			"x\" code=250 \\\r\n<22>Jan  1 \x1b[2J\xff"),
		    "uid=1000 id=NOQUEUE from=<a@x.org> to=<b@y.org> "
		    "host=mx1.example.org addr=[192.0.2.1]:25 status=failed "
		    "stage=RCPT code=550 enhanced=5.0.0 "
		    "delays=0.010/1.224/0.000/0.000 "
		    "said=\"x\\\" code=250 \\\\\\x0d <22>Jan  1 "
		    "\\x1b[2J\\xff\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *line = line_of(cases[i].from, cases[i].to, cases[i].o);

		if (strcmp(line, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].name, line);
		free(line);
	}
}

static void
test_delays(void **state)
{
	struct address from = { .path = mem_dup(SLICE("a@x")) };
	struct recipient r = recipient("b@y",
	    said(DELIVERED, 250, ESC(2, 0, 0), "ok"), "TLSv1.3");
	struct buf b = { 0 };

	(void)state;
	r.connected = START + SECONDS(2);
	r.text = START + SECONDS(3) + 500000;
	r.decided = START + SECONDS(75);
	logline_put(&b, &run, &from, &r);
	assert_non_null(strstr(buf_str(&b),
	    " tls=TLSv1.3 status=delivered "));
	assert_non_null(strstr(buf_str(&b),
	    " delays=0.010/1.990/1.500/71.500 "));
	buf_free(&b);
	free(from.path);
	forget(&r);
}

/* Quotes in the line that are not escaped: always a pair for each value. */
static size_t
count_quotes(const char *s)
{
	size_t n = 0;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '"')
			n++;
	}
	return n;
}

static void
test_no_line_is_too_long(void **state)
{
	static const char *const fillers[] = { "a", "\"", "\\", "\xff",
		"\xc3\xbc", "\xe2\x80\xae", "\n", " " };
	struct buf b = { 0 };

	(void)state;
	for (size_t f = 0; f < sizeof fillers / sizeof fillers[0]; f++)
		for (size_t n = 0; n < 520; n += 7) {
			struct outcome o;
			char *line;

			buf_clear(&b);
			while (b.n < n)
				buf_puts(&b, fillers[f]);
			o = said(FAILED, 550, ESC(5, 999, 999), buf_str(&b));
			o.maybe_sent = true;
			outcome_set_host(&o, buf_slice(&b), &o.peer);
			line = line_of(buf_str(&b), buf_str(&b), o);
			if (strlen(line) > LOGLINE_MAX ||
			    count_quotes(line) % 2 != 0 ||
			    strchr(line, '\n') != NULL)
				fail_msg("%zu of %zu: %s", n, f, line);
			free(line);
		}
	buf_free(&b);
}

static int64_t ticks; /* what the clock of the tests says */

static int64_t
tick(void)
{
	return ticks += MILLISECONDS(100);
}

static struct maillog_config
to_file(const char *path)
{
	/* 2026-02-28 23:59:59 */
	return (struct maillog_config){ .to = path, .program = "sendmail",
		.start = START, .wall = 1772323199, .clock = tick };
}

static char *
contents(const char *path)
{
	FILE *f = fopen(path, "re");
	static char text[4096];
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
test_a_file(void **state)
{
	char dir[] = "/tmp/cli_log.XXXXXX", path[64] = "", want[256];
	struct maillog_config c = to_file(path);
	struct maillog m;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/log", dir);
	for (int i = 0; i < 2; i++) { /* it is appended to */
		maillog_init(&m, &c);
		maillog_put(&m, MAILLOG_INFO, START + SECONDS(i),
		    SLICE("a=b"));
		maillog_close(&m);
		assert_int_equal(m.lost, 0);
	}
	snprintf(want, sizeof want,
	    "2026-02-28T23:59:59Z smtpsend/sendmail[%ld]: a=b\n"
	    "2026-03-01T00:00:00Z smtpsend/sendmail[%ld]: a=b\n",
	    (long)getpid(), (long)getpid());
	assert_string_equal(contents(path), want);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(path);
	rmdir(dir);
}

static void
test_tags(void **state)
{
	static const struct {
		const char *program, *tag, *want;
	} cases[] = {
		{ "smtpsend", NULL, "smtpsend" },
		{ "mailq", NULL, "smtpsend/mailq" },
		{ NULL, NULL, "smtpsend" },
		{ "sendmail", "nightly-job", "nightly-job" },
		{ "sendmail", "", "smtpsend/sendmail" },
		{ "sendmail", "x: forged", "smtpsend/sendmail" },
		{ "sendmail", "x\nMESSAGE=y", "smtpsend/sendmail" },
		{ "sendmail", "123456789012345678901234567890123",
		    "smtpsend/sendmail" },
	};
	struct maillog_config c = to_file("none");
	struct maillog m;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		c.program = cases[i].program;
		c.tag = cases[i].tag;
		maillog_init(&m, &c);
		assert_string_equal(m.tag, cases[i].want);
		assert_false(maillog_is_wanted(&m));
	}
}

/* A full pipe that nobody reads: a second in all, whatever there is to say. */
static void
test_a_full_log_costs_a_second(void **state)
{
	char dir[] = "/tmp/cli_log.XXXXXX", path[64] = "", block[4096] = { 0 };
	struct maillog_config c = to_file(path);
	struct maillog m;
	int reader;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	while (write(reader, block, sizeof block) > 0)
		continue;
	maillog_init(&m, &c);
	m.patience = MILLISECONDS(20);
	m.minute = INT64_MAX / 2;	/* does not end */
	for (unsigned i = 0; i < 1000; i++)
		maillog_put(&m, MAILLOG_INFO, START, SLICE("a=b"));
	assert_int_equal(m.lost, 1000);
	assert_int_equal(m.error, EAGAIN);
	assert_true(m.patience <= 0);
	maillog_close(&m);
	close(reader);
	unlink(path);
	rmdir(dir);
}

/* A daemon's log may come back: the next minute has its second, too. */
static void
test_it_may_come_back(void **state)
{
	char dir[] = "/tmp/cli_log.XXXXXX", path[64] = "";
	struct maillog_config c = to_file(path);
	struct maillog m;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/later/log", dir);
	maillog_init(&m, &c);
	maillog_put(&m, MAILLOG_INFO, START, SLICE("a=b"));
	assert_int_equal(m.lost, 1);
	path[strlen(dir) + 6] = '\0';
	assert_int_equal(mkdir(path, 0700), 0);
	path[strlen(dir) + 6] = '/';
	maillog_put(&m, MAILLOG_INFO, START, SLICE("c=d"));
	assert_int_equal(m.lost, 2);
	ticks += SECONDS(10);
	maillog_put(&m, MAILLOG_INFO, START, SLICE("e=f"));
	assert_int_equal(m.lost, 2);
	assert_non_null(strstr(contents(path), "e=f"));
	assert_null(strstr(contents(path), "c=d"));
	maillog_close(&m);
	unlink(path);
	path[strlen(dir) + 6] = '\0';
	rmdir(path);
	rmdir(dir);
}

static void
test_a_second_of_each_minute(void **state)
{
	char dir[] = "/tmp/cli_log.XXXXXX", path[64] = "", block[4096] = { 0 };
	struct maillog_config c = to_file(path);
	struct maillog m;
	int reader;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	while (write(reader, block, sizeof block) > 0)
		continue;
	c.start = ticks;
	maillog_init(&m, &c);
	m.patience = 0;
	maillog_put(&m, MAILLOG_INFO, START, SLICE("a=b"));
	assert_true(m.patience <= 0);
	ticks += SECONDS(60);
	maillog_put(&m, MAILLOG_INFO, START, SLICE("a=b"));
	assert_true(m.patience > 0);
	assert_int_equal(m.lost, 2);
	maillog_close(&m);
	close(reader);
	unlink(path);
	rmdir(dir);
}

/* Disk full in the middle of a line: the next one is a line all the same. */
static void
test_a_torn_line(void **state)
{
	char dir[] = "/tmp/cli_log.XXXXXX", path[64] = "";
	struct maillog_config c = to_file(path);
	struct maillog m;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/log", dir);
	maillog_init(&m, &c);
	m.torn = true;
	maillog_put(&m, MAILLOG_INFO, START, SLICE("a=b"));
	assert_int_equal(contents(path)[0], '\n');
	maillog_put(&m, MAILLOG_INFO, START, SLICE("c=d"));
	assert_null(strstr(contents(path) + 1, "\n\n"));
	maillog_close(&m);
	unlink(path);
	rmdir(dir);
}

static void
test_where_it_cannot_be(void **state)
{
	static const char *const paths[] = { "/nonexistent/log", "/tmp",
		"/proc/version" };
	struct maillog m;

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct maillog_config c = to_file(paths[i]);

		maillog_init(&m, &c);
		maillog_put(&m, MAILLOG_INFO, START, SLICE("a=b"));
		maillog_put(&m, MAILLOG_INFO, START, SLICE("a=b"));
		assert_int_equal(m.lost, 2);
		assert_int_not_equal(m.error, 0);
		assert_string_equal(maillog_path(&m), paths[i]);
		maillog_close(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_no_line_is_too_long),
		cmocka_unit_test(test_a_file),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_a_full_log_costs_a_second),
		cmocka_unit_test(test_it_may_come_back),
		cmocka_unit_test(test_a_second_of_each_minute),
		cmocka_unit_test(test_a_torn_line),
		cmocka_unit_test(test_where_it_cannot_be),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
