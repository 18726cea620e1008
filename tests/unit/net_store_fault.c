/* SPDX-License-Identifier: ISC */
/*
 * net_store_fault.c - what disks, people and killed processes do to a store
 * (FAULTS 49, 60, 63, 64, 66, 69, 90): nothing is lost, and nothing that is
 * damaged is taken for mail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../support/remove_all.h"
#include "../support/spool.h"
#include "base/crc32c.h"
#include "net/content.h"
#include "net/file.h"
#include "base/octets.h"

#define TEXT SLICE("Subject: x\r\n\r\nhello\r\n")
#define BANK_A 4096
#define BANK_B 8192

struct fixture {
	char path[40];
	struct store *s;
	char id[STORE_ID + 1];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	signal(SIGXFSZ, SIG_IGN);
	strcpy(f->path, "/tmp/net_store.XXXXXX");
	f->s = spool_new(f->path);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->s);
	remove_all(f->path);
	free(f);
	return 0;
}

static size_t
number(struct store *s, enum store_place place)
{
	struct buf ids = { 0 };
	struct outcome why;
	size_t n;

	assert_true(store_list(s, place, &ids, &why));
	n = ids.n / (STORE_ID + 1);
	buf_free(&ids);
	return n;
}

static const char *
path_of(const struct fixture *f, const char *folder, const char *name)
{
	static char path[200];

	snprintf(path, sizeof path, "%s/%s/%s", f->path, folder, name);
	return path;
}

static enum store_take
try_take(struct fixture *f)
{
	struct outcome why = { 0 };
	struct entry *e;
	enum store_take result = store_take(f->s, f->id, &e, &why);

	if (result == STORE_TAKEN)
		store_release(f->s, e);
	else
		assert_int_not_equal(why.text[0], '\0');
	return result;
}

/* Change octets of the message's file. */
static void
scribble(const struct fixture *f, off_t at, const char *p, size_t n)
{
	int fd = open(path_of(f, "queue", f->id), O_WRONLY);

	assert_int_equal(pwrite(fd, p, n, at), n);
	close(fd);
}

