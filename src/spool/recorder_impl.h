/* SPDX-License-Identifier: ISC */
/* recorder_impl.h - what a recorder and its program say to each other. */
#ifndef SPOOL_RECORDER_IMPL_H
#define SPOOL_RECORDER_IMPL_H

#include <stdbool.h>

#include "spool/job.h"

/* Send a job over this socket; false with errno when that could not be. */
bool recorder_send(int fd, const struct job *job);

/* The life of a recorder at this socket, idle at most so many milliseconds. */
_Noreturn void recorder_live(int fd, int idle);

#endif
