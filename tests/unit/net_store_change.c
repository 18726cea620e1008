/* SPDX-License-Identifier: ISC */
/*
 * net_store_change.c - reports, edits and keys: each whole or not at all, also
 * where somebody died in the middle (QUEUE.md, Enqueue and Delivery 5).
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
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../support/remove_all.h"
#include "../support/spool.h"
#include "base/mem.h"
#include "net/content.h"

#define TEXT SLICE("Subject: x\r\n\r\nhello\r\n")
#define BANKS (4 * 4096)

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

static struct entry *
take(struct store *s, const char *id)
{
	struct entry *e = NULL;
	struct outcome why;

	assert_int_equal(store_take(s, id, &e, &why), STORE_TAKEN);
	return e;
}

static size_t
count(struct store *s, enum store_place place, struct buf *ids)
{
	struct outcome why;

	buf_clear(ids);
	assert_true(store_list(s, place, ids, &why));
	return ids->n / (STORE_ID + 1);
}

static size_t
number(struct store *s, enum store_place place)
{
	struct buf ids = { 0 };
	size_t n = count(s, place, &ids);

	buf_free(&ids);
	return n;
}

static struct store_answer
answer(struct store *s)
{
	struct store_answer a = { 0 };

	assert_true(spool_await(s, &a));
	assert_int_equal(store_owed(s), 0);
	return a;
}

static const char *
path_of(const struct fixture *f, const char *folder, const char *name)
{
	static char path[200];

	snprintf(path, sizeof path, "%s/%s/%s", f->path, folder, name);
	return path;
}

/* ---- reports ---- */

static void
fail_first(struct store *s, const char *id)
{
	struct entry *e = take(s, id);
	struct mark m[] = {
		{ .rcpt = 0, .slot = { .state = SLOT_FAILED } },
		{ .rcpt = 1, .slot = { .state = SLOT_DELIVERED } },
	};

	store_mark(s, e, m, 2, NULL);
	assert_true(answer(s).ok);
	store_release(s, e);
}

/* A report of the message; its id to id. */
static void
report(struct store *s, struct entry *e, char id[STORE_ID + 1])
{
	struct stored m = spool_mail(1);
	struct mark mark = { .rcpt = 0, .slot = e->slots[0] };
	struct outcome why;
	struct draft *d;

	m.is_bounce = true;
	d = store_begin(s, &m, &why);
	assert_true(store_write(d, TEXT, &why));
	memcpy(id, draft_id(d), STORE_ID + 1);
	mark.slot.state = SLOT_BOUNCED;
	store_bounce(s, e, d, &mark, 1, &mark);
	stored_free(&m);
}

static void
assert_reported(struct store *s, const char *id, const char *of)
{
	struct buf ids = { 0 };
	struct entry *e = take(s, of);

	assert_int_equal(e->slots[0].state, SLOT_BOUNCED);
	assert_int_equal(e->slots[1].state, SLOT_DELIVERED);
	assert_int_equal(e->slot.bounces, 1);
	store_settle(s, e);
	assert_int_equal(count(s, STORE_QUEUE, &ids), 1);
	assert_string_equal(ids.base, id);
	e = take(s, id);
	assert_int_equal(e->text.length, TEXT.n);
	store_release(s, e);
	buf_free(&ids);
}

static void
test_report(void **state)
{
	struct fixture *f = *state;
	char id[STORE_ID + 1];
	struct store_answer a;
	struct entry *e;

	spool_add_some(f->s, 2, f->id);
	fail_first(f->s, f->id);
	e = take(f->s, f->id);
	report(f->s, e, id);
	a = answer(f->s);
	assert_true(a.ok);
	assert_string_equal(a.id, id);
	store_release(f->s, e);
	assert_reported(f->s, id, f->id);
}

/* The parent's file as it was, to undo its marks with. */
static void
swap_banks(const char *path, char banks[BANKS], bool back)
{
	int fd = open(path, O_RDWR);

	if (back)
		assert_int_equal(pwrite(fd, banks, BANKS, 0), BANKS);
	else
		assert_int_equal(pread(fd, banks, BANKS, 0), BANKS);
	close(fd);
}

