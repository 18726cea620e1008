/* SPDX-License-Identifier: ISC */
/* index_said.c - what was said of messages, kept beside them: see index.h */
#include "queue/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
index_say(struct index *x, struct item *i, const struct store_stamp *stamp,
    unsigned uid, struct slice line)
{
	if (i->said)
		x->said -= i->said->n;
	free(i->said);
	i->said = NULL;
	if (line.n == 0 || line.n > INDEX_SAID - x->said)
		return;
	i->said = mem_alloc(size_add(sizeof *i->said, line.n));
	i->said->stamp = *stamp;
	i->said->uid = uid;
	i->said->n = line.n;
	memcpy(i->said->line, line.p, line.n);
	x->said += line.n;
}
