/* SPDX-License-Identifier: ISC */
/* mbox_file.c, maildir.c, command.c - a message that somebody here gets. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
#include <unistd.h>
#include <cmocka.h>

#include "local/command.h"
#include "local/dotlock.h"
#include "local/maildir.h"
#include "local/mbox_file.h"
#include "net/file.h"

#define TEXT "Subject: hi\r\n\r\nFrom here\r\n>From there\r\nbye\r\n"
#define MBOX                                                      \
	"From a@x Thu Jan  1 00:00:00 1970\nReturn-Path: <a@x>\n" \
	"Delivered-To: me@box\nSubject: hi\n\n"                   \
	">From here\n>>From there\nbye\n\n"
#define PLAIN                                                     \
	"Return-Path: <a@x>\nDelivered-To: me@box\nSubject: hi\n" \
	"\nFrom here\n>From there\nbye\n"

struct place {
	char folder[32];
	char path[64];
	struct local_request r;
	struct local_mail m;
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	if (!p)
		return -1;
	strcpy(p->folder, "/tmp/net_mailbox.XXXXXX");
	if (!mkdtemp(p->folder))
		return -1;
	snprintf(p->path, sizeof p->path, "%s/me", p->folder);
	p->r = (struct local_request){ .from = (char *)(uintptr_t)"a@x",
		.to = (char *)(uintptr_t)"me@box",
		.id = (char *)(uintptr_t)"ID1" };
	p->m = (struct local_mail){ &p->r, { .memory = SLICE(TEXT), .fd = -1,
		.length = sizeof TEXT - 1 } };
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", p->folder);
	free(p);
	return system(command);
}

static void
put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_true(file_write(fd, slice_of(text)));
	close(fd);
}

static void
check_file(const char *path, const char *want)
{
	struct buf got = { 0 };

	assert_true(file_read(path, &got));
	assert_string_equal(buf_str(&got), want);
	buf_free(&got);
}

static void
check_empty(const char *folder)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	assert_int_equal(n, 2);
}

/* What AT said goes into the request, as a runner does it. */
static bool
append(struct place *p, struct outcome *why)
{
	struct mbox_file f;
	bool ok;

	if (!mbox_open(&f, p->path, geteuid(), 100, why))
		return false;
	ok = mbox_find(&f, &p->m, why);
	p->r.inode = f.inode;
	p->r.at = f.at;
	ok = ok && mbox_write(&f, &p->m, why);
	mbox_close(&f);
	return ok;
}

static void
test_mbox_new(void **state)
{
	struct place *p = *state;
	struct outcome why;
	struct stat st;

	assert_true(append(p, &why));
	check_file(p->path, MBOX);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(append(p, &why)); /* it is there: not twice */
	check_file(p->path, MBOX);
	p->r.inode = 0;
	assert_true(append(p, &why));
	check_file(p->path, MBOX MBOX);
	unlink(p->path);
	check_empty(p->folder);
}

/* The line before ours has an end, and an empty one follows it. */
static void
test_mbox_ends(void **state)
{
	static const struct {
		const char *before, *ends;
	} rows[] = { { "", "" }, { "x", "\n\n" }, { "\n", "" }, { "x\n", "\n" },
		{ "x\n\n", "" }, { "xx", "\n\n" } };
	struct place *p = *state;
	struct outcome why;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf want = { 0 };

		put_file(p->path, rows[i].before);
		p->r.inode = 0;
		buf_putf(&want, "%s%s%s", rows[i].before, rows[i].ends, MBOX);
		assert_true(append(p, &why));
		check_file(p->path, buf_str(&want));
		buf_free(&want);
	}
}

static bool
ends_in_empty_line(struct slice s)
{
	return s.n >= 2 && s.p[s.n - 2] == '\n' && s.p[s.n - 1] == '\n';
}

/*
 * Killed after any octet of the text, the next try leaves it there once; what
 * seems to be a mail stays, since it may be one.
 */