/* Died behind the hidden name: with no mark written, or with all of them. */
static void
test_report_left_hidden(void **state)
{
	struct fixture *f = *state;

	for (int marked = 0; marked < 2; marked++) {
		char id[STORE_ID + 1], banks[BANKS], hidden[80], name[200];
		struct entry *e;

		spool_add_some(f->s, 400, f->id);
		fail_first(f->s, f->id);
		swap_banks(path_of(f, "queue", f->id), banks, false);
		e = take(f->s, f->id);
		report(f->s, e, id);
		assert_true(answer(f->s).ok);
		store_release(f->s, e);
		if (!marked)
			swap_banks(path_of(f, "queue", f->id), banks, true);
		snprintf(hidden, sizeof hidden, ".%s.0", f->id);
		strcpy(name, path_of(f, "queue", hidden));
		assert_int_equal(rename(path_of(f, "queue", id), name), 0);
		store_recover(f->s, 0);
		assert_int_equal(number(f->s, STORE_QUEUE), 1);
		assert_reported(f->s, id, f->id);
		store_settle(f->s, take(f->s, id));
		assert_int_equal(number(f->s, STORE_QUEUE), 0);
	}
}

/* Its parent was put aside before it could be marked: put back by a person it
 * is not reported once more. */
static void
test_report_of_one_aside(void **state)
{
	struct fixture *f = *state;
	static const enum store_place places[] = { STORE_HELD, STORE_BAD };

	for (int i = 0; i < 2; i++) {
		char id[STORE_ID + 1], banks[BANKS], hidden[80], name[200];
		struct outcome why;
		struct entry *e;

		spool_add_some(f->s, 400, f->id);
		fail_first(f->s, f->id);
		swap_banks(path_of(f, "queue", f->id), banks, false);
		e = take(f->s, f->id);
		report(f->s, e, id);
		assert_true(answer(f->s).ok);
		swap_banks(path_of(f, "queue", f->id), banks, true);
		snprintf(hidden, sizeof hidden, ".%s.0", f->id);
		strcpy(name, path_of(f, "queue", hidden));
		assert_int_equal(rename(path_of(f, "queue", id), name), 0);
		store_put_aside(f->s, e, places[i], "x", NULL);
		assert_true(answer(f->s).ok);
		store_release(f->s, e);
		store_recover(f->s, 0);
		assert_int_equal(number(f->s, STORE_QUEUE), 1);
		assert_int_equal(store_take_at(f->s, places[i], f->id, &e,
		    &why), STORE_TAKEN);
		store_put_back(f->s, e, NULL);
		assert_true(answer(f->s).ok);
		store_release(f->s, e);
		assert_reported(f->s, id, f->id);
		store_settle(f->s, take(f->s, id));
	}
}

/* Damaged, it is put where somebody sees it, and the parent goes on. */
static void
test_report_left_damaged(void **state)
{
	struct fixture *f = *state;
	char hidden[80];
	int fd;

	spool_add_some(f->s, 2, f->id);
	fail_first(f->s, f->id);
	snprintf(hidden, sizeof hidden, ".%s.0", f->id);
	fd = open(path_of(f, "queue", hidden), O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "junk", 4), 4);
	close(fd);
	store_release(f->s, take(f->s, f->id));
	assert_int_equal(number(f->s, STORE_BAD), 1);
}

