/* SPDX-License-Identifier: ISC */
/*
 * net_store_recorders.c - a store whose syncs are done by other processes,
 * which are killed, or whose program is: what was answered is there, once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/remove_all.h"
#include "../support/spool.h"
#include "spool/job.h"

#define TEXT SLICE("Subject: x\r\n\r\nhello\r\n")

enum { MANY = 60 };

struct fixture {
	char path[40];
	struct store *s;
	char id[MANY][STORE_ID + 1];
	size_t n;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	strcpy(f->path, "/tmp/net_store.XXXXXX");
	spool_recorders = 4;
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

/* One of the recorders dies, in the midst of whatever it does. */
static void
kill_one(void)
{
	char path[64];
	int pid;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
	f = fopen(path, "r");
	assert_non_null(f);
	if (fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	fclose(f);
}

/* Ask for a message to be added. */
static void
commit(struct fixture *f, const char *key)
{
	struct stored m = spool_mail(2);
	struct outcome why;
	struct draft *d;

	snprintf(m.key, sizeof m.key, "%s", key);
	d = store_begin(f->s, &m, &why);
	assert_non_null(d);
	assert_true(store_write(d, TEXT, &why));
	memcpy(f->id[f->n], draft_id(d), STORE_ID + 1);
	store_commit(f->s, d, f->id[f->n++]);
	stored_free(&m);
}

static size_t
queued(struct fixture *f)
{
	struct buf list = { 0 };
	struct outcome why;
	size_t n;

	assert_true(store_list(f->s, STORE_QUEUE, &list, &why));
	n = list.n / (STORE_ID + 1);
	buf_free(&list);
	return n;
}

/* Names of files that are in queue/, ours alone or not. */
static size_t
files(const struct fixture *f)
{
	char command[100];
	unsigned n;
	FILE *p;

	snprintf(command, sizeof command, "find %s -type f | wc -l", f->path);
	p = popen(command, "r");
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%u", &n), 1);
	pclose(p);
	return n;
}

static void
assert_all_ok(struct fixture *f, size_t n)
{
	struct store_answer a;

	while (n-- > 0) {
		assert_true(spool_await(f->s, &a));
		if (!a.ok)
			fail_msg("%s", a.why.text);
		assert_false(a.duplicate);
		if (n % 3 == 0)
			kill_one();
	}
	assert_int_equal(store_owed(f->s), 0);
	assert_false(store_answer(f->s, &a));
}

static void
test_commits(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < MANY; i++)
		commit(f, "");
	assert_all_ok(f, MANY);
	assert_int_equal(queued(f), MANY);
	assert_int_equal(files(f), MANY);
}

static struct mark
mark(size_t rcpt, enum slot_state state, uint16_t attempts)
{
	return (struct mark){ .rcpt = rcpt,
		.slot = { .state = state, .attempts = attempts } };
}

/* Requests of one entry are done in their order. */
static void
test_marks(void **state)
{
	struct fixture *f = *state;
	struct entry *e[8];
	struct outcome why;
	struct mark m;

	for (size_t i = 0; i < 8; i++)
		commit(f, "");
	assert_all_ok(f, 8);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(store_take(f->s, f->id[i], &e[i], &why),
		    STORE_TAKEN);
	for (uint16_t k = 1; k <= 20; k++)
		for (size_t i = 0; i < 8; i++) {
			m = mark(k % 2, SLOT_PENDING, k);
			store_mark(f->s, e[i], &m, 1, NULL);
		}
	assert_all_ok(f, 160);
	for (size_t i = 0; i < 8; i++) {
		store_release(f->s, e[i]);
		assert_int_equal(store_take(f->s, f->id[i], &e[i], &why),
		    STORE_TAKEN);
		assert_int_equal(e[i]->slots[0].attempts, 20);
		assert_int_equal(e[i]->slots[1].attempts, 19);
		store_release(f->s, e[i]);
	}
}

static void
bounce(struct fixture *f, struct entry *e)
{
	struct mark m = mark(0, SLOT_BOUNCED, 1);
	struct stored report = spool_mail(1);
	struct draft *d;
	struct outcome why;

	report.is_bounce = true;
	d = store_begin(f->s, &report, &why);
	assert_non_null(d);
	assert_true(store_write(d, TEXT, &why));
	store_bounce(f->s, e, d, &m, 1, NULL);
	stored_free(&report);
}

static void
test_bounces(void **state)
{
	struct fixture *f = *state;
	struct entry *e[20];
	struct outcome why;

	for (size_t i = 0; i < 20; i++)
		commit(f, "");
	assert_all_ok(f, 20);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(store_take(f->s, f->id[i], &e[i], &why),
		    STORE_TAKEN);
		bounce(f, e[i]);
	}
	assert_all_ok(f, 20);
	for (size_t i = 0; i < 20; i++) {
		store_release(f->s, e[i]);
		assert_int_equal(store_take(f->s, f->id[i], &e[i], &why),
		    STORE_TAKEN);
		assert_int_equal(e[i]->slots[0].state, SLOT_BOUNCED);
		assert_int_equal(e[i]->slot.bounces, 1);
		store_release(f->s, e[i]);
	}
	assert_int_equal(queued(f), 40);
	assert_int_equal(files(f), 40); /* no hidden ones */
}

/* Nobody but their recorders is left: what they have begun they end. */
static void
test_the_program_is_killed(void **state)
{
	struct fixture *f = *state;
	size_t n = 0;
	int status;
	pid_t pid;

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	for (int round = 0; round < 10; round++) {
		pid = fork();
		if (pid == 0) {
			store_close(f->s);
			f->s = spool_again(f->path);
			for (int i = 0; i < 4; i++)
				commit(f, "");
			kill(getpid(), SIGKILL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (waitpid(-1, NULL, 0) > 0)
			continue;
		assert_true(queued(f) > n); /* one at least was begun */
		n = queued(f);
		assert_int_equal(files(f), n);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* Who waits for a key keeps nobody else from his disk. */
static void
test_a_key_in_use(void **state)
{
	struct fixture *f = *state;
	struct store_answer a;
	char path[100];
	int fd;

	commit(f, "k");
	assert_true(spool_await(f->s, &a));
	snprintf(path, sizeof path, "%s/queue/%s", f->path, f->id[0]);
	assert_int_equal(unlink(path), 0); /* its maker is not there yet */
	snprintf(path, sizeof path, "%s/keys/1000-aw==", f->path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && job_lock(fd));
	for (int i = 0; i < 8; i++)
		commit(f, "k");
	commit(f, "");
	assert_true(spool_await(f->s, &a));
	assert_ptr_equal(a.owner, f->id[9]);
	assert_true(a.ok);
	close(fd);
	for (int i = 0; i < 8; i++) {
		assert_true(spool_await(f->s, &a));
		assert_true(a.ok && a.duplicate);
		assert_string_equal(a.id, f->id[0]);
	}
}

/* A closed store has done all that was asked. */
static void
test_closed(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 20; i++)
		commit(f, "");
	store_close(f->s);
	f->s = spool_again(f->path);
	assert_int_equal(queued(f), 20);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_commits),
		TEST(test_marks),
		TEST(test_bounces),
		TEST(test_the_program_is_killed),
		TEST(test_a_key_in_use),
		TEST(test_closed),
	};

	return cmocka_run_group_tests_name("net_store_recorders", tests, NULL,
	    NULL);
}
