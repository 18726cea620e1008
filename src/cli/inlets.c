/* SPDX-License-Identifier: ISC */
/* inlets.c - see inlets.h */
#include "cli/inlets.h"

bool
inlets_open(struct inlets *x, struct turn *turn, struct outcome *why)
{
	(void)why;
	x->turn = turn;
	return true;
}

bool
inlets_change(struct inlets *x, struct turn *turn, struct outcome *why)
{
	(void)why;
	x->turn = turn;
	return true;
}

void
inlets_wait(struct inlets *x, struct wait *w, int64_t now)
{
	(void)x;
	(void)w;
	(void)now;
}

void
inlets_step(struct inlets *x, const struct wait *w, int64_t now)
{
	(void)x;
	(void)w;
	(void)now;
}

void
inlets_close(struct inlets *x, int64_t now)
{
	(void)x;
	(void)now;
}

bool
inlets_are_idle(const struct inlets *x)
{
	return x->turn != NULL;
}

void
inlets_free(struct inlets *x)
{
	x->turn = NULL;
}