static void
limit(rlim_t octets)
{
	struct rlimit l;

	getrlimit(RLIMIT_FSIZE, &l);
	l.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* Its parent cannot be marked; whoever ends that sends the report before. */
static void
test_report_unfinished(void **state)
{
	struct fixture *f = *state;
	struct stored m;
	struct mark mark = { .rcpt = 399, .slot = { .state = SLOT_BOUNCED } };
	struct store_answer a;
	struct outcome why;
	struct draft *d;
	struct entry *e;
	struct buf ids = { 0 };
	char id[STORE_ID + 1];

	if (spool_recorders > 0)
		return; /* they are processes with limits of their own */
	m = spool_mail(1);
	spool_add_some(f->s, 400, f->id);
	e = take(f->s, f->id);
	m.is_bounce = true;
	d = store_begin(f->s, &m, &why);
	memcpy(id, draft_id(d), sizeof id);
	limit(20000);
	store_bounce(f->s, e, d, &mark, 1, NULL);
	a = answer(f->s);
	assert_false(a.ok);
	limit(RLIM_INFINITY);
	assert_int_equal(e->slots[399].state, SLOT_BOUNCED);
	assert_true(spool_remove(f->s, e));
	assert_int_equal(count(f->s, STORE_QUEUE, &ids), 1);
	assert_string_equal(ids.base, id);
	store_settle(f->s, take(f->s, id));
	assert_int_equal(rmdir(path_of(f, "queue", "")), 0);
	buf_free(&ids);
	stored_free(&m);
}

/* It cannot be named (somebody has the hidden name): all is as it was. */
static void
test_report_refused(void **state)
{
	struct fixture *f = *state;
	char id[STORE_ID + 1], hidden[80];
	struct store_answer a;
	struct entry *e;

	spool_add_some(f->s, 2, f->id);
	fail_first(f->s, f->id);
	e = take(f->s, f->id);
	snprintf(hidden, sizeof hidden, ".%s.0", f->id);
	assert_int_equal(mkdir(path_of(f, "queue", hidden), 0700), 0);
	report(f->s, e, id);
	a = answer(f->s);
	assert_false(a.ok);
	assert_int_equal(a.why.verdict, DEFERRED);
	assert_int_equal(e->slots[0].state, SLOT_FAILED);
	assert_int_equal(e->slot.bounces, 0);
	assert_int_equal(rmdir(path_of(f, "queue", hidden)), 0);
	report(f->s, e, id);
	assert_true(answer(f->s).ok);
	store_release(f->s, e);
	assert_reported(f->s, id, f->id);
}

/* ---- edits ---- */

static void
test_edit(void **state)
{
	struct fixture *f = *state;
	struct stored m = spool_mail(3);
	static char block[CONTENT_BLOCK];
	struct slice got;
	struct outcome why;
	struct entry *e;

	spool_add_some(f->s, 2, f->id);
	fail_first(f->s, f->id);
	e = take(f->s, f->id);
	free(m.envelope.rcpts[0].to.path);
	m.envelope.rcpts[0].to.path = strdup("new@example.net");
	store_edit(f->s, e, &m.envelope, NULL);
	assert_true(answer(f->s).ok);
	store_release(f->s, e);
	e = take(f->s, f->id);
	assert_int_equal(e->mail.generation, 1);
	assert_int_equal(e->mail.envelope.n, 3);
	assert_string_equal(e->mail.envelope.rcpts[0].to.path,
	    "new@example.net");
	assert_int_equal(e->slots[0].state, SLOT_PENDING);
	assert_int_equal(e->slots[1].state, SLOT_DELIVERED);
	assert_int_equal(e->slots[2].state, SLOT_PENDING);
	assert_int_equal(e->slot.runs, 1);
	assert_true(content_read(&e->text, 0, block, &got, &why));
	assert_true(slice_eq(got, TEXT));
	store_release(f->s, e);
	assert_int_equal(number(f->s, STORE_QUEUE), 1);
	stored_free(&m);
}

/* Who opened the old file finds that the name is another's. */
static void
test_edit_of_damaged_text(void **state)
{
	struct fixture *f = *state;
	struct stored m = spool_mail(1);
	struct entry *e;
	struct stat st;
	int fd;

	spool_add_some(f->s, 1, f->id);
	fd = open(path_of(f, "queue", f->id), O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, "X", 1, st.st_size - 40), 1);
	close(fd);
	e = take(f->s, f->id);
	store_edit(f->s, e, &m.envelope, NULL);
	assert_false(answer(f->s).ok);
	store_release(f->s, e);
	e = take(f->s, f->id);
	assert_int_equal(e->mail.generation, 0);
	store_release(f->s, e);
	stored_free(&m);
}

/* ---- keys ---- */

static struct store_answer
add_with_key(struct store *s, const char *key, unsigned uid)
{
	struct stored m = spool_mail(1);
	struct store_answer a;
	struct outcome why;
	struct draft *d;

	m.uid = uid;
	snprintf(m.key, sizeof m.key, "%s", key);
	d = store_begin(s, &m, &why);
	assert_true(store_write(d, TEXT, &why));
	store_commit(s, d, NULL);
	a = answer(s);
	stored_free(&m);
	return a;
}

static void
test_same_key_is_one_message(void **state)
{
	struct fixture *f = *state;
	struct store_answer a = add_with_key(f->s, "../k?", 5), b, c;
	struct stat st;

	assert_true(a.ok && !a.duplicate);
	b = add_with_key(f->s, "../k?", 5);
	assert_true(b.ok && b.duplicate);
	assert_string_equal(b.id, a.id);
	c = add_with_key(f->s, "../k?", 6);
	assert_true(c.ok && !c.duplicate);
	assert_true(add_with_key(f->s, "../k", 5).ok);
	assert_int_equal(number(f->s, STORE_QUEUE), 3);
	spool_remove(f->s, take(f->s, a.id));
	store_recover(f->s, time(NULL));
	assert_int_equal(number(f->s, STORE_QUEUE), 2);
	b = add_with_key(f->s, "../k?", 5);
	assert_true(b.ok && b.duplicate);
	assert_int_equal(stat(path_of(f, "keys", "5-Li4vaz8="), &st), 0);
	assert_in_range(st.st_size, 12288, 12500);
	store_recover(f->s, time(NULL) + 6 * 86400);
	assert_int_equal(access(path_of(f, "keys", "5-Li4vaz8="), F_OK), -1);
	b = add_with_key(f->s, "../k?", 5);
	assert_true(b.ok && !b.duplicate);
}

