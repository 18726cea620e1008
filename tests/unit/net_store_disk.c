/* SPDX-License-Identifier: ISC */
/*
 * net_store_disk.c - a disk that refuses to sync, or to be read: what was not
 * answered ok has no name, and what cannot be read goes out of the way (FAULTS
 * 49, 60).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../support/remove_all.h"
#include "../support/spool.h"
#include "spool/job.h"

/* ---- the disk ---- */

static unsigned good_syncs = ~0U; /* before all others fail */
static bool unreadable;

int
fsync(int fd)
{
	if (good_syncs == 0) {
		errno = EIO;
		return -1;
	}
	good_syncs--;
	return (int)syscall(SYS_fsync, fd);
}

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	if (unreadable) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, p, n, at);
}

/* ---- fixture ---- */

struct fixture {
	char path[40];
	struct store *s;
	char id[STORE_ID + 1];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

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

static bool
is_in(const struct fixture *f, const char *folder, const char *name)
{
	char path[200];

	snprintf(path, sizeof path, "%s/%s/%s", f->path, folder, name);
	return access(path, F_OK) == 0;
}

static int
open_folder(const struct fixture *f, const char *name)
{
	char path[200];

	snprintf(path, sizeof path, "%s/%s", f->path, name);
	mkdir(path, 0700);
	return open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
}

static enum store_take
try_take(const struct fixture *f)
{
	struct outcome why;
	struct entry *e;
	enum store_take got = store_take(f->s, f->id, &e, &why);

	if (got == STORE_TAKEN)
		store_release(f->s, e);
	return got;
}

/* ---- tests ---- */

/*
 * A recorder that died before its answer had named it; the next one meets a
 * disk that fails at its first, second, third sync.
 */
static void
test_commit_after_a_death(void **state)
{
	static const char id[] = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
	struct fixture *f = *state;
	struct job j = { .spec.kind = JOB_COMMIT };

	strcpy(j.spec.id, id);
	strcpy(j.spec.key, "5-key");
	for (size_t i = 0; i < JOB_FDS; i++)
		j.fd[i] = -1;
	j.fd[JOB_QUEUE] = open_folder(f, "queue");
	j.fd[JOB_KEYS] = open_folder(f, "keys");
	for (unsigned good = 0; good < 3; good++) {
		j.fd[JOB_FILE] = openat(j.fd[JOB_QUEUE], ".",
		    O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		job_run(&j);
		assert_true(j.result.ok);
		good_syncs = good;
		job_run(&j);
		good_syncs = ~0U;
		assert_false(j.result.ok);
		assert_int_equal(j.result.error, EIO);
		assert_false(is_in(f, "queue", id));
		assert_false(is_in(f, "keys", "5-key"));
		close(j.fd[JOB_FILE]);
	}
	close(j.fd[JOB_QUEUE]);
	close(j.fd[JOB_KEYS]);
}

/* Removed is what a power cut does not bring back. */
static void
test_removal_is_durable(void **state)
{
	struct fixture *f = *state;
	struct store_answer a;
	struct outcome why;
	struct entry *e;

	spool_add_some(f->s, 1, f->id);
	assert_int_equal(store_take(f->s, f->id, &e, &why), STORE_TAKEN);
	good_syncs = 0;
	store_remove(f->s, e, f);
	good_syncs = ~0U;
	assert_true(spool_await(f->s, &a));
	assert_ptr_equal(a.owner, f);
	assert_false(a.ok);
	assert_non_null(strstr(a.why.text, "sync the queue folder"));
	store_release(f->s, e);
}

static void
test_a_message_that_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct outcome why;

	spool_add_some(f->s, 1, f->id);
	unreadable = true;
	assert_int_equal(try_take(f), STORE_UNREADABLE);
	assert_int_equal(try_take(f), STORE_UNREADABLE);
	unreadable = false;
	assert_false(store_give_up(f->s, f->id, &why));
	assert_int_equal(try_take(f), STORE_TAKEN);
	unreadable = true;
	assert_true(store_give_up(f->s, f->id, &why));
	assert_non_null(strstr(why.text, strerror(EIO)));
	unreadable = false;
	assert_true(is_in(f, "corrupt", f->id));
	assert_int_equal(try_take(f), STORE_GONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commit_after_a_death,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_removal_is_durable, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_a_message_that_cannot_be_read, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
