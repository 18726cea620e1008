/* SPDX-License-Identifier: ISC */
/*
 * net_job.c - durable steps: with a file that has no name yet and with one that
 * has (in tmp/), and run again from their beginning after their end, as when a
 * recorder dies before it can say so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../support/remove_all.h"
#include "spool/job.h"

#define ID  "01ARYZ6S410000000000000000"
#define OLD "01ARYZ6S410000000000000001"

struct fixture {
	char path[40];
	int root;
	struct job job;
};

static int
folder(int root, const char *name)
{
	assert_int_equal(mkdirat(root, name, 0700), 0);
	return openat(root, name, O_RDONLY | O_DIRECTORY);
}

static int
new_file(const struct job *j, bool named, char octet)
{
	int fd = named ?
	    openat(j->fd[JOB_TMP], ID, O_RDWR | O_CREAT | O_EXCL, 0600) :
	    openat(j->fd[JOB_QUEUE], ".", O_TMPFILE | O_RDWR, 0600);

	assert_int_equal(write(fd, &octet, 1), 1);
	return fd;
}

static void
open_fixture(struct fixture *f, enum job_kind kind, bool named)
{
	struct job *j = &f->job;

	memset(f, 0, sizeof *f);
	strcpy(f->path, "/tmp/net_job.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->root = open(f->path, O_RDONLY | O_DIRECTORY);
	j->spec.kind = kind;
	j->spec.has_name = named;
	strcpy(j->spec.id, ID);
	j->fd[JOB_QUEUE] = folder(f->root, "queue");
	j->fd[JOB_KEYS] = folder(f->root, "keys");
	j->fd[JOB_TMP] = folder(f->root, "tmp");
	j->fd[JOB_FILE] = new_file(j, named, 'n');
	j->fd[JOB_ENTRY] = openat(j->fd[JOB_QUEUE], OLD, O_RDWR | O_CREAT,
	    0600);
	assert_int_equal(ftruncate(j->fd[JOB_ENTRY], 1000), 0);
}

static void
close_fixture(struct fixture *f)
{
	for (size_t i = 0; i < JOB_FDS; i++)
		close(f->job.fd[i]);
	close(f->root);
	remove_all(f->path);
}

/* How many names the file has, and is this one of them? */
static void
assert_named(const struct fixture *f, const char *folder, const char *name,
    nlink_t links)
{
	char path[300];
	struct stat a, b;

	snprintf(path, sizeof path, "%s/%s/%s", f->path, folder, name);
	assert_int_equal(stat(path, &a), 0);
	assert_int_equal(fstat(f->job.fd[JOB_FILE], &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(b.st_nlink, links);
}

static void
run(struct fixture *f)
{
	job_run(&f->job);
	if (!f->job.result.ok)
		fail_msg("%s: %s", job_step_name(f->job.result.step),
		    strerror(f->job.result.error));
	assert_false(f->job.result.duplicate);
}

static void
test_commit(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct fixture f;

		open_fixture(&f, JOB_COMMIT, i & 1);
		if (i & 2)
			strcpy(f.job.spec.key, "5-key");
		run(&f);
		assert_named(&f, "queue", ID, i & 2 ? 2 : 1);
		if (i & 2)
			assert_named(&f, "keys", "5-key", 2);
		run(&f);
		assert_named(&f, "queue", ID, i & 2 ? 2 : 1);
		close_fixture(&f);
	}
}

/* An id that is there already, of another file. */
static void
test_commit_of_a_known_id(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f, JOB_COMMIT, false);
	strcpy(f.job.spec.id, OLD);
	job_run(&f.job);
	assert_true(f.job.result.ok && f.job.result.duplicate);
	assert_string_equal(f.job.result.id, OLD);
	close_fixture(&f);
}

static void
test_bounce(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct job_mark mark = { .at = 128, .other = 512 };
		struct fixture f;
		char got[JOB_SLOT];

		memset(mark.image, 'm', sizeof mark.image);
		open_fixture(&f, JOB_BOUNCE, i & 1);
		f.job.marks = &mark;
		f.job.spec.nmarks = 1;
		strcpy(f.job.spec.hidden, "." OLD ".0");
		run(&f);
		assert_true(f.job.result.committed);
		assert_named(&f, "queue", ID, 1);
		assert_int_equal(pread(f.job.fd[JOB_ENTRY], got, sizeof got,
		    128), sizeof got);
		assert_memory_equal(got, mark.image, sizeof got);
		run(&f);
		assert_named(&f, "queue", ID, 1);
		close_fixture(&f);
	}
}