static void
test_mbox_again(void **state)
{
	static const char old[] = "From old\n\nhello\n\n";
	struct place *p = *state;
	struct outcome why;
	struct stat st;
	unsigned stayed = 0;

	for (size_t n = 0; n < sizeof MBOX; n++) {
		struct slice half = slice_first(SLICE(MBOX), n);
		bool stays = n + 1 < sizeof MBOX && ends_in_empty_line(half);
		struct buf part = { 0 }, whole = { 0 };

		buf_puts(&part, old);
		buf_put(&part, half);
		buf_put(&whole, stays ? buf_slice(&part) : SLICE(old));
		buf_puts(&whole, MBOX);
		put_file(p->path, buf_str(&part));
		assert_int_equal(stat(p->path, &st), 0);
		p->r.inode = st.st_ino;
		p->r.at = sizeof old - 1;
		assert_true(append(p, &why));
		check_file(p->path, buf_str(&whole));
		buf_free(&part);
		buf_free(&whole);
		stayed += stays;
	}
	assert_int_equal(stayed, 1);
}

/*
 * A mail that ours goes on from where it ends was before us; nor is it cut off
 * for who does not write anything instead.
 */
static void
test_mbox_beginning(void **state)
{
	struct place *p = *state;
	struct outcome why;
	struct mbox_file f;
	struct stat st;

	assert_true(append(p, &why));
	p->m.text.memory = SLICE(TEXT "\r\nmore\r\n");
	p->m.text.length = p->m.text.memory.n;
	assert_int_equal(stat(p->path, &st), 0);
	p->r.inode = st.st_ino;
	p->r.at = 0;
	assert_true(mbox_open(&f, p->path, geteuid(), 100, &why));
	assert_true(mbox_find(&f, &p->m, &why));
	assert_int_equal(f.at, sizeof MBOX - 1);
	mbox_close(&f);
	check_file(p->path, MBOX);
}

/* Rewritten meanwhile: what is there is somebody else's. */
static void
test_mbox_rewritten(void **state)
{
	struct place *p = *state;
	struct outcome why;
	struct stat st;

	put_file(p->path, "From b\n\nnew\n\n");
	assert_int_equal(stat(p->path, &st), 0);
	p->r.inode = st.st_ino;
	p->r.at = 7;
	assert_true(append(p, &why));
	check_file(p->path, "From b\n\nnew\n\n" MBOX);
	p->r.at = 100000; /* and it has become shorter */
	put_file(p->path, "");
	assert_true(append(p, &why));
	check_file(p->path, MBOX);
	p->r.inode++; /* another file */
	p->r.at = 0;
	assert_true(append(p, &why));
	check_file(p->path, MBOX MBOX);
}

static void
check_refused(struct place *p, enum verdict verdict, unsigned subject)
{
	struct outcome why;

	assert_false(append(p, &why));
	assert_int_equal(why.verdict, verdict);
	assert_int_equal(why.esc.subject, subject);
	assert_int_equal(why.stage, STAGE_LOCAL);
	assert_non_null(strstr(why.text, p->path));
}

static void
test_mbox_refused(void **state)
{
	struct place *p = *state;
	char other[64];
	struct stat st;

	snprintf(other, sizeof other, "%s/other", p->folder);
	put_file(other, "safe");
	assert_int_equal(symlink(other, p->path), 0);
	check_refused(p, FAILED, 2);
	unlink(p->path);
	assert_int_equal(link(other, p->path), 0);
	check_refused(p, FAILED, 2);
	unlink(p->path);
	assert_int_equal(mkfifo(p->path, 0600), 0);
	check_refused(p, FAILED, 2);
	unlink(p->path);
	assert_int_equal(mkdir(p->path, 0700), 0);
	check_refused(p, FAILED, 2);
	rmdir(p->path);
	assert_int_equal(symlink("/nowhere/x", p->path), 0);
	check_refused(p, FAILED, 2);
	check_file(other, "safe");
	assert_int_not_equal(stat("/nowhere/x", &st), 0);
}