static void
limit(rlim_t octets)
{
	struct rlimit l;

	getrlimit(RLIMIT_FSIZE, &l);
	l.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* ---- damage ---- */

/* Looked at with one bit flipped: refused, or said to be held, or the same. */
static void
look_at_flipped(struct fixture *f, size_t at)
{
	static char block[CONTENT_BLOCK];
	struct outcome why;
	struct slice got;
	struct entry *e;

	if (store_look(f->s, f->id, &e, &why) != STORE_TAKEN)
		return;
	assert_int_equal(e->mail.envelope.n, 2);
	assert_string_equal(e->mail.envelope.rcpts[1].to.path,
	    "r1@example.net");
	assert_int_equal(e->slots[0].state, SLOT_PENDING);
	assert_int_equal(e->slots[1].state, SLOT_PENDING);
	assert_int_equal(e->slot.runs, 1);
	assert_true(at >= BANK_A);
	if (content_read(&e->text, 0, block, &got, &why))
		assert_true(slice_eq(got, TEXT));
	else
		assert_true(why.stage == STAGE_READ &&
		    why.verdict == DEFERRED);
	store_release(f->s, e);
}

static void
test_every_flip_is_found(void **state)
{
	struct fixture *f = *state;
	struct buf whole = { 0 };

	spool_add_some(f->s, 2, f->id);
	assert_true(file_read(path_of(f, "queue", f->id), &whole));
	for (size_t i = 0; i < whole.n; i++) {
		char c = whole.base[i] ^ (char)(1 << i % 8);

		if (i >= BANK_A + 256 && i < BANK_B)
			continue; /* nothing is there */
		scribble(f, (off_t)i, &c, 1);
		look_at_flipped(f, i);
		scribble(f, (off_t)i, whole.base + i, 1);
	}
	assert_int_equal(try_take(f), STORE_TAKEN);
	buf_free(&whole);
}

static void
test_cut_anywhere(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	off_t size = 0;

	for (int i = 0; i < 60; i++) {
		spool_add_some(f->s, 2, f->id);
		assert_int_equal(stat(path_of(f, "queue", f->id), &st), 0);
		size = i < 30 ? st.st_size - 1 - i * 5 : size * 3 / 4;
		assert_int_equal(truncate(path_of(f, "queue", f->id), size),
		    0);
		assert_int_equal(try_take(f), STORE_CORRUPT);
		assert_int_equal(try_take(f), STORE_GONE);
		assert_int_equal(number(f->s, STORE_BAD), i + 1);
	}
}

/* Both twins of somebody are bad: nobody knows whether he had it. */
static void
test_both_twins_bad(void **state)
{
	struct fixture *f = *state;
	struct outcome why;
	struct entry *e;

	spool_add_some(f->s, 2, f->id);
	scribble(f, BANK_A + 128, "x", 1);
	assert_int_equal(store_look(f->s, f->id, &e, &why), STORE_TAKEN);
	assert_int_equal(e->slots[1].state, SLOT_PENDING);
	assert_false(e->slot.held);
	store_release(f->s, e);
	scribble(f, BANK_B + 128, "x", 1);
	assert_int_equal(store_take(f->s, f->id, &e, &why), STORE_TAKEN);
	assert_int_equal(e->slots[0].state, SLOT_PENDING);
	assert_int_equal(e->slots[1].state, SLOT_HELD);
	assert_true(e->slot.held);
	store_release(f->s, e);
	scribble(f, BANK_A, "x", 1);
	scribble(f, BANK_B, "x", 1);
	assert_int_equal(store_take(f->s, f->id, &e, &why), STORE_TAKEN);
	assert_true(e->slot.held);
	assert_int_equal(e->slot.next_try, 0);
	store_release(f->s, e);
}

/* A later program's file stays where it is. */
static void
test_newer_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct buf whole = { 0 };
	char sum[4];

	spool_add_some(f->s, 1, f->id);
	assert_true(file_read(path_of(f, "queue", f->id), &whole));
	whole.base[8] = 2;
	memset(whole.base + 12, 0, 4);
	octets_put(sum, 4, crc32c(0, (struct slice){ whole.base, 4096 }));
	memcpy(whole.base + 12, sum, 4);
	scribble(f, 0, whole.base, 4096);
	assert_int_equal(try_take(f), STORE_NEWER);
	assert_int_equal(try_take(f), STORE_NEWER);
	assert_int_equal(number(f->s, STORE_BAD), 0);
	buf_free(&whole);
}

static void
test_no_ordinary_file(void **state)
{
	struct fixture *f = *state;
	char path[200];

	for (int i = 0; i < 3; i++) {
		spool_add_some(f->s, 1, f->id);
		strcpy(path, path_of(f, "queue", f->id));
		assert_int_equal(unlink(path), 0);
		if (i == 0)
			assert_int_equal(symlink("/etc/passwd", path), 0);
		else if (i == 1)
			assert_int_equal(mkdir(path, 0700), 0);
		else
			assert_int_equal(mkfifo(path, 0600), 0);
		assert_int_equal(try_take(f), STORE_CORRUPT);
		assert_int_equal(number(f->s, STORE_BAD), i + 1);
		assert_int_equal(number(f->s, STORE_QUEUE), 0);
	}
}

/* Of words for which there is no room there are none, not half a line. */
static void
test_words_whole_or_not(void **state)
{
	struct fixture *f = *state;
	struct buf told = { 0 };

	spool_add_some(f->s, 1, f->id);
	limit(8);
	store_tell(f->s, f->id, SLICE("first"));
	store_tell(f->s, f->id, SLICE("second"));
	limit(RLIM_INFINITY);
	store_tell(f->s, f->id, SLICE("third"));
	store_told(f->s, f->id, &told);
	assert_string_equal(buf_str(&told), "first\nthird\n");
	buf_free(&told);
}

