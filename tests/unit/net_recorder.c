/* SPDX-License-Identifier: ISC */
/*
 * net_recorder.c - jobs run by other processes: all of them come back done,
 * whoever is killed, and nobody stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "spool/recorder.h"

#define FILES 16

struct desk {
	char path[40];
	int folder;
	int fd[FILES];
	struct job job[FILES];
	struct job_mark mark[FILES];
	unsigned round[FILES];	/* the mark that was written last */
	struct recorders *r;
};

/* ---- files ---- */

static void
open_desk_for(struct desk *d, unsigned recorders, int idle, bool shares)
{
	char name[16];

	*d = (struct desk){ .path = "/tmp/recorder.XXXXXX" };
	assert_non_null(mkdtemp(d->path));
	d->folder = open(d->path, O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "%d", i);
		d->fd[i] = openat(d->folder, name, O_RDWR | O_CREAT | O_CLOEXEC,
		    0600);
		assert_true(d->fd[i] >= 0);
	}
	d->r = recorders_new(recorders, idle, shares);
}

static void
open_desk(struct desk *d, unsigned recorders, int idle)
{
	open_desk_for(d, recorders, idle, false);
}

static void
close_desk(struct desk *d)
{
	char command[64];

	recorders_free(d->r);
	for (int i = 0; i < FILES; i++)
		close(d->fd[i]);
	close(d->folder);
	snprintf(command, sizeof command, "rm -rf %s", d->path);
	assert_int_equal(system(command), 0);
}

static struct job *
make_mark(struct desk *d, int i)
{
	struct job *job = &d->job[i];

	*job = (struct job){ .spec = { .kind = JOB_MARK, .nmarks = 1 },
		.fd = { -1, d->fd[i], -1, -1, -1 }, .marks = &d->mark[i],
		.owner = &d->round[i] };
	d->mark[i].at = 64;
	d->mark[i].other = 4096;
	snprintf(d->mark[i].image, JOB_SLOT, "file %d round %u", i,
	    ++d->round[i]);
	return job;
}

/* The file has the mark of its last round. */
static void
has_mark(const struct desk *d, int i)
{
	char have[JOB_SLOT] = "", want[JOB_SLOT];

	snprintf(want, sizeof want, "file %d round %u", i, d->round[i]);
	assert_int_equal(pread(d->fd[i], have, sizeof have, 64), JOB_SLOT);
	assert_string_equal(have, want);
}

/* ---- waiting ---- */

static struct job *
await(struct recorders *r)
{
	struct pollfd p = { .fd = recorders_fd(r), .events = POLLIN };
	struct job *job;

	while (!(job = recorders_done(r)))
		assert_int_equal(poll(&p, 1, 20000), 1);
	return job;
}

/* Our children and, while this is their reaper, theirs. */
static size_t
children(pid_t *out, size_t most)
{
	char path[64];
	size_t n = 0;
	int pid;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
	f = fopen(path, "r");
	assert_non_null(f);
	while (n < most && fscanf(f, "%d", &pid) == 1)
		out[n++] = pid;
	fclose(f);
	return n;
}

static void
await_no_children(void)
{
	pid_t pid[FILES];

	for (int i = 0; i < 2000; i++) {
		if (children(pid, FILES) == 0)
			return;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		usleep(10000);
	}
	fail_msg("there are still recorders");
}

/* Marks of all files, so many rounds of them; between takes each to task. */
static void
run_rounds(struct desk *d, unsigned rounds, void (*between)(unsigned))
{
	unsigned left = 0;

	for (int i = 0; i < FILES; i++, left++)
		recorders_submit(d->r, make_mark(d, i));
	while (left > 0) {
		struct job *job = await(d->r);
		int i = (int)((unsigned *)job->owner - d->round);

		assert_true(job->result.ok);
		has_mark(d, i);
		if (d->round[i] < rounds)
			recorders_submit(d->r, make_mark(d, i));
		else
			left--;
		if (between)
			between(d->round[i]);
	}
	assert_null(recorders_done(d->r));
}