/* Who replaces it without a lock gets nothing of it, nor does the old file. */
static void
test_mbox_replaced(void **state)
{
	struct place *p = *state;
	struct outcome why;
	struct mbox_file f;
	char old[80];

	snprintf(old, sizeof old, "%s.old", p->path);
	put_file(p->path, "From x\n\nend");
	assert_true(mbox_open(&f, p->path, geteuid(), 100, &why));
	assert_true(mbox_find(&f, &p->m, &why));
	assert_int_equal(rename(p->path, old), 0);
	put_file(p->path, "");
	assert_false(mbox_write(&f, &p->m, &why));
	assert_int_equal(why.verdict, DEFERRED);
	p->r.inode = f.inode;
	p->r.at = f.at;
	mbox_close(&f);
	check_file(old, "From x\n\nend");
	check_file(p->path, "");
	assert_true(append(p, &why));
	check_file(old, "From x\n\nend");
	check_file(p->path, MBOX);
}

/* Locked in either way, it waits, and then it is DEFERRED. */
static void
test_mbox_locked(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct place *p = *state;
	struct outcome why;
	char dotlock[80];
	int fd;

	snprintf(dotlock, sizeof dotlock, "%s.lock", p->path);
	assert_true(dotlock_take(p->path, NULL, &fd));
	assert_true(fd >= 0);
	check_refused(p, DEFERRED, 2);
	dotlock_drop(p->path);
	close(fd);
	put_file(p->path, "");
	fd = open(p->path, O_RDWR);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	check_refused(p, DEFERRED, 2);
	assert_int_not_equal(access(dotlock, F_OK), 0);
	close(fd);
	put_file(dotlock, "who knows\n"); /* nobody's number: it stays */
	check_refused(p, DEFERRED, 2);
	put_file(dotlock, "4194303\n"); /* of one that has gone */
	assert_true(append(p, &why));
	check_file(p->path, MBOX);
}

/* What does not fit leaves nothing. */
static void
test_mbox_full(void **state)
{
	struct place *p = *state;
	struct rlimit old, few = { 100, 100 };
	int status;
	pid_t pid;

	put_file(p->path, "From old\n\nhello\n");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	pid = fork();
	if (pid == 0) {
		struct outcome why;
		bool ok;

		signal(SIGXFSZ, SIG_IGN);
		few.rlim_max = old.rlim_max;
		ok = setrlimit(RLIMIT_FSIZE, &few) == 0 && !append(p, &why) &&
		    why.verdict == FAILED && why.esc.detail == 2;
		_exit(!ok);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	check_file(p->path, "From old\n\nhello\n");
}

static unsigned
count(const char *folder, const char *sub, char *last, size_t size)
{
	char path[80];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/%s", folder, sub);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			n++;
			snprintf(last, size, "%s/%s", path, e->d_name);
		}
	closedir(d);
	return n;
}

static void
test_maildir(void **state)
{
	struct place *p = *state;
	struct outcome why;
	char name[400], read[420];

	assert_true(maildir_deliver(p->path, "b/o:x", &p->m, &why));
	assert_int_equal(count(p->path, "new", name, sizeof name), 1);
	assert_non_null(strstr(name, "/0.ID1.b\\057o\\072x"));
	check_file(name, PLAIN);
	assert_true(maildir_deliver(p->path, "b/o:x", &p->m, &why));
	assert_int_equal(count(p->path, "new", name, sizeof name), 1);
	assert_int_equal(count(p->path, "tmp", read, sizeof read), 0);
	/* read meanwhile: it is there all the same */
	snprintf(read, sizeof read, "%s/cur%s:2,S", p->path,
	    strrchr(name, '/'));
	assert_int_equal(rename(name, read), 0);
	assert_true(maildir_deliver(p->path, "b/o:x", &p->m, &why));
	assert_int_equal(count(p->path, "new", name, sizeof name), 0);
	assert_int_equal(count(p->path, "cur", name, sizeof name), 1);
	p->r.id = (char *)(uintptr_t)"ID";
	assert_true(maildir_deliver(p->path, "b/o:x", &p->m, &why));
	assert_int_equal(count(p->path, "new", name, sizeof name), 1);
}

