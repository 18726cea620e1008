/* SPDX-License-Identifier: ISC */
/*
 * queue_carry.h - --queue export and --queue import: messages to standard
 * output, and in again on another machine.
 */
#ifndef CLI_QUEUE_CARRY_H
#define CLI_QUEUE_CARRY_H

#include "cli/queue_words.h"

/* Returns the exit status. */
int queue_carry(const struct settings *s, const struct queue_words *words);

#endif