/* ---- killing ---- */

static void
kill_one(unsigned round)
{
	pid_t pid[FILES];
	size_t n = children(pid, FILES);

	if (n > 0 && round % 3 == 0)
		kill(pid[round % n], SIGKILL);
}

static void
kill_all(unsigned round)
{
	pid_t pid[FILES];
	size_t n = children(pid, FILES);

	(void)round;
	while (n-- > 0)
		kill(pid[n], SIGKILL);
}

/* ---- tests ---- */

static void
test_marks(void **state)
{
	struct desk d;
	pid_t pid[FILES];

	(void)state;
	open_desk(&d, 4, RECORDER_IDLE);
	assert_int_equal(children(pid, FILES), 0);
	assert_int_equal(recorders_count(d.r), 0);
	run_rounds(&d, 20, NULL);
	assert_int_equal(children(pid, FILES), 4);
	assert_int_equal(recorders_count(d.r), 4);
	close_desk(&d);
	assert_int_equal(children(pid, FILES), 0);
}

/* Many in a packet, which are taken in turns of several, and killed. */
static void
test_marks_that_share(void **state)
{
	struct desk d;
	pid_t pid[FILES];

	(void)state;
	open_desk_for(&d, 4, RECORDER_IDLE, true);
	for (int i = 0; i < FILES; i++)
		recorders_submit(d.r, make_mark(&d, i));
	assert_int_equal(recorders_count(d.r), 1); /* 1 more a visit */
	for (int i = 0; i < FILES; i++)
		assert_true(await(d.r)->result.ok);
	for (int i = 0; i < FILES; i++)
		has_mark(&d, i);
	run_rounds(&d, 20, NULL);
	run_rounds(&d, 60, kill_one);
	run_rounds(&d, 70, kill_all);
	close_desk(&d);
	assert_int_equal(children(pid, FILES), 0);
}

/* One of them cannot be written: it alone fails. */
static void
test_failure_among_others(void **state)
{
	struct desk d;
	int bad = FILES / 2;

	(void)state;
	open_desk_for(&d, 2, RECORDER_IDLE, true);
	for (int i = 0; i < FILES; i++) {
		make_mark(&d, i);
		if (i == bad)
			d.job[i].fd[JOB_ENTRY] = d.folder;
		recorders_submit(d.r, &d.job[i]);
	}
	for (int i = 0; i < FILES; i++)
		await(d.r);
	for (int i = 0; i < FILES; i++) {
		assert_int_equal(d.job[i].result.ok, i != bad);
		if (i != bad)
			has_mark(&d, i);
	}
	assert_int_equal(d.job[bad].result.step, STEP_WRITE_MARK);
	close_desk(&d);
}

/* The only descriptors of files without a name: they are all closed. */
static void
test_drops(void **state)
{
	struct desk d;
	struct stat st;

	(void)state;
	open_desk(&d, 2, RECORDER_IDLE);
	for (int i = 0; i < FILES; i++) {
		make_mark(&d, i)->spec = (struct job_spec){ .kind = JOB_DROP };
		recorders_submit(d.r, &d.job[i]);
	}
	for (int i = 0; i < FILES; i++) {
		struct job *job = await(d.r);

		assert_int_equal(job->fd[JOB_ENTRY], -1);
	}
	for (int i = 0; i < FILES; i++)
		assert_int_equal(fstat(d.fd[i], &st), -1);
	close_desk(&d);
}

