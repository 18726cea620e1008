/* SPDX-License-Identifier: ISC */
/*
 * queue_own.h - mailq of a user who has a queue of his own beside that of the
 * machine: which of them a request is for.
 *
 * A message that is named is looked for in his own first; what is listed,
 * counted or chosen in another way is so in both.  What moves queues, export
 * and import, is for his own.
 */
#ifndef CLI_QUEUE_OWN_H
#define CLI_QUEUE_OWN_H

#include "cli/queue_words.h"

struct queue_own {
	struct settings settings; /* of his own */
	struct buf path;
	struct queue_words words, machine; /* its part of the request, and that
				   of the machine's queue */
	bool asks_own, asks_machine;
};

/*
 * False: he has none, and there is nothing to close.  The words are borrowed.
 */
bool queue_own_open(struct queue_own *o, const struct settings *s,
    const struct queue_words *words);
void queue_own_close(struct queue_own *o);

#endif