/* Half of an earlier try is in the way of nobody. */
static void
test_maildir_refused(void **state)
{
	struct place *p = *state;
	struct outcome why;
	char name[400], path[100];

	put_file(p->path, "no folder");
	assert_false(maildir_deliver(p->path, "box", &p->m, &why));
	assert_int_equal(why.stage, STAGE_LOCAL);
	unlink(p->path);
	assert_int_equal(symlink("/tmp", p->path), 0);
	assert_false(maildir_deliver(p->path, "box", &p->m, &why));
	unlink(p->path);
	mkdir(p->path, 0700);
	snprintf(path, sizeof path, "%s/tmp", p->path);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/tmp/0.ID1.box", p->path);
	put_file(path, "half");
	assert_true(maildir_deliver(p->path, "box", &p->m, &why));
	assert_int_equal(count(p->path, "new", name, sizeof name), 1);
	check_file(name, PLAIN);
}

/* ---- commands ---- */

static const struct {
	const char *line;
	enum verdict verdict;
	const char *said;
} commands[] = {
	{ "cat >$OUT", DELIVERED, "" },
	{ "exit 0", DELIVERED, "" },
	{ "exec <&-; sleep 0.1", DELIVERED, "" },
	{ "cat >/dev/null; exit 75", DEFERRED, "status 75" },
	{ "exit 69", FAILED, "status 69" },
	{ "echo 'not\tfor you'; echo really >&2; exit 77", FAILED,
	  "status 77: not\\x09for you / really" },
	{ "exit 67", FAILED, "67" },
	{ "exit 1", FAILED, "status 1" },
	{ "/nonexistent/x", DEFERRED, "status 127" },
	{ "kill -9 $$", DEFERRED, "signal 9" },
	{ "kill -TERM $$", DEFERRED, "signal 15" },
	{ "sh -c 'kill -9 $$'; exit $?", DEFERRED, "signal 9" },
	{ "sleep 100", DEFERRED, "longer than 1 s" },
	{ "sleep 100 & exit 0", DELIVERED, "" },
	{ "head -c 100000000 /dev/zero; exit 69", FAILED, "status 69" },
	{ "yes; exit 0", DEFERRED, "longer than 1 s" },
};

static void
test_commands(void **state)
{
	struct place *p = *state;
	char out[80];
	char *environment[] = { (char *)(uintptr_t)"PATH=/usr/bin:/bin", out,
		NULL };

	snprintf(out, sizeof out, "OUT=%s", p->path);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		bool lasts = strstr(commands[i].said, "longer");
		const struct command c = { commands[i].line, "it",
			environment, lasts ? 1 : 60 };
		struct outcome why;
		bool ok = command_run(&c, &p->m, &why);

		assert_int_equal(why.verdict, commands[i].verdict);
		assert_int_equal(ok, why.verdict == DELIVERED);
		if (!ok && !strstr(why.text, commands[i].said))
			fail_msg("%s: %s", commands[i].line, why.text);
	}
	check_file(p->path, PLAIN);
}

/* More than a pipe holds, to somebody who reads and talks. */
static void
test_large(void **state)
{
	struct place *p = *state;
	char out[80];
	char *environment[] = { (char *)(uintptr_t)"PATH=/usr/bin:/bin", out,
		NULL };
	const struct command c = { "tee $OUT", "it", environment, 30 };
	struct buf text = { 0 }, got = { 0 };
	struct outcome why;

	for (unsigned i = 0; i < 100000; i++)
		buf_puts(&text, "line of text\r\n");
	p->m.text.memory = buf_slice(&text);
	p->m.text.length = text.n;
	snprintf(out, sizeof out, "OUT=%s", p->path);
	assert_true(command_run(&c, &p->m, &why));
	assert_true(file_read(p->path, &got));
	assert_int_equal(got.n, 100000 * 13 + 40);
	buf_free(&text);
	buf_free(&got);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_mbox_new),
		TEST(test_mbox_ends),
		TEST(test_mbox_again),
		TEST(test_mbox_beginning),
		TEST(test_mbox_rewritten),
		TEST(test_mbox_refused),
		TEST(test_mbox_replaced),
		TEST(test_mbox_locked),
		TEST(test_mbox_full),
		TEST(test_maildir),
		TEST(test_maildir_refused),
		TEST(test_commands),
		TEST(test_large),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