/* More marks than a packet holds. */
static void
test_many_marks(void **state)
{
	enum { MANY = 20000 };
	struct job_mark *mark = mem_alloc(MANY * sizeof *mark);
	char have[JOB_SLOT], want[JOB_SLOT];
	struct desk d;
	struct job *job;

	(void)state;
	open_desk(&d, 2, RECORDER_IDLE);
	job = make_mark(&d, 0);
	for (size_t i = 0; i < MANY; i++) {
		mark[i].at = i * JOB_SLOT;
		snprintf(mark[i].image, JOB_SLOT, "mark %zu", i);
	}
	job->marks = mark;
	for (size_t n = 511; n <= 513; n++) {
		job->spec.nmarks = n;
		recorders_submit(d.r, job);
		assert_ptr_equal(await(d.r), job);
		assert_true(job->result.ok);
	}
	job->spec.nmarks = MANY;
	recorders_submit(d.r, job);
	assert_true(await(d.r)->result.ok);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(want, sizeof want, "mark %zu", i);
		assert_int_equal(pread(d.fd[0], have, sizeof have,
		    (off_t)(i * JOB_SLOT)), JOB_SLOT);
		assert_string_equal(have, want);
	}
	close_desk(&d);
	free(mark);
}

static void
test_failure_comes_back(void **state)
{
	struct desk d;
	struct job *job;

	(void)state;
	open_desk(&d, 2, RECORDER_IDLE);
	job = make_mark(&d, 0);
	job->fd[JOB_ENTRY] = d.folder; /* which cannot be written to */
	recorders_submit(d.r, job);
	assert_ptr_equal(await(d.r), job);
	assert_false(job->result.ok);
	assert_int_equal(job->result.step, STEP_WRITE_MARK);
	assert_true(job->result.error != 0);
	close_desk(&d);
}

static void
test_recorders_are_killed(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, 4, RECORDER_IDLE);
	run_rounds(&d, 60, kill_one);
	close_desk(&d);
}

/* Who outlives none of its recorders is run here at last. */
static void
test_all_are_killed(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, 4, RECORDER_IDLE);
	run_rounds(&d, 10, kill_all);
	close_desk(&d);
}

static void
signal_all(unsigned round)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
		SIGALRM, SIGQUIT };
	pid_t pid[FILES];
	size_t n = children(pid, FILES);

	while (n-- > 0)
		kill(pid[n], signals[round % 6]);
}

static void
test_signals_do_not_end_them(void **state)
{
	pid_t before[FILES], after[FILES];
	struct desk d;

	(void)state;
	open_desk(&d, 4, RECORDER_IDLE);
	run_rounds(&d, 1, NULL);
	assert_int_equal(children(before, FILES), 4);
	run_rounds(&d, 30, signal_all);
	assert_int_equal(children(after, FILES), 4);
	assert_memory_equal(before, after, 4 * sizeof *before);
	close_desk(&d);
}

/* Idle ones end; the next job has a new one. */
static void
test_idle_ones_end(void **state)
{
	struct desk d;
	struct pollfd p = { .events = POLLIN };

	(void)state;
	open_desk(&d, 4, 20);
	run_rounds(&d, 1, NULL);
	p.fd = recorders_fd(d.r);
	while (recorders_count(d.r) > 0) {
		assert_int_equal(poll(&p, 1, 10000), 1);
		assert_null(recorders_done(d.r));
	}
	await_no_children();
	assert_int_equal(poll(&p, 1, 0), 0); /* and nothing wakes us */
	for (unsigned i = 0; i < 40; i++) { /* in the moment when they end */
		recorders_submit(d.r, make_mark(&d, 3));
		assert_true(await(d.r)->result.ok);
		has_mark(&d, 3);
		usleep(19000 + i * 50);
	}
	close_desk(&d);
}

/* A lock that we give back is free, whoever was born meanwhile. */
static void
test_locks_are_not_inherited(void **state)
{
	struct flock whole = { .l_type = F_WRLCK };
	struct desk d;
	int ours, others;

	(void)state;
	open_desk(&d, 4, 1);
	for (int i = 0; i < 200; i++) {
		ours = openat(d.folder, "5", O_RDWR | O_CLOEXEC);
		others = openat(d.folder, "5", O_RDWR | O_CLOEXEC);
		assert_int_equal(fcntl(ours, F_OFD_SETLK, &whole), 0);
		recorders_submit(d.r, make_mark(&d, 0));
		close(ours);
		assert_int_equal(fcntl(others, F_OFD_SETLK, &whole), 0);
		close(others);
		assert_true(await(d.r)->result.ok);
		usleep(2000);
	}
	close_desk(&d);
}