/* Died between its two names: both are there, or only the hidden one. */
static void
test_finish(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fixture f;
		int queue;

		open_fixture(&f, JOB_COMMIT, false);
		run(&f);
		queue = f.job.fd[JOB_QUEUE];
		assert_int_equal(linkat(queue, ID, queue, ".x", 0), 0);
		if (i == 1)
			assert_int_equal(unlinkat(queue, ID, 0), 0);
		f.job.spec.kind = JOB_FINISH;
		strcpy(f.job.spec.hidden, ".x");
		run(&f);
		assert_named(&f, "queue", ID, 1);
		close_fixture(&f);
	}
}

static void
test_edit(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct fixture f;
		int queue;

		open_fixture(&f, JOB_EDIT, i & 1);
		queue = f.job.fd[JOB_QUEUE];
		assert_int_equal(renameat(queue, OLD, queue, ID), 0);
		if (i & 2) {
			strcpy(f.job.spec.key, "5-key");
			assert_int_equal(linkat(queue, ID,
			    f.job.fd[JOB_KEYS], "5-key", 0), 0);
		}
		run(&f);
		assert_named(&f, "queue", ID, i & 2 ? 2 : 1);
		if (i & 2)
			assert_named(&f, "keys", "5-key", 2);
		run(&f);
		assert_named(&f, "queue", ID, i & 2 ? 2 : 1);
		assert_int_equal(unlinkat(f.root, "tmp", AT_REMOVEDIR), 0);
		close_fixture(&f);
	}
}

/* Many with one sync; what cannot be written or synced fails alone. */
static void
test_marks(void **state)
{
	enum { MANY = 5, READ_ONLY = 1, A_PIPE = 4 };
	struct job_mark mark = { .at = 128, .other = 512 };
	struct job *job[MANY];
	struct fixture f[MANY];
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	memset(mark.image, 'm', sizeof mark.image);
	for (int i = 0; i < MANY; i++) {
		open_fixture(&f[i], JOB_MARK, false);
		job[i] = &f[i].job;
		job[i]->marks = &mark;
		job[i]->spec.nmarks = 1;
	}
	close(job[READ_ONLY]->fd[JOB_ENTRY]);
	job[READ_ONLY]->fd[JOB_ENTRY] = openat(job[READ_ONLY]->fd[JOB_QUEUE],
	    OLD, O_RDONLY);
	close(job[A_PIPE]->fd[JOB_ENTRY]);
	job[A_PIPE]->fd[JOB_ENTRY] = pipes[1];
	job_run_marks(job, MANY);
	for (int i = 0; i < MANY; i++) {
		char got[JOB_SLOT];

		assert_int_equal(job[i]->result.ok,
		    i != READ_ONLY && i != A_PIPE);
		if (job[i]->result.ok)
			assert_int_equal(pread(job[i]->fd[JOB_ENTRY], got,
			    sizeof got, 128), sizeof got);
		if (job[i]->result.ok)
			assert_memory_equal(got, mark.image, sizeof got);
		assert_false(job[i]->result.other);
		close_fixture(&f[i]);
	}
	close(pipes[0]);
}

/* A folder that cannot be synced (no descriptor of one): no name is left. */
static void
test_unnamed_again(void **state)
{
	struct fixture f;
	int queue;

	(void)state;
	open_fixture(&f, JOB_COMMIT, false);
	queue = f.job.fd[JOB_QUEUE];
	f.job.fd[JOB_QUEUE] = openat(queue, ".", O_PATH | O_DIRECTORY);
	job_run(&f.job);
	assert_false(f.job.result.ok);
	assert_int_equal(f.job.result.step, STEP_SYNC_FOLDER);
	assert_int_equal(faccessat(queue, ID, F_OK, 0), -1);
	close(queue);
	close_fixture(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_commit_of_a_known_id),
		cmocka_unit_test(test_bounce),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_unnamed_again),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
