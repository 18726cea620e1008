/* SPDX-License-Identifier: ISC */
/*
 * background.h - a process that goes on in the background, when it is ready:
 * until then whoever started it waits, and sees what goes wrong.
 */
#ifndef CLI_BACKGROUND_H
#define CLI_BACKGROUND_H

#include <stdbool.h>

struct background {
	int fd;			/* to the parent, who waits; -1 = none does */
};

/*
 * Fork.  In the child it returns true; in the parent false, when the child is
 * ready or has ended, with the status to exit with.
 */
bool background_start(struct background *b, int *status);

/*
 * The child is ready: the parent is let go, and standard input, output and
 * error are /dev/null from here on.  Nothing when it was never started.
 */
void background_ready(struct background *b);

#endif
