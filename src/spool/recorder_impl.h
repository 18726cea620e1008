/* SPDX-License-Identifier: ISC */
/* recorder_impl.h - what a recorder and its program say to each other. */
#ifndef SPOOL_RECORDER_IMPL_H
#define SPOOL_RECORDER_IMPL_H

#include <stdbool.h>

#include "spool/job.h"

#define RECORDER_GROUP 32  /* jobs in a packet, */
#define RECORDER_MARKS 512 /* ... and their marks */

/*
 * Send n jobs over this socket, which is answered by a packet of their results;
 * false with errno when that could not be.  Several: they are JOB_MARKs, to be
 * done with one sync, or JOB_DROPs; with no more than RECORDER_MARKS in all.
 */
bool recorder_send(int fd, struct job *const job[], size_t n);

/* The life of a recorder at this socket, idle at most so many milliseconds. */
_Noreturn void recorder_live(int fd, int idle);

#endif
