/* SPDX-License-Identifier: ISC */
/*
 * recorder.h - durable steps carried out by helper processes, so that no sync
 * ever holds up a loop, and many are on their way at a time.
 *
 * A recorder is a forked child that waits for a job and its descriptors
 * (SCM_RIGHTS), runs it, and says what came of it.  There is none until a job
 * is submitted, and one that had nothing to do for a while ends; so an idle
 * program has none.  They take no notice of the signals that end or wake their
 * program: each finishes what it has, and ends when its socket does.
 *
 * io_uring does as much where it is allowed, which it often is not; a journal
 * synced once for all has to be read back after a crash.  A disk is asked for
 * as many syncs at once as there are recorders, and where several marks can
 * share one, they do: that is a third of the work.
 *
 * A recorder that dies leaves a job whose state nobody knows.  All jobs may be
 * run again from their beginning (job.h: they know their own work), so another
 * recorder is given it, and at last it is run here.  So it is, too, when there
 * is no recorder and none can be made.
 */
#ifndef SPOOL_RECORDER_H
#define SPOOL_RECORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "spool/job.h"

#define RECORDER_IDLE 10000 /* milliseconds until one ends, by default */

struct recorders;

/*
 * At most so many at a time; idle as RECORDER_IDLE.  shares: all JOB_MARKs are
 * of one file system that job_run_marks() is for.  Starts nothing yet.
 */
struct recorders *recorders_new(unsigned most, int idle, bool shares);

/*
 * Waits for those that are under way; jobs that were not given back must not be
 * missed by anybody.
 */
void recorders_free(struct recorders *r);

/* The job, and what it names, is on loan until recorders_done() gives it back.
 * Of two jobs that touch the same file the second is submitted after that. */
void recorders_submit(struct recorders *r, struct job *job);

/* The next one that was run, with its result; NULL when there is none yet. */
struct job *recorders_done(struct recorders *r);

/* Readable when there may be one; -1: never, they lie ready. */
int recorders_fd(const struct recorders *r);

/* The caller has something else ready: readable while that is so. */
void recorders_remind(struct recorders *r, bool ready);

/* How many there are now. */
size_t recorders_count(const struct recorders *r);

#endif