/* Its maker died between the two names: who comes next, or recovery, mends. */
static void
test_key_alone(void **state)
{
	struct fixture *f = *state;
	struct store_answer a = add_with_key(f->s, "k", 5), b;

	assert_int_equal(unlink(path_of(f, "queue", a.id)), 0);
	b = add_with_key(f->s, "k", 5);
	assert_true(b.ok && b.duplicate);
	assert_string_equal(b.id, a.id);
	assert_int_equal(number(f->s, STORE_QUEUE), 1);
	assert_int_equal(unlink(path_of(f, "queue", a.id)), 0);
	store_recover(f->s, time(NULL));
	assert_int_equal(number(f->s, STORE_QUEUE), 1);
	store_release(f->s, take(f->s, a.id));
}

/* An edited message keeps its key, and ends with it. */
static void
test_key_of_an_edited(void **state)
{
	struct fixture *f = *state;
	struct store_answer a = add_with_key(f->s, "k", 5);
	struct stored m = spool_mail(1);
	struct entry *e = take(f->s, a.id);

	store_edit(f->s, e, &m.envelope, NULL);
	assert_true(answer(f->s).ok);
	store_release(f->s, e);
	assert_true(add_with_key(f->s, "k", 5).duplicate);
	spool_remove(f->s, take(f->s, a.id));
	store_recover(f->s, time(NULL));
	assert_int_equal(number(f->s, STORE_QUEUE), 0);
	assert_true(add_with_key(f->s, "k", 5).duplicate);
	stored_free(&m);
}

/* Died in an edit, behind the key's new name: the old file is the message. */
static void
test_key_of_an_edit_left(void **state)
{
	struct fixture *f = *state;
	struct store_answer a = add_with_key(f->s, "k", 5), b;
	struct stored m = spool_mail(1);
	struct entry *e = take(f->s, a.id);
	char old[200];

	strcpy(old, path_of(f, "tmp", "old"));
	mkdir(path_of(f, "tmp", ""), 0700);
	assert_int_equal(link(path_of(f, "queue", a.id), old), 0);
	store_edit(f->s, e, &m.envelope, NULL);
	assert_true(answer(f->s).ok);
	store_release(f->s, e);
	assert_int_equal(rename(old, path_of(f, "queue", a.id)), 0);
	b = add_with_key(f->s, "k", 5);
	assert_true(b.ok && b.duplicate);
	store_recover(f->s, time(NULL));
	assert_int_equal(number(f->s, STORE_QUEUE), 1);
	e = take(f->s, a.id);
	assert_int_equal(e->mail.generation, 0);
	spool_remove(f->s, e);
	store_recover(f->s, time(NULL));
	assert_int_equal(number(f->s, STORE_QUEUE), 0);
	assert_true(add_with_key(f->s, "k", 5).duplicate);
	assert_int_equal(number(f->s, STORE_QUEUE), 0);
	stored_free(&m);
}

/* ---- what is left ---- */

static void
test_litter_goes(void **state)
{
	struct fixture *f = *state;
	struct stored m = spool_mail(1);
	int fd;

	spool_add_some(f->s, 1, f->id);
	store_tell(f->s, f->id, SLICE("a"));
	store_settle(f->s, take(f->s, f->id));
	store_tell(f->s, f->id, SLICE("too late"));
	mkdir(path_of(f, "tmp", ""), 0700);
	fd = open(path_of(f, "tmp", f->id), O_CREAT | O_WRONLY, 0600);
	close(fd);
	store_recover(f->s, 0);
	assert_int_equal(rmdir(path_of(f, "tmp", "")), 0);
	assert_int_equal(rmdir(path_of(f, "queue", "")), 0);
	stored_free(&m);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_report),
		TEST(test_report_left_hidden),
		TEST(test_report_of_one_aside),
		TEST(test_report_left_damaged),
		TEST(test_report_unfinished),
		TEST(test_report_refused),
		TEST(test_edit),
		TEST(test_edit_of_damaged_text),
		TEST(test_same_key_is_one_message),
		TEST(test_key_alone),
		TEST(test_key_of_an_edited),
		TEST(test_key_of_an_edit_left),
		TEST(test_litter_goes),
	};

	int failed = cmocka_run_group_tests_name("net_store_change", tests,
	    NULL, NULL);

	spool_recorders = 2;
	return failed +
	    cmocka_run_group_tests_name("net_store_change, recorders",
	    tests, NULL, NULL);
}
