/* SPDX-License-Identifier: ISC */
/*
 * net_store_share.c - several processes on one spool (FAULTS 77): what each of
 * them takes, edits, settles or adds under one key is done once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../support/remove_all.h"
#include "../support/spool.h"

#define MAILS	  120
#define PROCESSES 4
#define ONE	  (STORE_ID + 1)

static char path[40];

static void
add_all(void)
{
	char id[STORE_ID + 1];
	struct store *s;

	strcpy(path, "/tmp/net_share.XXXXXX");
	s = spool_new(path);
	for (int i = 0; i < MAILS; i++)
		spool_add_some(s, 1, id);
	store_close(s);
}

static void
edit(struct store *s, struct entry *e)
{
	struct stored m = spool_mail(2);
	struct store_answer a;

	store_edit(s, e, &m.envelope, NULL);
	if (!spool_await(s, &a) || !a.ok)
		_exit(3);
	store_release(s, e);
	stored_free(&m);
}

/* Once edited, a message is settled, and told of. */
static void
work_on(struct store *s, const char *id, int tell)
{
	struct outcome why;
	struct entry *e;
	enum store_take result = store_take(s, id, &e, &why);

	if (result == STORE_CORRUPT || result == STORE_REFUSED)
		_exit(2);
	if (result != STORE_TAKEN)
		return;
	if (e->mail.generation == 0) {
		edit(s, e);
		return;
	}
	if (e->mail.envelope.n != 2 || write(tell, id, ONE) != ONE)
		_exit(4);
	store_settle(s, e);
}

static void
work(int tell)
{
	struct store *s = spool_again(path);
	struct buf ids = { 0 };
	struct outcome why;

	do {
		buf_clear(&ids);
		if (!store_list(s, STORE_QUEUE, &ids, &why))
			_exit(5);
		for (size_t i = 0; i < ids.n / ONE; i++)
			work_on(s, buf_slice(&ids).p + i * ONE, tell);
	} while (ids.n > 0);
	_exit(0);
}

/* All ended well? */
static void
await_children(void)
{
	int status;

	while (wait(&status) > 0) {
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, ONE);
}

static void
test_each_is_settled_once(void **state)
{
	static char told[2 * MAILS * ONE];
	size_t n = 0;
	ssize_t got;
	int ends[2];

	(void)state;
	add_all();
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			work(ends[1]);
	close(ends[1]);
	while ((got = read(ends[0], told + n, sizeof told - n)) > 0)
		n += (size_t)got;
	close(ends[0]);
	await_children();
	assert_int_equal(n, MAILS * ONE);
	qsort(told, MAILS, ONE, compare);
	for (size_t i = 1; i < MAILS; i++)
		assert_int_not_equal(strcmp(told + i * ONE,
		    told + (i - 1) * ONE), 0);
	remove_all(path);
}

/* The one with a key of each round that was not a duplicate says so. */
static void
add_keys(int tell)
{
	struct store *s = spool_again(path);

	for (int i = 0; i < 20; i++) {
		struct stored m = spool_mail(1);
		struct store_answer a = { 0 };
		struct outcome why;
		struct draft *d;

		snprintf(m.key, sizeof m.key, "key %d", i);
		d = store_begin(s, &m, &why);
		store_commit(s, d, NULL);
		if (!spool_await(s, &a) || !a.ok ||
		    (!a.duplicate && write(tell, "x", 1) != 1))
			_exit(2);
		stored_free(&m);
	}
	_exit(0);
}

static void
test_each_key_is_one_message(void **state)
{
	struct buf ids = { 0 };
	struct outcome why;
	struct store *s;
	char octets[200];
	int ends[2];

	(void)state;
	strcpy(path, "/tmp/net_share.XXXXXX");
	s = spool_new(path);
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			add_keys(ends[1]);
	await_children();
	assert_int_equal(read(ends[0], octets, sizeof octets), 20);
	assert_true(store_list(s, STORE_QUEUE, &ids, &why));
	assert_int_equal(ids.n / ONE, 20);
	close(ends[0]);
	close(ends[1]);
	buf_free(&ids);
	store_close(s);
	remove_all(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_settled_once),
		cmocka_unit_test(test_each_key_is_one_message),
	};
	int failed = cmocka_run_group_tests_name("net_store_share", tests,
	    NULL, NULL);

	spool_recorders = 2;
	return failed +
	    cmocka_run_group_tests_name("net_store_share, recorders", tests,
		NULL, NULL);
}