/* 0, 1, 2 and the socket. */
static void
test_no_other_descriptors(void **state)
{
	struct desk d;
	pid_t pid[FILES];
	char path[40];
	size_t n = 0;
	DIR *dir;

	(void)state;
	open_desk(&d, 1, RECORDER_IDLE);
	run_rounds(&d, 2, NULL);
	assert_int_equal(children(pid, FILES), 1);
	snprintf(path, sizeof path, "/proc/%d/fd", pid[0]);
	dir = opendir(path);
	assert_non_null(dir);
	for (const struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	assert_int_equal(n, 4);
	close_desk(&d);
}

/* ---- those that need a process of their own ---- */

/* Their program is killed: what was begun is done, and they end. */
static void
test_the_program_is_killed(void **state)
{
	struct desk d;
	pid_t pid;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	open_desk(&d, 4, RECORDER_IDLE);
	pid = fork();
	if (pid == 0) {
		run_rounds(&d, 20, NULL);
		for (int i = 0; i < 4; i++)
			recorders_submit(d.r, make_mark(&d, i));
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	await_no_children();
	for (int i = 0; i < 4; i++) {
		d.round[i] = 21;
		has_mark(&d, i);
	}
	close_desk(&d);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* No process can be made: all is done here (FAULTS 76). */
static int
without_processes(struct desk *d)
{
	struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_NPROC, &none) < 0 ||
	    (geteuid() == 0 && setuid(65534) < 0))
		return 2;
	for (int i = 0; i < FILES; i++) {
		recorders_submit(d->r, make_mark(d, i));
		if (recorders_count(d->r) != 0)
			return 3;
	}
	for (int i = 0; i < FILES; i++) {
		struct job *job = await(d->r);

		if (!job || !job->result.ok)
			return 4;
	}
	return 0;
}

static void
test_no_process_can_be_made(void **state)
{
	struct desk d;
	int status;
	pid_t pid;

	(void)state;
	open_desk(&d, 4, RECORDER_IDLE);
	pid = fork();
	if (pid == 0)
		_exit(without_processes(&d));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < FILES; i++) {
		d.round[i] = 1;
		has_mark(&d, i);
	}
	close_desk(&d);
}

/* No descriptors are left for it: the same. */
static void
test_no_descriptors(void **state)
{
	struct rlimit old, few;
	struct desk d;

	(void)state;
	open_desk(&d, 4, RECORDER_IDLE);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){ .rlim_cur = 3, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	recorders_submit(d.r, make_mark(&d, 0));
	assert_int_equal(recorders_count(d.r), 0);
	assert_true(await(d.r)->result.ok);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	has_mark(&d, 0);
	close_desk(&d);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	d.r = recorders_new(4, 10, false); /* not even for waiting */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(recorders_fd(d.r), -1);
	recorders_free(d.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_marks_that_share),
		cmocka_unit_test(test_failure_among_others),
		cmocka_unit_test(test_drops),
		cmocka_unit_test(test_many_marks),
		cmocka_unit_test(test_failure_comes_back),
		cmocka_unit_test(test_recorders_are_killed),
		cmocka_unit_test(test_all_are_killed),
		cmocka_unit_test(test_signals_do_not_end_them),
		cmocka_unit_test(test_idle_ones_end),
		cmocka_unit_test(test_locks_are_not_inherited),
		cmocka_unit_test(test_no_other_descriptors),
		cmocka_unit_test(test_the_program_is_killed),
		cmocka_unit_test(test_no_process_can_be_made),
		cmocka_unit_test(test_no_descriptors),
	};

	return cmocka_run_group_tests_name("net_recorder", tests, NULL, NULL);
}
