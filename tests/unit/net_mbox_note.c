/* SPDX-License-Identifier: ISC */
/* mbox_note.c, dotlock.c - half a message of one who was killed. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "local/mbox_file.h"
#include "local/mbox_note.h"
#include "net/file.h"

#define OLD   "From old\n\nhello\n\n"
#define LINES 3000
#define GONE  "4194303\n" /* the number of no process */

struct place {
	char folder[40], path[60], lock[70];
	struct buf text; /* of the one who dies, as it was handed in, */
	struct buf mbox; /* ... and as the mailbox has it */
	struct buf note;
	struct local_request r, other;
	struct local_mail m, overtaker;
	struct buf late; /* what the other writes, as the mailbox has it */
};

static bool
into_buf(void *self, struct slice s)
{
	return buf_put(self, s);
}

static void
render(const struct local_mail *m, struct buf *out)
{
	const struct local_sink sink = { into_buf, out };
	struct outcome why;

	assert_true(local_mail_copy(m, LOCAL_MBOX, &sink, &why));
}

static struct local_request
request_of(const char *id)
{
	return (struct local_request){ .from = (char *)(uintptr_t)"a@x",
		.to = (char *)(uintptr_t)"me@box",
		.id = (char *)(uintptr_t)id };
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	strcpy(p->folder, "/tmp/net_mbox_note.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof p->path, "%s/me", p->folder);
	snprintf(p->lock, sizeof p->lock, "%s.lock", p->path);
	for (unsigned i = 0; i < LINES; i++)
		buf_putf(&p->text, "From here, line %u of a long text\r\n", i);
	p->r = request_of("ID1");
	p->other = request_of("ID2");
	p->m = (struct local_mail){ &p->r, { .memory = buf_slice(&p->text),
		.fd = -1, .length = p->text.n } };
	p->overtaker = (struct local_mail){ &p->other, { .memory =
		SLICE("Subject: 2\r\n\r\nhi\r\n"), .fd = -1, .length = 18 } };
	render(&p->m, &p->mbox);
	render(&p->overtaker, &p->late);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", p->folder);
	buf_free(&p->text);
	buf_free(&p->mbox);
	buf_free(&p->note);
	buf_free(&p->late);
	free(p);
	return system(command);
}

static void
put_file(const char *path, struct slice a, struct slice b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_true(file_write(fd, a) && file_write(fd, b));
	close(fd);
}

/* It died when the mailbox had so many octets of its message. */
static void
die_at(struct place *p, size_t n, struct slice behind)
{
	struct buf all = { 0 };
	struct outcome why;
	struct stat st;

	buf_put(&all, slice_first(buf_slice(&p->mbox), n));
	buf_put(&all, behind);
	put_file(p->path, SLICE(OLD), buf_slice(&all));
	buf_free(&all);
	assert_int_equal(stat(p->path, &st), 0);
	buf_clear(&p->note);
	assert_true(mbox_note_put(&p->note, &p->m, st.st_ino, sizeof OLD - 1,
	    &why));
	put_file(p->lock, SLICE(GONE "\n"), buf_slice(&p->note));
}

static bool
append(struct place *p, const struct local_mail *m)
{
	struct mbox_file f;
	struct outcome why;
	bool ok;

	if (!mbox_open(&f, p->path, geteuid(), 0, &why))
		return false;
	ok = mbox_find(&f, m, &why) && mbox_write(&f, m, &why);
	mbox_close(&f);
	assert_int_not_equal(access(p->lock, F_OK), 0);
	return ok;
}

/* The mailbox is old, what stayed, and the other one. */
static void
check(struct place *p, struct slice stayed)
{
	struct buf want = { 0 }, got = { 0 };

	buf_puts(&want, OLD);
	buf_put(&want, stayed);
	buf_put(&want, buf_slice(&p->late));
	assert_true(file_read(p->path, &got));
	assert_int_equal(got.n, want.n);
	assert_string_equal(buf_str(&got), buf_str(&want));
	buf_free(&want);
	buf_free(&got);
}

/* Where a write may end, of itself or when a kill comes. */
static void
test_half_is_cut_off(void **state)
{
	struct place *p = *state;
	struct slice rest, line, n;
	unsigned rows = 0, at_page = 0;
	uint64_t of;
	struct buf note = { 0 };

	die_at(p, 0, (struct slice){ 0 });
	buf_put(&note, buf_slice(&p->note));
	rest = buf_slice(&note);
	assert_true(slice_cut(&rest, '\n', &line));
	while (slice_cut(&rest, '\n', &line) && line.n > 0) {
		assert_true(slice_cut(&line, ' ', &n));
		assert_true(slice_to_uint(n, p->mbox.n - 1, &of));
		die_at(p, (size_t)of, (struct slice){ 0 });
		assert_true(append(p, &p->overtaker));
		check(p, (struct slice){ 0 });
		rows++;
		at_page += (sizeof OLD - 1 + of) % 4096 == 0;
	}
	assert_int_equal(at_page, (sizeof OLD - 1 + p->mbox.n) / 4096);
	assert_true(rows > at_page); /* writes end elsewhere, too */
	buf_free(&note);
}

/* Before the first octet, and after the last one. */
static void
test_nothing_to_cut(void **state)
{
	struct place *p = *state;

	die_at(p, 0, (struct slice){ 0 });
	assert_true(append(p, &p->overtaker));
	check(p, (struct slice){ 0 });
	die_at(p, p->mbox.n, (struct slice){ 0 });
	assert_true(append(p, &p->overtaker));
	check(p, buf_slice(&p->mbox));
}

/* Who knows only fcntl() has written behind the half: all of it stays. */
static void
test_mail_of_others_stays(void **state)
{
	static const char *const behind[] = { "From b\n\nb\n\n", "x\n\n",
		"\nFrom b\n\n\n" };
	struct place *p = *state;
	size_t half = 4096 - (sizeof OLD - 1);

	for (size_t i = 0; i < 3; i++) {
		struct buf stayed = { 0 };

		die_at(p, half, slice_of(behind[i]));
		buf_put(&stayed, slice_first(buf_slice(&p->mbox), half));
		buf_puts(&stayed, behind[i]);
		assert_true(append(p, &p->overtaker));
		check(p, buf_slice(&stayed));
		buf_free(&stayed);
	}
}

/* ... even where it ends at just that octet. */
static void
test_of_the_same_length(void **state)
{
	struct place *p = *state;
	size_t half = 4096 - (sizeof OLD - 1);
	struct buf stayed = { 0 };

	buf_put(&stayed, slice_first(buf_slice(&p->mbox), half - 11));
	buf_puts(&stayed, "From b\n\nb\n\n");
	assert_int_equal(stayed.n, half);
	die_at(p, half - 11, SLICE("From b\n\nb\n\n"));
	assert_true(append(p, &p->overtaker));
	check(p, buf_slice(&stayed));
	buf_free(&stayed);
}

/* Another file of that name, or a note that is none: nothing is cut. */
static void
test_notes_of_no_use(void **state)
{
	struct place *p = *state;
	size_t half = 4096 - (sizeof OLD - 1);
	struct slice stays = slice_first(buf_slice(&p->mbox), half);
	struct slice line, rest;
	struct buf stayed = { 0 };
	char start[80];

	buf_put(&stayed, stays);
	if (buf_slice(&p->mbox).p[half - 1] != '\n')
		buf_putc(&stayed, '\n');
	if (buf_slice(&p->mbox).p[half - 2] != '\n')
		buf_putc(&stayed, '\n');
	die_at(p, half, (struct slice){ 0 });
	rest = buf_slice(&p->note);
	assert_true(slice_cut(&rest, '\n', &line));
	put_file(p->lock, SLICE(GONE "\nappend 1 17\n"), rest);
	assert_true(append(p, &p->overtaker));
	check(p, buf_slice(&stayed));
	die_at(p, half, (struct slice){ 0 });
	snprintf(start, sizeof start, GONE "\n%.*s\n4079 1\n", (int)line.n,
	    buf_slice(&p->note).p);
	put_file(p->lock, slice_of(start), (struct slice){ 0 });
	assert_true(append(p, &p->overtaker));
	check(p, buf_slice(&stayed));
	die_at(p, half, (struct slice){ 0 });
	rest = slice_first(buf_slice(&p->note), line.n + 8); /* broken off */
	put_file(p->lock, SLICE(GONE "\n"), rest);
	assert_true(append(p, &p->overtaker));
	check(p, buf_slice(&stayed));
	buf_free(&stayed);
}

/* Somebody else's lock: what he has written into it does not count. */
static void
test_note_of_another_user(void **state)
{
	struct place *p = *state;
	size_t half = 8192 - (sizeof OLD - 1);
	struct buf got = { 0 };

	if (geteuid() != 0)
		skip();
	die_at(p, half, (struct slice){ 0 });
	assert_int_equal(chown(p->lock, 4321, 4321), 0);
	assert_true(append(p, &p->overtaker));
	assert_true(file_read(p->path, &got));
	assert_true(got.n > sizeof OLD - 1 + half + p->late.n);
	buf_free(&got);
}

/* The number is in use again: is it of this run of the machine? */
static void
test_another_boot(void **state)
{
	struct place *p = *state;
	struct slice stays = { 0 };
	struct buf boot = { 0 };
	char head[100];

	assert_true(file_read("/proc/sys/kernel/random/boot_id", &boot));
	die_at(p, 4096 - (sizeof OLD - 1), stays);
	snprintf(head, sizeof head, "%ld\n%s", (long)getpid(), buf_str(&boot));
	put_file(p->lock, slice_of(head), buf_slice(&p->note));
	assert_false(append(p, &p->overtaker));
	snprintf(head, sizeof head, "%ld\n", (long)getpid());
	put_file(p->lock, slice_of(head), stays);
	assert_false(append(p, &p->overtaker));
	snprintf(head, sizeof head, "%ld\n0%s", (long)getpid(), buf_str(&boot));
	put_file(p->lock, slice_of(head), buf_slice(&p->note));
	assert_true(append(p, &p->overtaker));
	check(p, stays);
	buf_free(&boot);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_half_is_cut_off),
		TEST(test_nothing_to_cut),
		TEST(test_mail_of_others_stays),
		TEST(test_of_the_same_length),
		TEST(test_notes_of_no_use),
		TEST(test_note_of_another_user),
		TEST(test_another_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