/* What is not let go is said to be there. */
static void
test_cannot_be_removed(void **state)
{
	struct fixture *f = *state;
	struct outcome why;
	struct entry *e;

	spool_add_some(f->s, 1, f->id);
	assert_int_equal(store_take(f->s, f->id, &e, &why), STORE_TAKEN);
	assert_int_equal(unlink(path_of(f, "queue", f->id)), 0);
	assert_int_equal(mkdir(path_of(f, "queue", f->id), 0700), 0);
	assert_false(spool_remove(f->s, e));
	assert_int_equal(rmdir(path_of(f, "queue", f->id)), 0);
	spool_add_some(f->s, 1, f->id);
	assert_int_equal(store_take(f->s, f->id, &e, &why), STORE_TAKEN);
	assert_true(spool_remove(f->s, e));
	assert_int_equal(try_take(f), STORE_GONE);
}

/* ---- owners that die ---- */

static pid_t
child_that_takes(const struct fixture *f, int *ready)
{
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct outcome why;
		struct entry *e;
		struct store *s = spool_again(f->path);

		if (store_take(s, f->id, &e, &why) == STORE_TAKEN &&
		    write(ends[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ends[1]);
	*ready = ends[0];
	return child;
}

static void
test_killed_owner(void **state)
{
	struct fixture *f = *state;
	char c;
	int ready;
	pid_t child;

	spool_add_some(f->s, 1, f->id);
	child = child_that_takes(f, &ready);
	assert_int_equal(read(ready, &c, 1), 1);
	assert_int_equal(try_take(f), STORE_BUSY);
	kill(child, SIGSTOP);
	assert_int_equal(try_take(f), STORE_BUSY);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(try_take(f), STORE_TAKEN);
	close(ready);
}

/* ---- disks that refuse ---- */

static void
test_cannot_be_written(void **state)
{
	struct fixture *f = *state;
	static const rlim_t limits[] = { 0, 100, 4096, 12288, 12400 };
	struct stored m = spool_mail(1);

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		limit(limits[i]);
		assert_false(spool_add(f->s, &m, TEXT, f->id));
		limit(RLIM_INFINITY);
		assert_int_equal(try_take(f), STORE_GONE);
		assert_int_equal(number(f->s, STORE_QUEUE), 0);
	}
	stored_free(&m);
}

static void
test_error_of_a_write_is_final(void **state)
{
	struct fixture *f = *state;
	struct stored m = spool_mail(1);
	struct store_answer a = { 0 };
	struct outcome why;
	static char text[CONTENT_BLOCK];
	struct draft *d = store_begin(f->s, &m, &why);

	limit(30000);
	assert_false(store_write(d, (struct slice){ text, sizeof text },
	    &why));
	assert_int_equal(why.verdict, DEFERRED);
	assert_int_equal(outcome_exit(&why), 75);
	limit(RLIM_INFINITY);
	assert_false(store_write(d, TEXT, &why));
	store_commit(f->s, d, f);
	assert_true(spool_await(f->s, &a));
	assert_false(a.ok);
	assert_ptr_equal(a.owner, f);
	assert_int_equal(number(f->s, STORE_QUEUE), 0);
	stored_free(&m);
}

/* Which twin of the first recipient's slot has this many attempts? */
static int
bank_with(const struct fixture *f, unsigned char attempts)
{
	struct buf whole = { 0 };
	const char *slot;
	int found = -1;

	assert_true(file_read(path_of(f, "queue", f->id), &whole));
	slot = whole.base + 64;
	for (int bank = 0; bank < 2; bank++)
		if (slot[bank ? BANK_B + 6 : BANK_A + 6] == attempts)
			found = bank;
	buf_free(&whole);
	return found;
}

/* What was said last stays until what is said now is safe. */
static void
test_marks_spare_the_twin(void **state)
{
	struct fixture *f = *state;
	struct mark m = { .rcpt = 0, .slot = { .state = SLOT_PENDING } };
	struct store_answer a;

	spool_add_some(f->s, 1, f->id);
	for (unsigned char i = 1; i < 6; i++) {
		struct outcome why;
		struct entry *e;

		assert_int_equal(store_take(f->s, f->id, &e, &why),
		    STORE_TAKEN);
		m.slot.attempts = i;
		store_mark(f->s, e, &m, 1, NULL);
		assert_true(spool_await(f->s, &a));
		assert_int_equal(bank_with(f, i), i & 1);
		assert_int_equal(bank_with(f, i - 1), !(i & 1));
		store_release(f->s, e);
	}
}

/* The one slot cannot be written: its twin; and then neither. */
static void
test_marks_find_the_twin(void **state)
{
	struct fixture *f = *state;
	struct mark m = { .rcpt = 0, .slot = { .state = SLOT_DELIVERED } };
	struct store_answer a;
	struct outcome why;
	struct entry *e;

	if (spool_recorders > 0)
		return; /* they are processes with limits of their own */
	spool_add_some(f->s, 1, f->id);
	assert_int_equal(store_take(f->s, f->id, &e, &why), STORE_TAKEN);
	limit(BANK_B);
	for (uint16_t i = 1; i < 4; i++) {
		m.slot.attempts = i;
		store_mark(f->s, e, &m, 1, NULL);
		assert_true(spool_await(f->s, &a));
		assert_true(a.ok);
	}
	limit(BANK_A);
	store_mark(f->s, e, &m, 1, NULL);
	assert_true(spool_await(f->s, &a));
	assert_false(a.ok);
	limit(RLIM_INFINITY);
	store_release(f->s, e);
	assert_int_equal(store_take(f->s, f->id, &e, &why), STORE_TAKEN);
	assert_int_equal(e->slots[0].state, SLOT_DELIVERED);
	assert_int_equal(e->slots[0].attempts, 3);
	store_release(f->s, e);
}

/* ---- folders that go, disks that fill ---- */

static void
test_removed_folder(void **state)
{
	struct fixture *f = *state;
	struct stored m = spool_mail(1);
	struct store_answer a;
	struct outcome why;
	struct draft *d = store_begin(f->s, &m, &why);

	assert_true(store_write(d, TEXT, &why));
	assert_int_equal(rmdir(path_of(f, "queue", "")), 0);
	store_commit(f->s, d, NULL);
	assert_true(spool_await(f->s, &a));
	assert_false(a.ok);
	assert_int_equal(a.why.verdict, DEFERRED);
	assert_null(store_begin(f->s, &m, &why));
	assert_int_equal(outcome_exit(&why), 75);
	stored_free(&m);
}

static void
test_reserve(void **state)
{
	struct fixture *f = *state;
	struct store_config config = { .path = f->path,
		.reserve = UINT64_MAX, .reserve_percent = 100 };
	struct stored m = spool_mail(1);
	struct outcome why;
	struct store *s = store_open(&config, &why);
	struct store_space room;

	assert_non_null(s);
	assert_true(store_space(s, &room));
	assert_in_range(room.free_octets, 1, room.octets - 1);
	assert_null(store_begin(s, &m, &why));
	assert_int_equal(why.verdict, DEFERRED);
	assert_int_equal(why.esc.subject * 10 + why.esc.detail, 31);
	m.is_bounce = true; /* anybody's from <> */
	assert_null(store_begin(s, &m, &why));
	m.may_fill = true;
	assert_true(spool_add(s, &m, TEXT, f->id));
	stored_free(&m);
	store_close(s);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_flip_is_found),
		TEST(test_cut_anywhere),
		TEST(test_both_twins_bad),
		TEST(test_newer_is_left_alone),
		TEST(test_no_ordinary_file),
		TEST(test_words_whole_or_not),
		TEST(test_cannot_be_removed),
		TEST(test_killed_owner),
		TEST(test_cannot_be_written),
		TEST(test_error_of_a_write_is_final),
		TEST(test_marks_spare_the_twin),
		TEST(test_marks_find_the_twin),
		TEST(test_removed_folder),
		TEST(test_reserve),
	};

	int failed = cmocka_run_group_tests_name("net_store_fault", tests,
	    NULL, NULL);

	spool_recorders = 2;
	return failed +
	    cmocka_run_group_tests_name("net_store_fault, recorders",
	    tests, NULL, NULL);
}
